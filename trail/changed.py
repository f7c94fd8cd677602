"""What changed between two moments: what was added, changed and taken out of view, by whom and why."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext as _

from .as_of import as_of
from .differences import Names, differences, told_fields
from .models import Erased

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


@dataclass
class Changed:
    """One record that changed. `record` is as it stood in the end; `by`, `at` and `reason` are of its last change.

    `how` is added, changed or removed: voided, or what it said of a person was erased. `versions` are those in between.
    """

    record: object
    how: str
    changes: list
    versions: int
    by: object
    at: datetime
    words: str
    reason: str
    is_voided: bool
    is_erased: bool

    @property
    def is_new(self):
        """Added, so that nothing stood there before."""
        return self.how == ADDED

    @property
    def how_words(self):
        """What happened, in the reader's language."""
        if self.is_voided:
            return _("voided")
        if self.is_erased:
            return _("erased")
        return {ADDED: _("added"), CHANGED: _("changed"), REMOVED: _("removed from view")}[self.how]

    @property
    def before(self):
        """The fields as they were, a line each."""
        return "\n".join(f"{change.label}: {change.before}" for change in self.changes if change.before)

    @property
    def after(self):
        return "\n".join(f"{change.label}: {change.after}" for change in self.changes if change.after)


def what_changed(model, since, until, rows=None):
    """Every record of a kind that changed after the moment `since` and not after `until`, the last change first.

    `rows` narrows them, for example to what a person may see.
    """
    rows = model._base_manager.all() if rows is None else rows
    with as_of(until):
        found = list(changed_rows(rows, since, until).order_by("-changed_at", "-pk"))
    return told(found, since, until)


def changed_rows(rows, since, until):
    """Those of `rows` that changed, with `how` and `was_erased`. To be read inside `as_of(until)`."""
    erased = Erased.objects.filter(
        rtype=rows.model._meta.label_lower, rid=OuterRef("pk"), changed_at__gt=since, changed_at__lte=until
    )
    how = Case(
        When(Q(voided_at__gt=since) | Q(was_erased=True), then=Value(REMOVED)),
        When(recorded_at__gt=since, then=Value(ADDED)),
        default=Value(CHANGED),
        output_field=CharField(),
    )
    return rows.filter(changed_at__gt=since).annotate(was_erased=Exists(erased)).annotate(how=how)


def told(found, since, until):
    """What changed in some records of one kind, read by `changed_rows`; in a fixed number of queries."""
    if not found:
        return []
    model, names = type(found[0]), Names()
    with as_of(since):
        before = model._base_manager.in_bulk([record.pk for record in found])
    fields, differing = told_fields(model), {}
    for record in found:
        differing[record.pk] = differences(fields, before.get(record.pk), record)
        names.want_person(record.changed_by_id)
        names.want_those_of(differing[record.pk])
    with as_of(until):
        names.fetch()
    return [
        Changed(
            record=record,
            how=record.how,
            changes=names.told(differing[record.pk]),
            versions=record.rev - (before[record.pk].rev if record.pk in before else 0),
            by=names.person(record.changed_by_id),
            at=record.changed_at,
            words=_(record.verb),
            reason=record.reason,
            is_voided=record.voided_at is not None and record.voided_at > since,
            is_erased=record.was_erased,
        )
        for record in found
    ]
