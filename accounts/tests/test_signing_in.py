"""Signing in and out, new passwords, lock-out, and when sessions end."""

import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import services
from accounts.models import Appointment, Organisation, Role
from accounts.tests.makers import PASSWORD, appoint, make_person, make_unit
from records import jobs
from records.models import Job

LOGIN = "/accounts/login/"
NEW = "violet anchor meadow"


@pytest.fixture(autouse=True)
def _no_counts_of_earlier_tests(db):
    cache.clear()


def sign_in(client, email, password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def is_signed_in(client):
    return client.get(reverse("accounts:preferences")).status_code == 200


def test_signs_in_in_any_case_of_the_address_and_goes_where_one_was_going(client, mira):
    answer = client.post(
        LOGIN + "?next=/people/", {"login": mira.email.upper(), "password": PASSWORD, "next": "/people/"}
    )

    assert answer.headers["Location"] == "/people/"
    assert is_signed_in(client)


def test_never_leads_to_another_site(client, mira):
    answer = client.post(LOGIN, {"login": mira.email, "password": PASSWORD, "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client, mira):
    wrong = sign_in(client, mira.email, "not the password")
    unknown = sign_in(client, "nobody@example.com", "not the password")

    assert wrong.status_code == unknown.status_code == 400
    said = [re.findall(r'class="plainly">([^<]*)', answer.content.decode()) for answer in (wrong, unknown)]
    assert said == [["The e-mail or the password is not right."]] * 2


@pytest.mark.parametrize("typed", ["", "no address", "a\x00b@example.com", "x" * 300 + "@example.com"])
def test_bad_input_is_answered_400(client, organisation, typed):
    assert sign_in(client, typed).status_code == 400


def test_an_administrator_without_figures_goes_to_people(client, adam):
    assert sign_in(client, adam.email).headers["Location"] == reverse("accounts:people")


def test_a_person_without_any_role_sees_their_preferences(client, organisation):
    nobody = make_person("Noel Body")

    assert sign_in(client, nobody.email).headers["Location"] == reverse("accounts:preferences")
    assert "None: you see only this page." in client.get(reverse("accounts:preferences")).content.decode()


def test_too_many_failures_lock_out_and_the_page_says_until_when(client, mira):
    for _attempt in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, mira.email, "wrong").status_code == 400
    locked = sign_in(client, mira.email, "wrong")

    assert locked.status_code == 429
    until = timezone.localtime(timezone.now() + timedelta(minutes=15), Organisation.current().zone)
    text = locked.content.decode()
    assert "Try again after" in text
    assert any(f"{until - timedelta(minutes=early):%H:%M}" in text for early in (0, 1))
    assert 0 < int(locked.headers["Retry-After"]) <= 900
    # The right password does not help now, whatever its letters' case, and does not move the moment.
    assert sign_in(client, mira.email.upper()).status_code == 429
    assert not is_signed_in(client)


def test_others_are_not_locked_out_with_one(client, mira, stefan):
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, mira.email, "wrong")

    assert sign_in(Client(), stefan.email).status_code == 302


def test_signing_in_forgets_earlier_failures(client, mira):
    for _attempt in range(settings.AXES_FAILURE_LIMIT - 1):
        sign_in(client, mira.email, "wrong")
    sign_in(client, mira.email)
    client.post("/accounts/logout/")

    assert sign_in(client, mira.email, "wrong").status_code == 400


def test_signing_out_is_a_post(client, mira):
    client.force_login(mira)
    assert client.get("/accounts/logout/").status_code == 200 and is_signed_in(client)
    assert client.post("/accounts/logout/").headers["Location"] == LOGIN
    assert not is_signed_in(client)


# A new password


def reset_link(client, email, capture):
    with capture(execute=False):
        asked = client.post("/accounts/password/reset/", {"email": email})
    assert asked.status_code == 302 and asked.headers["Location"] == "/accounts/password/reset/done/"
    jobs.run_due()
    return re.search(r"http://testserver(\S+)", mail.outbox[-1].body).group(1) if mail.outbox else ""


def test_a_new_password_by_mail_and_old_sessions_end(client, mira, django_capture_on_commit_callbacks):
    elsewhere = Client()
    elsewhere.force_login(mira)
    link = reset_link(client, mira.email.upper(), django_capture_on_commit_callbacks)

    form = client.get(link)
    assert form.headers["Location"].endswith("set-password/"), "the key leaves the address"
    page = client.get(form.headers["Location"])
    assert page.status_code == 200
    assert client.post(form.headers["Location"], {"password1": "short", "password2": "short"}).status_code == 400
    done = client.post(form.headers["Location"], {"password1": NEW, "password2": NEW})
    assert done.headers["Location"] == "/accounts/password/reset/key/done/"

    assert sign_in(client, mira.email, NEW).status_code == 302
    assert not is_signed_in(elsewhere)
    assert Client().get(link).status_code == 410, "the link works once"
    assert mail.outbox[-1].subject == "Your Heed password was set anew"


def test_asking_for_a_new_password_tells_nobody_who_has_an_account(client, mira, django_capture_on_commit_callbacks):
    assert reset_link(client, "nobody@example.com", django_capture_on_commit_callbacks) == ""
    assert not mail.outbox
    # Both ways leave a job of the same kind, so that neither answer takes longer.
    assert Job.objects.filter(kind="password reset", state="done").count() == 1


def test_deactivated_people_get_no_link(client, mira, adam, django_capture_on_commit_callbacks):
    services.deactivate(by=adam, person=mira, reason="Left")

    assert reset_link(client, mira.email, django_capture_on_commit_callbacks) == ""


def test_a_damaged_reset_link_is_gone(client, organisation):
    assert client.get("/accounts/password/reset/key/1-abc-def/").status_code == 410


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, mira):
    elsewhere = Client()
    elsewhere.force_login(mira)
    sign_in(client, mira.email)
    wrong = client.post("/accounts/password/change/", {"oldpassword": "no", "password1": NEW, "password2": NEW})
    assert wrong.status_code == 400 and "This is not your current password." in wrong.content.decode()

    done = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert done.headers["Location"] == reverse("accounts:preferences")
    assert is_signed_in(client) and not is_signed_in(elsewhere)
    assert mail.outbox[-1].subject == "Your Heed password was changed"


# Rights and sessions


def test_a_new_role_ends_the_sessions_begun_under_the_old_ones(client, stefan, adam):
    client.force_login(stefan)
    assert is_signed_in(client)
    services.appoint(by=adam, person=stefan, role=Role.MANAGER, from_on=timezone.localdate())

    assert not is_signed_in(client)
    stefan.refresh_from_db()
    client.force_login(stefan)
    assert is_signed_in(client)


def test_a_session_does_not_come_back_when_a_role_is_given_back(client, mira, adam):
    client.force_login(mira)
    held = Appointment.objects.get(user=mira)
    held.end(by=adam, on=timezone.localdate() - timedelta(days=1))
    services.appoint(by=adam, person=mira, role=Role.MANAGER, from_on=timezone.localdate())

    assert not is_signed_in(client)


def test_an_appointment_in_another_unit_ends_sessions_too(client, mira, adam):
    client.force_login(mira)
    services.appoint(by=adam, person=mira, role=Role.MANAGER, unit=make_unit(), from_on=timezone.localdate())

    assert not is_signed_in(client)


def test_a_role_ends_on_its_day_though_nobody_has_set_the_groups(organisation):
    person = make_person("Ida Interim")
    appoint(person, Role.MANAGER)
    assert person.has_perm("feedback.view_feedback")
    # Its last day passes: the groups still say otherwise until the hourly scan.
    Appointment.objects.filter(user=person).change(by=None, verb="ended", to_on=date(2021, 1, 1))
    person = type(person).objects.get(pk=person.pk)

    assert person.groups.exists() and not person.has_perm("feedback.view_feedback")


def test_deactivated_people_are_out_at_once_and_cannot_come_back_in(client, mira, adam):
    client.force_login(mira)
    services.deactivate(by=adam, person=mira, reason="Left the firm")

    assert not is_signed_in(client)
    shut = Client()
    answer = shut.post(LOGIN, {"login": mira.email, "password": PASSWORD}, follow=True)
    assert "Your access has ended" in answer.content.decode() and not is_signed_in(shut)


def test_a_session_of_before_stays_ended_after_reactivation(client, mira, adam):
    client.force_login(mira)
    services.deactivate(by=adam, person=mira, reason="Leave")
    services.reactivate(by=adam, person=mira)

    assert not is_signed_in(client)


# What there is not


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_confirm_email", "account_set_password"])
def test_nobody_signs_up_or_manages_addresses(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_pages_for_the_signed_in_lead_visitors_to_sign_in(client, organisation):
    for path in ("/accounts/password/change/", "/accounts/2fa/", "/me/", "/people/", "/accounts/2fa/app/activate/"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer.headers["Location"].startswith(LOGIN), path


def test_asking_too_often_is_answered_with_a_page_of_ours(client, mira):
    answers = [client.post("/accounts/password/reset/", {"email": mira.email}) for _time in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert "Wait a few minutes" in answers[-1].content.decode()


def test_one_account_guessed_from_many_addresses_is_slowed_down(mira):
    for number in range(30):
        Client(REMOTE_ADDR=f"10.0.0.{number}").post(LOGIN, {"login": mira.email, "password": "wrong"})
    answer = Client(REMOTE_ADDR="10.0.1.1").post(LOGIN, {"login": mira.email, "password": PASSWORD})

    assert answer.status_code == 400 and "Too many attempts to sign in" in answer.content.decode()
