"""Two workers at once, and workers killed at any point: the figures come out the same, nothing doubled or lost."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date, timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection, connections

from customers.tests.makers import make_customer, make_product
from feedback.models import Feedback
from feedback.tests.makers import make_feedback
from kpis import reconciling, rollup
from kpis.models import Series, Watermark
from kpis.tests.counts import folded, kept, recounted
from trail.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = date(2026, 3, 2)


def make_changes(count=12):
    """Sealed changes that wait to be folded in: new records, moved ones, a voided one."""
    customer, product = make_customer(), make_product()
    made = [make_feedback(customer=customer, received_on=FIRST + timedelta(days=day)) for day in range(count)]
    folded()
    for place, one in enumerate(made):
        one.received_on += timedelta(days=place % 3)
        one.product = product
        one.save()
    make_feedback(customer=customer, product=product)
    made[0].void(by=None, reason="Entered twice")
    seal()


def in_threads(*works):
    """Run each in a thread with a connection of its own; what they returned."""

    def one(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def meeting_at_the_first_bucket(work):
    """Two of these wait for each other before they write their first bucket, so far as the guard lets them."""
    met = Barrier(2)

    def wait(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO kpis_bucket"):
            try:
                met.wait(timeout=1.5)
            except BrokenBarrierError:
                pass  # the other is held back by the guard, or done
        return execute(sql, params, many, context)

    def guarded():
        with connection.execute_wrapper(wait):
            return work()

    return guarded


def in_a_process(work, kill_at=0):
    """Begin `work` in a process of its own, killed as by kill -9 before its statement number `kill_at`; its id."""
    connections.close_all()
    child = os.fork()
    if not child:
        seen = 0

        def count(execute, sql, params, many, context):
            nonlocal seen
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        failed = 1
        try:
            with connection.execute_wrapper(count):
                work()
            failed = 0
        finally:
            os._exit(failed)
    return child


def was_killed(child):
    """Waits for it to end; an error in there is one here."""
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_two_workers_at_once_fold_each_change_once():
    make_changes()
    fold = meeting_at_the_first_bucket(rollup.fold_in)
    in_threads(fold, fold)
    assert kept() == recounted()
    assert reconciling.check() == []


def test_control_without_the_lock_two_workers_double_the_figures(monkeypatch):
    make_changes()
    monkeypatch.setattr(rollup, "one_at_a_time", nullcontext)
    fold = meeting_at_the_first_bucket(rollup.fold_in)
    in_threads(fold, fold)
    assert kept() != recounted(), "without the lock the race must be lost, or this test shows nothing"


def test_records_saved_while_workers_fold_and_seal_are_all_counted():
    make_changes()
    customer = make_customer()

    def save():
        for number in range(20):
            make_feedback(customer=customer, received_on=FIRST + timedelta(days=number))

    def keep_up():
        for _turn in range(8):
            folded()

    in_threads(save, save, keep_up, keep_up)
    folded()
    assert Feedback.objects.count() == 53
    assert kept() == recounted()


def test_processes_that_fold_at_once_leave_the_same_rows():
    make_changes()
    children = [in_a_process(rollup.fold_in) for _worker in range(3)]
    killed = [was_killed(child) for child in children]
    assert not any(killed)
    assert kept() == recounted()


def test_a_worker_killed_at_any_point_of_folding_loses_and_doubles_nothing(monkeypatch):
    monkeypatch.setattr(rollup, "BATCH", 10)
    make_changes()
    before, after = kept(), recounted()
    kills = 0
    for statement in range(2, 1_000, 5):
        if not was_killed(in_a_process(rollup.fold_in, kill_at=statement)):
            break
        kills += 1
        # Either nothing or whole batches: never a bucket without its watermark.
        assert reconciling.check() == []
    assert kills > 5
    assert before != after
    assert kept() == after
    rollup.rebuild()
    assert kept() == after


def test_a_worker_killed_at_any_point_of_a_rebuild_leaves_the_figures_as_they_were():
    make_changes(4)
    folded()
    after = kept()
    kills = 0
    for statement in range(3, 2_000, 13):
        if not was_killed(in_a_process(rollup.rebuild, kill_at=statement)):
            break
        kills += 1
        assert kept() == after
    assert kills > 3
    rollup.rebuild()
    assert kept() == after == recounted()
    assert not Series.objects.filter(is_live=False).exists()
    assert not Watermark.objects.exclude(next_build=None).exists()


def test_two_rebuilds_at_once_do_the_work_together_and_fold_on():
    make_changes(6)

    def keep_up():
        for number in range(4):
            make_feedback(received_on=FIRST + timedelta(days=number))
            folded()

    in_threads(rollup.rebuild, rollup.rebuild, keep_up)
    folded()
    assert kept() == recounted()
    assert reconciling.check() == []
