"""Invitations: by mail and by link, once, for a while, for one person."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import Appointment, Invitation, Role, User
from accounts.tests.makers import make_unit

CHOSEN = {"password1": "violet anchor meadow", "password2": "violet anchor meadow"}
GIVEN = {
    "name": "Noor Haddad",
    "email": "Noor@Example.com",
    "role": "staff",
    "unit": "",
    "from_on": "2026-01-05",
    "to_on": "",
    "send_mail": "on",
}


def invite(client, **given):
    return client.post(reverse("accounts:invite"), {**GIVEN, **given})


def link_in(answer):
    return re.search(r'value="http://testserver(/accounts/invitation/[^"]+/)"', answer.content.decode()).group(1)


@pytest.fixture
def link(client, adam):
    client.force_login(adam)
    return link_in(invite(client))


def test_an_invitation_makes_a_person_with_a_role_and_is_mailed(client, adam):
    client.force_login(adam)
    service = make_unit("Service")
    answer = invite(client, unit=service.reference, to_on="2027-01-04")

    noor = User.objects.get(email="noor@example.com")
    held = Appointment.objects.get(user=noor)
    assert (held.role, held.unit, held.recorded_by, held.verb) == ("staff", service, adam, "appointed")
    assert not noor.has_usable_password() and noor.is_invited
    assert mail.outbox[0].to == ["noor@example.com"] and link_in(answer) in mail.outbox[0].body
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_without_mail_the_link_is_shown_to_pass_on(client, adam):
    client.force_login(adam)
    answer = invite(client, send_mail="")

    assert answer.status_code == 200 and link_in(answer) and not mail.outbox


def test_a_mail_server_that_is_down_is_said_and_the_link_shown(client, adam, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    client.force_login(adam)
    answer = invite(client)

    assert "The mail could not be sent" in answer.content.decode() and link_in(answer)


def test_the_token_is_256_bits_and_only_its_hash_is_kept(link):
    token = link.split("/")[-2]
    kept = Invitation.objects.get()

    assert len(token) == 43 and token not in str(vars(kept))


def test_the_token_leaves_the_address_before_anything_is_shown(link):
    visitor = Client()
    answer = visitor.get(link)

    assert answer.headers["Location"] == "/accounts/invitation/"
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "no-store" in answer.headers["Cache-Control"]
    assert "Welcome, Noor Haddad" in visitor.get("/accounts/invitation/").content.decode()


def test_looking_uses_nothing_up_and_joining_signs_in(link):
    for _scanner in range(3):
        Client().get(link, follow=True)
    visitor = Client()
    visitor.get(link)
    answer = visitor.post("/accounts/invitation/", CHOSEN)

    assert answer.status_code == 302
    assert visitor.get(reverse("accounts:preferences")).status_code == 200
    assert User.objects.get(email="noor@example.com").check_password(CHOSEN["password1"])


def test_it_serves_once(link):
    first, second = Client(), Client()
    first.get(link)
    second.get(link)
    assert first.post("/accounts/invitation/", CHOSEN).status_code == 302
    assert second.post("/accounts/invitation/", CHOSEN).status_code == 410
    assert Client().get(link, follow=True).status_code == 410


def test_it_runs_out_after_14_days(link):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = Client().get(link, follow=True)
    assert answer.status_code == 410 and "older than 14 days" in answer.content.decode()


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.swapcase(), lambda t: "x"])
def test_a_changed_link_opens_nothing(link, change):
    token = link.split("/")[-2]

    assert Client().get(link.replace(token, change(token)), follow=True).status_code == 410


def test_the_page_without_a_link_opens_nothing(organisation):
    assert Client().get("/accounts/invitation/").status_code == 410
    assert Client().post("/accounts/invitation/", CHOSEN).status_code == 410


@pytest.mark.parametrize("wrong", [{"password2": "other words here"}, {"password1": "short", "password2": "short"}])
def test_a_weak_or_mistyped_password_is_refused_and_nothing_used_up(link, wrong):
    visitor = Client()
    visitor.get(link)

    assert visitor.post("/accounts/invitation/", CHOSEN | wrong).status_code == 400
    assert visitor.post("/accounts/invitation/", CHOSEN).status_code == 302


def test_a_new_link_ends_the_earlier_one(client, link):
    noor = User.objects.get(email="noor@example.com")
    newer = link_in(client.post(reverse("accounts:invite_again", args=[noor.pk]), {"send_mail": "on"}))

    assert Client().get(link, follow=True).status_code == 410
    assert Client().get(newer, follow=True).status_code == 200
    assert newer in mail.outbox[-1].body


def test_who_has_joined_is_not_invited_again(client, link):
    visitor = Client()
    visitor.get(link)
    visitor.post("/accounts/invitation/", CHOSEN)
    noor = User.objects.get(email="noor@example.com")

    assert client.post(reverse("accounts:invite_again", args=[noor.pk])).status_code == 302
    assert not Invitation.objects.open(timezone.now()).exists()


def test_a_deactivated_person_does_not_get_in_by_an_open_invitation(client, adam, link):
    services.deactivate(by=adam, person=User.objects.get(email="noor@example.com"), reason="Did not come")

    assert Client().get(link, follow=True).status_code == 410


def test_an_invited_person_cannot_sign_in_without_a_password(link):
    for typed in ("", "x", "!"):
        assert Client().post("/accounts/login/", {"login": "noor@example.com", "password": typed}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Name is missing."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"role": ""}, "Role is missing."),
        ({"role": "king"}, "Select a valid choice"),
        ({"unit": "UN-2026-9999"}, "Select a valid choice"),
        ({"from_on": "2025-02-29"}, "Enter a valid date"),
        ({"to_on": "2025-01-01"}, "The last day cannot be before the first."),
        ({"name": "N\x00oor"}, "NUL character"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_made(client, adam, wrong, words):
    client.force_login(adam)
    answer = invite(client, **wrong)

    assert answer.status_code == 400 and words in answer.content.decode()
    assert not User.objects.filter(email="noor@example.com").exists() and not mail.outbox


def test_a_role_for_the_whole_firm_takes_no_unit(client, adam):
    client.force_login(adam)
    answer = invite(client, role=Role.TOP_MANAGEMENT, unit=make_unit().reference)

    assert answer.status_code == 400 and "held for the whole firm" in answer.content.decode()


def test_an_address_that_is_registered_is_not_invited_twice(client, link):
    answer = invite(client, email="NOOR@example.com")

    assert answer.status_code == 400 and "registered with this e-mail already" in answer.content.decode()
