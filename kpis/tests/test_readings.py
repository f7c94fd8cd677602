"""Figures by period: what is stored, what is added when they change, and what pages read of them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.makers import make_unit
from customers.tests.makers import make_customer, make_product
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import readings, rollup
from kpis.models import Kpi, Reading, Watermark
from kpis.slices import slice_of
from kpis.tests.counts import folded, values
from records import measures
from records.periods import Period
from trail.as_of import as_of

pytestmark = pytest.mark.django_db
JANUARY, MARCH, APRIL = date(2026, 1, 1), date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def received():
    return Kpi.objects.get(code="feedback-received")


@pytest.fixture
def complaints():
    return Kpi.objects.get(code="complaints-received")


def make_kpi(code="of-one-product", measure="feedback_received", **given):
    kpi = Kpi(code=code, name=code, measure=measure, **given)
    kpi.full_clean(exclude=["reference"])
    kpi.save()
    return kpi


def product_slice(product):
    return slice_of(measures.get_source("feedback_received"), "product", product.reference)


def points_then(kpi, moment):
    with as_of(moment):
        return readings.points(kpi)


def figures(points):
    return [(str(point.period), point.value) for point in points]


def test_a_month_has_one_reading_with_what_it_rests_on(organisation, mira):
    for day in (2, 3, 4):
        complaint = make_complaint(by=mira, received_on=date(2026, 3, day))
        if day != 2:
            complaint.acknowledge(by=mira, at=complaint.acknowledge_due_at)
    folded()
    (reading,) = Reading.objects.filter(kpi__code="acknowledged-on-time")
    assert (reading.start_on, reading.end_on) == (MARCH, APRIL)
    assert reading.value == Decimal("66.666667")
    assert (reading.numerator, reading.denominator, reading.n, reading.revision) == (2, 3, 3, 1)
    assert reading.kpi_rev == reading.kpi.rev
    assert reading.seq == Watermark.objects.get(source="complaints_to_acknowledge").seq


def test_no_complaint_is_zero_and_no_record_at_all_is_a_gap(received, complaints):
    make_feedback(received_on=JANUARY)
    make_complaint(received_on=MARCH, is_historic=True)
    make_feedback(received_on=APRIL)
    folded()
    months = ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert figures(readings.points(received)) == list(zip(months, [1, None, 1, 1], strict=True))
    assert figures(readings.points(complaints)) == list(zip(months, [0, None, 1, 0], strict=True))
    gap = readings.points(received)[1]
    assert gap.is_gap and gap.n == 0 and gap.reading_id is None


def test_a_figure_that_says_the_same_gets_no_second_reading(received):
    one = make_feedback()
    folded()
    one.words = "Said otherwise"
    one.save()
    make_feedback(received_on=APRIL)
    folded()
    assert Reading.objects.filter(kpi=received, start_on=MARCH).count() == 1


def test_a_changed_figure_is_added_and_the_earlier_one_stays_as_it_was_known(received):
    make_feedback()
    folded()
    before = timezone.now()
    make_feedback()
    folded()
    now, then = readings.points(received), points_then(received, before)
    assert (now[0].value, now[0].revision) == (2, 2)
    assert (then[0].value, then[0].revision) == (1, 1)
    assert then[0].recorded_at < before < now[0].recorded_at
    assert points_then(received, before - timedelta(days=1)) == []


def test_a_period_that_has_lost_its_records_becomes_a_gap(received):
    one, other = make_feedback(), make_feedback(received_on=JANUARY)
    folded()
    one.received_on = APRIL
    one.save()
    folded()
    assert values(received) == {JANUARY: 1, MARCH: None, APRIL: 1}
    assert figures(readings.points(received)) == [("2026-01", 1), ("2026-02", None), ("2026-03", None), ("2026-04", 1)]
    other.received_on = APRIL
    other.save()
    folded()
    assert figures(readings.points(received)) == [("2026-04", 2)]


def test_a_final_reading_is_left_alone(received):
    make_feedback()
    folded()
    Reading.objects.filter(kpi=received).update(is_final=True)
    make_feedback()
    folded()
    assert values(received) == {MARCH: 1}
    rollup.rebuild()
    (point,) = readings.points(received)
    assert (point.value, point.is_final) == (1, True)


def test_a_kpi_defined_anew_gets_new_readings_that_name_the_new_definition(received, mira):
    make_feedback()
    make_complaint(received_on=JANUARY, is_historic=True)
    folded()
    before = received.rev
    received.measure = "complaints_received"
    received.save(by=mira)
    folded()
    assert values(received) == {JANUARY: 1, MARCH: 0}
    revs = Reading.objects.filter(kpi=received).order_by("start_on", "revision").values_list("kpi_rev", flat=True)
    assert list(revs) == [before, before + 1] * 2


def test_a_new_kpi_gets_the_readings_of_all_periods_at_once(mira):
    product = make_product()
    make_feedback(product=product)
    make_feedback()
    folded()
    kpi = make_kpi(filters={"product": product.reference})
    folded()
    assert values(kpi) == {MARCH: 1}
    make_feedback(product=product)
    folded()
    assert values(kpi) == {MARCH: 2}


def test_a_voided_kpi_is_read_no_more(received, mira):
    received.void(by=mira, reason="Nobody looks at it")
    make_feedback()
    folded()
    assert values(received) == {}


def test_a_kpi_read_by_week_instead_of_by_month_keeps_its_monthly_past(received, mira):
    make_feedback(received_on=date(2026, 6, 1))  # the first of a month and of a week
    folded()
    before = timezone.now()
    received.cadence = "week"
    received.save(by=mira)
    folded()
    assert figures(readings.points(received)) == [("2026-W23", 1)]
    with as_of(before):
        assert figures(readings.points(Kpi.objects.get(pk=received.pk))) == [("2026-06", 1)]


def test_what_is_due_in_a_period_to_come_is_read_when_that_begins(organisation, mira):
    today = timezone.localdate()
    complaint = make_complaint(by=mira, received_on=today)
    complaint.answer_due_on = today + timedelta(days=70)
    complaint.save()
    folded()
    answered = Kpi.objects.get(code="answered-on-time")
    assert values(answered) == {}
    complaint.answer_due_on = today
    complaint.save()
    folded()
    assert values(answered) == {Period.containing(today, "month").start: 0}
    # As if that period had begun only since the last time.
    Reading.objects.all().delete()
    Watermark.objects.update(moved_at=timezone.now() - timedelta(days=70))
    rollup.fold_in()
    assert values(answered) == {Period.containing(today, "month").start: 0}
    (point,) = readings.points(answered)
    assert point.is_running


def test_points_end_at_the_day_asked_for(received):
    for day in (JANUARY, MARCH, APRIL):
        make_feedback(received_on=day)
    folded()
    assert figures(readings.points(received, until=date(2026, 3, 1)))[-1] == ("2026-03", 1)
    assert figures(readings.points(received, until=date(2025, 12, 31))) == []


def test_a_slice_is_the_figure_of_its_records_alone(received, complaints):
    product, other = make_product(), make_product()
    make_feedback(product=product, received_on=JANUARY)
    make_complaint(product=product, is_historic=True)
    make_feedback(product=other, received_on=date(2026, 2, 1))
    folded()
    chosen = product_slice(product)
    assert figures(readings.points(received, slice=chosen)) == [("2026-01", 1), ("2026-02", None), ("2026-03", 1)]
    assert figures(readings.points(complaints, slice=chosen)) == [("2026-01", 0), ("2026-02", None), ("2026-03", 1)]
    point = readings.points(received, slice=chosen)[0]
    assert point.reading_id is None and point.seq is None


def test_a_person_of_some_units_sees_their_figures_and_those_of_the_whole_firm(received):
    north, south, west = make_unit("North"), make_unit("South"), make_unit("West")
    for unit in (north, north, south, west, None):
        make_feedback(unit=unit)
    folded()
    assert figures(readings.points(received, units={north.pk})) == [("2026-03", 3)]
    assert figures(readings.points(received, units={north.pk, south.pk})) == [("2026-03", 4)]
    assert readings.points(received, units=set()) == []


def test_a_slice_within_units_and_of_a_kpi_with_a_filter_is_asked_of_the_records(mira):
    north, south = make_unit("North"), make_unit("South")
    product, customer = make_product(), make_customer()
    for unit in (north, south, None):
        make_feedback(unit=unit, product=product, customer=customer)
        make_feedback(unit=unit, customer=customer)
    make_complaint(unit=north, product=product, customer=customer, is_historic=True, closed_on=MARCH, days_to_close=4)
    folded()
    received = Kpi.objects.get(code="feedback-received")
    assert figures(readings.points(received, slice=product_slice(product), units={north.pk})) == [("2026-03", 3)]
    days = Kpi.objects.get(code="time-to-resolve")
    assert figures(readings.points(days, slice=product_slice(product), units={north.pk})) == [("2026-03", 4)]
    assert readings.points(days, slice=product_slice(product), units={south.pk}) == []
    own = make_kpi(filters={"product": product.reference})
    folded()
    assert figures(readings.points(own)) == [("2026-03", 4)]
    assert figures(readings.points(own, units={north.pk})) == [("2026-03", 3)]
    assert figures(readings.points(own, slice=product_slice(product))) == [("2026-03", 4)]
    assert readings.points(own, slice=product_slice(make_product())) == []


def test_many_kpis_cost_no_more_queries_than_one(received):
    product, unit = make_product(), make_unit()
    for number in range(6):
        make_feedback(product=product, unit=unit, received_on=JANUARY + timedelta(days=20 * number))
        make_complaint(product=product, is_historic=True, received_on=JANUARY + timedelta(days=20 * number))
    folded()
    everything = list(Kpi.objects.in_force())
    for more in ({}, {"slice": product_slice(product)}, {"units": {unit.pk}}):
        with CaptureQueriesContext(connection) as one:
            readings.points_of_all([received], **more)
        with CaptureQueriesContext(connection) as all_of_them:
            found = readings.points_of_all(everything, **more)
        assert len(one) == len(all_of_them) <= 2
        assert found[received.pk] == readings.points(received, **more) != []
        assert len(found) == len(everything)


def test_counts_by_member_are_those_of_the_records(received):
    product, other, unit = make_product(), make_product(), make_unit()
    for given in (product, product, other, None):
        make_feedback(product=given, unit=unit if given == product else None)
    make_feedback(product=product, unit=make_unit("Elsewhere"))
    make_feedback(product=other, received_on=APRIL)
    folded()
    march = ("feedback_received", "n", "product", [(MARCH, date(2026, 3, 31)), (APRIL, date(2026, 4, 30))])
    counts, in_april = readings.counts_by_member(*march)
    assert in_april == {str(other.pk): 1}
    assert counts == {str(product.pk): 3, "": 1, str(other.pk): 1}
    assert list(counts)[0] == str(product.pk)
    of_one = readings.counts_by_member(*march, units={unit.pk})
    assert of_one == [{str(product.pk): 2, "": 1, str(other.pk): 1}, {str(other.pk): 1}]
    assert readings.counts_by_member(*march, units=set()) == [{}, {}]
    with as_of(timezone.now()):
        assert readings.counts_by_member(*march) == [counts, in_april]
        assert readings.counts_by_member(*march, units={unit.pk}) == of_one
    with pytest.raises(LookupError):
        readings.counts_by_member("feedback_received", "n", "no such thing", [(MARCH, APRIL)])


def test_the_last_day_and_the_moment_of_the_figures_are_known():
    assert readings.figures_as_of() is None
    assert readings.last_day("feedback_received") is None
    make_feedback()
    make_feedback(received_on=APRIL)
    before = timezone.now()
    folded()
    assert before <= readings.figures_as_of() <= timezone.now()
    assert readings.last_day("feedback_received") == APRIL


def test_a_reading_tells_how_many_of_its_records_have_changed_since(received, mira):
    stays, edited, leaves = make_feedback(), make_feedback(), make_feedback()
    elsewhere = make_feedback(received_on=APRIL)
    folded()
    first = Reading.objects.get(kpi=received, start_on=MARCH)
    assert readings.changed_since(first) == 0
    edited.words = "Said otherwise"
    edited.save()
    edited.save()
    elsewhere.save()
    folded()
    assert readings.changed_since(first) == 1
    leaves.received_on = APRIL
    leaves.save()
    make_feedback()
    folded()
    assert readings.changed_since(first) == 3
    (march, april) = readings.points(received)
    assert march.value == 3 and april.value == 2
    assert march.seq == first.seq  # other records, the same figure: no other reading
    assert readings.changed_since(readings.Point(Period.month(2026, 3))) == 0
    assert stays.rev == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"measure": "no_such_measure"}, "measure"),
        ({"filters": {"product": "PR-1999-0001"}}, "filters"),
        ({"filters": {"weather": "rain"}}, "filters"),
        ({"filters": {"came_by": "phone", "product": "PR-1999-0001"}}, "filters"),
        ({"filters": ["phone"]}, "filters"),
    ],
)
def test_a_kpi_of_nothing_there_is_is_refused(facts, field):
    with pytest.raises(ValidationError) as refused:
        make_kpi(**facts)
    assert set(refused.value.message_dict) == {field}


def test_a_stored_kpi_whose_part_is_gone_has_no_readings_and_stops_nobody(received):
    Kpi(code="lost", name="Lost", measure="feedback_received", filters={"product": "PR-1999-0001"}).save()
    make_feedback()
    folded()
    assert values(received) == {MARCH: 1}
    assert readings.points(Kpi.objects.get(code="lost")) == []
    assert readings.points(Kpi.objects.get(code="lost"), units={1}) == []
    assert Feedback.objects.count() == 1
