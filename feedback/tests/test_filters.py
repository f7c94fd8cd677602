"""Filters of feedback: each parameter, and that a figure opens exactly the records it counts."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db.models import Count, Sum
from django.http import QueryDict
from django.utils import timezone

from accounts.tests.makers import make_unit
from customers.tests.makers import make_customer, make_product, make_segment
from feedback import services
from feedback.filters import ComplaintFilter, FeedbackFilter
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from records import measures
from records.measures import Period
from records.models import Import

MARCH = Period.month(2026, 3)


def listed(user, query="", filterset_class=FeedbackFilter):
    filters = filterset_class(
        QueryDict(query) if isinstance(query, str) else query,
        queryset=Feedback.objects.all(),
        request=SimpleNamespace(user=user, GET={}),
    )
    assert filters.is_valid(), filters.errors
    return set(filters.qs)


def at(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def make_import():
    batch = Import(register="feedback", filename="cases.csv", sha256="0" * 64, size=1)
    batch.save()
    return batch


@pytest.fixture
def register(mira, stefan):
    """Feedback of every kind around March 2026, in every state that a part or a filter asks about."""
    product, segment, unit, batch = make_product("FM200"), make_segment("Water"), make_unit("North"), make_import()
    customer = make_customer("Halden Water", segment=segment)
    about = {"customer": customer, "segment": segment, "product": product, "unit": unit, "came_by": "phone"}
    for kind in Feedback.Kind.values[:3]:
        make_feedback(kind=kind, received_on=date(2026, 3, 31), **about)
    make_feedback(kind="observation", received_on=date(2026, 4, 1))
    make_feedback(received_on=date(2026, 3, 1), voided_at=timezone.now(), voided_by=mira, void_reason="twice")
    on_time = make_complaint(received_on=date(2026, 3, 2), owner=mira, **about)
    services.acknowledge(by=mira, feedback=on_time, at=at(3))
    services.answer(by=mira, feedback=on_time, outcome="Sent.", at=at(16, 16))
    services.close(by=mira, feedback=on_time, at=at(20))
    late = make_complaint(received_on=date(2026, 3, 3), owner=stefan, severity="critical")
    services.acknowledge(by=mira, feedback=late, at=at(5))
    services.answer(by=mira, feedback=late, outcome="Sorry.", at=at(30))
    make_complaint(received_on=date(2026, 3, 4))  # nothing done
    make_complaint(received_on=date(2026, 3, 23))  # to be answered in April
    once = make_complaint(received_on=date(2026, 3, 5))
    services.edit(by=mira, feedback=_changed(once, kind="enquiry"), reason="They only asked.")
    void = make_complaint(received_on=date(2026, 3, 6))
    services.void(by=mira, feedback=void, reason="twice")
    historic = {"is_historic": True, "batch": batch, "closed_on": date(2026, 3, 25), "answered_on": date(2026, 3, 25)}
    make_complaint(received_on=date(2026, 3, 10), stated_timely=True, disputed=True, days_to_close=15, **historic)
    make_complaint(received_on=date(2026, 3, 11), stated_timely=False, disputed=False, days_to_close=14, **historic)
    make_complaint(received_on=date(2026, 3, 28), stated_timely=True, days_to_close=None, **historic)
    return SimpleNamespace(customer=customer, product=product, segment=segment, unit=unit, batch=batch)


def _changed(feedback, **facts):
    feedback = Feedback.objects.get(pk=feedback.pk)
    for name, value in facts.items():
        setattr(feedback, name, value)
    return feedback


def counted(source, period, **slice):
    """The parts of a period, worked out from the live records by the source's own declaration."""
    rows = Feedback.objects.filter(source.base, **slice)
    rows = rows.filter(**{f"{source.day}__gte": period.start, f"{source.day}__lt": period.end})
    values = rows.aggregate(**{f"part_{name}": Sum(part) for name, part in source.parts.items()})
    parts = {name.removeprefix("part_"): value or 0 for name, value in values.items()}
    for name, field in source.histograms.items():
        for cell in rows.values(field).annotate(rows=Count("pk")).order_by():
            parts[f"{name}:{cell[field]}"] = cell["rows"]
    return source.read(parts)


def of_feedback():
    return [measure for measure in measures.measures() if measure.source.model == "feedback.Feedback"]


def slices(register):
    return [
        ({}, {}),
        ({"product": register.product.reference}, {"product": register.product}),
        ({"segment": register.segment.reference}, {"segment": register.segment}),
        ({"customer": register.customer.reference}, {"customer": register.customer}),
        ({"unit": register.unit.reference}, {"unit": register.unit}),
        ({"import": register.batch.reference}, {"batch": register.batch}),
        ({"came_by": "phone"}, {"came_by": "phone"}),
    ]


def test_every_figure_opens_exactly_the_records_it_counts(mira, register):
    opened = 0
    for measure in of_feedback():
        for params, columns in slices(register):
            found = measure(counted(measure.source, MARCH, **columns))
            whole = len(listed(mira, _query(measure.list_params(MARCH, **params))))
            if found is None:
                assert whole == 0 or measure.denominator, (measure.code, params)
                continue
            base = found.denominator if found.denominator is not None else found.numerator
            expected = base if base is not None else found.n if measure.unit else found.value
            assert whole == expected, (measure.code, params)
            if measure.numerator is not None:
                part = len(listed(mira, _query(measure.list_params(MARCH, "numerator", **params))))
                assert part == found.numerator, (measure.code, params)
            opened += 1
    assert opened > 40


def test_what_was_not_on_time_is_listed_as_late(mira, register):
    for measure in of_feedback():
        late = measure.list_params(MARCH, "exceptions") if measure.exceptions else None
        if late is None or "disputed" in measure.exceptions:
            continue
        found = measure(counted(measure.source, MARCH))
        assert len(listed(mira, _query(late))) == found.denominator - found.numerator, measure.code


def _query(params):
    query = QueryDict(mutable=True)
    query.update(params)
    return query


def test_words_are_looked_for_in_what_was_said_subject_reference_and_customer(mira):
    halden = make_feedback(customer=make_customer("Halden Water"), words="The seal leaks")
    other = make_feedback(words="Fine", subject="Leaking seal")
    assert listed(mira, "q=seal") == {halden, other}
    assert listed(mira, "q=HALDEN+wat") == {halden}
    assert listed(mira, f"q={other.reference.lower()}") == {other}
    assert listed(mira, "q=nothing+like+it") == set()


def test_states(mira, stefan):
    open_, mine = make_complaint(received_on=date(2026, 3, 2)), make_feedback(owner=mira)
    closed = services.close(by=mira, feedback=make_feedback(owner=mira))
    theirs = make_feedback(owner=stefan)
    assert listed(mira, "state=open") == {open_, mine, theirs}
    assert listed(mira, "state=closed") == {closed}
    assert listed(mira, "state=overdue") == {open_}
    assert listed(mira, "state=mine") == {mine}
    assert listed(mira, "state=unassigned") == {open_}


def test_overdue_is_what_the_clock_calls_overdue(mira):
    now = timezone.now()
    soon = {"acknowledge_due_on": now.date(), "answer_due_on": now.date()}
    past, future = now - timedelta(hours=1), now + timedelta(hours=1)
    received = {"received_on": timezone.localdate()}
    unacknowledged = make_complaint(acknowledge_due_at=past, answer_due_at=future, **soon, **received)
    make_complaint(acknowledge_due_at=future, answer_due_at=future, **soon, **received)
    answered = make_complaint(acknowledge_due_at=past, answer_due_at=past, **soon, **received)
    services.answer(by=mira, feedback=answered, outcome="Done.")
    assert listed(mira, "state=overdue") == {unacknowledged}


def test_owner_is_named_by_address_or_as_me(mira, stefan):
    mine, theirs = make_feedback(owner=mira), make_feedback(owner=stefan)
    assert listed(mira, "owner=me") == {mine}
    assert listed(mira, f"owner={stefan.email}") == {theirs}


def test_a_customer_is_named_by_reference_or_by_name(mira):
    halden = make_feedback(customer=make_customer("Halden Water"))
    make_feedback(customer=make_customer("Brenta Foods"))
    assert listed(mira, f"customer={halden.customer.reference.lower()}") == {halden}
    assert listed(mira, "customer=halden++water") == {halden}


def test_void_records_are_left_out_unless_asked_for(mira):
    kept, void = make_feedback(), make_feedback()
    services.void(by=mira, feedback=void, reason="twice")
    assert listed(mira) == {kept}
    assert listed(mira, "voided=yes") == {kept, void}


def test_kind_severity_historic_and_days(mira, register):
    assert {f.kind for f in listed(mira, "kind=enquiry")} == {"enquiry"}
    assert {f.severity for f in listed(mira, "severity=critical")} == {"critical"}
    assert len(listed(mira, "historic=yes")) == 3
    assert not {f for f in listed(mira, "historic=no") if f.is_historic}
    assert {f.received_on for f in listed(mira, "received_from=2026-04-01")} == {date(2026, 4, 1)}
    assert {f.closed_on.day for f in listed(mira, "closed_from=2026-03-20&closed_to=2026-03-20")} == {20}


def test_complaints_are_open_ones_unless_asked(mira, register):
    complaints = listed(mira, "", ComplaintFilter)
    assert len(complaints) == 3 and all(f.is_complaint and not f.is_closed for f in complaints)
    assert len(listed(mira, "state=closed", ComplaintFilter)) == 4
    assert len(listed(mira, "state=all", ComplaintFilter)) == 7


@pytest.mark.parametrize(
    "query",
    ["kind=rant", "customer=CU-1999-0001", "received_from=2025-02-29", "state=ajar", "owner=nobody@example.com",
     "import=IM-1", "received_to=9999-99-99", "product=7"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused(mira, query):
    filters = FeedbackFilter(QueryDict(query), queryset=Feedback.objects.all(), request=SimpleNamespace(user=mira))
    assert not filters.is_valid()
