"""What buckets hold, and what plain Python makes of the records: two ways to the same figures."""

from collections import Counter

from feedback.models import Feedback
from kpis import rollup
from kpis.models import Bucket, Reading
from trail.sealing import seal


def folded(report=None):
    """Seal and fold in."""
    seal()
    return rollup.fold_in(report)


def kept():
    """{(source, dimension, member, day, part): value} of every bucket that figures are read from."""
    rows = Bucket.objects.filter(series__is_live=True)
    keys = ("series__source", "series__dimension", "member", "day", "part", "value")
    return {tuple(key): value for *key, value in rows.values_list(*keys)}


def recounted(records=None):
    """The same from the records, one by one."""
    counts = Counter()
    for one in Feedback.objects.all() if records is None else records:
        if one.voided_at is None:
            for source, day, parts in _counted(one):
                if day is not None:
                    for dimension, member in _members(one):
                        for part, value in parts.items():
                            counts[source, dimension, member, day, part] += value
    return {key: value for key, value in counts.items() if value}


def values(kpi):
    """{first day: latest value} of the stored readings of one KPI."""
    return dict(Reading.objects.filter(kpi=kpi).latest_known().values_list("start_on", "value"))


def _members(one):
    yield "", ""
    yield "came_by", one.came_by
    ids = {
        "product": one.product_id,
        "segment": one.segment_id,
        "customer": one.customer_id,
        "unit": one.unit_id,
        "import": one.batch_id,
    }
    for dimension, member in ids.items():
        yield dimension, "" if member is None else str(member)


def _counted(one):
    yield (
        "feedback_received",
        one.received_on,
        {
            "n": 1,
            "complaints": one.kind == "complaint",
            "praise": one.kind == "compliment",
            "ideas": one.kind == "suggestion",
            "questions": one.kind == "enquiry",
            "stated": one.stated_timely is not None,
            "stated_on_time": one.stated_timely is True,
            "dispute_known": one.disputed is not None,
            "disputed": one.disputed is True,
        },
    )
    if one.kind != "complaint":
        return
    acknowledged = bool(
        one.acknowledged_at and one.acknowledge_due_at and one.acknowledged_at <= one.acknowledge_due_at
    )
    answered = bool(one.answered_at and one.answer_due_at and one.answered_at <= one.answer_due_at)
    yield "complaints_to_acknowledge", one.acknowledge_due_on, {"due": 1, "on_time": acknowledged}
    yield "complaints_to_answer", one.answer_due_on, {"due": 1, "on_time": answered}
    if one.days_to_close is not None:
        yield "complaints_closed", one.closed_on, {"closed": 1, f"days:{one.days_to_close}": 1}
