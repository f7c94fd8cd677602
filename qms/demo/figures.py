"""The KPIs of Calder Instruments, and what was known of their figures in each of the two years' weeks.

Only the demo back-dates: a firm's own readings are recorded when they are taken, by the roll-up.
"""

from datetime import datetime, time, timedelta

from django.db.models import Max
from django.utils import timezone

from kpis import catalogue, readings
from kpis.models import Kpi, KpiNote, Reading
from trail.as_of import as_of
from trail.context import acting_as
from trail.models import Seal

from .story import CARRIER_CHANGED, CARRIER_DECIDED, TELEPHONE_REPLACED

OWNERS = {
    "time-to-resolve": "Tom Mbeki",
    "complaints-received": "Tom Mbeki",
    "acknowledged-on-time": "Lena Sund",
}
AGREED = {
    "complaints-received": {"cadence": "week", "target": 8},
    "acknowledged-on-time": {"cadence": "week", "target": 90},
    "answered-on-time": {"target": 95},
    "stated-on-time": {"on_home": False},
}
QUALITY_MANAGER = "Marta Ruiz"
FIXED_UNTIL = CARRIER_CHANGED + 7  # days before the end: the usual range is that of the time before
# KPI, days before the end that it is about, days later that somebody wrote it down, the note
NOTES = [
    ("complaints-received", CARRIER_CHANGED, 1, "Carrier changed to Norvik"),
    ("complaints-received", CARRIER_DECIDED, 0, "Decided: former carrier again for southern routes"),
    ("acknowledged-on-time", TELEPHONE_REPLACED, 9, "Telephone system replaced"),
    ("answered-on-time", CARRIER_CHANGED, 34, "Carrier changed to Norvik"),
]


def propose(at):
    """The KPIs that Heed proposes, as it did when the firm began; those it proposed to this empty database make way."""
    for kpi in Kpi.objects.in_force():
        kpi.code = f"{kpi.reference.lower()}-{kpi.code}"[:60]
        kpi.void(by=None, reason="Proposed again at the beginning of the demo company's story.")
    catalogue.install(at=at)


def tell(story):
    """Add to the story what the firm settled about its KPIs, and when."""
    story.at(_moment(story, story.begins + timedelta(days=28)), _agree, story.people)
    story.at(_moment(story, story.until - timedelta(days=FIXED_UNTIL - 14)), _fix_limits, story)
    for code, days, later, text in NOTES:
        on = story.until - timedelta(days=days)
        story.at(_moment(story, on + timedelta(days=later)), _note, story.people, code, on, text)


def remember(first, until):
    """Write down what was known of every KPI at the beginning of each week and month from `first` to before `until`.

    The figures are those that the records gave at that moment, all of them sealed by now. A reading is written where
    it says something else than the one before it, as by the roll-up. Returns how many were.
    """
    made, last = [], {}
    for day in (first + timedelta(days=number) for number in range((until - first).days)):
        if day.weekday() == 0 or day.day == 1:
            moment = timezone.make_aware(datetime.combine(day, time(1)))
            with as_of(moment):
                kpis = list(Kpi.objects.in_force())
                points = readings.recounted(kpis)
            seq = Seal.objects.filter(changed_at__lte=moment).aggregate(last=Max("seq"))["last"]
            for kpi in kpis:
                made += _changed(kpi, points[kpi.pk], last, {"seq": seq, "recorded_at": moment})
    Reading.objects.bulk_create(made, batch_size=500)
    return len(made)


def _changed(kpi, points, last, known):
    """The next readings of a KPI where `last`, {(KPI, first day): (revision, what was said)}, says otherwise."""
    for point in points:
        key = kpi.pk, point.period
        revision, before = last.get(key, (0, None))
        said = point.value, point.numerator, point.denominator, point.n, kpi.rev
        if said == before or (point.is_gap and (before is None or before[0] is None)):
            continue
        last[key] = revision + 1, said
        yield Reading(
            kpi=kpi,
            kpi_rev=kpi.rev,
            start_on=point.period.start,
            end_on=point.period.end,
            revision=revision + 1,
            value=point.value,
            numerator=point.numerator,
            denominator=point.denominator,
            n=point.n,
            **known,
        )


def _moment(story, day):
    return datetime.combine(day, time(10), tzinfo=story.calendar.zone)


def _agree(moment, people):
    for kpi in Kpi.objects.in_force():
        for name, value in AGREED.get(kpi.code, {}).items():
            setattr(kpi, name, value)
        kpi.owner = people[OWNERS.get(kpi.code, QUALITY_MANAGER)]
        _by_quality(people, kpi, moment, verb="agreed")


def _fix_limits(moment, story):
    for kpi in Kpi.objects.in_force().filter(cadence=Kpi.Cadence.WEEK):
        kpi.baseline_until = story.until - timedelta(days=FIXED_UNTIL)
        _by_quality(story.people, kpi, moment, verb="agreed")


def _note(moment, people, code, on, text):
    note = KpiNote(kpi=Kpi.objects.get(code=code), on=on, text=text)
    _by_quality(people, note, moment, verb="noted")


def _by_quality(people, record, moment, verb):
    with acting_as(people[QUALITY_MANAGER], channel="form"):
        record.save(at=moment, verb=verb)
