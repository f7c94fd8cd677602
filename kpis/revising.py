"""Makes readings out of buckets: revisions that are added where a figure changed, and never changed themselves."""

import logging
from decimal import Decimal
from itertools import groupby

from django.utils import timezone

from kpis import buckets
from kpis.buckets import Portion
from kpis.models import Kpi, Reading
from kpis.slices import UnknownSlice, slice_of
from records import measures
from records.periods import Period

log = logging.getLogger("heed.rollup")

PLACES = Decimal("0.000001")  # as the column keeps them
CHUNK = 500
FEW = 200  # periods that are asked for one by one


def revise(source, *, seq, now, days=None, defined=()):
    """Add a revision of each reading of the source that says something else than before. Returns how many.

    Looks at the periods that `days` lie in, or at all when it is None; at all, too, of KPIs whose ids are in `defined`.
    Readings that a review made final are left as they are.
    """
    made = 0
    for (portion, cadence), kpis in _groups(_kpis_of(source)):
        if whole := [kpi for kpi in kpis if days is None or kpi.pk in defined]:
            made += _revise(portion, cadence, whole, None, seq, now)
        if days and (others := [kpi for kpi in kpis if kpi.pk not in defined]):
            touched = {Period.containing(day, cadence) for day in days}
            made += _revise(portion, cadence, others, touched, seq, now)
    return made


def portion_of(kpi, source) -> Portion:
    """What a KPI is a figure of: the whole source, or what its filter leaves of it. Raises UnknownSlice."""
    for dimension, value in kpi.filters.items():
        chosen = slice_of(source, dimension, value)
        return Portion(source.name, dimension, frozenset([chosen.member]))
    return Portion(source.name)


def rounded(value: Decimal) -> Decimal:
    return value.quantize(PLACES)


def _kpis_of(source):
    known = {measure.code for measure in measures.measures() if measure.source is source}
    return list(Kpi.objects.in_force().filter(measure__in=known).order_by("pk"))


def _groups(kpis):
    """((portion, cadence), KPIs) of those that are summed alike, so that buckets are read once for them."""
    keyed = []
    for kpi in kpis:
        source = measures.get(kpi.measure).source
        try:
            keyed.append(((portion_of(kpi, source), kpi.cadence), kpi))
        except UnknownSlice as error:
            log.error("KPI %s has no readings: %s", kpi.code, error)

    def key(pair):
        portion, cadence = pair[0]
        return portion.dimension, sorted(portion.members), cadence

    for _key, pairs in groupby(sorted(keyed, key=key), key=key):
        pairs = list(pairs)
        yield pairs[0][0], [kpi for _portion, kpi in pairs]


def _revise(portion, cadence, kpis, periods, seq, now):
    today = timezone.localdate(now)
    sums = buckets.by_period([portion], cadence, periods)[portion]
    latest = _latest(kpis, cadence, periods)
    starts = {start for _kpi, start in latest} | sums.keys()
    if periods is not None:
        starts &= {period.start for period in periods}
    made = []
    for start in sorted(start for start in starts if start <= today):
        for kpi in kpis:
            reading = _reading(kpi, Period.containing(start, cadence), sums.get(start, {}), latest.get((kpi.pk, start)))
            if reading:
                reading.seq, reading.recorded_at = seq, now
                made.append(reading)
    Reading.objects.bulk_create(made, batch_size=CHUNK)
    return len(made)


def _reading(kpi, period, parts, last):
    """The next revision of a reading, unsaved; None when the last one still says it all."""
    measured = measures.get(kpi.measure)(parts) if parts else None
    if last is None:
        if measured is None:
            return None  # a gap, as before
        revision = 1
    else:
        if last.is_final or (measured is None and last.value is None):
            return None
        revision = last.revision + 1
    reading = Reading(kpi=kpi, kpi_rev=kpi.rev, start_on=period.start, end_on=period.end, revision=revision)
    if measured is not None:
        reading.value = rounded(measured.value)
        reading.numerator, reading.denominator = measured.numerator, measured.denominator
        reading.n = measured.n or 0
    if last is not None and _said(last) == _said(reading):
        return None
    return reading


def _said(reading):
    return reading.value, reading.numerator, reading.denominator, reading.n, reading.kpi_rev


def _latest(kpis, cadence, periods):
    """{(KPI's id, first day): latest revision} of the readings there are, at this cadence."""
    readings = Reading.objects.filter(kpi__in=kpis).latest_known()
    if periods is not None and len(periods) <= FEW:
        readings = readings.filter(start_on__in=[period.start for period in periods])
    elif periods is not None:
        first, last = min(periods), max(periods)
        readings = readings.filter(start_on__range=(first.start, last.start))
    return {
        (reading.kpi_id, reading.start_on): reading
        for reading in readings.order_by().iterator()
        if reading.end_on == Period.containing(reading.start_on, cadence).end
    }
