"""The database keeps each version and refuses what goes around."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Unit
from accounts.tests.makers import make_person, make_unit
from records.models import Conflict
from trail import triggers
from trail.history import history_of
from trail.models import Pending, Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db


def refused():
    return pytest.raises(IntegrityError, match="through Heed|not deleted|only ever added")


def raw(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_saving_keeps_a_version_of_each_state_with_who_and_why():
    mira = make_person("Mira Castellan")
    unit = make_unit("Service")
    unit.name = "Field service"
    unit.save(by=mira, verb="renamed", reason="The team asked for it")

    first, second = history_of(Unit).objects.filter(id=unit.pk).order_by("rev")
    assert (first.name, first.rev, first.verb) == ("Service", 1, "recorded")
    assert (second.name, second.rev, second.verb) == ("Field service", 2, "renamed")
    assert second.changed_by == mira
    assert second.reason == second.history_change_reason == "The team asked for it"
    assert (first.history_type, second.history_type) == ("+", "~")
    assert second.history_date == unit.changed_at


def test_a_raw_update_that_does_not_raise_the_revision_is_refused():
    unit = make_unit()
    with refused():
        raw("UPDATE accounts_unit SET name = 'Forged' WHERE id = %s", unit.pk)
    with refused():
        raw("UPDATE accounts_unit SET name = 'Forged', rev = rev + 2 WHERE id = %s", unit.pk)
    with refused():  # rev is raised, but the clock is not
        raw("UPDATE accounts_unit SET name = 'Forged', rev = rev + 1 WHERE id = %s", unit.pk)
    unit.refresh_from_db()
    assert unit.name == "Service"


def test_a_raw_update_that_raises_the_revision_leaves_a_version():
    unit = make_unit()
    raw(
        "UPDATE accounts_unit SET name = 'By hand', rev = rev + 1, changed_at = %s, verb = 'by hand' WHERE id = %s",
        timezone.now(),
        unit.pk,
    )
    assert history_of(Unit).objects.get(id=unit.pk, rev=2).name == "By hand"


def test_records_versions_and_seals_cannot_be_deleted_or_rewritten():
    unit = make_unit()
    seal()
    for table in ("accounts_unit", "accounts_historicalunit", "trail_seal"):
        with refused():
            raw(f"DELETE FROM {table}")
    with refused():
        raw("UPDATE accounts_historicalunit SET name = 'Forged' WHERE id = %s", unit.pk)
    with refused():
        raw("UPDATE trail_seal SET verb = 'forged'")


def test_insert_or_replace_does_not_walk_past_on_sqlite():
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own statement")
    unit = make_unit()
    columns = ", ".join(f'"{field.column}"' for field in Unit._meta.concrete_fields)
    with refused():
        raw(
            f"INSERT OR REPLACE INTO accounts_unit ({columns}) SELECT {columns} FROM accounts_unit WHERE id = %s",
            unit.pk,
        )


def test_truncate_is_refused_on_postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own statement")
    make_unit()
    raw("SET CONSTRAINTS ALL IMMEDIATE")  # or PostgreSQL refuses for a reason of its own
    with refused():
        raw("TRUNCATE accounts_unit CASCADE")


def test_the_ways_around_save_are_closed_on_the_queryset():
    unit = make_unit()
    for way in (
        lambda: Unit.objects.filter(pk=unit.pk).update(name="x"),
        lambda: Unit.objects.filter(pk=unit.pk).delete(),
        lambda: Unit.objects.bulk_create([Unit(name="x")]),
        lambda: Unit.objects.bulk_update([unit], ["name"]),
        unit.delete,
    ):
        with pytest.raises(TypeError):
            way()


def test_changing_many_leaves_a_version_of_each():
    mira = make_person("Mira Castellan")
    units = [make_unit(name) for name in ("North", "South")]
    assert Unit.objects.all().change(by=mira, verb="moved", level=Unit.Level.SITE) == 2
    for unit in units:
        version = history_of(Unit).objects.get(id=unit.pk, rev=2)
        assert (version.level, version.verb, version.changed_by) == ("site", "moved", mira)
        assert version.changed_at > unit.changed_at


def test_a_stale_save_is_refused_and_leaves_nothing():
    unit = make_unit()
    stale = Unit.objects.get(pk=unit.pk)
    unit.name = "First"
    unit.save()
    stale.name = "Second"
    with pytest.raises(Conflict):
        stale.save()
    assert Unit.objects.get(pk=unit.pk).name == "First"
    assert history_of(Unit).objects.filter(id=unit.pk).count() == 2


def test_time_never_runs_backwards_within_a_record():
    unit = make_unit()
    before = unit.changed_at
    unit.save(at=before - timezone.timedelta(hours=1))
    assert unit.changed_at > before


def test_references_are_gapless_and_a_failed_save_takes_none():
    first = make_unit("One")
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit(name="Two", parent_id=10**9).save()
        connection.check_constraints()
    third = make_unit("Three")
    numbers = [int(unit.reference.rsplit("-", 1)[1]) for unit in (first, third)]
    assert numbers == [1, 2]


def test_sealing_gives_each_version_one_place_in_a_gapless_sequence():
    unit = make_unit()
    unit.save(verb="touched")
    waiting = Pending.objects.count()
    assert seal() == waiting
    assert not Pending.objects.exists()
    assert seal() == 0
    sequence = list(Seal.objects.values_list("seq", flat=True))
    assert sequence == list(range(1, waiting + 1))
    assert list(Seal.objects.filter(rtype="accounts.unit").values_list("rev", "verb")) == [
        (1, "recorded"),
        (2, "touched"),
    ]


def test_sealing_in_small_steps_goes_on_where_it_stopped():
    for number in range(5):
        make_unit(f"Unit {number}")
    seal()
    for number in range(5):
        make_unit(f"Later {number}")
    assert seal(limit=2) == 2
    assert seal() == 3
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(1, Seal.objects.count() + 1))


def test_a_missing_trigger_is_found():
    assert triggers.missing() == []
    with transaction.atomic(), connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON accounts_unit"
        name = "keep_accounts_unit_update" if connection.vendor == "sqlite" else "keep_accounts_unit"
        cursor.execute(f"DROP TRIGGER {name}{on}")
        assert triggers.missing() == [name]
        assert [error.id for error in triggers.check_triggers(databases=["default"])] == ["trail.W001"]
        triggers.install([Unit])
        assert triggers.missing() == []
