"""The figures from the command line: as JSON, brought up to date, built anew, checked."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from customers.tests.makers import make_product
from feedback.tests.makers import make_complaint, make_feedback
from kpis.models import Bucket
from kpis.tests.counts import folded, kept, recounted
from trail.models import Pending

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_zone_is_left_as_it_was():
    yield
    timezone.deactivate()


def told(capsys, *arguments, first="2026-01-01", last="2026-03-31", kpi="complaints-received"):
    call_command("readings", "--kpi", kpi, "--from", first, "--to", last, *arguments)
    return json.loads(capsys.readouterr().out)


def test_readings_are_told_by_period_with_gaps(capsys, organisation):
    make_feedback(received_on=date(2026, 1, 5))
    make_complaint(received_on=date(2026, 3, 5), is_historic=True)
    folded()
    january, february, march = told(capsys)
    assert (january["period"], january["start"], january["end"]) == ("2026-01", "2026-01-01", "2026-02-01")
    assert (january["value"], january["gap"]) == (0, False)
    assert february == {
        "period": "2026-02", "start": "2026-02-01", "end": "2026-03-01", "value": None, "numerator": None,
        "denominator": None, "n": 0, "gap": True, "final": False, "revision": None, "recorded_at": None,
    }  # fmt: skip
    assert (march["value"], march["n"], march["revision"], march["final"]) == (1, 1, 1, False)
    assert timezone.datetime.fromisoformat(march["recorded_at"]) <= timezone.now()


def test_a_share_is_told_as_the_number_it_is(capsys, organisation):
    for stated in (True, True, False):
        make_feedback(stated_timely=stated)
    folded()
    (march,) = told(capsys, first="2026-03-10", last="2026-03-11", kpi="stated-on-time")
    assert (march["value"], march["numerator"], march["denominator"]) == (66.666667, 2, 3)


def test_periods_that_have_not_begun_are_not_told(capsys, organisation):
    today = timezone.localdate()
    months = told(capsys, first=today.isoformat(), last="2200-12-31")
    assert [month["period"] for month in months] == [f"{today:%Y-%m}"]


def test_readings_of_a_part_and_as_they_were_known(capsys, organisation):
    product = make_product()
    make_feedback(product=product)
    folded()
    known = timezone.localtime()
    make_feedback()
    folded()
    feedback = {"kpi": "feedback-received", "first": "2026-03-01"}
    assert [one["value"] for one in told(capsys, **feedback)] == [2]
    assert [one["value"] for one in told(capsys, "--product", product.reference, **feedback)] == [1]
    assert [one["value"] for one in told(capsys, "--as-of", known.isoformat(), **feedback)] == [1]
    assert [one["value"] for one in told(capsys, "--as-of", f"{known:%Y-%m-%d}", **feedback)] == [2]
    assert [one["value"] for one in told(capsys, "--as-of", "2026-04-01T12:00", **feedback)] == [None]
    make_feedback(product=product)
    folded()
    part = ["--product", product.reference]
    assert [one["value"] for one in told(capsys, *part, **feedback)] == [2]
    assert [one["value"] for one in told(capsys, *part, "--as-of", known.isoformat(), **feedback)] == [1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kpi": "no-such-kpi"}, "There is no KPI 'no-such-kpi'. There are: acknowledged-on-time"),
        ({"first": "2025-02-29"}, "--from 2025-02-29: that is not a day"),
        ({"last": "yesterday"}, "--to yesterday: that is not a day"),
        ({"first": "0001-01-01"}, "from 1900 to 2200"),
        ({"first": "2026-05-01"}, "lies after"),
        ({"more": ["--as-of", "soon"]}, "that is not a moment"),
        ({"more": ["--as-of", "9999-12-31"]}, "that is not a moment"),
        ({"more": ["--product", "PR-1999-0001"]}, "PR-1999-0001"),
        ({"more": ["--product", "PR-1999-0001", "--customer", "CU-1999-0001"]}, "One part at a time"),
        ({"more": ["--came-by", "pigeon"]}, "pigeon"),
    ],
)
def test_what_cannot_be_told_is_said_in_words(capsys, organisation, arguments, words):
    more = arguments.pop("more", [])
    with pytest.raises(CommandError) as refused:
        told(capsys, *more, **arguments)
    assert words in str(refused.value)
    assert refused.value.returncode == 1


def test_rolling_up_seals_and_folds_in(capsys, organisation):
    call_command("rollup")
    capsys.readouterr()
    make_feedback()
    waiting = Pending.objects.count()
    call_command("rollup")
    assert capsys.readouterr().out == f"{waiting} versions sealed, {waiting} folded in.\n"
    assert kept() == recounted() != {}


def test_a_rebuild_and_a_check(capsys, organisation, adam):
    make_feedback()
    call_command("rollup", "--rebuild")
    assert kept() == recounted() != {}
    call_command("rollup", "--check")
    assert "Every figure is what its records give." in capsys.readouterr().out
    Bucket.objects.filter(part="praise").update(value=3)
    with pytest.raises(CommandError, match="7 figures differ") as found:
        call_command("rollup", "--check")
    assert found.value.returncode == 1
    assert adam.notifications.count() == 1
    call_command("rollup", "--rebuild")
    call_command("rollup", "--check")
