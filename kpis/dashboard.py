"""What Home and the KPI pages show of a KPI: its latest figure, its chart and its two verdicts."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from kpis import readings, xmr
from kpis.models import Kpi
from records import charts, measures
from records.chart_layout import figure
from trail import as_of

SPARK_POINTS = 36


@dataclass(frozen=True)
class Row:
    """One KPI as judged; `points` oldest first."""

    kpi: Kpi
    points: list

    @cached_property
    def measure(self):
        return measures.get(self.kpi.measure)

    @cached_property
    def analysis(self):
        return analyse(self.kpi, self.measure, self.points)

    @cached_property
    def latest(self):
        """The newest period with a value that is over, else the running one; None when there is no value at all."""
        index = self.analysis.latest
        if index is not None:
            return self.points[index]
        valued = [point for point in self.points if point.value is not None]
        return valued[-1] if valued else None

    @property
    def value(self):
        return figure(self.latest.value, self.measure.places) if self.latest else ""

    @property
    def target(self):
        return target_words(self.kpi, self.measure)

    @property
    def variation(self):
        return self.analysis.variation

    @property
    def assurance(self):
        return self.analysis.assurance

    @property
    def is_urgent(self):
        return "worse" in (self.variation.kind, self.assurance.kind)

    @property
    def title(self):
        """The finding as a chart's title, or what the chart shows where there is nothing to find."""
        sentence = self.variation.sentence or self.assurance.sentence
        if not sentence:
            return _("%(name)s, %(cadence)s") % {"name": self.kpi.name, "cadence": self.kpi.get_cadence_display()}
        return sentence % {"kpi": self.kpi.name}

    @property
    def limits_note(self):
        """How the limits were drawn, for under the chart."""
        segment = self.analysis.segment
        if segment is None or not segment.is_judged:
            return _("Five values are needed for a usual range; twelve to fix it.")
        rules = self.analysis.rules
        words = {"n": segment.n, "factor": rules.limit_factor, "mean": figure(segment.mean, 1)}
        if segment.is_locked:
            note = _(
                "Usual range fixed on the first %(n)s values: average %(mean)s ± %(factor)s × average moving range."
            )
        elif segment.is_trial:
            note = _("Trial limits on %(n)s values: average %(mean)s ± %(factor)s × average moving range.")
        else:
            note = _("Usual range of %(n)s values: average %(mean)s ± %(factor)s × average moving range.")
        return note % words + " " + _("Diamonds mark what is worse and unlikely to be chance.")

    @cached_property
    def sparkline(self):
        first = max(0, len(self.points) - SPARK_POINTS)
        return charts.sparkline(self.analysis, first=first, bounds=self.measure.bounds)


def rows(kpis, user, *, slice=None) -> list[Row]:
    """The given KPIs as `user` may see them, urgent ones first. A constant number of queries."""
    kpis = list(kpis)
    units = user.scope_for("kpis.view_kpi")
    points = readings.points_of_all(kpis, slice=slice, units=units)
    made = [Row(kpi, with_silence(points[kpi.pk])) for kpi in kpis]
    return sorted(made, key=lambda row: (not row.points, not row.is_urgent, row.kpi.position, row.kpi.pk))


def with_silence(points):
    """The points, and one gap after them when nothing has come since: so that the last is not told as this month's."""
    today = as_of.today()
    if not points or points[-1].is_running or points[-1].period.end > today:
        return points
    following = points[-1].period.next()
    return [*points, readings.Point(following, is_running=following.contains(today))]


def analyse(kpi, measure, points):
    """The control chart of a KPI's points."""
    valued = [point for point in points if point.value is not None]
    baselines = ()
    if kpi.baseline_until:
        fixed = sum(point.period.start < kpi.baseline_until for point in points)
        baselines = (xmr.Baseline(0, fixed),)
    judged = [point.value if point.is_running or enough(point, kpi) else None for point in points]
    return xmr.analyse(
        judged if valued else [],
        higher_is_better=measure.higher_is_better,
        target=kpi.target,
        bounds=measure.bounds,
        baselines=baselines if valued else (),
        is_running=bool(valued) and points[-1].is_running,
        cadence=kpi.cadence,
        periods=[point.period for point in points] if valued else [],
    )


def enough(point, kpi):
    """Whether a value rests on enough records to be judged; a count of none is a value like any other."""
    return point.value is not None and (kpi.minimum_n <= 1 or (point.n or 0) >= kpi.minimum_n)


def target_words(kpi, measure):
    """ "at least 95 %", "at most 10 days", or that there is none."""
    if kpi.target is None:
        return _("no target yet")
    target = kpi.target.normalize()
    value = figure(target, max(0, -target.as_tuple().exponent), measure.unit)
    if measure.higher_is_better is None:
        return value
    return (
        _("at least %(value)s") % {"value": value}
        if measure.higher_is_better
        else _("at most %(value)s") % {"value": value}
    )
