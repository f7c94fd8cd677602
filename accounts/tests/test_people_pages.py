"""The pages of people: who sees whom, appointments, letting go, and the last administrator."""

import threading
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import Appointment, Role, User
from accounts.tests.makers import PASSWORD, appoint, make_person, make_unit
from trail.history import history_of

TODAY = timezone.localdate


def person_url(person, page="person"):
    return reverse(f"accounts:{page}", args=[person.pk])


def text_of(answer):
    return answer.content.decode()


# Who may what

PAGES = {
    # page: (method, roles that may)
    "people": ("get", "mira tomas quinn aude adam"),
    "invite": ("get", "adam"),
    "person": ("get", "mira tomas quinn aude adam"),
    "person_edit": ("get", "adam"),
    "appoint": ("get", "adam"),
    "deactivate": ("get", "adam"),
}


@pytest.mark.parametrize("who", ["stefan", "mira", "tomas", "quinn", "aude", "adam"])
@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_for_the_roles_of_the_table(request, client, adam, page, who):
    method, roles = PAGES[page]
    client.force_login(request.getfixturevalue(who))
    args = [] if page in ("people", "invite") else [adam.pk]
    answer = getattr(client, method)(reverse(f"accounts:{page}", args=args))

    assert answer.status_code == (200 if who in roles.split() else 403)


@pytest.mark.parametrize("page", ["invite_again", "reactivate"])
def test_a_get_on_a_verb_is_refused(client, adam, stefan, page):
    client.force_login(adam)
    assert client.get(person_url(stefan, page)).status_code == 405


@pytest.mark.parametrize("pk", [999_999, 10**30])
def test_a_wrong_number_finds_nobody(client, adam, pk):
    client.force_login(adam)
    assert client.get(f"/people/{pk}/").status_code == 404


def test_a_manager_of_a_unit_sees_its_people_and_those_of_the_whole_firm(client, organisation):
    north, south = make_unit("North"), make_unit("South")
    team = make_unit("Team", parent=north)
    manager = make_person("Nina North", Role.MANAGER, north)
    below, beside = make_person("Tea Team", Role.STAFF, team), make_person("Sol South", Role.STAFF, south)
    everywhere = make_person("Ed Everywhere", Role.TOP_MANAGEMENT)
    client.force_login(manager)

    page = text_of(client.get(reverse("accounts:people")))
    assert all(person.name in page for person in (manager, below, everywhere)) and beside.name not in page
    assert client.get(person_url(below)).status_code == 200
    assert client.get(person_url(beside)).status_code == 404


def test_managers_see_roles_but_not_the_appointments_behind_them(client, mira, stefan):
    client.force_login(mira)
    page = text_of(client.get(person_url(stefan)))

    assert "Staff" in page and Appointment.objects.get(user=stefan).reference not in page


def test_the_list_finds_and_filters(client, adam, stefan, mira):
    client.force_login(adam)
    invited, _token = services.invite(by=adam, email="i@example.com", name="Ida Invited", role="staff", from_on=TODAY())
    services.deactivate(by=adam, person=mira, reason="Left")

    def named(query):
        page = text_of(client.get(reverse("accounts:people") + query))
        return {p.name for p in User.objects.all() if f">{p.name}</a>" in page}

    assert named("") == {adam.name, stefan.name, mira.name, invited.name}
    assert named("?q=stef") == {stefan.name}
    assert named("?role=administrator") == {adam.name}
    assert named("?state=invited") == {invited.name}
    assert named("?state=deactivated") == {mira.name}
    assert client.get(reverse("accounts:people") + "?state=nonsense").status_code == 400


def test_the_list_costs_the_same_however_many_people(client, adam, django_assert_max_num_queries):
    for number in range(20):
        make_person(f"Person {number}", Role.STAFF)
    client.force_login(adam)
    client.get(reverse("accounts:people"))
    with django_assert_max_num_queries(16):
        client.get(reverse("accounts:people"))


# Names and addresses


def test_a_changed_address_is_the_only_one_that_lets_in(client, adam, stefan):
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=stefan, email=stefan.email, primary=True, verified=True)
    old = stefan.email
    client.force_login(adam)
    answer = client.post(person_url(stefan, "person_edit"), {"name": "Stefan Adler-Voss", "email": "SAV@example.com"})

    assert answer.status_code == 302
    assert Client().post("/accounts/login/", {"login": old, "password": PASSWORD}).status_code == 400
    assert Client().post("/accounts/login/", {"login": "sav@example.com", "password": PASSWORD}).status_code == 302


def test_two_people_do_not_share_an_address(client, adam, stefan, mira):
    client.force_login(adam)
    answer = client.post(person_url(stefan, "person_edit"), {"name": "Stefan", "email": mira.email.upper()})

    assert answer.status_code == 400 and "registered with this e-mail already" in text_of(answer)


# Appointments


def give(client, person, **given):
    form = {"role": "manager", "unit": "", "from_on": "2026-02-01", "to_on": ""}
    return client.post(person_url(person, "appoint"), form | given)


def test_an_appointment_is_a_record_with_who_and_when(client, adam, stefan):
    client.force_login(adam)
    assert give(client, stefan, to_on="2030-12-31").status_code == 302

    made = Appointment.objects.get(user=stefan, role=Role.MANAGER)
    version = history_of(Appointment).objects.get(id=made.pk)
    assert (version.changed_by, version.verb, version.channel) == (adam, "appointed", "form")
    stefan = User.objects.get(pk=stefan.pk)
    assert stefan.has_perm("accounts.view_unit")
    assert made.reference in text_of(client.get(person_url(stefan)))


def test_nobody_holds_the_same_role_twice_at_a_time(client, adam, stefan):
    client.force_login(adam)
    assert give(client, stefan, to_on="2026-06-30").status_code == 302
    again = give(client, stefan, from_on="2026-06-29")
    assert again.status_code == 400 and "holds that role already" in text_of(again)
    assert give(client, stefan, from_on="2026-07-01").status_code == 302
    assert give(client, stefan, from_on="2026-07-01", unit=make_unit().reference).status_code == 302


def test_ending_an_appointment_takes_the_rights_and_keeps_the_record(client, adam, mira):
    client.force_login(adam)
    held = Appointment.objects.get(user=mira)
    url = reverse("accounts:appointment_end", args=[held.reference])
    yesterday = TODAY() - timedelta(days=1)
    answer = client.post(url, {"to_on": yesterday.isoformat(), "reason": "Moved on"})

    assert answer.headers["Location"] == person_url(mira)
    mira = User.objects.get(pk=mira.pk)
    assert mira.roles == set() and not mira.groups.exists()
    page = text_of(client.get(person_url(mira)))
    assert "Roles held before" in page and "Moved on" in page
    assert "over already" in text_of(client.post(url, {"to_on": TODAY().isoformat()}))


def test_an_end_before_the_beginning_is_refused(client, adam, mira):
    client.force_login(adam)
    url = reverse("accounts:appointment_end", args=[Appointment.objects.get(user=mira).reference])
    answer = client.post(url, {"to_on": "2019-12-31"})

    assert answer.status_code == 400 and "before the first" in text_of(answer)


def test_an_appointment_made_by_mistake_is_taken_back_with_a_reason(client, adam, mira):
    client.force_login(adam)
    held = Appointment.objects.get(user=mira)
    url = reverse("accounts:appointment_void", args=[held.reference])
    assert client.post(url, {"reason": ""}).status_code == 400
    assert client.post(url, {"reason": "Wrong person"}).status_code == 302

    held.refresh_from_db()
    assert held.is_voided and User.objects.get(pk=mira.pk).roles == set()


def test_ones_own_new_role_keeps_ones_session_and_ends_ones_others(client, adam):
    elsewhere = Client()
    elsewhere.force_login(adam)
    client.force_login(adam)
    give(client, adam, role="quality_manager")

    assert client.get(reverse("accounts:deadlines")).status_code == 200
    assert elsewhere.get("/me/").status_code == 302


# The last administrator


def test_the_last_administrator_cannot_be_ended_taken_back_or_deactivated(client, adam):
    client.force_login(adam)
    held = Appointment.objects.get(user=adam)
    for answer in (
        client.post(reverse("accounts:appointment_end", args=[held.reference]), {"to_on": TODAY().isoformat()}),
        client.post(reverse("accounts:appointment_void", args=[held.reference]), {"reason": "I go"}),
        client.post(person_url(adam, "deactivate"), {"reason": "I go"}),
    ):
        assert answer.status_code == 400 and "last administrator" in text_of(answer)
    adam = User.objects.get(pk=adam.pk)
    assert adam.is_active and adam.roles == {Role.ADMINISTRATOR}


def _without_password():
    invited = make_person("Una Unready", Role.ADMINISTRATOR)
    invited.set_unusable_password()
    invited.save()


def _for_a_while():
    appoint(make_person("Ike Interim"), Role.ADMINISTRATOR, to_on=date(2030, 1, 1))


def _from_later_on():
    appoint(make_person("Fay Future"), Role.ADMINISTRATOR, from_on=date(2030, 1, 1))


@pytest.mark.parametrize("make_another", [_without_password, _for_a_while, _from_later_on])
def test_an_administrator_who_cannot_stay_does_not_count(client, adam, make_another):
    make_another()
    client.force_login(adam)

    assert client.post(person_url(adam, "deactivate"), {"reason": "I go"}).status_code == 400


def test_with_another_administrator_one_may_go(client, adam):
    make_person("Berta Boss", Role.ADMINISTRATOR)
    client.force_login(adam)

    assert client.post(person_url(adam, "deactivate"), {"reason": "I go"}).status_code == 302
    assert not User.objects.get(pk=adam.pk).is_active


# Letting go


def test_letting_go_ends_roles_and_says_what_the_person_owns(client, adam, mira):
    client.force_login(adam)
    future = services.appoint(by=adam, person=mira, role=Role.TOP_MANAGEMENT, from_on=TODAY() + timedelta(days=30))
    assert client.post(person_url(mira, "deactivate"), {"reason": ""}).status_code == 400
    assert client.post(person_url(mira, "deactivate"), {"reason": "Left the firm"}).status_code == 302

    current = Appointment.objects.get(user=mira, role=Role.MANAGER)
    future.refresh_from_db()
    assert (current.to_on, current.verb, current.reason) == (TODAY(), "ended", "Left the firm")
    assert future.is_voided
    again = client.post(person_url(mira, "deactivate"), {"reason": "Twice"})
    assert again.status_code == 400 and "deactivated already" in text_of(again)


def test_who_comes_back_gets_roles_anew(client, adam, mira):
    services.deactivate(by=adam, person=mira, reason="Parental leave")
    client.force_login(adam)
    refused = give(client, mira, from_on=TODAY().isoformat())
    assert refused.status_code == 400 and "Reactivate this person first" in text_of(refused)
    assert client.post(person_url(mira, "reactivate")).status_code == 302
    assert give(client, mira, from_on=TODAY().isoformat()).status_code == 302

    assert User.objects.get(pk=mira.pk).has_role(Role.MANAGER)
    assert client.post(person_url(mira, "reactivate")).status_code == 302


# Preferences and auditors


def test_everybody_has_preferences_auditors_too(client, aude):
    client.force_login(aude)
    form = {"name": "Aude M.", "theme": "dark", "density": "compact"}
    assert client.post("/me/", form).headers["Location"] == "/me/"

    aude.refresh_from_db()
    assert (aude.name, aude.theme, aude.density, aude.shortcuts_on) == ("Aude M.", "dark", "compact", False)
    page = text_of(client.get("/me/"))
    assert 'data-theme="dark"' in page and 'data-shortcuts="off"' in page


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"name": ""}, {"name": "A\x00"}, {"density": "tight"}])
def test_a_preference_that_there_is_not_is_refused(client, mira, wrong):
    client.force_login(mira)
    answer = client.post("/me/", {"name": "Mira", "theme": "", "density": "", **wrong})

    assert answer.status_code == 400
    mira.refresh_from_db()
    assert mira.name == "Mira Castellan"


def test_nobody_sets_more_about_themselves_than_the_form_asks(client, stefan):
    client.force_login(stefan)
    client.post("/me/", {"name": "Stefan", "theme": "", "density": "", "email": "new@example.com", "is_active": ""})

    stefan.refresh_from_db()
    assert stefan.email != "new@example.com" and stefan.is_active


def test_auditors_post_nothing_but_their_own_account(client, aude, stefan):
    client.force_login(aude)
    for path in (
        reverse("accounts:invite"),
        person_url(stefan, "deactivate"),
        reverse("accounts:organisation_edit"),
        reverse("accounts:unit_create"),
        "/admin/accounts/unit/",
        "/notifications/",
    ):
        assert client.post(path).status_code == 403, path
    assert client.post("/accounts/password/change/", {"oldpassword": "no"}).status_code == 400
    assert client.post("/accounts/logout/").status_code == 302


def test_an_auditor_of_one_unit_sees_that_unit(client, organisation):
    north, south = make_unit("North"), make_unit("South")
    auditor = make_person("Olga Outside", Role.AUDITOR, north, email="olga@example.com")
    mine, other = make_person("Nick North", Role.STAFF, north), make_person("Sol South", Role.STAFF, south)
    client.force_login(auditor)

    assert client.get(person_url(mine)).status_code == 200
    assert client.get(person_url(other)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_end_each_other_one_stays(adam):
    berta = make_person("Berta Boss", Role.ADMINISTRATOR)
    outcomes, at_once = [], threading.Barrier(2)

    def end(by, whose):
        at_once.wait()
        try:
            Appointment.objects.get(user=whose).end(by=by, on=TODAY())
            outcomes.append("ended")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=pair) for pair in ((adam, berta), (berta, adam))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["ended", "refused"]
    assert Appointment.objects.lasting_administrators(TODAY()).count() == 1
