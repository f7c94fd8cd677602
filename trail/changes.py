"""What each version of a record changed, in words: for history sections and for two people at one form."""

from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.translation import gettext as _

from .as_of import moment
from .columns import personal_fields_of
from .differences import Names, differences, told_fields
from .history import history_of
from .models import Erased, Seal


@dataclass
class Version:
    """One version: who did what when, why, and which fields it changed. `by` is None for Heed itself.

    `receipt` is empty and `place` None until it is sealed. Of an erased version the personal fields are gone for good.
    """

    rev: int
    at: object
    by: object
    verb: str
    reason: str
    channel: str
    changes: list = field(default_factory=list)
    receipt: str = ""
    place: int | None = None
    is_erased: bool = False

    @property
    def words(self):
        """The verb in the reader's language."""
        return _(self.verb)


@dataclass
class Comparison:
    """Two versions of one record and the fields in which they differ."""

    earlier: Version
    later: Version
    changes: list

    @property
    def both(self):
        return self.earlier, self.later


def changes_of(record, *, before=None, limit=20):
    """(versions newest first, the rev to page on with or None). `before` leaves out that version and later ones.

    Looking at the past, versions that are later than that moment are left out, too.
    """
    model = type(record)
    rows = kept_versions(model).filter(id=record.pk)
    if before is not None:
        rows = rows.filter(rev__lt=before)
    rows = list(rows.order_by("-rev")[: limit + 1])
    fields, names = told_fields(model), Names()
    shown = [
        (row, differences(fields, earlier, row))
        for row, earlier in list(zip(rows, [*rows[1:], None], strict=False))[:limit]
    ]
    for row, found in shown:
        names.want_person(row.changed_by_id)
        names.want_those_of(found)
    names.fetch()
    versions = _proven(record, [_version(row, names, names.told(found)) for row, found in shown])
    return versions, (versions[-1].rev if len(rows) > limit else None)


def compared(record, one, other):
    """What differs between two versions, given by their numbers in any order. LookupError when one is not there."""
    model = type(record)
    rows = {row.rev: row for row in kept_versions(model).filter(id=record.pk, rev__in={one, other})}
    earlier, later = rows[min(one, other)], rows[max(one, other)]
    names, found = Names(), differences(told_fields(model), earlier, later)
    names.want_person(earlier.changed_by_id)
    names.want_person(later.changed_by_id)
    names.want_those_of(found)
    names.fetch()
    first, second = _proven(record, [_version(row, names, []) for row in (earlier, later)])
    return Comparison(first, second, names.told(found))


def kept_versions(model):
    """The versions of all records of a kind, up to the moment that is looked at."""
    rows = history_of(model)._base_manager.all()
    return rows if moment() is None else rows.filter(changed_at__lte=moment())


def _version(row, names, changes):
    return Version(
        rev=row.rev,
        at=row.changed_at,
        by=names.person(row.changed_by_id),
        verb=row.verb,
        reason=row.reason,
        channel=row.channel,
        changes=changes,
    )


def _proven(record, versions):
    """The versions, each with its receipt and whether its personal fields were erased."""
    rtype = record._meta.label_lower
    seals = Seal.objects.filter(rtype=rtype, rid=record.pk, rev__in=[version.rev for version in versions])
    sealed = {seal.rev: seal for seal in seals.only("rev", "leaf")}
    erased_up_to = 0
    if personal_fields_of(type(record)):
        erased_up_to = Erased.objects.filter(rtype=rtype, rid=record.pk).aggregate(last=Max("up_to_rev"))["last"] or 0
    for version in versions:
        if seal := sealed.get(version.rev):
            version.receipt, version.place = seal.receipt, seal.seq
        version.is_erased = version.rev <= erased_up_to
    return versions
