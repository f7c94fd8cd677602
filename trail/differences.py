"""Two versions of one record side by side: which fields differ, in words."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .as_of import moment, present
from .history import KEPT_BY_HEED


@dataclass(frozen=True)
class Change:
    """One field before and after; empty text where nothing stood."""

    label: str
    before: str
    after: str


def told_fields(model):
    """The fields whose changes are told: not those of the change itself, nor what Heed derives from others."""
    derived = getattr(model, "derived_fields", ())
    return [f for f in model._meta.concrete_fields if f.name not in KEPT_BY_HEED and f.name not in derived]


def differences(fields, earlier, later):
    """Triples (field, value before, value after) of the `fields` that differ. `earlier` None: what a new record has."""
    found = []
    for told in fields:
        was = getattr(earlier, told.attname) if earlier is not None else None
        now = getattr(later, told.attname)
        if was == now or (earlier is None and _is_empty(told, now)):
            continue
        found.append((told, was, now))
    return found


class Names:
    """Who and what the ids in versions stand for: asked for once per kind, however many versions are told."""

    def __init__(self):
        self._wanted, self._found = {}, {}

    def want(self, model, pk):
        if pk is not None:
            self._wanted.setdefault(model, set()).add(pk)

    def want_those_of(self, found):
        """Ask for what the values of some differences point to."""
        for told, was, now in found:
            if isinstance(told, models.ForeignKey):
                self.want(told.related_model, was)
                self.want(told.related_model, now)

    def want_person(self, pk):
        self.want(get_user_model(), pk)

    def fetch(self):
        """One query for each kind that was asked for, as of the moment that is looked at."""
        for model, ids in self._wanted.items():
            self._found[model] = model._base_manager.in_bulk(ids)
            later = ids - self._found[model].keys()
            if later and moment() is not None:  # recorded after what points to it, as in a back-dated record
                with present():
                    self._found[model] |= model._base_manager.in_bulk(later)
        self._wanted = {}

    def get(self, model, pk):
        """The record or person, or None."""
        return self._found.get(model, {}).get(pk)

    def person(self, pk):
        return self.get(get_user_model(), pk)

    def told(self, found):
        """The differences in words."""
        return [Change(label_of(told), self._shown(told, was), self._shown(told, now)) for told, was, now in found]

    def _shown(self, told, value):
        if value is not None and isinstance(told, models.ForeignKey):
            target = self.get(told.related_model, value)
            # Of an erased record only the reference is left.
            return "" if target is None else str(target) or getattr(target, "reference", "")
        return in_words(told, value)


def label_of(told):
    label = str(told.verbose_name)
    return label[:1].upper() + label[1:]


def in_words(told, value):
    """The value of a field that points to nothing else, as a reader sees it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if told.choices:
        return str(dict(told.flatchoices).get(value, value))
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "D j M Y, H:i")
    if isinstance(value, date):
        return date_format(value, "D j M Y")
    if isinstance(value, time):
        return date_format(value, "H:i")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return str(value)


def _is_empty(told, value):
    """Nothing worth telling in the first version: empty, or what every new record begins with."""
    return value in (None, "", [], {}) or (told.has_default() and value == told.get_default())
