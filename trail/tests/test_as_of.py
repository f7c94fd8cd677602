"""Moments of the past: how they are written, and where they hold."""

import random
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from trail.as_of import PastIsReadOnly, as_of, moment, must_be_present, now, parsed, present, today

MARCH = datetime(2026, 3, 31, 12, tzinfo=UTC)
BEFORE = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def in_london():
    with timezone.override(ZoneInfo("Europe/London")):
        yield


def test_a_day_means_its_end_where_the_page_is_read(in_london):
    assert parsed("2026-01-31") == datetime(2026, 1, 31, 23, 59, 59, 999999, UTC)
    assert parsed("2026-03-31") == datetime(2026, 3, 31, 22, 59, 59, 999999, UTC)
    assert parsed(" 2026-01-31 ") == parsed("2026-01-31")


def test_a_moment_is_read_on_the_readers_clock_unless_it_names_another(in_london):
    assert parsed("2026-03-31T14:30") == datetime(2026, 3, 31, 13, 30, tzinfo=UTC)
    assert parsed("2026-03-31T14:30:15.25") == datetime(2026, 3, 31, 13, 30, 15, 250_000, UTC)
    assert parsed("2026-03-31T14:30Z") == parsed("2026-03-31T16:30+02:00") == datetime(2026, 3, 31, 14, 30, tzinfo=UTC)


def test_today_means_now(in_london):
    before = timezone.now()
    assert before <= parsed(timezone.localdate().isoformat()) <= timezone.now()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "31.03.2026",
        "2026-3-31",
        "20260331",
        "2026-W14-2",
        "2026-03-31T25:00",
        "2026-03-31 14:30",
        "2026-03-31T14:30+99:00",
        "0000-01-01",
        "٢٠٢٦-٠٣-٣١",
        "2026-03-31\n2",
        "-2026-03-31",
    ],
)
def test_what_is_no_day_is_refused_with_how_to_write_it(in_london, text):
    with pytest.raises(ValidationError) as fault:
        parsed(text)
    assert "2026-03-31" in " ".join(fault.value.messages)


def test_days_to_come_and_days_before_all_memory_are_refused(in_london):
    tomorrow = timezone.localdate() + timedelta(days=1)
    for text in (tomorrow.isoformat(), "9999-12-31", "9999-12-31T23:59-14:00", "1899-12-31", "0001-01-01T00:00+14:00"):
        with pytest.raises(ValidationError):
            parsed(text)


def test_whatever_is_typed_is_a_moment_gone_by_or_refused_in_words(in_london):
    chance = random.Random(5)
    alphabet = "0123456789-:TZ+. \t'\"%<>é٣"
    for _time in range(4_000):
        text = list("2026-03-31T14:30:00.5Z"[: chance.randrange(23)])
        for _change in range(chance.randrange(4)):
            place = chance.randrange(len(text) + 1)
            text[place : place + chance.randrange(2)] = chance.choice(alphabet)
        try:
            at = parsed("".join(text))
        except ValidationError as fault:
            assert fault.messages[0].endswith(".")
        else:
            assert at.utcoffset() == timedelta(0)
            assert 1900 <= at.year
            assert at <= timezone.now()


def test_outside_it_is_the_present(in_london):
    assert moment() is None
    assert abs(now() - timezone.now()) < timedelta(seconds=5)
    assert today() == timezone.localdate()
    must_be_present()


@pytest.mark.django_db
def test_moments_nest_and_end_where_they_began(in_london):
    wrappers = list(connection.execute_wrappers)
    with as_of(MARCH):
        assert (moment(), now(), today().isoformat()) == (MARCH, MARCH, "2026-03-31")
        with as_of(BEFORE):
            assert moment() == BEFORE
            with present():
                assert moment() is None
                must_be_present()
                with as_of(MARCH):
                    assert moment() == MARCH
            assert moment() == BEFORE
        with pytest.raises(PastIsReadOnly):
            must_be_present()
    assert moment() is None
    assert connection.execute_wrappers == wrappers


@pytest.mark.django_db
def test_a_fault_inside_leaves_nothing_behind():
    wrappers, features = list(connection.execute_wrappers), dict(vars(connection.features))
    with pytest.raises(ZeroDivisionError), as_of(MARCH), as_of(BEFORE):
        raise ZeroDivisionError
    assert moment() is None
    assert connection.execute_wrappers == wrappers
    assert connection.features.allows_group_by_selected_pks == type(connection.features).allows_group_by_selected_pks
    assert vars(connection.features).keys() - features.keys() <= {"allows_group_by_selected_pks"}


@pytest.mark.django_db
def test_another_thread_is_in_the_present():
    seen = []
    with as_of(MARCH):
        thread = threading.Thread(target=lambda: seen.append((moment(), list(connection.execute_wrappers))))
        thread.start()
        thread.join()
    assert seen == [(None, [])]
