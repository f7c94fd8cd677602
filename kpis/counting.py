"""Counts the parts of a source's records in SQL: the same query over live rows, over versions, and over both."""

import hashlib
from collections.abc import Iterable

from django.apps import apps
from django.db import connection
from django.db.models import F, QuerySet, Sum, Value
from django.db.models.functions import Trunc

from kpis.buckets import sums_in_ranges
from kpis.models import Bucket, Series
from records.measures import Source

DAY, MEMBER, CELL, PART, START = "counted_day", "counted_member", "counted_cell", "counted_part_{}", "counted_start"
PLACE, SUM = "counted_place", "counted_sum_{}"


def model_of(source: Source):
    return apps.get_model(source.model)


def belonging(source: Source, rows: QuerySet) -> QuerySet:
    """Those of `rows` (records or versions of them) that the source counts on some day."""
    return rows.filter(source.base, **{f"{source.day}__isnull": False}).order_by()


def days(source: Source, rows: QuerySet) -> set:
    """The days on which `rows` are counted."""
    return set(belonging(source, rows).values_list(source.day, flat=True).distinct())


def fill(source: Source, series: Iterable[Series], rows: Iterable[QuerySet]):
    """Write the buckets of new series of the source; all of them in one scan of `rows`."""
    for histogram in (None, *source.histograms):
        _insert(*_totals(source, list(series), histogram, list(rows), []))


def add(source: Source, series: Iterable[Series], rows: Iterable[QuerySet], less: Iterable[QuerySet] = ()):
    """Add the parts of `rows` to the buckets of these series and take those of `less` away.

    What is there is added to, so that this runs once for each change, under the lock. May leave buckets of 0, see
    `drop_empty`.
    """
    upsert = (
        "WHERE true ON CONFLICT (series_id, member, day, part) "
        f"DO UPDATE SET value = {Bucket._meta.db_table}.value + excluded.value"
    )
    for histogram in (None, *source.histograms):
        _insert(*_totals(source, list(series), histogram, list(rows), list(less)), upsert)


def _insert(totals, params, upsert=""):
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Bucket._meta.db_table} (series_id, member, day, part, value) "  # noqa: S608 (names of ours)
            f"SELECT series_id, member, day, part, value FROM ({totals}) AS totals {upsert}",
            params,
        )


def differences(source: Source, series: Iterable[Series], rows: Iterable[QuerySet], on_days=None):
    """(series id, member, day, part, kept, counted) of each bucket that does not hold what `rows` give.

    Looks at the given days only, or at all; in one statement, so that nothing can change in between.
    """
    rows, series = list(rows), list(series)
    kept = Bucket.objects.filter(series__in=series)
    if on_days is not None:
        kept = kept.filter(day__in=on_days)
        rows = [queryset.filter(**{f"{source.day}__in": on_days}) for queryset in rows]
    sides, params = _compiled(kept.values("series_id", "member", "day", "part", "value", counted=Value(0)))
    for histogram in (None, *source.histograms):
        totals, given = _totals(source, series, histogram, rows, [])
        sides += f" UNION ALL SELECT series_id, member, day, part, 0, value FROM ({totals}) AS totals"  # noqa: S608
        params = [*params, *given]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT series_id, member, day, part, SUM(value), SUM(counted) "  # noqa: S608 (names of ours)
            f"FROM ({sides}) AS sides GROUP BY series_id, member, day, part HAVING SUM(value) <> SUM(counted) "
            "ORDER BY series_id, day, member, part",
            params,
        )
        return cursor.fetchall()


def drop_empty(series: Iterable[Series]):
    """Take away buckets that have come to 0: no bucket and an empty one are the same, and the first is less."""
    numbers = ", ".join(str(int(one.pk)) for one in series)
    with connection.cursor() as cursor:
        # The 0 stands in the statement, or SQLite would not see that its index of empty buckets will do.
        cursor.execute(f"DELETE FROM {Bucket._meta.db_table} WHERE value = 0 AND series_id IN ({numbers})")  # noqa: S608


def by_period(wanted: dict[object, tuple[Source, QuerySet]], cadence: str) -> dict:
    """{key: {first day of the period: {part: sum}}} of `wanted`, {key: (source, its records)}, from their rows.

    One query, whatever is wanted.
    """
    found, asked = {key: {} for key in wanted}, []
    for key, (source, rows) in wanted.items():
        asked += [(key, source, histogram, rows) for histogram in (None, *source.histograms)]
    width = max((len(_parts(source, histogram)) for _key, source, histogram, _rows in asked), default=0)
    selects = [_by_period(place, width, cadence, *one[1:]) for place, one in enumerate(asked)]
    if not selects:
        return found
    for place, start, cell, *sums in selects[0].union(*selects[1:], all=True):
        key, source, histogram, _rows = asked[place]
        parts = found[key].setdefault(start, {})
        parts |= {name: total for name, total in zip(_names(source, histogram, cell), sums, strict=False) if total}
    return found


def _by_period(place, width, cadence, source, histogram, rows):
    """A SELECT of (place, first day of the period, cell of the histogram, so many sums)."""
    keys = {PLACE: Value(place), START: Trunc(F(source.day), cadence)}
    if histogram is None:
        keys[CELL] = Value(0)
    sums = [Sum(column) for column in _parts(source, histogram)]
    sums += [Value(0)] * (width - len(sums))
    return (
        _counted(source, rows, histogram)
        .annotate(**keys)
        .values_list(PLACE, START, CELL)
        .annotate(**{SUM.format(number): total for number, total in enumerate(sums)})
    )


def by_member(source: Source, rows: QuerySet, part: str, dimension: str, ranges) -> list[dict]:
    """For each inclusive range of days {member: sum of one part} of records, straight from their rows."""
    rows = belonging(source, rows)
    return sums_in_ranges(rows, source.dimensions[dimension], source.day, source.parts[part], ranges)


def fingerprint(source: Source) -> str:
    """Changes when the source is declared otherwise, so that what was counted before is not what it counts now."""
    told = [source.name, *source.parts]
    members = {f"{MEMBER}_{name}": F(column) for name, column in source.dimensions.items()}
    for histogram in (None, *source.histograms):
        rows = _counted(source, model_of(source)._base_manager.all(), histogram).annotate(**members)
        columns = [DAY, *members, *([] if histogram is None else [CELL]), *_parts(source, histogram)]
        told.append(str(_compiled(rows.values(*columns))))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def _counted(source, rows, histogram, sign=1):
    """`rows` with the columns that are counted: the day, each part (or 1 and the histogram's cell)."""
    rows = belonging(source, rows).annotate(**{DAY: F(source.day)})
    if histogram is not None:
        field = source.histograms[histogram]
        rows = rows.filter(**{f"{field}__isnull": False}).annotate(**{CELL: F(field)})
    parts = _parts(source, histogram)
    if sign < 0:
        parts = {column: Value(-1) * expression for column, expression in parts.items()}
    return rows.annotate(**parts)


def _parts(source, histogram):
    """{column: expression}: those the source declares, or 1 for each record of a histogram."""
    expressions = source.parts.values() if histogram is None else [Value(1)]
    return {PART.format(place): expression for place, expression in enumerate(expressions)}


def _names(source, histogram, cell):
    """The names of the parts of one row, in the order of `_parts`."""
    return list(source.parts) if histogram is None else [f"{histogram}:{cell}"]


def _totals(source, series, histogram, rows, less):
    """A SELECT of (series_id, member, day, part, value) without values of 0, sorted as the index of buckets is.

    The states of all rows are read once; each series groups them by its own dimension.
    """
    parts = list(_parts(source, histogram))
    dimensions = {one.dimension: f"{MEMBER}_{place}" for place, one in enumerate(series) if one.dimension}
    keys = [DAY] if histogram is None else [DAY, CELL]
    states, params = [], []
    for sign, querysets in ((1, rows), (-1, less)):
        for queryset in querysets:
            members = {column: F(source.dimensions[dimension]) for dimension, column in dimensions.items()}
            counted = _counted(source, queryset, histogram, sign).annotate(**members)
            sql, given = _compiled(counted.values(*keys, *members, *parts))
            states.append(sql)
            params += given
    sums = ", ".join(f"SUM({part}) AS {part}" for part in parts)
    groups = []
    for one in series:
        column = dimensions.get(one.dimension)
        member = f"COALESCE(CAST({column} AS varchar(60)), '')" if column else "''"
        groups.append(
            f"SELECT {int(one.pk)} AS series_id, {member} AS member, {', '.join(keys)}, {sums} "  # noqa: S608
            f"FROM states GROUP BY {', '.join([*keys, *([column] if column else [])])}"
        )
    grouped = (
        f"WITH states AS ({' UNION ALL '.join(states)}) "  # noqa: S608 (names of ours)
        f"SELECT * FROM ({' UNION ALL '.join(groups)}) AS groups ORDER BY series_id, member, {DAY}"
    )
    if histogram is not None:
        (value,) = parts
        return (
            f"SELECT series_id, member, {DAY} AS day, %s || CAST({CELL} AS varchar(20)) AS part, {value} AS value "  # noqa: S608
            f"FROM ({grouped}) AS grouped WHERE {value} <> 0",
            [f"{histogram}:", *params],
        )
    places = " UNION ALL ".join(f"SELECT {place} AS place, %s AS part" for place, _name in enumerate(source.parts))
    value = f"CASE place {' '.join(f'WHEN {place} THEN {part}' for place, part in enumerate(parts))} END"
    return (
        f"SELECT series_id, member, {DAY} AS day, part, {value} AS value "  # noqa: S608 (names of ours)
        f"FROM ({grouped}) AS grouped CROSS JOIN ({places}) AS places WHERE {value} <> 0",
        [*params, *source.parts],
    )


def _compiled(queryset):
    return queryset.query.get_compiler(connection=connection).as_sql()
