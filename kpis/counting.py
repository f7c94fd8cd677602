"""Counts the parts of a source's records in SQL: the same query over live rows, over versions, and over both."""

import hashlib
from collections.abc import Iterable

from django.apps import apps
from django.db import connection
from django.db.models import F, QuerySet, Sum, Value
from django.db.models.functions import Trunc

from kpis.models import Bucket, Series
from records.measures import Source

DAY, MEMBER, CELL, PART, START = "counted_day", "counted_member", "counted_cell", "counted_part_{}", "counted_start"


def model_of(source: Source):
    return apps.get_model(source.model)


def belonging(source: Source, rows: QuerySet) -> QuerySet:
    """Those of `rows` (records or versions of them) that the source counts on some day."""
    return rows.filter(source.base, **{f"{source.day}__isnull": False}).order_by()


def days(source: Source, rows: QuerySet) -> set:
    """The days on which `rows` are counted."""
    return set(belonging(source, rows).values_list(source.day, flat=True).distinct())


def fill(series: Series, source: Source, rows: Iterable[QuerySet]):
    """Write the buckets of a new series."""
    for histogram in (None, *source.histograms):
        _insert(series, *_totals(series, source, histogram, list(rows), []))


def add(series: Series, source: Source, rows: Iterable[QuerySet], less: Iterable[QuerySet] = ()):
    """Add the parts of `rows` to the buckets of the series and take those of `less` away.

    What is there is added to, so that this runs once for each change, under the lock. May leave buckets of 0, see
    `drop_empty`.
    """
    upsert = (
        "WHERE true ON CONFLICT (series_id, member, day, part) "
        f"DO UPDATE SET value = {Bucket._meta.db_table}.value + excluded.value"
    )
    for histogram in (None, *source.histograms):
        _insert(series, *_totals(series, source, histogram, list(rows), list(less)), upsert)


def _insert(series, totals, params, upsert=""):
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Bucket._meta.db_table} (series_id, member, day, part, value) "  # noqa: S608 (names of ours)
            f"SELECT {int(series.pk)}, member, day, part, value FROM ({totals}) AS totals {upsert}",
            params,
        )


def differences(series: Series, source: Source, rows: Iterable[QuerySet], on_days=None):
    """(member, day, part, kept, counted) of each bucket that does not hold what `rows` give, in one statement.

    Looks at the given days only, or at all.
    """
    rows = list(rows)
    kept = Bucket.objects.filter(series=series)
    if on_days is not None:
        kept = kept.filter(day__in=on_days)
        rows = [queryset.filter(**{f"{source.day}__in": on_days}) for queryset in rows]
    sides, params = _compiled(kept.values("member", "day", "part", "value", counted=Value(0)))
    for histogram in (None, *source.histograms):
        totals, given = _totals(series, source, histogram, rows, [])
        sides += f" UNION ALL SELECT member, day, part, 0, value FROM ({totals}) AS totals"  # noqa: S608 (names of ours)
        params = [*params, *given]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member, day, part, SUM(value), SUM(counted) "  # noqa: S608 (names of ours)
            f"FROM ({sides}) AS sides GROUP BY member, day, part HAVING SUM(value) <> SUM(counted) "
            "ORDER BY day, member, part",
            params,
        )
        return cursor.fetchall()


def drop_empty(series: Iterable[Series]):
    """Take away buckets that have come to 0: no bucket and an empty one are the same, and the first is less."""
    numbers = ", ".join(str(int(one.pk)) for one in series)
    with connection.cursor() as cursor:
        # The 0 stands in the statement, or SQLite would not see that its index of empty buckets will do.
        cursor.execute(f"DELETE FROM {Bucket._meta.db_table} WHERE value = 0 AND series_id IN ({numbers})")  # noqa: S608


def by_period(source: Source, rows: QuerySet, cadence: str) -> dict:
    """{first day of the period: {part: sum}} of records, straight from their rows."""
    found = {}
    for histogram in (None, *source.histograms):
        start = Trunc(F(source.day), cadence)
        counted = _counted(source, rows, histogram).annotate(**{START: start})
        keys = [START] if histogram is None else [START, CELL]
        columns = list(_parts(source, histogram))
        sums = {f"{column}_sum": Sum(column) for column in columns}
        for row in counted.values(*keys).annotate(**sums):
            parts = found.setdefault(row[START], {})
            for column, name in _names(source, histogram, row.get(CELL)).items():
                if value := row[f"{column}_sum"]:
                    parts[name] = value
    return found


def by_member(source: Source, rows: QuerySet, part: str, dimension: str) -> dict:
    """{member: sum of one part} of records, straight from their rows."""
    member = source.dimensions[dimension]
    sums = belonging(source, rows).values_list(member).annotate(**{PART.format(0): Sum(source.parts[part])})
    return {"" if value is None else str(value): total for value, total in sums if total}


def fingerprint(source: Source) -> str:
    """Changes when the source is declared otherwise, so that what was counted before is not what it counts now."""
    told = [source.name, *source.parts]
    for histogram in (None, *source.histograms):
        members = {f"{MEMBER}_{name}": F(column) for name, column in source.dimensions.items()}
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
    """{column: name of the part} for one row."""
    names = source.parts if histogram is None else [f"{histogram}:{cell}"]
    return {PART.format(place): name for place, name in enumerate(names)}


def _totals(series, source, histogram, rows, less):
    """A SELECT of (member, day, part, value), without values of 0, sorted as the index of buckets is."""
    parts = list(_parts(source, histogram))
    keys = [DAY, *([MEMBER] if series.dimension else []), *([] if histogram is None else [CELL])]
    states, params = [], []
    for sign, querysets in ((1, rows), (-1, less)):
        for queryset in querysets:
            counted = _counted(source, queryset, histogram, sign)
            if series.dimension:
                counted = counted.annotate(**{MEMBER: F(source.dimensions[series.dimension])})
            sql, given = _compiled(counted.values(*keys, *parts))
            states.append(sql)
            params += given
    member = f"COALESCE(CAST({MEMBER} AS varchar(60)), '')" if series.dimension else "''"
    sums = ", ".join(f"SUM({part}) AS {part}" for part in parts)
    cell = "" if histogram is None else f"{CELL}, "
    grouped = (
        f"SELECT {member} AS member, {DAY} AS day, {cell}{sums} "  # noqa: S608 (names of ours)
        f"FROM ({' UNION ALL '.join(states)}) AS states GROUP BY {', '.join(keys)} ORDER BY 1, 2"
    )
    if histogram is not None:
        (value,) = parts
        return (
            f"SELECT member, day, %s || CAST({CELL} AS varchar(20)) AS part, {value} AS value "  # noqa: S608
            f"FROM ({grouped}) AS grouped WHERE {value} <> 0",
            [f"{histogram}:", *params],
        )
    places = " UNION ALL ".join(f"SELECT {place} AS place, %s AS part" for place, _name in enumerate(source.parts))
    value = f"CASE place {' '.join(f'WHEN {place} THEN {part}' for place, part in enumerate(parts))} END"
    return (
        f"SELECT member, day, part, {value} AS value "  # noqa: S608 (names of ours)
        f"FROM ({grouped}) AS grouped CROSS JOIN ({places}) AS places WHERE {value} <> 0",
        [*params, *source.parts],
    )


def _compiled(queryset):
    return queryset.query.get_compiler(connection=connection).as_sql()
