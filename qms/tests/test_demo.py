"""Calder Instruments: the same on every machine, with the story that was planted, never in the place of real data."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Organisation, User
from accounts.tests.makers import make_organisation, make_person
from feedback.models import Entry, Feedback
from kpis import dashboard
from kpis.models import Kpi
from qms.home import quiet_key_customers
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


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_lifelike_tells_its_story_and_is_the_same_again_after_a_reset(settings):
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
