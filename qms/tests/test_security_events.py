"""Security events: each kind by a real request, who may read them, and that no failure to keep one breaks a page."""

import json
import logging.config
import re
from datetime import date

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Role
from accounts.tests.makers import PASSWORD, appoint, make_person, make_unit
from accounts.tests.test_second_factor import ACTIVATE, code_for
from feedback.tests.makers import make_complaint
from kpis.models import Kpi
from qms import logs
from trail.context import acting_as
from trail.events import VERBS, tell
from trail.models import Pending, Seal, SecurityEvent
from trail.sealing import seal

LOGIN = "/accounts/login/"
NEW = "violet anchor meadow"


@pytest.fixture(autouse=True)
def _no_counts_of_earlier_tests(db):
    cache.clear()


@pytest.fixture
def told():
    """A function that gives the events since it was last asked: (verb, person, page, detail)."""
    seen = [0]

    def since():
        rows = list(SecurityEvent.objects.filter(pk__gt=seen[0]).order_by("pk").select_related("changed_by"))
        seen[0] = rows[-1].pk if rows else seen[0]
        return [(row.verb, row.changed_by, row.path, row.detail) for row in rows]

    return since


def sign_in(client, email, password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def test_coming_in_and_going_out(mira, told):
    client = Client(REMOTE_ADDR="192.0.2.7")
    sign_in(client, mira.email)
    client.post("/accounts/logout/")

    assert told() == [("signed in", mira, "", ""), ("signed out", mira, "", "")]
    for event in SecurityEvent.objects.all():
        assert (event.address, event.channel, len(event.request_id)) == ("192.0.2.7", "form", 32)


def test_a_wrong_password_keeps_the_address_that_was_tried_and_nobody_as_the_person(client, mira, told):
    sign_in(client, mira.email.upper(), "wrong")

    assert told() == [("sign-in refused", None, "", mira.email)]


def test_being_locked_out(client, mira, told, settings):
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, mira.email, "wrong")

    events = told()
    assert events[-2:] == [("locked out", None, "", mira.email), ("sign-in refused", None, "", mira.email)]
    assert len(events) == settings.AXES_FAILURE_LIMIT + 1


def test_guesses_that_are_not_even_looked_at(mira, told):
    for number in range(31):
        sign_in(Client(REMOTE_ADDR=f"10.0.0.{number}"), mira.email, "wrong")

    assert [verb for verb, *_rest in told()] == ["sign-in refused"] * 31


def test_who_was_let_go_is_refused(client, mira, adam, told):
    services.deactivate(by=adam, person=mira, reason="Left")
    services.reactivate(by=adam, person=mira)
    services.deactivate(by=adam, person=mira, reason="Left for good")
    page = f"/people/{mira.pk}/"
    assert told() == [
        ("person deactivated", adam, page, "Left"),
        ("person reactivated", adam, page, ""),
        ("person deactivated", adam, page, "Left for good"),
    ]
    sign_in(client, mira.email)

    assert told() == [("sign-in refused", None, "", mira.email)]


@pytest.mark.django_db(transaction=True)
def test_the_second_factor_comes_is_guessed_and_goes(client, aude, told):
    sign_in(client, aude.email)
    client.get(ACTIVATE)
    client.post("/accounts/reauthenticate/", {"password": "wrong", "next": ACTIVATE})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": ACTIVATE})
    secret = re.search(r'class="key">([A-Z2-7]+)<', client.get(ACTIVATE).content.decode()).group(1)
    client.post(ACTIVATE, {"code": code_for(secret)})
    fresh = Client()
    sign_in(fresh, aude.email)
    fresh.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/recovery-codes/generate/")
    client.post("/accounts/2fa/app/deactivate/")

    assert [(verb, person) for verb, person, *_rest in told() if verb != "opened"] == [
        ("signed in", aude),
        ("password refused", aude),
        ("second factor added", aude),
        ("code refused", aude),
        ("recovery codes renewed", aude),
        ("second factor removed", aude),
    ]


def test_passwords_are_asked_for_and_changed(client, mira, told):
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    sign_in(client, mira.email)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert told() == [
        ("new password asked for", None, "", "nobody@example.com"),
        ("signed in", mira, "", ""),
        ("password changed", mira, "", ""),
    ]


def test_people_are_invited_join_and_are_changed(client, adam, told):
    person, token = services.invite(
        by=adam, email="ida@example.com", name="Ida Interim", role=Role.STAFF, from_on=timezone.localdate()
    )
    page = f"/people/{person.pk}/"
    client.get(f"/accounts/invitation/{token}/")
    client.post("/accounts/invitation/", {"password1": NEW, "password2": NEW})
    client.force_login(adam)
    client.post(f"{page}edit/", {"name": "Ida Interim", "email": "ida.interim@example.com"})

    assert told() == [
        ("person invited", adam, page, ""),
        ("invitation accepted", person, page, ""),
        ("signed in", person, "", ""),
        ("signed in", adam, "", ""),
        ("person changed", adam, page, ""),
    ]


def test_what_signed_in_people_are_refused(client, stefan, aude, told):
    client.get("/people/")
    assert told() == [], "a visitor is led to sign in"
    client.force_login(stefan)
    assert client.get("/people/?q=Ada+Byron").status_code == 403
    assert client.get("/complaints/FB-2026-0404/").status_code == 404
    client.force_login(aude)
    assert client.post("/feedback/new/", {}).status_code == 403

    assert [event for event in told() if event[0] not in ("signed in", "signed out")] == [
        ("access refused", stefan, "/people/", "q=Ada Byron"),
        ("access refused", aude, "/feedback/new/", ""),
    ]


def test_what_an_auditor_opened_and_nobody_else(client, aude, mira, told, django_assert_num_queries):
    complaint = make_complaint(owner=mira)
    client.force_login(mira)
    client.get("/complaints/")
    client.force_login(aude)
    told()
    for page in ("/complaints/?q=Ada+Byron", complaint.get_absolute_url(), "/admin/feedback/feedback/", "/static/x"):
        client.get(page)
    client.head("/complaints/")
    again = {"hx-request": "true", "hx-current-url": "http://testserver/complaints/"}
    client.get("/complaints/", headers=again)
    client.get("/complaints/?open=no", headers=again)

    assert told() == [
        ("opened", aude, "/complaints/", "q=Ada Byron"),
        ("opened", aude, complaint.get_absolute_url(), ""),
        ("opened", aude, "/admin/feedback/feedback/", ""),
        ("opened", aude, "/complaints/", "open=no"),
    ]


def test_a_manager_who_is_an_auditor_too_is_not_followed(client, told):
    both = make_person("Bo Both", Role.MANAGER)
    appoint(both, Role.AUDITOR)
    client.force_login(both)
    told()
    client.get("/complaints/")

    assert told() == []


def test_what_is_taken_out_as_a_file_today_and_from_the_past(client, aude, mira, told):
    for _number in range(3):
        make_complaint(owner=mira)
    Kpi(code="complaints", name="Complaints", measure="complaints_received").save()
    client.force_login(aude)
    told()
    client.get("/complaints/?severity=minor&format=csv")
    b"".join(client.get("/complaints/?format=csv&as_of=2020-01-01"))
    client.get("/kpis/complaints/?format=csv")

    events = told()
    assert [event[:3] for event in events] == [
        ("exported", aude, "/complaints/"),
        ("exported", aude, "/complaints/"),
        ("exported", aude, "/kpis/complaints/"),
    ]
    counts = [re.match(r"(\d+) rows: (.*)", event[3]).groups() for event in events]
    assert counts[0][1] == "severity=minor&format=csv"
    assert counts[1] == ("0", "format=csv&as_of=2020-01-01")


def test_events_are_sealed_like_everything_else(client, mira):
    sign_in(client, mira.email)
    seal()

    assert not Pending.objects.exists()
    assert Seal.objects.get(rtype="trail.securityevent").verb == "signed in"


def test_what_does_not_fit_is_cut_and_what_cannot_be_stored_is_replaced(organisation):
    event = tell("exported", path="/" + "x" * 400, detail="a\x00b\ud800", reference="FB-2026-0001")
    event.refresh_from_db()

    assert (len(event.path), event.path[-1], event.detail) == (
        300,
        "…",
        "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}",
    )


def test_every_verb_that_is_told_can_be_filtered_by(client, quinn, told):
    for verb in VERBS:
        assert len(verb) <= 40
    client.force_login(quinn)
    page = client.get("/admin/trail/securityevent/?verb=signed+in").content.decode()

    assert "signed in" in page and quinn.name in page


@pytest.mark.parametrize(
    ("who", "status"), [("stefan", 403), ("mira", 403), ("tomas", 403), ("quinn", 200), ("aude", 200), ("adam", 200)]
)
def test_who_may_read_them(request, client, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/admin/trail/securityevent/").status_code == status


def test_an_auditor_of_one_unit_reads_what_its_people_did(client, organisation):
    unit = make_unit("Service")
    auditor, worker, other = make_person("Uma Audit"), make_person("Will Work"), make_person("Olga Other")
    appoint(other, Role.STAFF, unit=make_unit("Sales"))
    appoint(auditor, Role.AUDITOR, unit=unit)
    appoint(worker, Role.STAFF, unit=unit)
    tell("exported", user=other, path="/of-another-unit/")
    tell("exported", user=worker, path="/of-the-unit/")
    client.force_login(auditor)
    page = client.get("/admin/trail/securityevent/").content.decode()

    assert "/of-the-unit/" in page and "/of-another-unit/" not in page


@pytest.mark.django_db(transaction=True)
def test_storage_that_fails_is_logged_without_a_name_and_breaks_no_page(client, aude, settings, capsys):
    client.force_login(aude)

    def full(execute, sql, params, many, context):
        if "trail_securityevent" in sql:
            raise OperationalError(f"database or disk is full: {params}")
        return execute(sql, params, many, context)

    logging.config.dictConfig(logs.configuration("INFO", as_json=True))
    try:
        with connection.execute_wrapper(full):
            assert client.get("/complaints/?q=Ada+Byron").status_code == 200
            assert sign_in(Client(), "ada@example.com", "wrong").status_code == 400
        written = capsys.readouterr().err
    finally:
        logging.config.dictConfig(settings.LOGGING)

    lost = [json.loads(line)["event"] for line in written.splitlines() if "security event" in line]
    assert lost == [
        "a security event (opened) could not be kept: OperationalError",
        "a security event (sign-in refused) could not be kept: OperationalError",
    ]
    assert "Ada" not in written and "ada@" not in written


def test_nothing_of_a_person_stands_in_the_log(client, mira, settings, capsys):
    logging.config.dictConfig(logs.configuration("INFO", as_json=True))
    try:
        sign_in(client, mira.email, "wrong")
        sign_in(client, mira.email)
        client.get("/people/?q=Ada+Byron")
        written = capsys.readouterr().err
    finally:
        logging.config.dictConfig(settings.LOGGING)

    assert mira.email not in written and "Ada" not in written and "127.0.0.1" not in written


def test_it_is_kept_while_the_past_is_looked_at(organisation, mira):
    from trail.as_of import as_of, parsed

    with acting_as(mira, channel="form", address="192.0.2.1"), as_of(parsed("2020-01-01")):
        event = tell("exported", path="/complaints/")
    assert (event.changed_by, event.address, event.changed_at.date() > date(2020, 1, 1)) == (mira, "192.0.2.1", True)
