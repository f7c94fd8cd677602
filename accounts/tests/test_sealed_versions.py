"""Versions of a record in the log: each once, each holding the leaf of the one before it."""

import threading

import pytest
from django.db import connection, transaction

from accounts.models import Unit
from accounts.tests.makers import make_unit
from trail.columns import columns_of, described
from trail.history import history_of
from trail.models import Pending, Seal
from trail.sealing import seal
from trail.verifier import canonical, cell, leaf_of, personal_cell

RTYPE = "accounts.unit"


def by_hand(number, before):
    """The leaf of a version of a unit from its history row; a unit has nothing personal but what is typed about it."""
    version = history_of(Unit).objects.get(history_id=number)
    cells = []
    for column in columns_of(Unit):
        text = canonical(column.kind, column.scale, getattr(version, column.name))
        cells.append((column.name, personal_cell(None, column.name, text) if column.is_personal else cell(text)))
    return leaf_of(RTYPE, version.id, version.rev, before, described(Unit)[0], cells)


@pytest.mark.django_db
@pytest.mark.parametrize("in_batches_of", [1, 2, 100])
def test_each_leaf_holds_the_one_before_it_in_one_batch_or_in_several(in_batches_of):
    units = [make_unit("One"), make_unit("Two")]
    for turn in range(3):
        for unit in units:
            unit.name = f"{unit.name} {turn}"
            unit.save(verb="renamed")
    while seal(limit=in_batches_of):
        pass

    for unit in units:
        seals = list(Seal.objects.filter(rtype=RTYPE, rid=unit.pk).order_by("seq"))
        assert [one.rev for one in seals] == [1, 2, 3, 4]
        before = b""
        for one in seals:
            assert bytes(one.leaf) == by_hand(one.history_id, before)
            before = bytes(one.leaf)


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_sealed_late_and_leaves_no_gap():
    """On PostgreSQL a lower number may commit after a higher one was sealed."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing commits late")
    early = make_unit("Early")
    seal()
    written, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            early.name = "Changed early, committed late"
            early.save()
            written.set()
            go_on.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    other = make_unit("Meanwhile")
    try:
        assert seal() == 1
        assert Seal.objects.last().rid == other.pk and not Pending.objects.exists()
    finally:
        go_on.set()
        thread.join()
    assert seal() == 1
    last = Seal.objects.last()
    assert (last.rid, last.rev) == (early.pk, 2)
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(1, last.seq + 1))


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_leave_the_same_rows_as_one():
    for number in range(30):
        make_unit(f"Unit {number}")
    waiting, told = Pending.objects.count(), []

    def work():
        try:
            told.append(sum(iter(lambda: seal(limit=3), 0)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _one in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(told) == waiting and len(told) == 3
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(1, waiting + 1))
    assert Seal.objects.filter(rtype=RTYPE).count() == 30
