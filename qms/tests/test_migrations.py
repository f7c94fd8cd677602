"""Records outlive changes of their tables, and the trail of before keeps verifying."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from qms.tests.houses import House, databases_of

pytestmark = pytest.mark.once
VERIFIER = settings.BASE_DIR / "trail/verifier.py"

# Migrates every room as far as it goes, except those named in STOPS.
UP_TO = """
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor, stops = MigrationExecutor(connection), STOPS
leaves = [one for one in executor.loader.graph.leaf_nodes() if one[0] not in stops]
executor.migrate([*leaves, *[(room, name) for room, name in stops.items() if name]])
emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
"""
UP_TO_0001 = UP_TO.replace("STOPS", '{"growing": "0001_initial"}')
UP_TO_UNSEALED = UP_TO.replace("STOPS", '{"trail": "0001_initial", "evidence": None}')
RECORD = """
from accounts.models import Organisation
from qms.tests.growing.models import Parcel
from trail.sealing import seal
Organisation(name="Calder").save()
for number in range(6):
    Parcel(name=f"parcel {number}", grams=number * 300).save()
seal()
for parcel in Parcel.objects.filter(grams__gt=900):
    parcel.name += ", heavy"
    parcel.save()
"""
TELL = """
import json
from qms.tests.growing.models import Parcel
from trail import triggers
from trail.history import history_of
from trail.models import Pending, Schema, Seal
from trail.sealing import seal
seal()
rows = history_of(Parcel).objects.order_by("history_id")
print(json.dumps({
    "versions": [[row.pk, row.id, row.rev, row.name, row.verb, getattr(row, "size", None)] for row in rows],
    "seals": [[one.seq, one.rid, one.rev, one.receipt] for one in Seal.objects.filter(rtype="growing.parcel")],
    "schemas": Schema.objects.filter(rtype="growing.parcel").count(),
    "parcels": {one.name: getattr(one, "size", None) for one in Parcel.objects.all()},
    "missing": triggers.missing(),
}))
"""
# The trail as it was before leaves: every version that waits gets its number and nothing else.
BEFORE_LEAVES = """
from accounts.models import Organisation, Unit
Organisation(name="Calder").save()
units = [Unit(name=f"unit {number}") for number in range(5)]
for unit in [*units, *units[::-1]]:
    unit.name += "'"
    unit.save()
last = Unit(name="not sealed yet")
with connection.cursor() as cursor:
    cursor.execute("SELECT rtype, history_id FROM trail_pending ORDER BY id")
    for seq, (rtype, number) in enumerate(cursor.fetchall(), start=1):
        cursor.execute(
            "INSERT INTO trail_seal (seq, rtype, rid, rev, history_id, reference, verb, changed_by_id, changed_at) "
            "SELECT %s, %s, id, rev, history_id, reference, verb, changed_by_id, changed_at FROM {} "
            "WHERE history_id = %s".format(rtype.replace(".", "_historical")), [seq, rtype, number])
    cursor.execute("DELETE FROM trail_pending")
last.save()
"""
SEALS = """
import json
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT seq, rtype, rid, rev, history_id, reference, verb FROM trail_seal ORDER BY seq")
    print(json.dumps(cursor.fetchall()))
"""
SEAL_ANEW = "from trail.sealing import seal; seal()"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database(request):
    """The URL of an empty PostgreSQL database, or "" for a file."""
    with databases_of(request, request.param == "postgresql") as new_database:
        yield new_database()


def verify(export):
    return subprocess.run([sys.executable, str(VERIFIER), str(export)], capture_output=True, text=True)


def test_a_record_gains_a_column_and_a_migration_fills_it_in_one_run(database, tmp_path):
    house = House(tmp_path / "house", database, DJANGO_SETTINGS_MODULE="qms.tests.growing.settings")
    house.shell(UP_TO_0001 + RECORD)
    house.run("export_trail", str(tmp_path / "old.zip"))
    before = house.told(TELL)

    house.settings["HAS_GROWN"] = "yes"
    house.run("migrate", "-v0")
    after = house.told(TELL)

    assert before["parcels"] == {
        "parcel 0": None, "parcel 1": None, "parcel 2": None, "parcel 3": None,
        "parcel 4, heavy": None, "parcel 5, heavy": None,
    }  # fmt: skip
    assert set(after["parcels"].values()) == {"small", "large"} and after["parcels"]["parcel 5, heavy"] == "large"
    assert after["missing"] == []
    kept = [row[:5] for row in after["versions"]]
    assert kept[: len(before["versions"])] == [row[:5] for row in before["versions"]], "no version is lost"
    added = after["versions"][len(before["versions"]) :]
    assert [row[4] for row in added] == ["migrated"] * 6 and {row[1] for row in added} == {1, 2, 3, 4, 5, 6}
    assert after["seals"][: len(before["seals"])] == before["seals"] and len(after["seals"]) == len(kept)
    assert (before["schemas"], after["schemas"]) == (1, 2)
    house.run("verify_trail")
    house.run("export_trail", str(tmp_path / "new.zip"))
    for export in ("old.zip", "new.zip"):
        ran = verify(tmp_path / export)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_data_migration_without_triggers_is_stopped_instead_of_leaving_no_version(database, tmp_path):
    house = House(tmp_path / "house", database, DJANGO_SETTINGS_MODULE="qms.tests.growing.settings")
    house.shell(UP_TO_0001 + RECORD)
    house.settings["HAS_GROWN"] = "yes"

    said = house.run("migrate", "growing", "0003", "-v0", status=1, WITHOUT_TRIGGERS="yes")

    assert "is missing or out of date: begin the migration with EnsureTriggers('Parcel')" in said


def test_versions_that_were_sealed_before_there_were_leaves_are_sealed_again_in_their_order(database, tmp_path):
    house = House(tmp_path / "house", database)
    house.shell(UP_TO_UNSEALED + BEFORE_LEAVES)
    before = house.told(SEALS)

    house.run("migrate", "-v0")
    after = house.told(SEAL_ANEW + SEALS)

    # What reads the trail from a watermark finds the same version at the same place.
    assert after[: len(before)] == before and len(after) == len(before) + 1
    assert json.loads(house.run("verify_trail", "--json"))["findings"] == []
