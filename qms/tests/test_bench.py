"""The benchmark runs, checks its own totals, cleans up, and is made of the same records everywhere."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date

import pytest
from django.conf import settings
from django.db import connection

from benchmarks.generator import KINDS, Firm, Manifest
from benchmarks.results import Result, table

pytestmark = pytest.mark.once


def run(folder, *arguments):
    """The command as a person runs it, in a house of its own."""
    environment = {**os.environ, "HEED_VAR": str(folder), "HEED_EMBEDDED": "yes"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=300)


def databases():
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'heed_bench%'")
        return set(cursor.fetchall())


@pytest.mark.django_db
def test_a_small_run_prints_every_ratio_and_leaves_nothing_but_its_results(tmp_path):
    before = databases() if connection.vendor == "postgresql" else None
    ran = run(tmp_path, "--records", "200", "--saves", "10", "--verify", "3000")
    assert ran.returncode == 0, ran.stderr
    for line in (
        "new records with history, one writer",
        "new records with history, 8 writers",
        "changes with history, one writer",
        "changes with history, 8 writers",
        "against the plain ORM",
        "against plain bulk_create",
        "sealing",
        "full rebuild of buckets and readings",
        "against the pass",
        "folding in 1,000 changes",
        "as of a moment against today",
        "verifying them",
        "memory at most",
    ):
        assert line in ran.stdout
    told = json.loads((tmp_path / "benchmarks" / f"{connection.vendor}.json").read_text())
    assert told["records"] == 200
    assert all(result["value"] > 0 for result in told["results"])
    assert not list(tmp_path.glob("*.sqlite3*"))
    if connection.vendor == "postgresql":
        assert databases() <= before


def test_sizes_that_mean_nothing_are_refused_in_words(tmp_path):
    ran = run(tmp_path, "--records", "3")
    assert ran.returncode == 1
    assert "--records from 100" in ran.stderr


def test_a_record_depends_on_the_seed_and_its_number_alone():
    firm = Firm(2_000, seed=7)
    assert [firm.told(number) for number in (1_999, 3, 70)] == [list(Firm(2_000, seed=7))[n] for n in (1_999, 3, 70)]
    assert firm.told(3) != Firm(2_000, seed=8).told(3)
    first = firm.told(0)
    assert (first.kind, first.received_on, first.customer, first.product) == FIRST


# Of seed 7: another machine, Python or day must give the same.
FIRST = ("comment", date(2023, 12, 11), 4, 55)


def test_the_shares_are_those_that_were_asked_for():
    kinds, weekdays, manifest = Counter(), Counter(), Manifest()
    for told in Firm(20_000):
        manifest.add(told)
        kinds[told.kind] += 1
        weekdays[told.received_on.weekday()] += 1
    assert sum(manifest.received.values()) == sum(manifest.products.values()) == 20_000
    assert sum(manifest.complaints.values()) == kinds["complaint"]
    for kind, share in KINDS.items():
        assert abs(kinds[kind] / 200 - share) < 1
    assert weekdays[5] + weekdays[6] < 400
    ranked = [count for _product, count in sorted(manifest.products.items())]
    assert ranked[0] > 2 * ranked[2] > 4 * ranked[8]


def test_results_say_whether_their_goal_is_met():
    text = table(
        [Result("slow", 3, "x", 2, at_most=True), Result("quick", 0.7, "x", 0.5), Result("told", 12_345, "/s")]
    )
    lines = text.splitlines()
    assert lines[1].split() == ["slow", "3", "x", "at", "most", "2", "missed"]
    assert lines[2].split() == ["quick", "0.7", "x", "at", "least", "0.5", "met"]
    assert lines[3].split() == ["told", "12,345", "/s"]
