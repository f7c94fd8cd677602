"""The second factor: an authenticator app and recovery codes."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.tests.makers import PASSWORD

ACTIVATE = "/accounts/2fa/app/activate/"


@pytest.fixture(autouse=True)
def _no_counts_of_earlier_tests(db):
    cache.clear()


def code_for(secret):
    """What the app would show now."""
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def sign_in(client, person):
    return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})


@pytest.fixture
def with_app(client, aude):
    """An auditor, signed in, who has set up an app: (client, person, secret)."""
    sign_in(client, aude)
    client.get(ACTIVATE)
    again = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": ACTIVATE})
    assert again.headers["Location"] == ACTIVATE
    page = client.get(ACTIVATE).content.decode()
    secret = re.search(r'class="key">([A-Z2-7]+)<', page).group(1)
    done = client.post(ACTIVATE, {"code": code_for(secret)})
    assert done.status_code == 302, "an auditor may set up a second factor"
    return client, aude, secret


def test_setting_it_up_asks_for_the_password_again(client, mira):
    sign_in(client, mira)
    assert client.get(ACTIVATE).headers["Location"].startswith("/accounts/reauthenticate/")
    wrong = client.post("/accounts/reauthenticate/", {"password": "wrong", "next": ACTIVATE})
    assert wrong.status_code == 400 and "This is not your password." in wrong.content.decode()


def test_from_then_on_signing_in_asks_for_the_code(with_app):
    _client, aude, secret = with_app
    fresh = Client()
    assert sign_in(fresh, aude).headers["Location"] == "/accounts/2fa/authenticate/"
    assert fresh.get(reverse("accounts:preferences")).status_code == 302, "the password alone is not enough"
    wrong = fresh.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 400 and "This code is not right" in wrong.content.decode()
    cache.clear()  # the code of this minute was used to set it up
    assert fresh.post("/accounts/2fa/authenticate/", {"code": code_for(secret)}).status_code == 302
    assert fresh.get(reverse("accounts:preferences")).status_code == 200


def test_a_recovery_code_lets_in_once(with_app):
    client, aude, _secret = with_app
    codes = re.findall(r"<code>([^<]+)</code>", client.get("/accounts/2fa/recovery-codes/").content.decode())
    assert len(codes) == 10
    for expected in (302, 400):
        fresh = Client()
        sign_in(fresh, aude)
        assert fresh.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == expected


def test_the_secret_is_not_in_clear_in_the_database(with_app):
    _client, _aude, secret = with_app
    kept = Authenticator.objects.get(type="totp")

    assert secret not in str(kept.data) and kept.wrap().instance.data["secret"].startswith("gAAAA")


@pytest.mark.django_db(transaction=True)
def test_its_owner_is_told_by_mail(with_app):
    assert "A second factor guards your Heed account" in [sent.subject for sent in mail.outbox]


def test_it_can_be_taken_away(with_app):
    client, aude, _secret = with_app
    assert client.post("/accounts/2fa/app/deactivate/").headers["Location"] == "/accounts/2fa/"

    assert not Authenticator.objects.filter(user=aude, type="totp").exists()
    assert sign_in(Client(), aude).headers["Location"] == "/"


def test_each_page_of_it_is_ours(with_app):
    client, _aude, _secret = with_app
    for path in ("", "recovery-codes/", "recovery-codes/generate/", "app/deactivate/"):
        page = client.get(f"/accounts/2fa/{path}")
        assert page.status_code == 200 and "Menu:" not in page.content.decode()
    assert client.get("/accounts/2fa/recovery-codes/download/").headers["Content-Type"].startswith("text/plain")
