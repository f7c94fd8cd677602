"""Workers keep the figures up to date, check them by night, and build them anew when asked."""

import fcntl
import time
from datetime import date, timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from accounts.models import Organisation
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import reconciling, rollup, tasks
from kpis.models import Bucket, Kpi, Reading, Series
from kpis.tests.counts import folded, kept, recounted
from records import jobs
from records.models import Job, Notification
from trail import sealing
from trail.models import Pending

pytestmark = pytest.mark.django_db
MARCH_2 = date(2026, 3, 2)


def spoil(**facts):
    """One bucket of praise in the whole says something else."""
    return Bucket.objects.filter(series__dimension="", part="praise").update(**facts)


def test_keeping_up_seals_and_folds_in():
    make_feedback()
    tasks.keep_up()
    assert not Pending.objects.exists()
    assert kept() == recounted() != {}


def test_a_second_process_of_the_machine_does_not_queue_behind_the_first():
    make_feedback()
    with open(settings.VAR / "keep-up.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        tasks.keep_up()
        assert Pending.objects.exists()
    tasks.keep_up()
    assert not Pending.objects.exists()


def test_every_task_of_the_schedule_is_there():
    app = current_app._get_current_object()
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_a_commit_wakes_a_worker_but_not_for_every_record(monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(tasks.keep_up, "apply_async", lambda **options: sent.append(options))
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        for _number in range(5):
            make_feedback()
    assert sent == [{"expires": 5, "retry": False}]


def test_without_a_broker_saving_goes_on_and_does_not_ask_again_at_once(
    monkeypatch, django_capture_on_commit_callbacks
):
    asked = []

    def no_broker(**options):
        asked.append(options)
        raise ConnectionError("nobody there")

    monkeypatch.setattr(tasks.keep_up, "apply_async", no_broker)
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        make_feedback()
    assert len(asked) == 1
    assert tasks._quiet_until > time.monotonic() + 10
    assert Feedback.objects.count() == 1
    assert tasks.wake in sealing._listeners


def test_the_check_finds_nothing_where_all_is_well(organisation, mira, adam):
    for number in range(5):
        make_complaint(by=mira, received_on=MARCH_2 + timedelta(days=number))
    folded()
    tasks.reconcile()
    assert reconciling.check() == []
    assert not Notification.objects.exists()


def test_a_figure_that_has_drifted_is_found_and_the_administrators_are_told(adam, mira):
    make_feedback()
    folded()
    assert spoil(value=7) == 1
    (drift,) = reconciling.check()
    assert (drift.part, drift.day, drift.kept, drift.counted) == ("praise", MARCH_2, 7, 1)
    assert str(drift) == "feedback_received 2026-03-02 praise: kept 7, counted 1"
    assert reconciling.check(days=4) == [drift]
    tasks.reconcile()
    (told,) = Notification.objects.all()
    assert told.user == adam
    assert "1 figure differs from its records" in told.text


def test_a_day_without_its_buckets_and_a_bucket_without_records_are_drift_too():
    one = make_feedback()
    folded()
    Bucket.objects.filter(series__dimension="").delete()
    missing = reconciling.check(days=4)
    assert {(drift.part, drift.kept, drift.counted) for drift in missing} == {("n", 0, 1), ("praise", 0, 1)}
    rollup.rebuild()
    series = Series.objects.get(source="feedback_received", dimension="product", is_live=True)
    Bucket.objects.create(series=series, member="999", day=MARCH_2, part="n", value=4)
    (drift,) = reconciling.check()
    assert str(drift) == "feedback_received product=999 2026-03-02 n: kept 4, counted 0"
    assert one.rev == 1


def test_what_waits_to_be_folded_in_is_not_drift():
    one = make_feedback()
    folded()
    one.received_on = date(2026, 3, 9)
    one.save()
    make_feedback()
    assert reconciling.check() == []
    sealing.seal()
    assert reconciling.check() == []


def test_a_rebuild_is_work_that_can_be_asked_for(adam):
    make_feedback()
    folded()
    spoil(value=7)
    job = jobs.enqueue(tasks.REBUILD, by=adam, dedupe_key=tasks.REBUILD)
    assert jobs.enqueue(tasks.REBUILD, by=adam, dedupe_key=tasks.REBUILD) == job
    assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (Job.State.DONE, 28, 28)
    assert kept() == recounted()


def test_a_long_rebuild_goes_on_in_the_next_task_and_comes_to_an_end(monkeypatch):
    monkeypatch.setattr(rollup, "ONE_SCAN", -1)
    monkeypatch.setattr(tasks, "SLICE", -1)  # each task ends after one step
    make_feedback()
    folded()
    spoil(value=7)
    job = jobs.enqueue(tasks.REBUILD)
    turns = 0
    while not job.is_over and turns < 60:
        assert jobs.run_due() >= 1
        job.refresh_from_db()
        turns += 1
    assert job.state == Job.State.DONE
    assert turns == 28
    assert kept() == recounted()


def test_periods_follow_the_organisations_clock(organisation):
    """A worker reads months where the firm is, whatever the machine's zone."""
    from accounts.tasks import use_the_organisations_clock

    Organisation.objects.change(by=None, verb="moved", time_zone="Pacific/Kiritimati")
    make_feedback()
    use_the_organisations_clock()
    try:
        tasks.keep_up()
        assert timezone.get_current_timezone_name() == "Pacific/Kiritimati"
        assert Reading.objects.filter(kpi=Kpi.objects.get(code="feedback-received"), start_on=date(2026, 3, 1)).exists()
    finally:
        timezone.deactivate()
