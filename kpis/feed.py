"""Reads the sealed feed: which versions a stretch of it replaced by which, and how records stood at a place in it."""

from dataclasses import dataclass

from django.db.models import F, Max, OuterRef, QuerySet, Subquery

from trail.history import history_of
from trail.models import Pending, Seal


@dataclass(frozen=True)
class Changes:
    """What became of records within a stretch of the feed, as versions: the last of each, and the last one before.

    A record that was new in the stretch has none before.
    """

    after: QuerySet | None
    before: QuerySet | None


def head() -> int:
    """The last place in the feed; 0 when it is empty."""
    return Seal.objects.aggregate(last=Max("seq"))["last"] or 0


def changes(model, low: int, high: int) -> Changes:
    """What happened to records of the model after the place `low` and up to `high`.

    Places follow one another as a record's versions do, so that the first seen here replaced the last one before.
    """
    versions = history_of(model).objects.order_by()
    replaced = versions.filter(id=OuterRef("rid"), rev=OuterRef("rev") - 1).values("history_id")
    after, before = {}, {}
    seals = Seal.objects.filter(rtype=model._meta.label_lower, seq__gt=low, seq__lte=high).order_by("seq")
    for rid, history_id, earlier in seals.values_list("rid", "history_id", Subquery(replaced)):
        after[rid] = history_id
        before.setdefault(rid, earlier)
    earlier = [history_id for history_id in before.values() if history_id is not None]
    return Changes(
        versions.filter(history_id__in=list(after.values())) if after else None,
        versions.filter(history_id__in=earlier) if earlier else None,
    )


def changed_ids(model, low: int, high: int) -> set[int]:
    """The ids of records of the model changed in that stretch."""
    seals = Seal.objects.filter(rtype=model._meta.label_lower, seq__gt=low, seq__lte=high)
    return set(seals.order_by().values_list("rid", flat=True))


def replaced_since(model, seq: int, until=None) -> QuerySet:
    """The versions that stood at a place in the feed and do not any more, or did not any more at the moment `until`."""
    versions = history_of(model).objects.order_by()
    later = Seal.objects.filter(rtype=model._meta.label_lower, seq__gt=seq).order_by()
    if until is not None:
        later = later.filter(changed_at__lte=until)
    earlier = versions.filter(id=OuterRef("rid"), rev=OuterRef("rev") - 1).values("history_id")
    replaced = later.annotate(earlier=Subquery(earlier)).values("earlier")
    return versions.filter(history_id__in=replaced).exclude(history_id__in=later.values("history_id"))


def standing_at(model, seq: int) -> list[QuerySet]:
    """All records as they stood at a place in the feed: live rows that have not changed since, versions of the others.

    Counted together in one statement these give the same whenever they are read, however much changes meanwhile.
    """
    versions = history_of(model).objects.order_by()
    label = model._meta.label_lower
    sealed = Seal.objects.filter(rtype=label, seq__gt=seq).order_by()
    waiting = Pending.objects.filter(rtype=label).order_by()
    later = sealed.values("history_id").union(waiting.values("history_id"), all=True)
    replaced = versions.filter(id=OuterRef("id"), rev=OuterRef("rev") - 1).values("history_id")
    earlier = versions.filter(history_id__in=later).annotate(earlier=Subquery(replaced)).values("earlier")
    touched = sealed.values("rid").union(
        versions.filter(history_id__in=waiting.values("history_id")).values(rid=F("id")), all=True
    )
    unchanged = model._base_manager.exclude(pk__in=touched)
    stood = versions.filter(history_id__in=earlier).exclude(history_id__in=later)
    return [unchanged, stood]
