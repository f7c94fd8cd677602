"""What tests need from outside: PostgreSQL, Redis, Chromium. Absent ones are named; in CI that is a failure."""

import getpass
import os
import shutil

import pytest

POSTGRES = os.environ.get("HEED_TEST_POSTGRES", f"postgres://{getpass.getuser()}@127.0.0.1:5432/test")
REDIS = os.environ.get("HEED_TEST_REDIS", "redis://127.0.0.1:6379/9")
CHROMIUM = os.environ.get("HEED_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
IN_CI = bool(os.environ.get("HEED_CI") or os.environ.get("CI"))
# Nothing but the page under test: no telemetry, no component downloads.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def why_no_postgres():
    import psycopg2

    try:
        psycopg2.connect(POSTGRES, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        return f"PostgreSQL cannot be reached (HEED_TEST_POSTGRES): {str(error).splitlines()[0]}"
    return ""


def why_no_redis():
    import redis

    try:
        redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        return f"Redis cannot be reached (HEED_TEST_REDIS): {error}"
    return ""


def why_no_chromium():
    return "" if CHROMIUM else "Chromium is not installed (apt-get install chromium, or HEED_TEST_CHROMIUM)"


@pytest.fixture(scope="session")
def postgres_url():
    """A PostgreSQL database in which tests may make databases and roles of their own."""
    if reason := why_no_postgres():
        pytest.skip(reason)
    return POSTGRES


@pytest.fixture(scope="session")
def redis_url():
    """A Redis database that tests may empty."""
    if reason := why_no_redis():
        pytest.skip(reason)
    return REDIS


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium for every test that asks for `page`."""
    if reason := why_no_chromium():
        pytest.skip(reason)
    # Playwright keeps an event loop in this thread; Django would refuse the database to the test beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": QUIET}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    needs_services = item.get_closest_marker("service") or item.get_closest_marker("browser")
    if report.skipped and IN_CI and needs_services and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow for {item.nodeid}: {report.longrepr[2]}"
    return report


def pytest_terminal_summary(terminalreporter):
    for reason in filter(None, (why_no_postgres(), why_no_redis(), why_no_chromium())):
        terminalreporter.write_line(f"Absent: {reason}")
