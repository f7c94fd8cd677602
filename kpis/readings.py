"""What pages read of KPIs: figures by period, from stored readings or, for a part of the records, from buckets.

Inside `as_of(moment)` they are the figures as they were known then: of the readings the revisions recorded by that
moment. Buckets hold the present alone, so what a part of the records gave is asked of these themselves, as they stood.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from kpis import buckets, counting, feed
from kpis.buckets import Portion
from kpis.models import Kpi, Reading, Watermark
from kpis.revising import portion_of, rounded
from kpis.slices import Slice, UnknownSlice
from records import measures
from records.periods import Period
from trail import as_of
from trail.models import Seal


@dataclass(frozen=True)
class Point:
    """The figure of one period. `value` is None in a gap: no record of any kind, which is not the same as zero.

    `reading_id`, `revision`, `recorded_at` and `seq` tell which stored reading it is, and are None where it was worked
    out for a part of the records, or never was anything but a gap.
    """

    period: Period
    value: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None
    n: int = 0
    is_running: bool = False
    reading_id: int | None = None
    recorded_at: datetime | None = None
    seq: int | None = None
    revision: int | None = None
    is_final: bool = False

    @property
    def is_gap(self):
        return self.value is None


def points(
    kpi: Kpi,
    *,
    slice: Slice | None = None,
    units: set[int] | None = None,
    until: date | None = None,
) -> list[Point]:
    """The figures of one KPI, oldest first, from its first to its last value; gaps between them are points too.

    Whole (`slice` and `units` None) they are the stored readings. With a slice, or for a person who sees only the ids
    `units` (and what belongs to no unit), they are never stored but summed: from buckets, or in the past by a scan of
    the records. Periods that begin after the day `until`, or after the day that is looked at, are left out.
    """
    return points_of_all([kpi], slice=slice, units=units, until=until)[kpi.pk]


def points_of_all(kpis, *, slice=None, units=None, until=None) -> dict[int, list[Point]]:
    """{id of the KPI: its points}, as `points` has them, in a number of queries that does not grow with the KPIs."""
    kpis, today = list(kpis), as_of.today()
    last = today if until is None else min(until, today)
    if slice is None and units is None:
        return _stored(kpis, today, last)
    return _worked_out(kpis, slice, units, today, last)


def recounted(kpis) -> dict[int, list[Point]]:
    """{id of the KPI: its points}, whole, as the records give them when they are all counted again; nothing is stored.

    Where the roll-up has followed the records these are the figures of `points_of_all`.
    """
    today = as_of.today()
    return _worked_out(list(kpis), None, None, today, today, from_records=True)


def figures_as_of() -> datetime | None:
    """The moment up to which all figures are complete; None before the first roll-up.

    Of the past it is the moment that is looked at: the figures are those known then.
    """
    if (moment := as_of.moment()) is not None:
        first = Reading.objects.order_by("pk").values_list("recorded_at", flat=True).first()
        return moment if first and first <= moment else None
    names = [source.name for source in measures.sources()]
    marks = Watermark.objects.filter(source__in=names).exclude(definition="")
    return min(marks.values_list("moved_at", flat=True), default=None)


def last_day(source: str) -> date | None:
    """The last day on which the source has a record; None without any."""
    declared = measures.get_source(source)
    if as_of.moment() is None:
        return buckets.last_day(declared)
    rows = counting.belonging(declared, counting.model_of(declared)._default_manager.all())
    return rows.order_by(f"-{declared.day}").values_list(declared.day, flat=True).first()


def counts_by_member(source: str, part: str, dimension: str, ranges, units=None) -> list[dict]:
    """For each inclusive range (first day, last day) {member: sum of the part}, most first; one query for all.

    "" stands for records without a member.
    For a person of some `units`, and in the past, the records of these days are scanned.
    Raises LookupError on a source, part or dimension that there is not.
    """
    declared = measures.get_source(source)
    declared.parts[part], declared.dimensions[dimension]
    if units is None and as_of.moment() is None:
        found = buckets.by_member(declared, dimension, part, ranges)
    elif units == set():
        found = [{} for _range in ranges]
    else:
        # Buckets hold one dimension at a time, and the present: all else is asked of the records.
        rows = counting.model_of(declared)._default_manager.all()
        if units is not None:
            rows = _of_members(declared, rows, "unit", _members_of(units))
        found = counting.by_member(declared, rows, part, dimension, ranges)
    return [dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))) for counts in found]


def changed_since(reading) -> int:
    """How many records of a reading's period were changed, added or taken out since it was made.

    Takes a Reading or a Point of one; 0 for a point that no stored reading stands behind. In the past only what had
    changed by then counts.
    """
    if isinstance(reading, Point):
        reading = Reading.objects.select_related("kpi").filter(pk=reading.reading_id).first()
    if reading is None:
        return 0
    source = measures.get(reading.kpi.measure).source
    model = counting.model_of(source)
    in_period = {f"{source.day}__gte": reading.start_on, f"{source.day}__lt": reading.end_on}
    portion = portion_of(reading.kpi, source)
    if portion.dimension:
        in_period[f"{source.dimensions[portion.dimension]}__in"] = portion.members
    moment = as_of.moment()
    later = Seal.objects.filter(rtype=model._meta.label_lower, seq__gt=reading.seq)
    if moment is not None:
        later = later.filter(changed_at__lte=moment)
    now_in = counting.belonging(source, model._default_manager.filter(**in_period))
    changed = set(now_in.filter(Exists(later.filter(rid=OuterRef("pk")))).values_list("pk", flat=True))
    before = feed.replaced_since(model, reading.seq, until=moment).filter(**in_period)
    return len(changed | set(counting.belonging(source, before).values_list("id", flat=True)))


def _stored(kpis, today, last):
    readings = Reading.objects.filter(kpi__in=kpis, start_on__lte=last).latest_known()
    found = {kpi.pk: {} for kpi in kpis}
    cadences = {kpi.pk: kpi.cadence for kpi in kpis}
    for reading in readings.order_by():
        period = Period.containing(reading.start_on, cadences[reading.kpi_id])
        if (reading.start_on, reading.end_on) == (period.start, period.end):
            found[reading.kpi_id][period.start] = Point(
                period,
                reading.value,
                reading.numerator,
                reading.denominator,
                reading.n,
                not period.is_over(today),
                reading.pk,
                reading.recorded_at,
                reading.seq,
                reading.revision,
                reading.is_final,
            )
    return {pk: _without_holes(found[pk], cadences[pk], today) for pk in found}


def _worked_out(kpis, slice, units, today, last, from_records=False):
    """Points of what `slice` and `units` leave of each KPI."""
    from_records = from_records or as_of.moment() is not None
    found = {kpi.pk: [] for kpi in kpis}
    parts = {}
    for kpi in kpis:
        chosen = _limits(kpi, slice, units)
        if chosen is not None:
            parts.setdefault((kpi.cadence, from_records or len(chosen) > 1), []).append((kpi, chosen))
    for (cadence, is_scanned), pairs in parts.items():
        sums_of = _from_records if is_scanned else _from_buckets
        for kpi, sums in sums_of(pairs, cadence):
            found[kpi.pk] = _points(kpi, sums, today, last)
    return found


def _points(kpi, sums, today, last):
    measure, found = measures.get(kpi.measure), {}
    for start, parts in sums.items():
        if start > last or (measured := measure(parts)) is None:
            continue
        period = Period.containing(start, kpi.cadence)
        found[start] = Point(
            period,
            rounded(measured.value),
            measured.numerator,
            measured.denominator,
            measured.n or 0,
            not period.is_over(today),
        )
    return _without_holes(found, kpi.cadence, today)


def _limits(kpi, slice, units) -> dict[str, frozenset] | None:
    """{dimension: members} that a KPI's own filter, the slice and the units leave; None when that is nothing."""
    source = measures.get(kpi.measure).source
    try:
        own = portion_of(kpi, source)
    except UnknownSlice:
        return None
    wanted = [(own.dimension, own.members)] if own.dimension else []
    if slice is not None:
        wanted.append((slice.dimension, frozenset([slice.member])))
    if units is not None:
        if not units:
            return None
        wanted.append(("unit", _members_of(units)))
    limits = {}
    for dimension, members in wanted:
        if dimension not in source.dimensions:
            return None
        limits[dimension] = limits.get(dimension, members) & members
    return limits if all(limits.values()) else None


def _from_buckets(pairs, cadence):
    """(KPI, {first day: parts}) of KPIs that are limited in one dimension, in two queries."""
    portions = {}
    for kpi, limits in pairs:
        ((dimension, members),) = limits.items()
        portions[kpi.pk] = Portion(measures.get(kpi.measure).source.name, dimension, members)
    sums = {}
    waiting = set(portions.values())
    while waiting:  # once, but for KPIs whose own filters leave them different members of one dimension
        now = {(portion.source, portion.dimension): portion for portion in waiting}
        sums |= buckets.by_period(now.values(), cadence)
        waiting -= set(now.values())
    for kpi, _limits in pairs:
        yield kpi, sums[portions[kpi.pk]]


def _from_records(pairs, cadence):
    """The same for KPIs limited in several dimensions, or in the past, which buckets do not hold; in one query.

    All records are scanned, as they stand at the moment that is looked at.
    """
    keys, wanted = {}, {}
    for kpi, limits in pairs:
        source = measures.get(kpi.measure).source
        keys[kpi.pk] = key = source.name, tuple(sorted(limits.items()))
        if key not in wanted:
            rows = counting.model_of(source)._default_manager.all()
            for dimension, members in limits.items():
                rows = _of_members(source, rows, dimension, members)
            wanted[key] = source, rows
    sums = counting.by_period(wanted, cadence)
    for kpi, _limits in pairs:
        yield kpi, sums[keys[kpi.pk]]


def _members_of(units):
    """What a person of these units sees: theirs, and what belongs to none."""
    return frozenset(["", *map(str, units)])


def _of_members(source, rows, dimension, members):
    column = source.dimensions[dimension]
    wanted = Q(**{f"{column}__in": [member for member in members if member]})
    return rows.filter(wanted | _without(source, column)) if "" in members else rows.filter(wanted)


def _without(source, column):
    """Rows that have no member in the dimension."""
    field = next(f for f in counting.model_of(source)._meta.concrete_fields if column in (f.name, f.attname))
    return Q(**{f"{column}__isnull": True}) if field.null else Q(**{column: ""})


def _without_holes(found, cadence, today) -> list[Point]:
    """The points from the first to the last value, with gaps where there is none."""
    valued = sorted(start for start, point in found.items() if point.value is not None)
    if not valued:
        return []
    periods = Period.between(valued[0], valued[-1], cadence)
    return [found.get(period.start) or Point(period, is_running=not period.is_over(today)) for period in periods]
