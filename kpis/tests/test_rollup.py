"""From the sealed feed to buckets: what changed is added, what it replaced is taken away, and nothing else."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import Q, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.makers import make_unit
from customers.tests.makers import make_product
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import feed, rollup
from kpis.models import Bucket, Series, Watermark
from kpis.tests.counts import folded, kept, recounted
from records import measures
from trail.models import Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db
MARCH_2, MARCH_9 = date(2026, 3, 2), date(2026, 3, 9)


@pytest.fixture
def organised(organisation):
    return organisation


@pytest.fixture
def many(monkeypatch):
    """As with many records: each dimension is counted by itself."""
    monkeypatch.setattr(rollup, "ONE_SCAN", -1)


def of(dimension, member, part="n", source="feedback_received"):
    """{day: value} of one member."""
    member = "" if member is None else str(member)
    return {key[3]: value for key, value in kept().items() if key[:3] == (source, dimension, member) and key[4] == part}


def test_a_record_is_counted_in_the_whole_and_once_in_each_dimension():
    product, unit = make_product(), make_unit()
    one = make_feedback(product=product, unit=unit, came_by="phone")
    folded()
    wanted = {MARCH_2: 1}
    assert of("", "") == of("product", product.pk) == of("unit", unit.pk) == of("came_by", "phone") == wanted
    assert of("customer", one.customer_id) == of("segment", None) == of("import", None) == wanted
    assert of("", "", "praise") == wanted
    assert of("", "", "complaints") == {}
    assert kept() == recounted()


def test_a_complaint_is_counted_in_every_source_it_belongs_to(organised, mira):
    complaint = make_complaint(by=mira)
    folded()
    assert of("", "", "due", "complaints_to_answer") == {complaint.answer_due_on: 1}
    assert of("", "", "on_time", "complaints_to_answer") == {}
    complaint.answer(by=mira, outcome="Sent", at=complaint.answer_due_at)
    complaint.close(by=mira, days=17, at=complaint.answer_due_at)
    folded()
    assert of("", "", "on_time", "complaints_to_answer") == {complaint.answer_due_on: 1}
    assert of("", "", "days:17", "complaints_closed") == {complaint.closed_on: 1}
    assert kept() == recounted()


def test_a_corrected_day_moves_the_record_from_one_bucket_to_another():
    one = make_feedback()
    folded()
    one.received_on = MARCH_9
    one.save()
    folded()
    assert of("", "") == {MARCH_9: 1}
    assert kept() == recounted()


def test_a_record_that_changes_its_product_leaves_the_one_and_enters_the_other():
    first, second = make_product(), make_product()
    one = make_feedback(product=first)
    folded()
    one.product = second
    one.save()
    folded()
    assert of("product", first.pk) == {}
    assert of("product", second.pk) == {MARCH_2: 1}
    one.product = None
    one.save()
    folded()
    assert of("product", second.pk) == {}
    assert of("product", None) == {MARCH_2: 1}


def test_a_voided_record_counts_no_more_and_leaves_no_empty_bucket(mira):
    make_feedback().void(by=mira, reason="Entered twice")
    other = make_feedback()
    folded()
    other.void(by=mira, reason="Entered twice")
    folded()
    assert kept() == {}
    assert not Bucket.objects.exists()


def test_what_happened_between_two_folds_counts_once_as_it_stands():
    one = make_feedback()
    for day in range(3, 8):
        one.received_on = date(2026, 3, day)
        one.save()
    folded()
    assert of("", "") == {date(2026, 3, 7): 1}


def test_folding_in_again_or_late_leaves_the_same_rows():
    folded()
    make_feedback()
    assert folded() > 0
    before = kept()
    assert folded() == 0
    assert rollup.fold_in() == 0
    assert kept() == before


def test_what_is_not_sealed_is_not_counted_yet():
    make_feedback()
    rollup.fold_in()
    assert kept() == {}
    folded()
    assert kept() == recounted() != {}


def test_many_changes_are_folded_in_small_steps_as_in_one(monkeypatch):
    monkeypatch.setattr(rollup, "BATCH", 3)
    folded()
    steps = []
    for number in range(5):
        one = make_feedback(received_on=MARCH_2 + timedelta(days=number))
        one.received_on += timedelta(days=number % 2)
        one.save()
    folded(lambda done, total, message: steps.append((done, total)))
    assert kept() == recounted()
    assert steps[-1][0] == steps[-1][1] > 10
    assert [done for done, _total in steps] == sorted({done for done, _total in steps})


def test_watermarks_stand_at_the_head_and_say_when_that_was():
    make_feedback()
    before = timezone.now()
    folded()
    marks = list(Watermark.objects.all())
    assert {mark.source for mark in marks} == {source.name for source in measures.sources()}
    assert {mark.seq for mark in marks} == {feed.head()}
    assert all(mark.moved_at >= before for mark in marks)


def test_with_nothing_to_do_nothing_is_written_and_little_is_asked():
    make_feedback()
    folded()
    with CaptureQueriesContext(connection) as asked:
        assert rollup.fold_in() == 0
    assert len(asked) <= 4
    assert all(query["sql"].startswith("SELECT") for query in asked)


def test_figures_say_every_minute_that_nothing_changed():
    folded()
    past = timezone.now() - timedelta(seconds=90)
    Watermark.objects.update(moved_at=past)
    rollup.fold_in()
    assert min(Watermark.objects.values_list("moved_at", flat=True)) > past


def test_a_rebuild_gives_the_rows_that_folding_gave(organised, mira):
    product = make_product()
    for number in range(4):
        make_complaint(by=mira, product=product if number % 2 else None, received_on=MARCH_2 + timedelta(days=number))
    folded()
    before = kept()
    assert before == recounted()
    rollup.rebuild()
    assert kept() == before
    assert Series.objects.filter(is_live=False).count() == 0
    assert set(Bucket.objects.values_list("series__is_live", flat=True)) == {True}


def test_a_rebuild_mends_what_is_wrong_and_reports_its_progress(monkeypatch):
    make_feedback()
    folded()
    before = kept()
    for one_scan, done in ((250_000, [7, 14, 21, 28]), (-1, list(range(1, 29)))):
        monkeypatch.setattr(rollup, "ONE_SCAN", one_scan)
        Bucket.objects.filter(part="n").update(value=99)
        steps = []
        rollup.rebuild(lambda done, total, message, steps=steps: steps.append((done, total)))
        assert kept() == before
        assert steps == [(number, 28) for number in done]


def test_what_changes_while_a_rebuild_counts_is_counted_once(many):
    records = [make_feedback(received_on=MARCH_2 + timedelta(days=number)) for number in range(6)]
    folded()

    def meanwhile(done, total, message):
        """After each step: one record moved, one added; sealed and folded in, or only one of these, or neither."""
        one = records[done % len(records)]
        one.received_on += timedelta(days=1)
        one.came_by = "phone" if done % 2 else "email"
        one.save()
        make_feedback(received_on=MARCH_9)
        if done % 3:
            seal()
        if done % 4 == 3:
            rollup.fold_in()

    rollup.rebuild(meanwhile)
    folded()
    assert kept() == recounted()


def stopped_rebuild(at, **options):
    """A rebuild whose worker dies after the step `at`; the ids of the series that it leaves unfinished."""

    def stop(done, total, message):
        if done == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rollup.rebuild(stop, **options)
    live = Series.objects.filter(is_live=True)
    return {
        series.pk
        for series in Series.objects.filter(is_live=False)
        if not live.filter(source=series.source, build__gt=series.build).exists()
    }


def test_a_rebuild_that_was_stopped_goes_on_where_it_stopped(many):
    make_feedback()
    folded()
    before = kept()
    half = stopped_rebuild(at=3)
    assert len(half) == 3
    assert kept() == before
    make_feedback(received_on=MARCH_9)
    folded()
    assert kept() == recounted()
    rollup.rebuild()
    assert half <= set(Series.objects.filter(is_live=True).values_list("pk", flat=True))
    assert kept() == recounted()


def test_a_rebuild_in_several_tasks_does_not_build_a_source_twice(many):
    make_feedback()
    folded()
    asked_at = timezone.now()
    half = stopped_rebuild(at=10, since=asked_at)
    assert len(half) == 3
    first = set(Series.objects.filter(source="feedback_received", is_live=True).values_list("pk", flat=True))
    rollup.rebuild(since=asked_at)
    live = set(Series.objects.filter(is_live=True).values_list("pk", flat=True))
    assert half | first <= live
    assert set(Series.objects.values_list("pk", flat=True)) == live
    assert kept() == recounted()


def test_a_build_left_too_far_behind_is_begun_again(many, monkeypatch):
    monkeypatch.setattr(rollup, "START_OVER", 0)
    folded()

    half = stopped_rebuild(at=1)
    make_feedback()
    rollup.rebuild()
    assert not half & set(Series.objects.values_list("pk", flat=True))
    assert kept() == recounted()


def test_a_source_declared_otherwise_is_built_anew_by_itself(monkeypatch):
    make_feedback(came_by="phone")
    folded()
    declared = measures.get_source("feedback_received")
    other = replace(declared, parts={**declared.parts, "by_phone": Value(1)}, base=declared.base & Q(came_by="phone"))
    monkeypatch.setitem(measures._sources, "feedback_received", other)
    make_feedback(came_by="email")
    folded()
    assert of("", "", "by_phone") == of("", "") == {MARCH_2: 1}
    monkeypatch.undo()
    folded()
    assert kept() == recounted()


def test_a_source_that_there_is_no_more_leaves_nothing_behind(monkeypatch):
    make_feedback()
    folded()
    monkeypatch.setattr(measures, "_sources", {k: v for k, v in measures._sources.items() if k != "feedback_received"})
    rollup.rebuild()
    assert not Series.objects.filter(source="feedback_received").exists()
    assert not Watermark.objects.filter(source="feedback_received").exists()


def test_a_source_left_behind_catches_up_with_the_others():
    first = make_feedback()
    folded()
    first.received_on = MARCH_9
    first.save()
    make_feedback()
    seal()
    rollup._build([measures.get_source("feedback_received")])  # stands at the head now, the others do not
    assert len(set(Watermark.objects.values_list("seq", flat=True))) == 2
    rollup.fold_in()
    assert set(Watermark.objects.values_list("seq", flat=True)) == {feed.head()}
    assert kept() == recounted()


def test_records_brought_in_without_a_place_in_the_feed_are_counted_by_a_build(organised):
    """As a benchmark copies them in: live and in the history, the watermark at the head."""
    make_feedback()
    make_feedback()
    from trail.models import Pending

    Pending.objects.filter(rtype="feedback.feedback").delete()
    rollup.rebuild()
    assert not Seal.objects.filter(rtype="feedback.feedback").exists()
    assert of("", "") == {MARCH_2: 2}
    one = Feedback.objects.first()
    one.received_on = MARCH_9
    one.save()
    folded()
    assert kept() == recounted()
