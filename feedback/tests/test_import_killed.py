"""A process that imports is killed outright, several times, on a database of its own: nothing is lost or doubled."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from feedback.tests.imports import SIMPLE, as_file

ROOT = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, str(ROOT / "manage.py")]
ROWS = 5_000
PREPARE = """
from accounts.tests.makers import make_organisation, make_person
make_organisation()
make_person("Mira Castellan", "manager", email="mira@example.com")
"""


class Ground:
    """A database of its own, asked directly, and commands that run on it."""

    def __init__(self, folder, database_url=""):
        self.folder, self.url = folder, database_url
        kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "CELERY_BROKER_URL")}
        self.env = kept | {"HEED_VAR": str(folder), "HEED_EMBEDDED": "1", "DJANGO_SETTINGS_MODULE": "qms.settings"}
        if database_url:
            self.env["DATABASE_URL"] = database_url

    def call(self, *words):
        done = subprocess.run([*MANAGE, *words], env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-3_000:]
        return done.stdout

    def start(self, *words):
        quiet = subprocess.DEVNULL
        return subprocess.Popen([*MANAGE, *words], env=self.env, cwd=ROOT, stdout=quiet, stderr=quiet)

    def ask(self, sql):
        connection = self._connect()
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
            return rows
        finally:
            connection.close()

    def count(self, what):
        return self.ask(f"SELECT count(*) FROM {what}")[0][0]  # noqa: S608 (words of this file)

    def _connect(self):
        if not self.url:
            return sqlite3.connect(self.folder / "heed.sqlite3", timeout=20)
        import psycopg2

        return psycopg2.connect(self.url)

    def kill_when(self, process, what, at_least):
        """SIGKILL once that many rows are there; gives how many there were, read after the death."""
        until = time.monotonic() + 90
        while self.count(what) < at_least:
            assert process.poll() is None and time.monotonic() < until, f"ended before {at_least} of {what}"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        # The lease of the dead worker has run out.
        self.ask("UPDATE records_job SET leased_until = '2020-01-01 00:00:00' WHERE state = 'running'")
        return self.count(what)


@pytest.fixture(params=["sqlite", "postgres"])
def ground(request, tmp_path):
    if request.param == "sqlite":
        yield Ground(tmp_path)
        return
    import psycopg2

    server = psycopg2.connect(request.getfixturevalue("postgres_url"))
    server.autocommit = True
    name = f"heed_killed_{os.getpid()}"
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield Ground(tmp_path, urlsplit(request.getfixturevalue("postgres_url"))._replace(path=f"/{name}").geturl())
    finally:
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()


@pytest.mark.service
def test_an_import_killed_in_its_check_and_twice_in_its_writing_ends_as_if_nothing_had_been(ground, tmp_path):
    ground.call("migrate")
    ground.call("shell", "-c", PREPARE)
    file = tmp_path / "feedback.csv"
    lines = [f"Customer {n % 50},2026-01-{n % 28 + 1:02},words {n}" for n in range(ROWS)]
    file.write_text("\n".join(["customer,received,words", *lines, *lines[:5]]), encoding="utf-8")
    command = ["import_feedback", str(file), "--source", "CRM", "--as", "mira@example.com"]
    command += ["--mapping", str(as_file(tmp_path, SIMPLE))]

    importing = ground.start(*command)
    assert ground.kill_when(importing, "records_importrow", 1_000) < ROWS + 5
    ground.call("run_jobs")
    assert ground.ask("SELECT stage FROM records_import") == [("checked",)]
    assert ground.count("records_importrow") == ROWS + 5
    assert ground.count("records_importrow WHERE state = 'duplicate'") == 5

    begin = (
        "from accounts.models import User; from records.models import Import; from records.importing import intake; "
    )
    begin += "intake.write(Import.objects.get(), by=User.objects.get(email='mira@example.com'))"
    ground.call("shell", "-c", begin)
    there = 0
    for at_least in (1_000, 3_000):
        worker = ground.start("run_jobs")
        there = ground.kill_when(worker, "feedback_feedback", max(at_least, there + 1))
        assert there < ROWS
    ground.call("run_jobs")

    assert ground.ask("SELECT stage FROM records_import") == [("done",)]
    assert ground.count("feedback_feedback") == ROWS == ground.count("feedback_historicalfeedback")
    assert ground.ask("SELECT count(DISTINCT words) FROM feedback_feedback") == [(ROWS,)]
    assert ground.count("customers_customer") == 50
    assert ground.ask("SELECT count(DISTINCT record_id), count(record_id) FROM records_importrow") == [(ROWS, ROWS)]
    year = ground.ask("SELECT min(reference), max(reference) FROM feedback_feedback")[0]
    assert [reference.rsplit("-", 1)[1] for reference in year] == ["0001", str(ROWS)]  # without a gap

    # The very same file is refused, so nobody imports it again for fear that it failed.
    again = subprocess.run([*MANAGE, *command], env=ground.env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert again.returncode == 1 and "is here already" in json.loads(again.stdout)["refused"][0]
