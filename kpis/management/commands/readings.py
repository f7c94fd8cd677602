"""`manage.py readings`: the figures of one KPI as JSON, period by period, for other programs."""

import json
from datetime import datetime, time, timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Organisation
from kpis import readings
from kpis.models import Kpi
from kpis.slices import UnknownSlice, slice_of
from records import measures
from records.periods import Period
from trail.as_of import as_of as looking_at

EARLIEST, LATEST = 1900, 2200
DIMENSIONS = {
    "product": "its reference, PR-2026-0001",
    "segment": "its reference, SG-2026-0001",
    "customer": "its reference, CU-2026-0001",
    "unit": "its reference, UN-2026-0001",
    "import": "its reference, IM-2026-0001",
    "came_by": "phone, email, visit, web, letter, referral or other",
}


class Command(BaseCommand):
    help = (
        "Print the readings of a KPI as a JSON list of its periods between two dates. A period runs from `start` up "
        "to, but not including, `end`; in a gap there is no record of any kind and `value` is null."
    )

    def add_arguments(self, parser):
        parser.add_argument("--kpi", required=True, metavar="CODE")
        parser.add_argument("--from", required=True, metavar="DATE", dest="first", help="YYYY-MM-DD")
        parser.add_argument("--to", required=True, metavar="DATE", dest="last", help="YYYY-MM-DD, inclusive")
        parser.add_argument("--as-of", metavar="MOMENT", help="as known then: YYYY-MM-DD (its end) or YYYY-MM-DDTHH:MM")
        for dimension, value in DIMENSIONS.items():
            parser.add_argument(f"--{dimension.replace('_', '-')}", metavar="REF", dest=dimension, help=value)

    def handle(self, *, kpi, first, last, as_of, **options):
        organisation = Organisation.current()
        if organisation:
            timezone.activate(organisation.zone)
        kpi = self._kpi(kpi)
        first, last = _day("--from", first), _day("--to", last)
        if first > last:
            raise CommandError(f"--from {first} lies after --to {last}.")
        moment = _moment(as_of)
        with looking_at(moment):
            defined = Kpi.objects.in_force().filter(pk=kpi.pk).first()  # as it was then; None when it was not yet
            points = readings.points(defined, slice=self._slice(defined, options)) if defined else []
        self.stdout.write(json.dumps(self._told(defined or kpi, points, first, last, moment), indent=2))

    def _kpi(self, code):
        kpi = Kpi.objects.in_force().filter(code=code).first()
        if kpi is None:
            codes = ", ".join(Kpi.objects.in_force().order_by("code").values_list("code", flat=True))
            raise CommandError(f"There is no KPI {code!r}. There are: {codes or 'none yet'}.")
        return kpi

    def _slice(self, kpi, options):
        given = {dimension: options[dimension] for dimension in DIMENSIONS if options[dimension]}
        if len(given) > 1:
            raise CommandError(f"One part at a time: {', '.join(given)} were given.")
        source = measures.get(kpi.measure).source
        for dimension, value in given.items():
            if dimension not in source.dimensions:
                raise CommandError(f"{kpi.code} cannot be told by {dimension}.")
            try:
                return slice_of(source, dimension, value)
            except UnknownSlice as error:
                raise CommandError(str(error)) from error
        return None

    def _told(self, kpi, points, first, last, moment):
        """One entry for each period that has begun, gaps included."""
        found = {point.period: point for point in points}
        today = timezone.localdate(moment) if moment else timezone.localdate()
        return [
            _entry(found.get(period) or readings.Point(period))
            for period in Period.between(first, min(last, today), kpi.cadence)
        ]


def _entry(point):
    return {
        "period": str(point.period),
        "start": point.period.start.isoformat(),
        "end": point.period.end.isoformat(),
        "value": _number(point.value),
        "numerator": point.numerator,
        "denominator": point.denominator,
        "n": point.n,
        "gap": point.is_gap,
        "final": point.is_final,
        "revision": point.revision,
        "recorded_at": point.recorded_at.isoformat() if point.recorded_at else None,
    }


def _number(value):
    """As JSON writes numbers: 15 digits, as the column keeps them, come through a float unharmed."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _day(option, text):
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day.year <= LATEST:
        raise CommandError(f"{option} {text}: that is not a day. Write YYYY-MM-DD, from {EARLIEST} to {LATEST}.")
    return day


def _moment(text):
    """The moment, in the organisation's time zone unless it names one; of a day its end. None without."""
    if text is None:
        return None
    try:
        day = parse_date(text)
        moment = datetime.combine(day + timedelta(days=1), time()) if day else parse_datetime(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not EARLIEST <= moment.year <= LATEST:
        raise CommandError(f"--as-of {text}: that is not a moment. Write YYYY-MM-DD or YYYY-MM-DDTHH:MM.")
    moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return moment - timedelta(microseconds=1) if day else moment
