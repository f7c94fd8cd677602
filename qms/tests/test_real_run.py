"""The main job as a newcomer does it: `up` with a real worker, real complaint files through the browser, figures that
equal an independent count, and the worker killed on the way. On SQLite, and on PostgreSQL with Redis.
"""

import csv
import json
import os
import signal
import statistics
import subprocess
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit

import pytest

from qms.tests.test_operations import MANAGE, Watched, children, free_port, own, until

PASSWORD = "correct horse battery"
CFPB = "cfpb_14col.csv"
CASES = "ny_constituent_cases_NYCC03.csv"


class Site:
    """A running Heed of its own, its processes and what its commands say."""

    def __init__(self, address, process, env, log):
        self.address, self.process, self.env, self.log = address, process, env, log

    def kill_worker(self):
        """SIGKILL the worker and its pool, as the kernel does when memory runs out."""
        for pid in until(self.workers):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def workers(self):
        return [pid for pid, command in children(self.process.pid).items() if " worker " in f"{command} "]

    def readings(self, code, *more):
        command = [*MANAGE, "readings", "--kpi", code, "--from", "2011-01-01", "--to", "2026-11-30", *more]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return {one["period"]: one for one in json.loads(done.stdout) if not one["gap"]}

    def is_folded_in(self):
        done = subprocess.run([*MANAGE, "rollup"], env=self.env, capture_output=True, text=True, timeout=120)
        return done.returncode == 0


@contextmanager
def running(env, folder):
    port = free_port()
    screen = folder / "screen"
    with screen.open("w") as out:
        process = subprocess.Popen(
            [*MANAGE, "up", "--prepare", "--demo", "no", "--port", str(port)],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env=env,
        )
    heed = Watched(process, folder / "var" / "log" / "heed.log")
    try:
        until(lambda: " up     | ready" in heed.text or process.poll(), seconds=90)
        assert process.poll() is None, screen.read_text()
        yield Site(f"http://127.0.0.1:{port}", process, env, heed)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(params=["sqlite", "postgres"])
def site(request, tmp_path):
    env = own(tmp_path / "var", HEED_EMBEDDED="yes")
    if request.param == "sqlite":
        with running(env, tmp_path) as one:
            yield one
        return
    import psycopg2

    address, redis_url = request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url")
    server = psycopg2.connect(address)
    server.autocommit = True
    name = f"heed_real_{os.getpid()}"
    with server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    env |= {"DATABASE_URL": urlsplit(address)._replace(path=f"/{name}").geturl(), "CELERY_BROKER_URL": redis_url}
    try:
        with running(env, tmp_path) as one:
            yield one
    finally:
        with server.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.close()


def set_up(page, site):
    page.goto(site.address)
    page.fill("[name=organisation_name]", "Acme Audit")
    page.fill("[name=name]", "Ada Admin")
    page.fill("[name=email]", "ada@acme.example")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/organisation/**")


def import_file(page, site, file, source, kills=0):
    """Upload, take the columns as guessed, check and import, killing the worker `kills` times while it writes."""
    page.goto(f"{site.address}/imports/new/")
    page.set_input_files("main input[type=file]", str(file))
    page.fill("[name=source]", source)
    page.click("main button[type=submit]")
    page.wait_for_selector("text=Which column holds what?")
    page.select_option("[name=for-all-kind]", "complaint")
    address = page.url
    page.click("text=Check every row")
    wait_for(page, address, "Checked; nothing is imported yet")
    checked = page.inner_text("main")
    page.click("main button:has-text('Import ')")
    for _number in range(kills):
        page.wait_for_timeout(700)
        site.kill_worker()
    wait_for(page, address, "records imported")
    return checked, page.inner_text("main")


def wait_for(page, address, words):
    """Come back to the page until it says so: an import may be left and found again."""

    def said():
        page.wait_for_timeout(500)
        page.goto(address)
        return words in page.inner_text("main")

    until(said, seconds=120)


def day_of(text, form):
    return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no time zone)


def months(rows, column, form):
    return Counter(day_of(row[column], form).strftime("%Y-%m") for row in rows)


@pytest.mark.shared
@pytest.mark.service
@pytest.mark.browser
def test_real_files_become_figures_that_equal_an_independent_count(site, page, shared):
    page.set_default_timeout(30_000)
    set_up(page, site)

    with (shared / "data/datasets" / CFPB).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    rows = [dict(cells) for cells in dict.fromkeys(tuple(line.items()) for line in lines)]
    checked, done = import_file(page, site, shared / "data/datasets" / CFPB, "CFPB", kills=1)
    assert "11 exact duplicates" in checked and "3,175, 6 of them with a warning" in checked
    assert "3,175 records imported" in done
    until(site.is_folded_in)

    received = months(rows, "Date received", "%m/%d/%Y")
    timely = months([row for row in rows if row["Timely response?"] == "Yes"], "Date received", "%m/%d/%Y")
    assert {period: one["n"] for period, one in site.readings("complaints-received").items()} == received
    stated = site.readings("stated-on-time")
    assert {period: (one["numerator"], one["denominator"]) for period, one in stated.items()} == {
        period: (timely[period], n) for period, n in received.items()
    }
    page.goto(f"{site.address}/feedback/?count=exact")
    assert "of 3,175" in page.inner_text("main")
    mortgages = months([row for row in rows if row["Product"] == "Mortgage"], "Date received", "%m/%d/%Y")
    page.goto(f"{site.address}/products/?q=Mortgage")
    product = page.get_by_role("link", name="Mortgage", exact=True).get_attribute("href")
    reference = product.rstrip("/").rsplit("/", 1)[1]
    sliced = site.readings("feedback-received", "--product", reference)
    assert {period: one["n"] for period, one in sliced.items()} == mortgages
    page.goto(f"{site.address}/kpis/complaints-received/?view=table")
    assert page.locator("tbody tr", has_text="no data").count() > 20, "months without a record are gaps"

    page.goto(f"{site.address}/imports/new/")
    page.set_input_files("main input[type=file]", str(shared / "data/datasets" / CFPB))
    page.click("main button[type=submit]")
    assert "IM-2026-0001" in page.inner_text("main"), "the same file is refused with a link to the first"

    with (shared / "data/datasets" / CASES).open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    _checked, done = import_file(page, site, shared / "data/datasets" / CASES, "NYCC03", kills=1)
    assert "12,171 records imported" in done
    until(site.is_folded_in)
    page.goto(f"{site.address}/feedback/?import=IM-2026-0002&state=open&count=exact")
    assert "of 64" in page.inner_text("main")
    days = defaultdict(list)
    for case in cases:
        if case["closedate"]:
            opened, closed = (day_of(case[name][:10], "%Y-%m-%d") for name in ("opendate", "closedate"))
            if closed >= opened:
                days[closed.strftime("%Y-%m")].append((closed - opened).days)
    found = site.readings("time-to-resolve", "--import", "IM-2026-0002")
    assert {period: float(one["value"]) for period, one in found.items()} == {
        period: float(statistics.median(values)) for period, values in days.items()
    }
