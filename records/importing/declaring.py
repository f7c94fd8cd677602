"""How a register says what may be imported into it: its fields, its options, how a row becomes a record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC

from django.apps import apps
from django.urls import reverse
from django.utils.translation import gettext as _

_importers: dict[str, "Importer"] = {}

TEXT, LONG_TEXT, NAME, DAY, YES_NO, CHOICE = "text", "long text", "name", "day", "yes or no", "choice"


@dataclass(frozen=True)
class Lookup:
    """Records known by name that a row may point to, and how one that is missing is made."""

    model: str  # "customers.Customer"
    key: Callable[[str], str]  # what two spellings of one name have in common; the model keeps it in `name_key`
    make: Callable | None = None  # (name, batch) -> an unsaved record; None: what is missing is an error

    @property
    def model_class(self):
        return apps.get_model(self.model)

    def found(self, names) -> dict[str, object]:
        """{key: record} of those that exist, in one query."""
        keys = {self.key(name) for name in names}
        return {one.name_key: one for one in self.model_class.objects.in_force().filter(name_key__in=keys)}


@dataclass(frozen=True)
class Field:
    """Something that a column, or one value for all rows, can give to a record."""

    key: str
    label: str
    kind: str = TEXT
    required: bool = False
    synonyms: tuple[str, ...] = ()  # headings under which it is often found
    max_length: int = 200
    choices: Mapping[str, str] = field(default_factory=dict)  # value: label
    words: Mapping[str, str] = field(default_factory=dict)  # other words in files: value
    otherwise: str = ""  # for words that are not known; empty: they are errors
    lookup: Lookup | None = None
    for_all: bool = False  # may be given once for all rows
    hint: str = ""

    def choice_of(self, cell):
        """The value meant by a cell, or an empty string."""
        word = " ".join(cell.casefold().split())
        if word in self.choices:
            return word
        for value, label in self.choices.items():
            if word == str(label).casefold():
                return value
        return self.words.get(word, self.otherwise)


@dataclass(frozen=True)
class Option:
    """A yes-or-no question about all rows."""

    key: str
    label: str
    default: bool = True
    hint: str = ""


class Importer:
    """What can be imported into one register. Subclasses declare it and are registered in their app's `ready`."""

    register: str
    label: str
    model: str
    permission: str
    fields: tuple[Field, ...] = ()
    options: tuple[Option, ...] = ()
    listing: tuple[str, str] = ("", "")  # URL name of the list and its parameter that takes an import's reference
    unique: str = ""  # the key of a NAME field that no two records may share

    @property
    def model_class(self):
        return apps.get_model(self.model)

    def field(self, key):
        return next((one for one in self.fields if one.key == key), None)

    @property
    def lookups(self):
        """Fields that point to records which an import may have to make."""
        return [one for one in self.fields if one.lookup and one.lookup.make]

    def list_url(self, batch):
        """The list of the records that an import has made; an empty string where there is none."""
        name, parameter = self.listing
        if not name:
            return ""
        return reverse(name) + (f"?{parameter}={batch.reference}" if parameter else "")

    def zone(self):
        """The time zone of times in files that name none."""
        return UTC

    def check(self, parsed, mapping, today) -> tuple[list[str], list[str]]:
        """Errors and warnings about a row as a whole, in words; may complete `parsed` (values fit for JSON)."""
        return [], []

    def build(self, batch, row, related, source_cells):
        """The unsaved record of a staged row.

        `related` maps field keys to the records that its names mean; `source_cells` are {heading: cell} of what no
        field takes over word for word, to be kept with the record where it has a place for them.
        """
        raise NotImplementedError


def register(importer):
    """Make a register's Importer class known. Raises ValueError when there is one already."""
    if importer.register in _importers:
        raise ValueError(f"there is an importer for {importer.register!r} already")
    _importers[importer.register] = importer()
    return importer


def get(name) -> Importer:
    """The importer of a register. Raises LookupError."""
    try:
        return _importers[name]
    except KeyError:
        raise LookupError(_("Nothing can be imported into “%(register)s”.") % {"register": name}) from None


def every() -> tuple:
    return tuple(_importers.values())


def importers_for(user):
    """Importers that this person may use."""
    return [one for one in _importers.values() if user.has_perm("records.add_import") and user.has_perm(one.permission)]
