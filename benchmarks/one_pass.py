"""The totals of all feedback sources by hand-written SQL: what a rebuild of the buckets is measured against.

Written for each database as somebody would who knows it: PostgreSQL groups by all dimensions in one scan of the table.
The totals go into a table with the key by which they would be looked up, as buckets have one; without, the statement is
measured too. It shares nothing with the roll-up, so that it also says whether the buckets are right.
"""

from django.db import connection

TABLE = "bench_totals"
DIMENSIONS = {
    "product": "product_id",
    "segment": "segment_id",
    "customer": "customer_id",
    "unit": "unit_id",
    "import": "batch_id",
    "came_by": "came_by",
}
COMPLAINT = "voided_at IS NULL AND kind = 'complaint'"
# source, day, which records, {part: expression}
SOURCES = [
    (
        "feedback_received",
        "received_on",
        "voided_at IS NULL",
        {
            "n": "COUNT(*)",
            "complaints": "COUNT(CASE WHEN kind = 'complaint' THEN 1 END)",
            "praise": "COUNT(CASE WHEN kind = 'compliment' THEN 1 END)",
            "ideas": "COUNT(CASE WHEN kind = 'suggestion' THEN 1 END)",
            "questions": "COUNT(CASE WHEN kind = 'enquiry' THEN 1 END)",
            "stated": "COUNT(stated_timely)",
            "stated_on_time": "COUNT(CASE WHEN stated_timely THEN 1 END)",
            "dispute_known": "COUNT(disputed)",
            "disputed": "COUNT(CASE WHEN disputed THEN 1 END)",
        },
    ),
    (
        "complaints_to_acknowledge",
        "acknowledge_due_on",
        f"{COMPLAINT} AND acknowledge_due_on IS NOT NULL",
        {"due": "COUNT(*)", "on_time": "COUNT(CASE WHEN acknowledged_at <= acknowledge_due_at THEN 1 END)"},
    ),
    (
        "complaints_to_answer",
        "answer_due_on",
        f"{COMPLAINT} AND answer_due_on IS NOT NULL",
        {"due": "COUNT(*)", "on_time": "COUNT(CASE WHEN answered_at <= answer_due_at THEN 1 END)"},
    ),
    (
        "complaints_closed",
        "closed_on",
        f"{COMPLAINT} AND closed_on IS NOT NULL AND days_to_close IS NOT NULL",
        {"closed": "COUNT(*)"},
    ),
]


def prepare(with_key):
    """An empty table for the totals."""
    key = ", PRIMARY KEY (source, dimension, member, day, part)" if with_key else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        cursor.execute(
            f"CREATE TABLE {TABLE} (source varchar(60), dimension varchar(40), member varchar(60), day date, "
            f"part varchar(40), value bigint{key})"
        )


def run():
    """Write all totals, in one statement."""
    write = _grouping_sets if connection.vendor == "postgresql" else _groupings
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} {' UNION ALL '.join(write())}")


def differences():
    """How many totals and buckets are not the same."""
    buckets = (
        "SELECT s.source, s.dimension, b.member, b.day, b.part, b.value "
        "FROM kpis_bucket b JOIN kpis_series s ON s.id = b.series_id WHERE s.is_live"
    )
    totals = f"SELECT source, dimension, member, day, part, value FROM {TABLE}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM (SELECT * FROM ({buckets}) a EXCEPT SELECT * FROM ({totals}) b) c")
        missing = cursor.fetchone()[0]
        cursor.execute(f"SELECT COUNT(*) FROM (SELECT * FROM ({totals}) a EXCEPT SELECT * FROM ({buckets}) b) c")
        return missing + cursor.fetchone()[0]


def _groupings():
    """One grouping for each source and dimension."""
    for source, day, which, parts in SOURCES:
        for dimension, column in {"": "NULL", **DIMENSIONS}.items():
            member = f"COALESCE(CAST({column} AS varchar), '')"
            keys = "1, 2" if dimension else "2"
            sums = ", ".join(f"{sql} AS {part}" for part, sql in parts.items())
            yield _long(
                source,
                f"'{dimension}'",
                f"SELECT {member} AS member, {day} AS day, {sums} FROM feedback_feedback WHERE {which} GROUP BY {keys}",
                parts,
            )
            if source == "complaints_closed":
                yield (
                    f"SELECT '{source}', '{dimension}', {member} AS member, {day}, 'days:' || days_to_close, COUNT(*) "
                    f"FROM feedback_feedback WHERE {which} GROUP BY {member}, {day}, days_to_close"
                )


def _grouping_sets():
    """One scan for each source, grouped by every dimension at once."""
    columns = ", ".join(DIMENSIONS.values())
    places = len(DIMENSIONS)
    names = " ".join(
        f"WHEN {2**places - 1 - 2 ** (places - 1 - place)} THEN '{name}'" for place, name in enumerate(DIMENSIONS)
    )
    dimension = f"CASE GROUPING({columns}) {names} ELSE '' END"
    member = f"COALESCE({', '.join(f'CAST({column} AS varchar)' for column in DIMENSIONS.values())}, '')"
    for source, day, which, parts in SOURCES:
        sums = ", ".join(f"{sql} AS {part}" for part, sql in parts.items())
        sets = ", ".join([f"({day})", *(f"({day}, {column})" for column in DIMENSIONS.values())])
        yield _long(
            source,
            "dimension",
            f"SELECT {dimension} AS dimension, {member} AS member, {day} AS day, {sums} FROM feedback_feedback "
            f"WHERE {which} GROUP BY GROUPING SETS ({sets})",
            parts,
        )
        if source == "complaints_closed":
            sets = ", ".join(
                [f"({day}, days_to_close)", *(f"({day}, days_to_close, {column})" for column in DIMENSIONS.values())]
            )
            yield (
                f"SELECT '{source}', {dimension}, {member}, {day}, 'days:' || days_to_close, COUNT(*) "
                f"FROM feedback_feedback WHERE {which} GROUP BY GROUPING SETS ({sets})"
            )


def _long(source, dimension, grouped, parts):
    """One row for each part that is not 0."""
    names = " UNION ALL ".join(f"SELECT {place} AS place, '{part}' AS part" for place, part in enumerate(parts))
    value = f"CASE place {' '.join(f'WHEN {place} THEN {part}' for place, part in enumerate(parts))} END"
    return (
        f"SELECT '{source}', {dimension}, member, day, part, {value} "
        f"FROM ({grouped}) g CROSS JOIN ({names}) p WHERE {value} <> 0"
    )
