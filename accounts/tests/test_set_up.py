"""First run: the organisation and its administrator are made in the browser, once."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.urls import reverse

from accounts import services
from accounts.models import Appointment, Deadline, Organisation, Role, User
from accounts.tests.makers import make_organisation
from trail.history import history_of

GIVEN = {
    "organisation_name": "Calder Instruments",
    "time_zone": "Europe/Berlin",
    "name": "Ada Lind",
    "email": "Ada@Example.com",
    "password1": "tulip harbour cobalt",
    "password2": "tulip harbour cobalt",
    "looks_after_quality": "on",
}
SETUP = "/setup/"


@pytest.mark.django_db
def test_before_set_up_every_page_leads_to_it(client):
    for path in ("/", "/people/", "/admin/", "/accounts/login/", "/no/such/page/"):
        assert client.get(path).headers["Location"] == SETUP
    assert client.get(SETUP).status_code == 200


@pytest.mark.django_db
def test_set_up_makes_the_firm_its_deadlines_and_its_first_administrator_and_signs_them_in(client):
    answer = client.post(SETUP, GIVEN)

    assert answer.status_code == 302 and answer.headers["Location"] == reverse("accounts:organisation_edit")
    firm, ada = Organisation.current(), User.objects.get()
    assert (firm.name, firm.time_zone, firm.calendar) == ("Calder Instruments", "Europe/Berlin", "DE")
    assert ada.email == "ada@example.com" and ada.check_password(GIVEN["password1"])
    assert ada.roles == {Role.ADMINISTRATOR, Role.QUALITY_MANAGER}
    assert {(d.acknowledge_days, d.answer_days) for d in Deadline.objects.all()} == {(1, 10)}
    assert Deadline.objects.count() == 3
    assert client.get(reverse("accounts:organisation")).status_code == 200


@pytest.mark.django_db
def test_set_up_is_in_the_trail_in_the_name_of_the_administrator(client):
    client.post(SETUP, GIVEN)

    ada = User.objects.get()
    for model in (Organisation, Appointment, Deadline):
        assert {version.changed_by for version in history_of(model).objects.all()} == {ada}


@pytest.mark.django_db
def test_who_does_not_look_after_quality_is_administrator_only(client):
    client.post(SETUP, {**GIVEN, "looks_after_quality": ""})

    assert User.objects.get().roles == {Role.ADMINISTRATOR}


@pytest.mark.django_db
def test_an_unknown_country_gets_no_public_holidays(client):
    client.post(SETUP, {**GIVEN, "time_zone": "UTC"})

    assert Organisation.current().calendar == "NONE"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"organisation_name": ""}, "Name of your organisation is missing."),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"email": "ada"}, "Enter a valid email address."),
        ({"password2": "something else entirely"}, "The two passwords are not the same."),
        ({"password1": "short", "password2": "short"}, "This password is too short"),
        ({"password1": "ada@example.com", "password2": "ada@example.com"}, "too similar"),
        (
            {"name": "Adelheid Lindemann", "password1": "lindemann-adelheid", "password2": "lindemann-adelheid"},
            "similar",
        ),
        ({"name": "A\x00da"}, "NUL character"),
        ({"name": "a" * 121}, "at most 120"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, wrong, words):
    answer = client.post(SETUP, {**GIVEN, **wrong})

    assert answer.status_code == 400 and words in answer.content.decode()
    assert not User.objects.exists() and Organisation.current() is None
    if "email" not in wrong:
        assert "Ada@Example.com" in answer.content.decode()


@pytest.mark.django_db
def test_once_set_up_the_page_makes_nothing_more(client):
    make_organisation()
    for answer in (client.get(SETUP), client.post(SETUP, GIVEN)):
        assert answer.status_code == 302 and answer.headers["Location"] == "/"
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_database_holds_one_organisation():
    make_organisation()
    with pytest.raises(IntegrityError):
        Organisation(name="Another").save()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_up_at_once_one_does():
    outcomes, at_once = [], threading.Barrier(2)

    def set_up(number):
        at_once.wait()
        try:
            services.set_up(
                organisation_name=f"Firm {number}",
                time_zone="UTC",
                name="Ada",
                email=f"ada{number}@example.com",
                password="tulip harbour cobalt",
                looks_after_quality=True,
            )
            outcomes.append("done")
        except (ValidationError, IntegrityError):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=set_up, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused"]
    assert Organisation.objects.count() == User.objects.count() == 1
