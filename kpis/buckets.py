"""Reads buckets: the parts of a source summed by period or by member. No raw record is looked at."""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Q, Sum
from django.db.models.functions import Trunc

from kpis.models import Bucket, Series
from records.measures import Source
from records.periods import Period

MOST_RANGES = 40  # more stretches of days than this are read as one


@dataclass(frozen=True)
class Portion:
    """What is summed: a whole source, or some members of one of its dimensions."""

    source: str
    dimension: str = ""
    members: frozenset = frozenset([""])


def by_period(portions, cadence: str, periods=None) -> dict:
    """{portion: {first day of the period: {part: sum}}}; `periods`, if given, are the only ones wanted. Two queries.

    Portions of the same dimension must not share members.
    """
    numbers = _live(portions)
    wanted, portion_of = Q(), {}
    for portion in portions:
        number = numbers.get((portion.source, portion.dimension))
        if number is None or not portion.members:
            continue
        wanted |= Q(series=number, member__in=sorted(portion.members))
        portion_of |= {(number, member): portion for member in portion.members}
    found = {portion: {} for portion in portions}
    if not wanted or periods == set():
        return found
    buckets = Bucket.objects.filter(wanted)
    if periods is not None:
        buckets = buckets.filter(_within(periods))
    # The member is needed to tell portions of one series apart; whole series and single slices have one only.
    sums = buckets.annotate(start=Trunc("day", cadence)).values_list("series_id", "member", "start", "part")
    for number, member, start, part, total in sums.annotate(total=Sum("value")).order_by().iterator():
        parts = found[portion_of[number, member]].setdefault(start, {})
        parts[part] = parts.get(part, 0) + int(total)
    return found


def by_member(source: Source, dimension: str, part: str, ranges) -> list[dict]:
    """For each inclusive range (first day, last day) of days {member: sum of the part}."""
    counted = Bucket.objects.filter(series__in=_series(source.name, dimension), part=part)
    return sums_in_ranges(counted, "member", "day", "value", ranges)


def sums_in_ranges(rows, member: str, day: str, value, ranges) -> list[dict]:
    """For each inclusive range of days {member, "" for none: sum of the value over `rows`}; one query for all."""
    within = [Q(**{f"{day}__range": one}) for one in ranges]
    totals = {f"total_{place}": Sum(value, filter=one) for place, one in enumerate(within)}
    found = [{} for _range in ranges]
    rows = rows.filter(reduce(or_, within)).order_by().values_list(member).annotate(**totals)
    for name, *sums in rows:
        for counts, total in zip(found, sums, strict=True):
            if total:
                counts["" if name is None else str(name)] = int(total)
    return found


def last_day(source: Source) -> date | None:
    """The last day on which the source has anything; None without any."""
    days = Bucket.objects.filter(series__in=_series(source.name, ""), member="").order_by("-day")
    return days.values_list("day", flat=True).first()


def days(source: Source) -> list[date]:
    """All days on which the source has anything."""
    found = Bucket.objects.filter(series__in=_series(source.name, ""), member="").order_by("day")
    return list(found.values_list("day", flat=True).distinct())


def _series(source, dimension):
    return Series.objects.live(source, dimension).values("pk")


def _live(portions):
    """{(source, dimension): id of the live series}."""
    rows = Series.objects.filter(is_live=True, source__in={portion.source for portion in portions})
    return {(source, dimension): pk for source, dimension, pk in rows.values_list("source", "dimension", "pk")}


def _within(periods: set[Period]) -> Q:
    """The days of these periods."""
    ranges: list[list[date]] = []
    for period in sorted(periods):
        if ranges and ranges[-1][1] == period.start:
            ranges[-1][1] = period.end
        else:
            ranges.append([period.start, period.end])
    if len(ranges) > MOST_RANGES:
        ranges = [[ranges[0][0], ranges[-1][1]]]
    days = Q()
    for start, end in ranges:
        days |= Q(day__gte=start, day__lt=end)
    return days
