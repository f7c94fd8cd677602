"""From the sealed feed to buckets to readings: folding in what changed, and building anew from the records (9.1.3).

Folding in adds the state at the head of the feed and takes away the state at the watermark, both of them versions, so
that it is exact; buckets, readings and the watermark commit together under one lock. Run twice, late, killed at any
point or on two workers at once, it leaves the same rows.

A build counts the records as they stood at one place in the feed, whatever changes meanwhile, into series of its own,
dimension by dimension; each commits and is not done again. Then it takes the place of the live ones at once.
"""

import functools
import logging
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from kpis import counting, feed, revising
from kpis.models import Bucket, Kpi, Series, Watermark
from records import measures
from trail.sealing import seal_if_possible

log = logging.getLogger("heed.rollup")

BATCH = 5_000  # seals per transaction
# Any constant: only the roll-up uses it, so that two of them never add the same change.
ADVISORY_LOCK = 712_0754
SAY_SO = timedelta(seconds=60)  # how old "figures as of" may grow while nothing changes
ONE_SCAN = 250_000  # records; more are counted dimension by dimension, so that no transaction takes long
START_OVER = 50_000  # a build left behind by more changes than this is not taken up again


@contextmanager
def one_at_a_time():
    """A transaction that no other of its kind overlaps. On SQLite every writing transaction is one."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        yield


def fold_in(report=None):
    """Bring buckets and readings up to the last sealed version. Returns how many versions were read.

    `report(done, total, message)` is called after each batch. Sources that are new, or declared otherwise than before,
    are built first.
    """
    if stale := out_of_date():
        _build(stale, report)
    if _is_idle():
        return 0
    folded, total = 0, feed.head() - _lowest()
    while True:
        folded += _fold_batch()
        if report and total:
            report(min(folded, total), total, _("changes read"))
        if _lowest() >= feed.head():
            return folded


def out_of_date():
    """The sources whose buckets were never built, or for another declaration."""
    known = dict(Watermark.objects.exclude(definition="").values_list("source", "definition"))
    return [source for source in measures.sources() if known.get(source.name) != counting.fingerprint(source)]


def rebuild(report=None, since=None):
    """Count everything anew from the records and put it in the place of what was there; then the readings.

    `report(done, total, message)` is called after each step. What it raises leaves the figures right, and the next
    rebuild goes on with the source it was at; with `since`, it leaves out those that were built after that moment.
    """
    seal_if_possible()
    built = dict(Watermark.objects.exclude(built_at=None).values_list("source", "built_at")) if since else {}
    ready = [source for source in measures.sources() if source.name in built and built[source.name] >= since]
    _build([source for source in measures.sources() if source not in ready], report, ready)
    fold_in()


def _marks():
    """The watermarks of the sources there are."""
    names = [source.name for source in measures.sources()]
    return list(Watermark.objects.filter(source__in=names).exclude(definition="").order_by("pk"))


def _lowest():
    return min((mark.seq for mark in _marks()), default=0)


def _is_idle():
    """Whether there is nothing to do, not even to say so: asked without the lock, every few seconds."""
    now, marks = timezone.now(), _marks()
    return (
        min((mark.seq for mark in marks), default=0) >= feed.head()
        and not any(_began(mark, now) for mark in marks)
        and all(now - mark.moved_at < SAY_SO for mark in marks)
    )


def _began(mark, now):
    """The days that began since the watermark last moved: their periods may hold promises made before."""
    last, today = timezone.localdate(mark.moved_at), timezone.localdate(now)
    return {last + timedelta(days=number) for number in range(1, (today - last).days + 1)}


def _fold_batch():
    """Move the watermarks that are furthest behind, up to the next one or by BATCH. Returns by how much."""
    with one_at_a_time():
        marks = _marks()
        if not marks:
            return 0
        low = min(mark.seq for mark in marks)
        high = min([max(low, feed.head()), low + BATCH, *(mark.seq for mark in marks if mark.seq > low)])
        now, changes_of = timezone.now(), functools.cache(lambda model: feed.changes(model, low, high))
        defined = feed.changed_ids(Kpi, low, high)
        for mark in marks:
            if mark.seq == low:
                source = measures.get_source(mark.source)
                days = _apply(source, changes_of(counting.model_of(source))) | _began(mark, now)
                revising.revise(source, days=days, defined=defined, seq=high, now=now)
                Watermark.objects.filter(pk=mark.pk).update(seq=high, moved_at=now)
        return high - low


def _apply(source, changes):
    """Add changes of its records to the live buckets of the source. Returns the days that are touched."""
    if changes.after is None:
        return set()
    after, before = [changes.after], [] if changes.before is None else [changes.before]
    days = set().union(*(counting.days(source, rows) for rows in [*after, *before]))
    if days:
        series = list(Series.objects.filter(source=source.name, is_live=True))
        counting.add(source, series, after, before)
        counting.drop_empty(series)
    return days


def _build(sources, report=None, ready=()):
    """Build these sources one after the other, and sweep away what they replace. `ready` only count as done."""
    done = sum(map(_steps, ready))
    total = done + sum(map(_steps, sources))
    for source in sources:
        build = _begin(source)
        for dimensions in _chunks(source):
            is_new = _count(source, dimensions, build)
            done += len(dimensions)
            if report and is_new:
                report(done, total, str(source.title or source.name))
        _swap(source, build)
    _sweep()


def _steps(source):
    return len(source.dimensions) + 1


def _chunks(source):
    """The dimensions that are counted in one transaction: all in one scan, or each by itself where that takes long."""
    dimensions = ["", *source.dimensions]
    last = counting.model_of(source)._base_manager.aggregate(last=Max("pk"))["last"] or 0
    return [dimensions] if last <= ONE_SCAN else [[dimension] for dimension in dimensions]


def _begin(source):
    """The number of the build to count into: the unfinished one, or a new one of the records as they stand now."""
    definition = counting.fingerprint(source)
    with one_at_a_time():
        mark, _made = Watermark.objects.get_or_create(source=source.name)
        head = feed.head()
        if mark.next_build is None or mark.next_definition != definition or head - mark.next_seq > START_OVER:
            last = Series.objects.filter(source=source.name).aggregate(last=Max("build"))["last"] or 0
            mark.next_build = max(last, mark.next_build or 0) + 1
            mark.next_seq, mark.next_definition = head, definition
            mark.save()
        return mark.next_build


@transaction.atomic
def _count(source, dimensions, build):
    """Count some dimensions into the build. Returns whether that was still to do."""
    mark = Watermark.objects.get(source=source.name)
    if mark.next_build != build:
        return False  # another process has finished this build, or begun a newer one
    mine = []
    for dimension in dimensions:
        # Whoever comes second waits here for the first to commit.
        series, is_mine = Series.objects.get_or_create(source=source.name, dimension=dimension, build=build)
        if is_mine:
            mine.append(series)
    if mine:
        counting.fill(source, mine, feed.standing_at(counting.model_of(source), mark.next_seq))
    return bool(mine)


def _swap(source, build):
    """Put the build in the place of the live series, as far on as these were, and revise every reading."""
    with one_at_a_time():
        mark = Watermark.objects.get(source=source.name)
        if mark.next_build != build:
            return
        reached, now = mark.seq, timezone.now()
        Series.objects.filter(source=source.name, is_live=True).update(is_live=False)
        Series.objects.filter(source=source.name, build=build).update(is_live=True)
        mark.seq, mark.definition, mark.moved_at, mark.built_at = mark.next_seq, mark.next_definition, now, now
        mark.next_build, mark.next_seq, mark.next_definition = None, None, ""
        while mark.seq < reached:
            low, mark.seq = mark.seq, min(reached, mark.seq + BATCH)
            _apply(source, feed.changes(counting.model_of(source), low, mark.seq))
        revising.revise(source, seq=mark.seq, now=now)
        mark.save()
    log.info("%s was built anew from its records", source.name)


def _sweep():
    """Take away series that were replaced, or whose source there is no more, one at a time."""
    live = dict(Series.objects.filter(is_live=True).values_list("source", "build").distinct())
    known = {source.name for source in measures.sources()}
    for series in Series.objects.order_by("pk"):
        if series.source not in known or series.build < live.get(series.source, 0):
            with transaction.atomic():
                Bucket.objects.filter(series=series).delete()
                series.delete()
    Watermark.objects.exclude(source__in=known).delete()
