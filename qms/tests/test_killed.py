"""Processes killed in the middle of what they do: nothing acknowledged is lost, and the trail is sound."""

import json
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import psycopg2
import pytest
from django.conf import settings
from psycopg2 import sql

from qms.tests.test_operations import MANAGE, children, free_port, get, own, until

pytestmark = pytest.mark.service
VERIFIER = [sys.executable, str(settings.BASE_DIR / "trail" / "verifier.py")]
KILLS = 50  # of two processes at a time


class Heed:
    """A migrated database with its folder, and what is run on it."""

    def __init__(self, address, folder, env):
        self.address, self.folder, self.env = address, folder, env

    def run(self, call):
        """What a function of `qms.tests.killing` returns there."""
        code = f"import json; from qms.tests import killing; print(json.dumps(killing.{call}))"
        done = subprocess.run([*MANAGE, "shell", "-v0", "-c", code], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def rows(self, query):
        opened = sqlite3.connect(self.address) if self.address.startswith("/") else psycopg2.connect(self.address)
        cursor = opened.cursor()
        cursor.execute(query)
        rows = cursor.fetchall()
        opened.close()
        return rows

    def check(self):
        """What the verifier says: (exit code, words)."""
        anchors = self.folder / "anchors" / "checkpoints.jsonl"
        done = subprocess.run([*VERIFIER, self.address, "--anchors", anchors], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def on_sqlite(tmp_path):
    env = own(tmp_path, HEED_EMBEDDED="yes")
    subprocess.run([*MANAGE, "migrate", "-v0"], env=env, check=True)
    return Heed(str(tmp_path / "heed.sqlite3"), tmp_path, env)


@pytest.fixture
def on_postgres(postgres_url, tmp_path):
    server, name = psycopg2.connect(postgres_url), f"heed_killed_{secrets.token_hex(4)}"
    server.autocommit = True
    cursor, named = server.cursor(), sql.Identifier(name)
    cursor.execute(sql.SQL("CREATE DATABASE {}").format(named))
    address = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    env = own(tmp_path, HEED_EMBEDDED="yes", DATABASE_URL=address)
    try:
        subprocess.run([*MANAGE, "migrate", "-v0"], env=env, check=True)
        yield Heed(address, tmp_path, env)
    finally:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))
        server.close()


def test_eight_writers_and_a_sealer_killed_every_second_lose_nothing(on_postgres, tmp_path):
    folder = tmp_path / "told"
    folder.mkdir()
    ran = on_postgres.run(f"storm(8, 500, {str(folder)!r})")

    told = [tuple(map(int, line.split())) for one in folder.iterdir() for line in one.read_text().splitlines()]
    assert (len(told), ran["failed"]) == (4_000, 0) and ran["kills"] >= 3
    sealed = on_postgres.rows("SELECT seq, rid, rev FROM trail_seal WHERE rtype = 'feedback.feedback'")
    assert Counter((rid, rev) for _seq, rid, rev in sealed) == Counter(told), "each once, and no other"
    numbers = on_postgres.rows(
        "SELECT count(*), min(seq), max(seq), (SELECT count(*) FROM trail_pending) FROM trail_seal"
    )
    [(count, first, last, pending)] = numbers
    assert (first, last, pending) == (1, count, 0)
    assert on_postgres.check()[0] == 0, on_postgres.check()[1]


def test_a_sealer_may_be_killed_before_any_of_its_statements(on_postgres):
    ran = on_postgres.run("die_at_every_statement(True)")

    assert ran["met"] == "" and ran["kills"] > 8
    assert on_postgres.check()[0] == 0, on_postgres.check()[1]


def test_control_a_sealer_without_a_transaction_leaves_what_is_found(on_postgres):
    ran = on_postgres.run("die_at_every_statement(False)")

    code, words = on_postgres.check()
    assert ran["met"] or code == 1, words


# --- The web process ----------------------------------------------------------------------------------------------


class Told(HTTPRedirectHandler):
    """A redirect is an acknowledgement, and is not followed."""

    def redirect_request(self, *args):
        return None


class Clerk(threading.Thread):
    """Posts the entry form on and on, and remembers what was acknowledged."""

    def __init__(self, number, url, at_work, facts):
        super().__init__(daemon=True)
        self.number, self.url, self.at_work, self.facts = number, url, at_work, facts
        self.told, self.unanswered, self.refused, self.is_over = [], 0, [], False

    def run(self):
        opener, number = build_opener(Told), 0
        token = "a" * 32
        headers = {"Cookie": f"sessionid={self.facts['session']}; csrftoken={token}"}
        while not self.is_over:
            number += 1
            words = f"clerk {self.number} number {number}"
            given = {
                "csrfmiddlewaretoken": token,
                "token": secrets.token_hex(16),
                "customer_name": "Halden Water",
                "customer_reference": self.facts["customer"],
                "kind": "compliment",
                "words": words,
            }
            self.at_work.set()
            try:
                opener.open(Request(self.url, urlencode(given).encode(), headers), timeout=30)
                self.refused.append(f"{words}: the form came back")
            except HTTPError as answer:
                answer.close()
                (self.told if answer.code == 302 else self.refused).append(words)
            except (URLError, OSError):
                self.unanswered += 1
                time.sleep(0.02)


@pytest.mark.parametrize("database", ["on_sqlite", "on_postgres"])
def test_every_write_that_a_killed_web_process_has_acknowledged_is_there(request, database):
    heed, port = request.getfixturevalue(database), free_port()
    facts = heed.run("prepare_for_the_web()")
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "qms.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--preload",
        "--workers",
        "2",
    ]
    command += ["--worker-class", "gthread", "--threads", "2", "--log-level", "critical", "--no-control-socket"]
    env = heed.env | {"HEED_SEAL_KEYS": "none"}
    web = subprocess.Popen(
        command, env=env, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    at_work = threading.Event()
    try:
        until(lambda: is_up(port), seconds=60)
        clerks = [Clerk(number, f"http://127.0.0.1:{port}/feedback/new/", at_work, facts) for number in range(3)]
        for clerk in clerks:
            clerk.start()
        chance, kills = random.Random(7), 0
        while kills < KILLS:
            done = acknowledged(clerks)
            until(lambda done=done: acknowledged(clerks) > done)  # the new ones have come up
            at_work.clear()
            assert at_work.wait(30), "nobody posts any more"
            time.sleep(chance.random() * 0.15)
            kills += kill_all([pid for pid, line in children(web.pid).items() if "gunicorn" in line])
        for clerk in clerks:
            clerk.is_over = True
        for clerk in clerks:
            clerk.join(60)
    finally:
        web.kill()
        web.wait()

    assert [clerk.refused for clerk in clerks] == [[], [], []]
    told = [words for clerk in clerks for words in clerk.told]
    assert len(told) >= KILLS // 2 and sum(clerk.unanswered for clerk in clerks) >= KILLS // 4, (
        "killed, and yet at work"
    )
    kept = Counter(words for (words,) in heed.rows("SELECT words FROM feedback_feedback"))
    assert set(told) <= set(kept) and set(kept.values()) == {1}
    references = sorted(int(one[-4:]) for (one,) in heed.rows("SELECT reference FROM feedback_feedback"))
    assert references == list(range(1, len(references) + 1)), "no number is lost with a process"
    subprocess.run([*MANAGE, "rollup"], env=heed.env, check=True, capture_output=True)
    assert heed.check()[0] == 0, heed.check()[1]


def acknowledged(clerks):
    return sum(len(clerk.told) for clerk in clerks)


def is_up(port):
    try:
        return get(f"http://127.0.0.1:{port}/health/")
    except OSError:
        return False


def kill_all(pids):
    killed = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    return killed
