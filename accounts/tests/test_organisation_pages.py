"""The organisation's pages: clock and calendar, closures, deadlines, units."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.calendar import working_calendar
from accounts.models import Closure, Deadline, Organisation, Unit
from accounts.tests.makers import make_unit
from trail.history import history_of

PAGES = {
    "organisation": "mira tomas quinn aude adam",
    "organisation_edit": "adam",
    "deadlines": "quinn",
    "closure_create": "adam",
    "units": "mira tomas quinn aude adam",
    "unit_create": "quinn adam",
}


@pytest.mark.parametrize("who", ["stefan", "mira", "tomas", "quinn", "aude", "adam"])
@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_the_roles_of_the_table(request, client, page, who):
    client.force_login(request.getfixturevalue(who))

    assert client.get(reverse(f"accounts:{page}")).status_code == (200 if who in PAGES[page].split() else 403)


# Clock and calendar


def clock(**given):
    firm = Organisation.current()
    return {
        "name": firm.name,
        "time_zone": firm.time_zone,
        "country": "GB",
        "region": "ENG",
        "working_days": ["0", "1", "2", "3", "4"],
        "opens_at": "09:00",
        "closes_at": "17:00",
        "rev": firm.rev,
        **given,
    }


def change_clock(client, **given):
    return client.post(reverse("accounts:organisation_edit"), clock(**given))


def test_clock_and_calendar_are_changed_through_the_trail(client, adam):
    client.force_login(adam)
    answer = change_clock(client, time_zone="Europe/Berlin", country="DE", region="BY", working_days=["0", "5"])

    assert answer.status_code == 302
    firm = Organisation.current()
    assert (firm.time_zone, firm.calendar, firm.working_days) == ("Europe/Berlin", "DE-BY", [0, 5])
    assert history_of(Organisation).objects.latest("rev").changed_by == adam
    page = client.get(reverse("accounts:organisation")).content.decode()
    assert "Germany, Bayern" in page and "Monday, Saturday" in page
    assert working_calendar().is_working_day(date(2026, 5, 2)), "a Saturday"


def test_saving_the_proposal_as_it_stands_confirms_it_and_leads_on(client, adam):
    client.force_login(adam)
    assert change_clock(client).headers["Location"] == reverse("first_steps")
    assert Organisation.current().rev == 2
    assert change_clock(client).headers["Location"] == reverse("first_steps")
    assert change_clock(client, name="Calder").headers["Location"] == reverse("accounts:organisation")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"closes_at": "08:00"}, "Work must end after it begins."),
        ({"working_days": []}, "Working days is missing."),
        ({"working_days": ["7"]}, "Select a valid choice"),
        ({"region": "BY"}, "Choose a region of this country"),
        ({"country": "ZZ"}, "Select a valid choice"),
        ({"time_zone": "GMT+25"}, "Select a valid choice"),
        ({"opens_at": "25:00"}, "Enter a valid time"),
        ({"name": ""}, "Name is missing."),
    ],
)
def test_a_clock_that_cannot_be_is_refused(client, adam, wrong, words):
    client.force_login(adam)
    answer = change_clock(client, **wrong)

    assert answer.status_code == 400 and words in answer.content.decode()
    assert Organisation.current().rev == 1


def test_two_who_change_the_clock_at_once_lose_nothing(client, adam):
    client.force_login(adam)
    before = clock()
    firm = Organisation.current()
    firm.name = "Calder & Sons"
    firm.save(by=adam)
    answer = client.post(reverse("accounts:organisation_edit"), {**before, "opens_at": "08:00"})

    assert answer.status_code == 409 and "Calder &amp; Sons" in answer.content.decode()
    assert (
        client.post(reverse("accounts:organisation_edit"), clock(name="Calder & Sons", opens_at="08:00")).status_code
        == 302
    )
    firm = Organisation.current()
    assert (firm.name, firm.opens_at.hour) == ("Calder & Sons", 8)


# Closures


def test_a_closure_moves_promises_and_can_be_taken_back(client, adam):
    client.force_login(adam)
    day = date(2026, 11, 30)
    assert working_calendar().is_working_day(day)
    assert (
        client.post(reverse("accounts:closure_create"), {"on": "2026-11-30", "name": "Stocktaking"}).status_code == 302
    )
    assert not working_calendar().is_working_day(day)
    twice = client.post(reverse("accounts:closure_create"), {"on": "2026-11-30", "name": "Again"})
    assert twice.status_code == 400 and "a closure already" in twice.content.decode()

    closure = Closure.objects.get()
    url = reverse("accounts:closure_void", args=[closure.reference])
    assert client.get(url).status_code == 405
    assert client.post(url, {"reason": ""}).status_code == 400
    assert client.post(url, {"reason": "Moved to December"}).status_code == 302
    assert working_calendar().is_working_day(day)
    assert client.post(reverse("accounts:closure_create"), {"on": "2026-11-30", "name": "After all"}).status_code == 302


@pytest.mark.parametrize("on", ["", "2025-02-29", "1899-12-31", "9999-12-31", "tomorrow"])
def test_a_closure_needs_a_day_that_exists(client, adam, on):
    client.force_login(adam)
    assert client.post(reverse("accounts:closure_create"), {"on": on, "name": "x"}).status_code == 400


# Deadlines


def deadlines(**given):
    form = {}
    for deadline in Deadline.objects.all():
        form |= {
            f"{deadline.severity}-acknowledge_days": deadline.acknowledge_days,
            f"{deadline.severity}-answer_days": deadline.answer_days,
            f"{deadline.severity}-rev": deadline.rev,
        }
    return form | {name.replace("__", "-"): value for name, value in given.items()}


def test_the_quality_manager_sets_the_promises_of_all_severities_on_one_page(client, quinn):
    client.force_login(quinn)
    answer = client.post(reverse("accounts:deadlines"), deadlines(minor__answer_days="20", critical__answer_days="3"))

    assert answer.status_code == 302
    kept = {d.severity: (d.acknowledge_days, d.answer_days) for d in Deadline.objects.all()}
    assert kept == {"minor": (2, 20), "major": (1, 10), "critical": (1, 3)}
    assert history_of(Deadline).objects.filter(verb="changed", changed_by=quinn).exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"minor__answer_days": "-1"}, "Minor, Answer within"),
        ({"minor__answer_days": "400"}, "less than or equal to 365"),
        ({"minor__answer_days": "ten"}, "Enter a whole number."),
        ({"minor__acknowledge_days": "16"}, "before the acknowledgement"),
        ({"minor__rev": "x"}, "Enter a whole number."),
        ({"minor__answer_days": "1e308"}, "Enter a whole number."),
    ],
)
def test_a_promise_that_cannot_be_is_refused_and_nothing_is_saved(client, quinn, wrong, words):
    client.force_login(quinn)
    answer = client.post(reverse("accounts:deadlines"), deadlines(critical__answer_days="4", **wrong))

    assert answer.status_code == 400 and words in answer.content.decode()
    assert Deadline.objects.get(severity="critical").answer_days == 5


def test_two_who_set_promises_at_once_see_each_others(client, quinn):
    client.force_login(quinn)
    before = deadlines(minor__answer_days="20")
    minor = Deadline.objects.get(severity="minor")
    minor.answer_days = 12
    minor.save(by=quinn)
    answer = client.post(reverse("accounts:deadlines"), before)

    page = answer.content.decode()
    assert answer.status_code == 409 and "Somebody else changed this meanwhile" in page
    assert 'name="minor-answer_days" value="20"' in page, "what was typed stands"
    assert 'name="minor-rev" value="2"' in page, "saving again saves over the other's"
    assert client.post(reverse("accounts:deadlines"), before | {"minor-rev": "2"}).status_code == 302
    assert Deadline.objects.get(severity="minor").answer_days == 20


# Units


def test_units_form_a_tree_that_can_be_added_to_renamed_and_moved(client, adam):
    client.force_login(adam)
    new = reverse("accounts:unit_create")
    client.post(new, {"name": "North", "level": "site", "parent": ""})
    north = Unit.objects.get(name="North")
    client.post(new, {"name": "Service", "level": "department", "parent": north.reference})
    service = Unit.objects.get(name="Service")
    assert service.parent == north and service.recorded_by == adam
    edit = reverse("accounts:unit_edit", args=[service.reference])
    moved = {"name": "Customer service", "level": "department", "parent": "", "rev": service.rev}
    assert client.post(edit, moved).status_code == 302

    service.refresh_from_db()
    assert (service.name, service.parent) == ("Customer service", None)
    page = client.get(reverse("accounts:units")).content.decode()
    assert "Customer service" in page and "North" in page
    assert "Customer service" in client.get(reverse("accounts:unit", args=[service.reference])).content.decode()


def test_a_unit_cannot_stand_below_itself(client, adam):
    north = make_unit("North")
    team = make_unit("Team", parent=make_unit("Service", parent=north))
    client.force_login(adam)
    for parent in (north, team):
        answer = client.post(
            reverse("accounts:unit_edit", args=[north.reference]),
            {"name": "North", "level": "site", "parent": parent.reference, "rev": north.rev},
        )
        assert answer.status_code == 400 and "cannot belong to itself" in answer.content.decode()


def test_a_wrong_reference_finds_no_unit(client, adam):
    client.force_login(adam)
    assert client.get(reverse("accounts:unit", args=["UN-2026-9999"])).status_code == 404
    assert client.get(reverse("accounts:unit_edit", args=["nonsense"])).status_code == 404


def test_a_unit_in_the_address_is_proposed_as_the_one_above(client, adam):
    north = make_unit("North")
    client.force_login(adam)
    page = client.get(reverse("accounts:unit_create") + f"?parent={north.reference}").content.decode()

    assert f'value="{north.reference}" selected' in page
