"""Running Heed: the supervisor, the health pages, the doctor, what production refuses."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from qms import supervisor
from qms.management.commands import up
from trail.models import Verification

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
TALKER = [sys.executable, "-uc", "import os, time; print('here', os.getpid()); time.sleep(600)"]
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
STUBBORN = [sys.executable, "-uc", DEAF + TALKER[2]]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def alive(pid):
    """Whether the process lives; one that has ended and waits to be noticed does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until(condition, seconds=30):
    """The first true value of `condition()`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s: {condition}")


class Watched:
    """A supervisor under test, with its log as it grows."""

    def __init__(self, process, log):
        self.process, self.log = process, log

    @property
    def text(self):
        return self.log.read_text() if self.log.exists() else ""

    def pids(self, name):
        """Ids that the child `name` has printed of itself, oldest first."""
        lines = [line for line in self.text.splitlines() if f" {name} " in line and "| here " in line]
        return [int(line.rsplit(" ", 1)[1]) for line in lines]

    def pid(self, name, times=1):
        return until(lambda: self.pids(name)[times - 1 :])[0]


@contextmanager
def supervising(folder, **commands):
    """The supervisor over `commands` (name to argv), ended at the end whatever happened."""
    plan = [{"name": name, "command": command, "patience": 1} for name, command in commands.items()]
    start = [sys.executable, "-P", supervisor.__file__, "--port", str(free_port()), "--log-folder", str(folder)]
    process = subprocess.Popen([*start, json.dumps(plan)], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    watched = Watched(process, folder / "heed.log")
    try:
        yield watched
    finally:
        process.kill()
        process.wait()


def test_a_killed_process_is_started_again(tmp_path):
    with supervising(tmp_path, talker=TALKER) as heed:
        first = heed.pid("talker")
        os.kill(first, signal.SIGKILL)

        assert heed.pid("talker", times=2) != first
        assert "talker ended by signal 9; starting it again in 1 s" in heed.text


def test_a_process_that_keeps_falling_waits_twice_as_long_each_time(tmp_path):
    with supervising(tmp_path, broken=[sys.executable, "-c", "raise SystemExit(3)"]) as heed:
        until(lambda: "in 4 s" in heed.text)

        waits = [line.rsplit("in ", 1)[1] for line in heed.text.splitlines() if "ended with code 3" in line]
        assert waits == ["1 s", "2 s", "4 s"]


def test_a_process_that_ran_long_enough_starts_again_at_once():
    child = supervisor.Child("web", [], patience=1)

    assert [child.fell(now) for now in (1, 2, 3)] == [1, 2, 4]
    child.started_at = 100
    assert child.fell(100 + supervisor.STEADY_AFTER) == 0


def test_stopping_goes_in_order_and_leaves_nobody_behind(tmp_path):
    with supervising(tmp_path, first=TALKER, second=TALKER) as heed:
        pids = [heed.pid("first"), heed.pid("second")]
        heed.process.send_signal(signal.SIGTERM)

        assert heed.process.wait(timeout=10) == 0
        assert heed.text.index("first stopped") < heed.text.index("second stopped")
        assert not any(alive(pid) for pid in pids)


def test_a_process_that_does_not_stop_is_killed_when_its_patience_ends(tmp_path):
    with supervising(tmp_path, deaf=STUBBORN) as heed:
        pid = heed.pid("deaf")
        heed.process.send_signal(signal.SIGINT)

        assert heed.process.wait(timeout=10) == 0
        assert "deaf did not stop in 1 s; killing it" in heed.text
        assert not alive(pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends children with their parent")
def test_when_the_supervisor_is_killed_its_processes_end_too(tmp_path):
    with supervising(tmp_path, talker=TALKER) as heed:
        pid = heed.pid("talker")
        heed.process.kill()

        until(lambda: not alive(pid), seconds=5)


def test_a_process_gets_the_environment_that_is_its_own(tmp_path):
    plan = [
        {"name": name, "command": [sys.executable, "-c", "import os; print(os.environ.get('OWN'))"], "patience": 1}
        for name in ("one", "two")
    ]
    plan[0]["environment"] = {"OWN": "only mine"}
    for child, said in zip([supervisor.Child(**one) for one in plan], ["only mine", "None"], strict=True):
        child.start()
        child.process.wait()
        assert child.process.stdout.read().decode().strip() == said


def test_only_the_worker_is_told_where_the_seal_key_lies():
    told = {one["name"]: one.get("environment", {}).get("HEED_SEAL_KEYS", "its folder") for one in up.plan()}
    assert told == {"web": "none", "beat": "none", "worker": "its folder"}
    units = settings.BASE_DIR / "deploy" / "systemd"
    for name in ("heed-web.service", "heed-beat.service"):
        unit = (units / name).read_text()
        assert "HEED_SEAL_KEYS=none" in unit and "InaccessiblePaths=-/var/lib/heed-seal" in unit
    assert "HEED_SEAL_KEYS=/var/lib/heed-seal" in (units / "heed-worker@.service").read_text()


def test_a_taken_port_is_said_in_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run([*MANAGE, "up", "--port", str(port)], capture_output=True, text=True, env=own(tmp_path))

    assert ran.returncode == 1
    assert ran.stderr.startswith(f"Port {port} cannot be used")
    assert f"make run PORT={port + 1}" in ran.stderr
    assert "Traceback" not in ran.stderr


def own(folder, **given):
    """An environment with its own empty folder for data."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")}
    return clean | {"HEED_VAR": str(folder), **given}


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode()


@pytest.mark.service
def test_up_serves_pages_restarts_a_killed_worker_and_stops_clean(tmp_path):
    port, var = free_port(), tmp_path / "var"
    command = [*MANAGE, "up", "--prepare", "--demo", "no", "--port", str(port)]
    started = time.monotonic()
    with open(tmp_path / "screen", "w") as screen:
        process = subprocess.Popen(command, stdout=screen, stderr=screen, stdin=subprocess.DEVNULL, env=own(var))
    heed = Watched(process, var / "log" / "heed.log")
    try:
        until(lambda: " up     | ready" in heed.text or process.poll(), seconds=60)
        assert f"http://127.0.0.1:{port}/" in (tmp_path / "screen").read_text()
        assert get(f"http://127.0.0.1:{port}/health/") == (200, "ok\n")
        assert json.loads(get(f"http://127.0.0.1:{port}/health/ready/")[1])["migrations"] == "ok"

        until(lambda: heed.text.count(" ready. [celery.apps.worker]") == 1)
        family = children(process.pid)
        worker = next(pid for pid, command in family.items() if " worker " in command)
        os.kill(worker, signal.SIGKILL)
        until(lambda: heed.text.count(" ready. [celery.apps.worker]") == 2)

        family |= children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert [pid for pid in family if alive(pid)] == []
        ends = [heed.text.index(f"{name} stopped") for name in ("web", "beat", "worker")]
        assert ends == sorted(ends)
        assert time.monotonic() - started < 120
    finally:
        process.kill()
        process.wait()


def children(pid):
    """Ids and commands of all descendants."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    found, wanted = {}, {str(pid)}
    while more := {row[0]: row[2] for row in rows if row[1] in wanted and int(row[0]) not in found}:
        found |= {int(one): command for one, command in more.items()}
        wanted = set(more)
    return found


def test_health_asks_neither_for_a_sign_in_nor_for_a_database(client):
    answer = client.get("/health/", headers={"host": "10.1.2.3"})

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]
    assert client.post("/health/").status_code == 405


@pytest.mark.django_db
def test_ready_says_what_is_well(client):
    answer = client.get("/health/ready/")

    assert answer.json()["database"] == answer.json()["broker"] == "ok"


@pytest.mark.django_db
def test_ready_is_503_and_names_the_part_that_is_not_well(client, settings, tmp_path):
    settings.CELERY_BROKER_URL = "filesystem://localhost/"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path / "gone")}

    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "failing"
    assert "gone" not in answer.content.decode()


@pytest.mark.django_db
def test_doctor_names_what_needs_attention_and_exits_with_1(capsys, organisation):
    from records.models import Job

    Job.objects.create(kind="lost", state=Job.State.DEAD)

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", no_color=True)

    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "ok     database" in said
    assert "WRONG  background work     1 failed" in said
    assert "ok     check of the trail  never done" in said


def test_doctor_says_what_the_last_check_of_the_trail_found_and_when(capsys, organisation):
    for is_sound, days, line in (
        (True, 0, "ok     check of the trail  sound on"),
        (True, 3, "WRONG  check of the trail  sound on"),
        (False, 0, "WRONG  check of the trail  2 findings on"),
    ):
        at = timezone.now() - timedelta(days=days)
        Verification.objects.all().delete()
        found = [] if is_sound else ["one", "two"]
        Verification.objects.create(began_at=at, ended_at=at, is_sound=is_sound, findings=found)
        with pytest.raises(SystemExit):
            call_command("doctor", no_color=True)
        assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DATABASE_URL": "postgres://x@127.0.0.1/x"}, "SECRET_KEY must be set to at least 32 random characters"),
        ({"SECRET_KEY": "change-me-change-me-change-me-change-me"}, "SECRET_KEY must be set"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names a file that cannot be read"),
        ({"WEB_WORKERS": "many"}, "WEB_WORKERS must be a whole number"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be one of"),
        ({"DATABASE_URL": "oracle://", "SECRET_KEY": "x4Tq" * 12}, "DATABASE_URL must begin with postgres://"),
        ({"DATABASE_URL": "no address", "SECRET_KEY": "x4Tq" * 12}, "DATABASE_URL is not an address"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path, environment, sentence):
    ran = subprocess.run(
        [*MANAGE, "up", "--port", str(free_port())], capture_output=True, text=True, env=own(tmp_path, **environment)
    )

    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr


def test_production_settings_pass_djangos_own_review(tmp_path):
    environment = own(
        tmp_path,
        HEED_EMBEDDED="no",
        SECRET_KEY="only-for-this-test-" + "x4Tq" * 12,
        ALLOWED_HOSTS="heed.example.org",
        CACHE_URL="redis://127.0.0.1:6379/1",
    )
    ran = subprocess.run(
        [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], capture_output=True, text=True, env=environment
    )

    assert ran.returncode == 0, ran.stderr
