"""Counts days again from the records and compares: what the buckets hold must be exactly that (9.1.1)."""

import random
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min
from django.utils.dateparse import parse_date

from kpis import buckets, counting, feed, rollup
from kpis.models import Series, Watermark
from records import measures


@dataclass(frozen=True)
class Drift:
    """A bucket that holds something else than its records give."""

    source: str
    dimension: str
    member: str
    day: date
    part: str
    kept: int
    counted: int

    def __str__(self):
        where = f" {self.dimension}={self.member or 'none'}" if self.dimension else ""
        return f"{self.source}{where} {self.day} {self.part}: kept {self.kept}, counted {self.counted}"


def check(days=None, report=None) -> list[Drift]:
    """What has drifted: on so many days of each source, taken at random, or on all of them.

    Records are counted as they stood at the watermark, so that it does not matter what changes meanwhile.
    `report(done, total, message)` is called after each source.
    """
    found, sources = [], measures.sources()
    for done, source in enumerate(sources, start=1):
        chosen = None if days is None else _sample(source, days)
        if chosen != []:
            found += _compare(source, chosen)
        if report:
            report(done, len(sources), str(source.title or source.name))
    return found


def _compare(source, on_days):
    with rollup.one_at_a_time():
        live = {series.pk: series for series in Series.objects.filter(source=source.name, is_live=True)}
        if not live:
            return []  # never built yet
        seq = Watermark.objects.get(source=source.name).seq
        rows = feed.standing_at(counting.model_of(source), seq)
        found = counting.differences(source, live.values(), rows, on_days)
    return [
        Drift(source.name, live[series].dimension, member, _day(day), part, int(kept), int(counted))
        for series, member, day, part, kept, counted in found
    ]


def _sample(source, most):
    """Days taken at random: half of those with buckets, half by records, so that a day without any bucket is found."""
    kept = buckets.days(source)
    chosen = set(random.sample(kept, min(most // 2, len(kept))))
    rows = counting.belonging(source, counting.model_of(source)._default_manager.all())
    ids = rows.aggregate(first=Min("pk"), last=Max("pk"))
    for _turn in range(most - len(chosen) if ids["last"] else 0):
        pk = random.randint(ids["first"], ids["last"])
        chosen.add(rows.filter(pk__gte=pk).order_by("pk").values_list(source.day, flat=True).first())
    return sorted(chosen)


def _day(value):
    """SQLite gives days as text where Django does not know the column."""
    return parse_date(value) if isinstance(value, str) else value
