"""Forms of an import: the file, how it is read, how its columns are matched, what is to be imported."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from records.importing import declaring, intake, reading
from records.importing.encoding import ENCODINGS
from records.importing.guessing import DATE_FORMATS
from records.models import Import
from records.text import CleanTextMixin
from records.widgets import Segmented

SEPARATORS = [(",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", _("Bar"))]


class UploadForm(CleanTextMixin, forms.Form):
    """A file and what it is. `found` is what a look at it has shown; `first` the import that holds the same file."""

    register = forms.ChoiceField(label=_("What does the file hold?"))
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("One record a row, headings in the first row. From a spreadsheet: Save as, CSV UTF-8."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )
    source = forms.CharField(
        label=_("Where does it come from?"),
        max_length=80,
        help_text=_("For example: CRM, help desk, last year's spreadsheet."),
    )
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=None, required=False, empty_label=_("The whole firm"))

    def __init__(self, data=None, files=None, *, user, initial=None):
        super().__init__(data, files, initial=initial)
        self.found = self.first = None
        self.fields["register"].choices = [(one.register, one.label) for one in declaring.importers_for(user)]
        field, units = self.fields["unit"], user.scope_for("records.add_import")
        field.queryset = Import._meta.get_field("unit").related_model.objects.in_force()
        if units is not None:
            field.queryset = field.queryset.filter(pk__in=units)
            field.required = True
            field.empty_label = None if len(units) == 1 else field.empty_label

    @property
    def first_fields(self):
        return list(self)

    def clean(self):
        given = super().clean()
        if given.get("file") and given.get("register"):
            try:
                self.found = intake.look_over(given["file"], given["register"])
            except reading.Unreadable as fault:
                self.add_error("file", str(fault))
            except intake.AlreadyHere as fault:
                self.first = fault.first
                self.add_error("file", str(fault))
        return given


class ReadingForm(CleanTextMixin, forms.Form):
    """How the file is read, where what was found out is wrong."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(label=_("Columns are separated by"), choices=SEPARATORS)
    has_header = forms.TypedChoiceField(
        label=_("The first row holds"),
        choices=[("yes", _("headings")), ("no", _("data"))],
        coerce=lambda word: word == "yes",
        widget=Segmented,
    )

    @classmethod
    def of(cls, shape):
        return cls(initial={
            "encoding": shape.encoding, "delimiter": shape.delimiter, "has_header": "yes" if shape.has_header else "no"
        })  # fmt: skip


class MatchForm(CleanTextMixin, forms.Form):
    """For each field of the register the column that holds it, how its dates are written, or one value for all rows."""

    def __init__(self, data=None, *, importer, shape, match, looks):
        super().__init__(data)
        self.importer, self.looks = importer, looks
        columns = [("", _("– not in this file –")), *((name, name) for name in shape.columns)]
        for one in importer.fields:
            self._add(f"column-{one.key}", forms.ChoiceField(
                label=one.label, choices=columns, required=False, help_text=one.hint,
                initial=match.get("columns", {}).get(one.key, ""),
            ))  # fmt: skip
            if one.kind == declaring.DAY:
                self._add(f"dates-{one.key}", forms.ChoiceField(
                    label=_("Dates are written"), choices=self._date_choices(), required=False,
                    initial=match.get("dates", {}).get(one.key, ""),
                ))  # fmt: skip
            if one.for_all:
                self._add(f"for-all-{one.key}", self._field_for_all(one, match.get("for_all", {}).get(one.key, "")))
        for option in importer.options:
            self._add(f"option-{option.key}", forms.BooleanField(
                label=option.label, required=False, help_text=option.hint,
                initial=match.get("options", {}).get(option.key, option.default),
            ))  # fmt: skip

    def _add(self, name, field):
        self.fields[name] = field
        if isinstance(field, forms.CharField):
            self._guard_text(field)

    @staticmethod
    def _date_choices():
        written = [(key, f"{one.label} ({one.example})") for key, one in DATE_FORMATS.items()]
        return [("", _("– choose –")), *written]

    @staticmethod
    def _field_for_all(one, initial):
        label = _("or the same for all rows")
        if one.choices:
            choices = [("", "–"), *one.choices.items()]
            return forms.ChoiceField(label=label, choices=choices, required=False, initial=initial)
        return forms.CharField(label=label, max_length=one.max_length, required=False, initial=initial)

    @property
    def rows(self):
        """One per field of the register: its bound form fields, and whether it is needed."""
        return [
            {
                "field": one,
                "column": self[f"column-{one.key}"],
                "dates": self[f"dates-{one.key}"] if one.kind == declaring.DAY else None,
                "for_all": self[f"for-all-{one.key}"] if one.for_all else None,
                "is_open": self._is_open(one),
            }
            for one in self.importer.fields
        ]

    def _is_open(self, one):
        """Whether a date can be read in several ways, so that a person must say which."""
        column = self[f"column-{one.key}"].value()
        return one.kind == declaring.DAY and len(self.looks.get(column, {}).get("dates", [])) > 1

    @property
    def option_fields(self):
        return [self[f"option-{option.key}"] for option in self.importer.options]

    @property
    def match(self):
        """What was chosen, as `matching.read_match` takes it."""
        given = {"columns": {}, "dates": {}, "for_all": {}, "options": {}}
        for prefix, part in (
            ("column-", "columns"),
            ("dates-", "dates"),
            ("for-all-", "for_all"),
            ("option-", "options"),
        ):
            for name, value in self.cleaned_data.items():
                if name.startswith(prefix) and value != "":
                    given[part][name.removeprefix(prefix)] = value
        return given


class WriteForm(CleanTextMixin, forms.Form):
    """What of a checked file becomes records."""

    duplicates = forms.ChoiceField(
        label=_("Exact duplicates"),
        choices=[("skip", _("Leave them out")), ("import", _("Import them too"))],
        initial="skip",
        widget=Segmented,
    )
    create = forms.ChoiceField(
        label=_("Names that are new"),
        choices=[("yes", _("Create them")), ("no", _("Leave their rows out"))],
        initial="yes",
        widget=Segmented,
    )

    def __init__(self, data=None, *, importer, counts):
        super().__init__(data)
        if counts.get("duplicate"):
            count = counts["duplicate"]
            label = ngettext("%(n)s exact duplicate", "%(n)s exact duplicates", count)
            self.fields["duplicates"].label = label % {"n": f"{count:,}"}
        else:
            del self.fields["duplicates"]
        new = {key: names["count"] for key, names in counts.get("new", {}).items() if names["count"]}
        if new:
            told = " · ".join(f"{importer.field(key).label} {count:,}" for key, count in new.items())
            self.fields["create"].label = _("Names that are new: %(names)s") % {"names": told}
        else:
            del self.fields["create"]

    @property
    def wishes(self):
        return {
            "with_duplicates": self.cleaned_data.get("duplicates") == "import",
            "create": self.cleaned_data.get("create", "yes") == "yes",
        }
