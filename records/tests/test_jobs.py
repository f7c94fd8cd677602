"""Background work: nothing asked for is lost, doubled, or tried for ever."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from records import jobs
from records.models import Job
from records.models.job import MAX_ATTEMPTS
from records.tasks import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def kinds(monkeypatch):
    """The registry, to be added to for one test."""
    registered = dict(jobs._kinds)
    monkeypatch.setattr(jobs, "_kinds", registered)
    return registered


@pytest.fixture
def counting(kinds):
    """A kind of job that counts how often it ran."""
    ran = []
    kinds["count"] = lambda running: ran.append(running.job.pk)
    return ran


def make_job(kind="count", **given):
    return Job.objects.create(kind=kind, **given)


def now_due(job):
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now())


def killed_while_running(job, attempts=1):
    """As a worker that was killed leaves it: running, its lease run out."""
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=attempts, leased_until=past)


def test_work_asked_for_waits_until_it_is_run_and_is_then_done(counting):
    job = jobs.enqueue("count", {"id": 7})
    assert job.state == Job.State.PENDING
    assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.leased_until) == (Job.State.DONE, 1, None)
    assert job.ended_at is not None
    assert counting == [job.pk]
    assert jobs.run_due() == 0


def test_work_of_an_unknown_kind_is_not_taken_on():
    with pytest.raises(LookupError):
        jobs.enqueue("no such kind")


def test_work_that_is_not_due_waits(counting):
    job = make_job(due_at=timezone.now() + timedelta(minutes=5))
    assert jobs.run_due() == 0
    assert not jobs.run(job.pk)


def test_the_same_request_waits_only_once(counting):
    first = jobs.enqueue("count", dedupe_key="roll-up")
    assert jobs.enqueue("count", dedupe_key="roll-up") == first
    assert jobs.enqueue("count", dedupe_key="another") != first
    assert jobs.enqueue("count") != jobs.enqueue("count")


def test_a_request_made_while_its_like_runs_is_not_missed(kinds):
    made = []

    def work(running):
        if not made:
            made.append(jobs.enqueue("work", dedupe_key="roll-up"))

    kinds["work"] = work
    first = jobs.enqueue("work", dedupe_key="roll-up")
    assert jobs.run_due() == 2
    assert made[0] != first
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}


def test_a_failure_makes_way_for_its_like_that_waits(kinds):
    def work(running):
        jobs.enqueue("work", dedupe_key="roll-up")
        raise RuntimeError("broken")

    kinds["work"] = work
    first = jobs.enqueue("work", dedupe_key="roll-up")
    jobs.run(first.pk)
    first.refresh_from_db()
    assert (first.state, first.last_error) == (Job.State.CANCELLED, "RuntimeError: broken")
    assert Job.objects.get(state=Job.State.PENDING).dedupe_key == "roll-up"


def test_a_failure_is_tried_again_later_and_given_up_after_three(kinds, monkeypatch):
    told = []
    monkeypatch.setattr(jobs, "_on_dead", [told.append])

    def work(running):
        raise ValueError("no such column")

    kinds["work"] = work
    job = jobs.enqueue("work")
    waits = []
    for _attempt in range(MAX_ATTEMPTS):
        now_due(job)
        assert jobs.run_due() == 1
        job.refresh_from_db()
        waits.append(job.due_at - timezone.now())
    assert waits[1] > waits[0] > timedelta(seconds=20)
    assert (job.state, job.attempts, job.last_error) == (Job.State.DEAD, 3, "ValueError: no such column")
    assert [dead.pk for dead in told] == [job.pk]
    now_due(job)
    assert jobs.run_due() == 0


def test_an_error_that_no_database_can_keep_is_kept_readable(kinds, caplog):
    caplog.set_level("CRITICAL", "heed.jobs")  # nor can test runs in parallel hand such a text on

    def work(running):
        raise ValueError("cell \0 and \ud800 " + "x" * 9000)

    kinds["work"] = work
    job = jobs.enqueue("work")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.last_error.startswith("ValueError: cell ␀ and ? x")
    assert len(job.last_error) == 4_000


def test_work_of_a_killed_worker_is_taken_up_when_its_lease_has_run_out(counting):
    job = make_job()
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING, attempts=1, leased_until=timezone.now() + timedelta(minutes=1)
    )
    assert jobs.run_due() == 0
    killed_while_running(job)
    assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)


def test_work_that_kills_each_worker_is_given_up_with_words(counting, monkeypatch):
    told = []
    monkeypatch.setattr(jobs, "_on_dead", [told.append])
    job = make_job()
    killed_while_running(job, attempts=MAX_ATTEMPTS)
    assert jobs.run_due() == 0
    job.refresh_from_db()
    assert (job.state, counting) == (Job.State.DEAD, [])
    assert "stopped each time" in job.last_error
    assert len(told) == 1


def test_one_dead_job_does_not_hold_up_the_others(counting):
    dead, good = make_job(), make_job()
    killed_while_running(dead, attempts=MAX_ATTEMPTS)
    assert jobs.run_due() == 1
    assert counting == [good.pk]


def test_a_worker_whose_lease_ran_out_ends_nothing_that_another_took_over(kinds):
    def work(running):
        # Meanwhile the lease runs out, and another worker takes the job.
        Job.objects.filter(pk=running.job.pk).update(attempts=2)

    kinds["work"] = work
    job = jobs.enqueue("work")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.RUNNING, 2)


def test_progress_is_shown_and_tells_of_a_cancellation(kinds):
    went_on = []

    def work(running):
        running.progress(1, 4, "one of four")
        assert Job.objects.get(pk=running.job.pk).percent == 25
        jobs.cancel(running.job)
        running.progress(2, 4)
        went_on.append(True)

    kinds["work"] = work
    job = jobs.enqueue("work")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.message, went_on) == (Job.State.CANCELLED, 1, "one of four", [])


def test_long_work_goes_on_in_a_further_task_without_using_up_attempts(kinds):
    steps = []

    def work(running):
        steps.append(running.job.attempts)
        if len(steps) < 6:
            raise jobs.GoesOn

    kinds["work"] = work
    job = jobs.enqueue("work")
    for _step in range(6):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, steps) == (Job.State.DONE, [1] * 6)


def test_work_that_may_take_longer_is_given_to_a_worker_with_that_limit(counting, monkeypatch):
    monkeypatch.setitem(jobs._minutes, "count", 90)
    asked, sent = make_job(), []
    monkeypatch.setattr(run_job, "apply_async", lambda arguments, **limits: sent.append((arguments, limits)))

    assert jobs.run_due(is_limited=True) == 0 and counting == []
    assert sent == [((asked.pk,), {"soft_time_limit": 5_400, "time_limit": 5_460})]
    assert jobs.run_due() == 1 and counting == [asked.pk]


def test_what_failed_or_was_cancelled_can_be_retried_and_what_ended_cannot(counting):
    dead = make_job(state=Job.State.DEAD, attempts=3, ended_at=timezone.now())
    cancelled = make_job(state=Job.State.CANCELLED, ended_at=timezone.now())
    done = make_job(state=Job.State.DONE, ended_at=timezone.now())
    assert jobs.retry(dead) and jobs.retry(cancelled)
    assert not jobs.retry(done)
    assert jobs.run_due() == 2
    assert sorted(counting) == [dead.pk, cancelled.pk]


def test_a_retry_makes_way_for_its_like_that_waits(counting):
    dead = make_job(state=Job.State.DEAD, dedupe_key="roll-up", attempts=3)
    waiting = make_job(dedupe_key="roll-up")
    assert jobs.retry(dead)
    assert list(Job.objects.filter(state=Job.State.PENDING)) == [waiting]


def test_what_has_ended_cannot_be_cancelled(counting):
    assert not jobs.cancel(make_job(state=Job.State.DONE))
    job = make_job()
    assert jobs.cancel(job)
    assert jobs.run_due() == 0


def test_work_asked_for_in_a_transaction_that_fails_is_not_done(counting):
    with pytest.raises(RuntimeError), transaction.atomic():
        jobs.enqueue("count")
        raise RuntimeError
    assert jobs.run_due() == 0


def test_what_this_version_does_not_know_is_tried_again_by_a_newer_one(counting):
    job = make_job(kind="of the future")
    jobs.run_due()
    job.refresh_from_db()
    assert job.state == Job.State.PENDING
    assert "of the future" in job.last_error


def _race(pk, take):
    """Two workers go for one job at the same moment. How many of them ran it?"""
    ran, ready = [], threading.Barrier(2)

    def worker():
        try:
            ready.wait(5)
            if take(pk, ready):
                ran.append(threading.get_ident())
        finally:
            connection.close()

    workers = [threading.Thread(target=worker) for _number in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return len(ran)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_run_a_job_once(kinds):
    kinds["count"] = lambda running: None
    for _round in range(5):
        assert _race(make_job().pk, lambda pk, ready: jobs.run(pk)) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_workers_would_run_it_twice(kinds):
    """The control: look first, take afterwards, as one would without a lock."""

    def take_unguarded(pk, ready):
        is_due = Job.objects.due(timezone.now()).filter(pk=pk).exists()
        ready.wait(5)
        if is_due:
            Job.objects.filter(pk=pk).update(state=Job.State.RUNNING)
        return is_due

    assert _race(make_job(kind="count").pk, take_unguarded) == 2


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_ask_only_once(kinds):
    kinds["count"] = lambda running: None
    asked = []

    def ask(pk, ready):
        asked.append(jobs.enqueue("count", dedupe_key="roll-up").pk)
        return True

    _race(None, ask)
    assert len(set(asked)) == 1
    assert Job.objects.count() == 1
