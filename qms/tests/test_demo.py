"""Calder Instruments: the same on every machine, with the story that was planted, never in the place of real data."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.tests.makers import make_organisation, make_person
from feedback.models import Entry, Feedback
from kpis import dashboard, readings
from kpis.models import Kpi
from qms.home import quiet_key_customers
from records.periods import Period
from trail.as_of import as_of
from trail.models import Pending, Seal

UNTIL = date(2026, 11, 20)


def everything_said():
    facts = (
        "reference",
        "rev",
        "kind",
        "words",
        "received_at",
        "answered_at",
        "closed_on",
        "customer__name",
        "owner__email",
    )
    return list(Feedback.objects.order_by("reference").values_list(*facts))


def home(client, moment=None):
    """{KPI: (its latest period, figure, when that was recorded)}, the promises that wait and the words of customers."""
    response = client.get("/", {"as_of": moment} if moment else {})
    rows = {row.kpi.code: row.latest for row in response.context["rows"]}
    return (
        {code: (str(point.period), point.value, point.recorded_at) for code, point in rows.items()},
        [need.feedback.reference for need in response.context["needs"]],
        [voice.words for voice in response.context["voices"]],
    )


def the_past_is_there(client):
    """Home half a year before the end: what was known on that day, not what is known now."""
    client.force_login(User.objects.get(email="ruth@calder.example"))
    day = UNTIL - timedelta(days=183)
    then, now = home(client, day.isoformat()), home(client)
    assert home(client, day.isoformat()) == then
    assert all(one and one != other for one, other in zip(then, now, strict=True))
    figures, _needs, _words = then
    assert {"complaints-received", "acknowledged-on-time", "answered-on-time", "feedback-received"} <= figures.keys()
    for code, (period, _value, recorded_at) in figures.items():
        assert timezone.localdate(recorded_at) <= day, f"{code} was known on {recorded_at}"
        assert period in (str(Period.containing(day, "week").previous()), "2026-04"), f"{code} {period}"
    assert sum(value != now[0][code][1] for code, (_period, value, _recorded) in figures.items()) >= 3
    with as_of(timezone.make_aware(datetime.combine(day, time(12)))):
        kpis = list(Kpi.objects.in_force())
        known, counted = readings.points_of_all(kpis), readings.recounted(kpis)
        for kpi in kpis:
            assert [(point.period, point.value) for point in known[kpi.pk] if not point.is_running] == [
                (point.period, point.value) for point in counted[kpi.pk] if not point.is_running
            ]
        assert Kpi.objects.get(code="complaints-received").baseline_until is None


@pytest.mark.once  # long, and the same work on either database
@pytest.mark.django_db(transaction=True)
def test_the_demo_is_lifelike_tells_its_story_and_is_the_same_again_after_a_reset(settings, client):
    settings.EMBEDDED = True
    call_command("seed_demo", until=UNTIL, verbosity=0)
    told = everything_said()
    assert len(told) > 1_800 and Entry.objects.count() > 1_000
    assert not Pending.objects.exists() and Seal.objects.count() > 6_000
    assert not Feedback.objects.filter(received_on__gte=UNTIL).exists()
    assert not Seal.objects.filter(changed_at__gt=timezone.now()).exists()

    with timezone.override(Organisation.current().zone):
        ruth = User.objects.get(email="ruth@calder.example")
        rows = {row.kpi.code: row for row in dashboard.rows(Kpi.objects.for_dashboard(), ruth)}
        assert rows["time-to-resolve"].assurance.code == "will_keep_missing"
        judged = rows["complaints-received"]
        changed, decided = UNTIL - timedelta(days=182), UNTIL - timedelta(days=63)
        kinds = [
            (point.period.start, one.kind) for point, one in zip(judged.points, judged.analysis.points, strict=True)
        ]
        assert sum(kind == "worse" for day, kind in kinds if changed <= day < decided) >= 7, (
            "complaints after the carrier"
        )
        assert all(kind != "worse" for day, kind in kinds if day >= decided + timedelta(days=14)), "recovery"
        assert judged.kpi.notes.count() == 2
        assert "Tarn Valley Brewing" in [customer.name for customer in quiet_key_customers(ruth)]
        the_past_is_there(client)
    moments = Seal.objects.order_by("seq").values_list("changed_at", flat=True)
    founded = Organisation.current().recorded_at
    told_in_order = [moment for moment in moments if founded <= moment <= timezone.now() - timedelta(days=1)]
    assert told_in_order == sorted(told_in_order)

    with pytest.raises(CommandError, match="--reset"):
        call_command("seed_demo", until=UNTIL, verbosity=0)
    call_command("seed_demo", until=UNTIL, reset=True, verbosity=0)
    assert everything_said() == told


@pytest.mark.django_db
def test_a_database_with_people_of_ones_own_is_left_alone():
    make_organisation()
    make_person("Mira Castellan", "manager")
    with pytest.raises(CommandError, match="left alone"):
        call_command("seed_demo", reset=True)
    assert User.objects.count() == 1
