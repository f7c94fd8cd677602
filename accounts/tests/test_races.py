"""Several people at the same record, the same number, the same job: with the guard, and a control run without it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, models, transaction

from accounts.models import Unit
from accounts.tests.makers import make_unit
from records.models import Conflict, ReferenceCounter
from trail.history import history_of
from trail.models import Pending, Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)


def together(work, times=4):
    """Run `work(number)` in `times` threads that start at the same moment; what each returned or raised."""
    ready = Barrier(times)

    def one(number):
        ready.wait()
        try:
            return work(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def rename(read, number):
    unit = read()
    met.wait()
    unit.name = f"Name {number}"
    unit.save()


met = Barrier(2)


def test_of_two_who_save_the_same_revision_one_is_told():
    pk = make_unit().pk
    outcomes = together(lambda number: rename(lambda: Unit.objects.get(pk=pk), number), times=2)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
    assert history_of(Unit).objects.filter(id=pk).count() == 2


def test_control_without_comparing_revisions_one_change_is_lost(monkeypatch):
    pk = make_unit().pk

    def last_one_wins(self, base_qs, using, pk_val, values, update_fields, forced_update):
        now = base_qs.filter(pk=pk_val).values_list("rev", "changed_at").get()
        values = [(field, None, now[0] + 1 if field.name == "rev" else value) for field, _none, value in values]
        return models.Model._do_update(self, base_qs, using, pk_val, values, update_fields, forced_update)

    monkeypatch.setattr(Unit, "_do_update", last_one_wins)
    outcomes = together(lambda number: rename(lambda: Unit.objects.get(pk=pk), number), times=2)
    assert Conflict not in map(type, outcomes), "nobody was told that a change of theirs was overwritten"


def test_references_of_many_at_once_are_gapless_and_unique():
    def record(number):
        for _again in range(5):
            make_unit(f"Unit {number}")

    assert together(record) == [None] * 4
    numbers = sorted(int(reference.rsplit("-", 1)[1]) for reference in Unit.objects.values_list("reference", flat=True))
    assert numbers == list(range(1, 21))


def test_control_reading_the_counter_before_writing_it_gives_a_number_twice():
    ReferenceCounter.reserve("XX", 2026)
    read = Barrier(2)

    def naive(_number):
        last = ReferenceCounter.objects.get(prefix="XX", year=2026).last
        read.wait()
        ReferenceCounter.objects.filter(prefix="XX", year=2026).update(last=last + 1)
        return last + 1

    first, second = together(naive, times=2)
    assert first == second


def test_sealers_at_once_seal_each_version_once():
    before = seal()
    for number in range(40):
        make_unit(f"Unit {number}")
    sealed = together(lambda _number: seal())
    assert sum(sealed) == 40 and not Pending.objects.exists()
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(1, before + 41))


def test_a_version_that_commits_late_is_sealed_later_and_not_skipped():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing commits late")
    seal()
    begun, go_on = Barrier(2), Barrier(2)

    def slow_then_sealer(number):
        if number == 0:
            with transaction.atomic():
                make_unit("Slow")
                begun.wait()
                go_on.wait()
            return None
        begun.wait()
        Unit(name="Quick", reference="UN-2026-9000").save()
        first = seal()
        go_on.wait()
        return first

    _slow, first = together(slow_then_sealer, times=2)
    assert first == 1
    assert seal() == 1
    quick, slow = Seal.objects.order_by("seq").reverse()[:2][::-1]
    assert (quick.reference, slow.seq) == ("UN-2026-9000", quick.seq + 1)
