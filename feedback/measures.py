"""Every formula that reads feedback: the file an auditor asks for (9.1.2, 9.1.3)."""

from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from records.measures import Listing, Measured, Source, add_source, measure, median, percent, percentile

DIMENSIONS = {
    "product": "product_id",
    "segment": "segment_id",
    "customer": "customer_id",
    "unit": "unit_id",
    "import": "batch_id",
    "came_by": "came_by",
}


def one_if(condition):
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


add_source(
    Source(
        name="feedback_received",
        title=_("Feedback by the day it was received"),
        model="feedback.Feedback",
        day="received_on",
        base=Q(voided_at__isnull=True),
        parts={
            "n": Value(1),
            "complaints": one_if(Q(kind="complaint")),
            "praise": one_if(Q(kind="compliment")),
            "ideas": one_if(Q(kind="suggestion")),
            "questions": one_if(Q(kind="enquiry")),
            "stated": one_if(Q(stated_timely__isnull=False)),
            "stated_on_time": one_if(Q(stated_timely=True)),
            "dispute_known": one_if(Q(disputed__isnull=False)),
            "disputed": one_if(Q(disputed=True)),
        },
        dimensions=DIMENSIONS,
        listing=Listing("feedback:list", "received_from", "received_to"),
    )
)
add_source(
    Source(
        name="complaints_to_acknowledge",
        title=_("Complaints by the day they were to be acknowledged"),
        model="feedback.Feedback",
        day="acknowledge_due_on",
        base=Q(voided_at__isnull=True, kind="complaint"),
        parts={"due": Value(1), "on_time": one_if(Q(acknowledged_at__lte=F("acknowledge_due_at")))},
        dimensions=DIMENSIONS,
        listing=Listing("feedback:list", "acknowledge_due_from", "acknowledge_due_to", {"kind": "complaint"}),
    )
)
add_source(
    Source(
        name="complaints_to_answer",
        title=_("Complaints by the day the answer was promised for"),
        model="feedback.Feedback",
        day="answer_due_on",
        base=Q(voided_at__isnull=True, kind="complaint"),
        parts={"due": Value(1), "on_time": one_if(Q(answered_at__lte=F("answer_due_at")))},
        dimensions=DIMENSIONS,
        listing=Listing("feedback:list", "answer_due_from", "answer_due_to", {"kind": "complaint"}),
    )
)
add_source(
    Source(
        name="complaints_closed",
        title=_("Complaints by the day they were closed"),
        model="feedback.Feedback",
        day="closed_on",
        base=Q(voided_at__isnull=True, kind="complaint", days_to_close__isnull=False),
        parts={"closed": Value(1)},
        histograms={"days": "days_to_close"},
        dimensions=DIMENSIONS,
        listing=Listing("feedback:list", "closed_from", "closed_to", {"kind": "complaint", "duration": "known"}),
    )
)


@measure(
    "feedback_received",
    title=_("Feedback received"),
    source="feedback_received",
    formula=_("records of any kind, by the day received"),
    clause="9.1.2",
    bounds=(0, None),
    places=0,
)
def feedback_received(parts):
    """How many records. None in a period without any: nothing recorded is not the same as nothing said."""
    return Measured(parts.n, n=parts.n) if parts.n else None


@measure(
    "complaints_received",
    title=_("Complaints received"),
    source="feedback_received",
    formula=_("complaints, by the day received"),
    clause="9.1.2",
    higher_is_better=False,
    bounds=(0, None),
    places=0,
    denominator={"kind": "complaint"},
)
def complaints_received(parts):
    """How many complaints. None in a period without a record of any kind; otherwise 0 is a value."""
    return Measured(parts.complaints, n=parts.complaints) if parts.n else None


@measure(
    "praise_received",
    title=_("Praise received"),
    source="feedback_received",
    formula=_("praise, by the day received"),
    clause="9.1.2",
    higher_is_better=True,
    bounds=(0, None),
    places=0,
    denominator={"kind": "compliment"},
)
def praise_received(parts):
    return Measured(parts.praise, n=parts.praise) if parts.n else None


@measure(
    "ideas_received",
    title=_("Ideas received"),
    source="feedback_received",
    formula=_("ideas, by the day received"),
    clause="9.1.2",
    bounds=(0, None),
    places=0,
    denominator={"kind": "suggestion"},
)
def ideas_received(parts):
    return Measured(parts.ideas, n=parts.ideas) if parts.n else None


@measure(
    "questions_received",
    title=_("Questions received"),
    source="feedback_received",
    formula=_("questions, by the day received"),
    clause="9.1.2",
    bounds=(0, None),
    places=0,
    denominator={"kind": "enquiry"},
)
def questions_received(parts):
    return Measured(parts.questions, n=parts.questions) if parts.n else None


@measure(
    "acknowledged_on_time",
    title=_("Complaints acknowledged on time"),
    source="complaints_to_acknowledge",
    formula=_("acknowledged by the promised moment ÷ complaints due to be acknowledged in the period"),
    unit="%",
    higher_is_better=True,
    clause="9.1.2",
    numerator={"acknowledged": "on_time"},
    exceptions={"acknowledged": "late"},
    exceptions_word=_("late"),
)
def acknowledged_on_time(parts):
    """Share of complaints due in the period, 0-100. None when none was due."""
    return Measured(percent(parts.on_time, parts.due), parts.on_time, parts.due) if parts.due else None


@measure(
    "answered_on_time",
    title=_("Complaints answered on time"),
    source="complaints_to_answer",
    formula=_("answered by the first promise ÷ complaints whose answer was promised for the period"),
    unit="%",
    higher_is_better=True,
    clause="9.1.2",
    numerator={"answered": "on_time"},
    exceptions={"answered": "late"},
    exceptions_word=_("late"),
)
def answered_on_time(parts):
    """Share of complaints due in the period that were answered by the first promise, 0-100. None when none was due."""
    return Measured(percent(parts.on_time, parts.due), parts.on_time, parts.due) if parts.due else None


@measure(
    "stated_on_time",
    title=_("On time as stated by the source"),
    source="feedback_received",
    formula=_("stated as on time ÷ records of which the source states it, by the day received"),
    unit="%",
    higher_is_better=True,
    clause="9.1.2",
    numerator={"stated": "on_time"},
    denominator={"stated": "known"},
    exceptions={"stated": "late"},
    exceptions_word=_("late"),
)
def stated_on_time(parts):
    """What an imported source says of itself, 0-100. None when it says nothing."""
    return (
        Measured(percent(parts.stated_on_time, parts.stated), parts.stated_on_time, parts.stated)
        if parts.stated
        else None
    )


@measure(
    "share_disputed",
    title=_("Answers disputed by the customer"),
    source="feedback_received",
    formula=_("disputed ÷ records of which the source states it, by the day received"),
    unit="%",
    higher_is_better=False,
    clause="9.1.2",
    numerator={"disputed": "yes"},
    denominator={"disputed": "known"},
    exceptions={"disputed": "yes"},
    exceptions_word=_("disputed"),
)
def share_disputed(parts):
    return (
        Measured(percent(parts.disputed, parts.dispute_known), parts.disputed, parts.dispute_known)
        if parts.dispute_known
        else None
    )


@measure(
    "time_to_resolve",
    title=_("Time to resolve a complaint"),
    source="complaints_closed",
    formula=_("median days from received to closed, of complaints closed in the period"),
    unit=_("days"),
    higher_is_better=False,
    clause="9.1.2",
    bounds=(0, None),
)
def time_to_resolve(parts):
    """Median days; working days, or calendar days for historic records. None when nothing was closed."""
    cells = parts.cells("days")
    return Measured(median(cells), n=parts.closed) if cells else None


@measure(
    "time_to_resolve_p90",
    title=_("Time to resolve nine in ten complaints"),
    source="complaints_closed",
    formula=_("90th percentile of days from received to closed, of complaints closed in the period"),
    unit=_("days"),
    higher_is_better=False,
    clause="9.1.2",
    bounds=(0, None),
)
def time_to_resolve_p90(parts):
    cells = parts.cells("days")
    return Measured(percentile(cells, 90), n=parts.closed) if cells else None
