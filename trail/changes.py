"""What each version of a record changed, in words: for history sections and for two people at one form."""

from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .history import KEPT_BY_HEED, history_of


@dataclass(frozen=True)
class Change:
    """One field before and after; empty text where nothing stood."""

    label: str
    before: str
    after: str


@dataclass
class Version:
    """One version: who did what when, why, and which fields it changed. `by` is None for Heed itself."""

    rev: int
    at: datetime
    by: object
    verb: str
    reason: str
    channel: str
    changes: list = field(default_factory=list)

    @property
    def words(self):
        """The verb in the reader's language."""
        return _(self.verb)


def changes_of(record, *, before=None, limit=20):
    """(versions newest first, the rev to page on with or None). `before` leaves out that version and later ones."""
    model = type(record)
    rows = history_of(model).objects.filter(id=record.pk)
    if before is not None:
        rows = rows.filter(rev__lt=before)
    rows = list(rows.order_by("-rev")[: limit + 1])
    fields = told_fields(model)
    pairs = list(zip(rows, [*rows[1:], None], strict=False))[:limit]
    names = _names(fields, rows)
    people = get_user_model()._base_manager.in_bulk({row.changed_by_id for row in rows if row.changed_by_id})
    versions = [
        Version(
            rev=row.rev,
            at=row.changed_at,
            by=people.get(row.changed_by_id),
            verb=row.verb,
            reason=row.reason,
            channel=row.channel,
            changes=_differences(fields, earlier, row, names),
        )
        for row, earlier in pairs
    ]
    return versions, (versions[-1].rev if len(rows) > limit else None)


def told_fields(model):
    """The fields whose changes are told: not those of the change itself, nor what Heed derives from others."""
    derived = getattr(model, "derived_fields", ())
    return [f for f in model._meta.concrete_fields if f.name not in KEPT_BY_HEED and f.name not in derived]


def _differences(fields, earlier, row, names):
    changes = []
    for told in fields:
        was = getattr(earlier, told.attname) if earlier is not None else None
        now = getattr(row, told.attname)
        if was == now or (earlier is None and _is_empty(told, now)):
            continue
        changes.append(Change(_label(told), _shown(told, was, names), _shown(told, now, names)))
    return changes


def _is_empty(told, value):
    """Nothing worth telling in the first version: empty, or what every new record begins with."""
    return value in (None, "", [], {}) or (told.has_default() and value == told.get_default())


def _label(told):
    label = str(told.verbose_name)
    return label[:1].upper() + label[1:]


def _names(fields, rows):
    """{(field name, id): the record it points to} for all rows, in one query per pointing field that changed."""
    names = {}
    for told in fields:
        if isinstance(told, models.ForeignKey):
            ids = {value for row in rows if (value := getattr(row, told.attname)) is not None}
            if ids:
                found = told.related_model._base_manager.in_bulk(ids)
                names |= {(told.name, pk): str(target) for pk, target in found.items()}
    return names


def _shown(told, value, names):
    if value is None or value == "":
        return ""
    if isinstance(told, models.ForeignKey):
        return names.get((told.name, value), "")
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
