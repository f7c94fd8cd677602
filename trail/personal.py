"""Kinds of person, and what is kept of one: rooms say in their `apps.py` what they keep and how it is emptied.

A `Kind` is registered by the room that knows such people, `add_records` by each room whose records are about them, and
a `Store` for each place outside the records: tables of the house, files, sessions.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from django.apps import apps

from .history import history_of, tracked_models

SHORTEST = 6  # characters of a single word or number by which somebody may be looked for without finding everybody


@dataclass(frozen=True)
class Kind:
    """A kind of person. `names` and `addresses` are the fields that tell them apart, `began` the moment they came in.

    `where` narrows the rows that are persons at all. `empties(row, by)` empties one that is no record, `is_empty(row)`
    says whether that was done. `ends(row, by, because)` comes before: an account is closed. `hinders(row, by)` yields
    words that say why somebody cannot be erased now.
    """

    label: str
    model_label: str
    names: tuple
    addresses: tuple = ()
    began: str = "recorded_at"
    view_permission: str = ""
    where: dict = field(default_factory=dict)
    empties: Callable | None = None
    is_empty: Callable = lambda row: False
    ends: Callable = lambda row, by, because: None
    hinders: Callable = lambda row, by: ()

    @property
    def rtype(self):
        return self.model_label.lower()

    @property
    def model(self):
        return apps.get_model(self.model_label)

    @property
    def is_record(self):
        return self.model in tracked_models()

    def rows(self):
        return self.model._base_manager.filter(**self.where)


@dataclass(frozen=True)
class Store:
    """A place outside the records that may hold something of a person.

    `find(person)` gives a list of rows or names of files; `clean(found, person)` empties it and may be called again;
    `tell(one)` is what an access request says of it, a dict. Files are `is_outside`: no transaction holds them back.
    """

    name: str
    label: str
    find: Callable
    clean: Callable
    tell: Callable
    model: type | None = None
    is_outside: bool = False


@dataclass
class Person:
    """Whose data it is. `own` are the records that are about them alone, {model: ids}."""

    kind: Kind
    row: object
    own: dict = field(default_factory=dict)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """By what they are found in other texts: full names both ways round, e-mail, phone; of every version."""
        names, addresses = self._ever(self.kind.names), self._ever(self.kind.addresses)
        found = dict.fromkeys(address for address in addresses if len(address) >= SHORTEST)
        for name in names:
            first, *rest = name.split()
            if rest:
                found |= {name: None, f"{rest[-1]}, {' '.join([first, *rest[:-1]])}": None}
            elif len(name) >= SHORTEST:
                found[name] = None
        return tuple(found)

    @cached_property
    def names(self):
        """Every name they ever had here."""
        return tuple(self._ever(self.kind.names))

    @cached_property
    def references(self):
        """The references of their own records: what points to one of these may repeat what it says."""
        found = []
        for model in self.own.keys() & {*tracked_models()}:
            ids = self.own[model]
            found += model._base_manager.filter(pk__in=ids).values_list("reference", flat=True)
        return frozenset(found)

    def _ever(self, fields):
        rows = list(self.kind.rows().filter(pk=self.row.pk).values_list(*fields)) if fields else []
        if fields and self.kind.is_record:
            rows += history_of(self.kind.model).objects.filter(id=self.row.pk).values_list(*fields).distinct()
        cleaned = (" ".join(value.split()) for row in rows for value in row)
        return list(dict.fromkeys(value for value in cleaned if value))

    def is_named_in(self, text) -> bool:
        """Whether a text names them, also as JSON writes it."""
        folded = text.casefold()
        return any(needle.casefold() in folded for needle in self.needles)

    @cached_property
    def needles(self):
        """The texts as they may stand in a table: plain, and as JSON escapes them."""
        escaped = (json.dumps(text)[1:-1] for text in self.texts)
        return tuple(dict.fromkeys([*self.texts, *escaped]))


_kinds: dict[str, Kind] = {}
_finders: list[tuple[str, Callable]] = []
_stores: list[Store] = []
_hindrances: list[Callable] = []


def add_kind(kind):
    _kinds[kind.rtype] = kind


def add_records(rtype, finder):
    """`finder(person)` yields QuerySets of records that are about a person of this kind and are emptied whole."""
    _finders.append((rtype, finder))


def add_store(store):
    _stores.append(store)


def add_hindrance(check):
    """`check(person)` yields words that say why they cannot be erased now: a legal hold, for example."""
    _hindrances.append(check)


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def stores() -> tuple[Store, ...]:
    return tuple(_stores)


def kind_called(rtype) -> Kind:
    """Raises LookupError for what is no kind of person."""
    if rtype not in _kinds:
        raise LookupError(f"{rtype} is no kind of person")
    return _kinds[rtype]


def kind_of(row) -> Kind:
    return kind_called(row._meta.label_lower)


def person_of(row) -> Person:
    """The person that this row is about, with their own records."""
    person = Person(kind_of(row), row)
    for rtype, finder in _finders:
        if rtype == person.kind.rtype:
            for rows in finder(person):
                person.own.setdefault(rows.model, set()).update(rows.values_list("pk", flat=True))
    person.own = {model: ids for model, ids in person.own.items() if ids}
    return person


def hindered(person, by=None) -> list[str]:
    """Why this person cannot be erased now, in words; empty when they can. `by` is who confirms it."""
    words = [str(one) for one in person.kind.hinders(person.row, by)]
    return words + [str(one) for check in _hindrances for one in check(person)]
