"""Background work, notifications and drafts in the browser."""

import json

import pytest
from django.utils import timezone

from records.drafts import MOST_FORMS, draft_of, save_draft
from records.models import Draft, Job, Notification
from records.notifying import notify

pytestmark = pytest.mark.django_db


def make_job(state="pending", **given):
    return Job.objects.create(kind="write import", state=state, **given)


# Background work


def test_only_administrators_see_background_work(client, adam, mira, quinn, aude, stefan):
    job = make_job("dead")
    for person in (mira, quinn, aude, stefan):
        client.force_login(person)
        assert client.get("/jobs/").status_code == 403
        assert client.post(f"/jobs/{job.pk}/retry/").status_code == 403
        assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 403
    client.force_login(adam)
    assert client.get("/jobs/").status_code == 200


def test_each_job_says_how_far_it_is_and_what_went_wrong(client, adam):
    make_job("running", done=500, total=12_171, message="Writing", asked_by=adam)
    make_job("dead", last_error="ValueError: <b>row 7</b>", attempts=3)
    client.force_login(adam)
    text = client.get("/jobs/").content.decode()
    for words in ("500 / 12,171", "Writing", "Adam Brandt", "attempt 3", "&lt;b&gt;row 7&lt;/b&gt;", "Failed"):
        assert words in text


def test_the_page_asks_again_by_itself_only_while_something_goes_on(client, adam):
    client.force_login(adam)
    make_job("done")
    assert "hx-trigger" not in client.get("/jobs/").content.decode()
    make_job("running")
    assert 'hx-trigger="every 5s"' in client.get("/jobs/").content.decode()
    part = client.get("/jobs/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_work_is_narrowed_to_one_state(client, adam):
    make_job("done")
    dead = make_job("dead")
    client.force_login(adam)
    assert client.get("/jobs/", {"state": "dead"}).context["jobs"] == [dead]
    assert client.get("/jobs/", {"state": "odd"}).status_code == 400
    assert client.get("/jobs/", {"page": "odd"}).status_code == 400


def test_work_is_paged(client, adam):
    for _number in range(30):
        make_job("done")
    client.force_login(adam)
    first = client.get("/jobs/")
    assert len(first.context["jobs"]) == 25
    assert len(client.get("/jobs/", {"page": first.context["page"].next}).context["jobs"]) == 5


def test_failed_work_is_retried_and_waiting_work_cancelled(client, adam):
    client.force_login(adam)
    dead, waiting = make_job("dead", attempts=3), make_job()
    assert client.post(f"/jobs/{dead.pk}/retry/")["Location"] == "/jobs/"
    assert client.post(f"/jobs/{waiting.pk}/cancel/")["Location"] == "/jobs/"
    dead.refresh_from_db()
    waiting.refresh_from_db()
    assert (dead.state, dead.attempts, waiting.state) == ("pending", 0, "cancelled")


def test_what_cannot_be_done_to_a_job_is_said(client, adam):
    client.force_login(adam)
    done = make_job("done")
    assert "can be tried again" in client.post(f"/jobs/{done.pk}/retry/", follow=True).content.decode()
    assert "has ended already" in client.post(f"/jobs/{done.pk}/cancel/", follow=True).content.decode()


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_job_that_is_none_is_404_and_a_get_405(client, adam, verb):
    client.force_login(adam)
    assert client.post(f"/jobs/999/{verb}/").status_code == 404
    assert client.post(f"/jobs/{10**30}/{verb}/").status_code == 404
    assert client.get(f"/jobs/{make_job().pk}/{verb}/").status_code == 405


def test_an_empty_page_says_what_will_stand_there(client, adam):
    client.force_login(adam)
    assert "No background work" in client.get("/jobs/").content.decode()


def test_the_page_costs_a_fixed_number_of_queries(client, adam, django_assert_num_queries):
    for _number in range(10):
        make_job("done", asked_by=adam)
    client.force_login(adam)
    client.get("/jobs/")
    with django_assert_num_queries(8):
        client.get("/jobs/")


# Notifications


def test_people_see_their_own_notifications_newest_first(client, mira, stefan):
    notify(mira, text="First")
    notify(mira, text="Second <i>")
    notify(stefan, text="Not yours")
    client.force_login(mira)
    text = client.get("/notifications/").content.decode()
    assert text.index("Second &lt;i&gt;") < text.index("First")
    assert "Not yours" not in text


def test_opening_marks_it_read_and_leads_on(client, mira):
    told = notify(mira, text="A complaint is yours", url="/customers/")
    client.force_login(mira)
    assert client.post(f"/notifications/{told.pk}/open/")["Location"] == "/customers/"
    told.refresh_from_db()
    read_at = told.read_at
    assert read_at is not None
    client.post(f"/notifications/{told.pk}/open/")
    told.refresh_from_db()
    assert told.read_at == read_at


@pytest.mark.parametrize("url", ["", "https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_notification_leads_nowhere_outside(client, mira, url):
    told = notify(mira, text="Look", url=url)
    client.force_login(mira)
    assert client.post(f"/notifications/{told.pk}/open/")["Location"] == "/notifications/"


def test_one_or_all_are_marked_as_read(client, mira, stefan):
    one, *_others = [notify(mira, text=f"Number {number}") for number in range(3)]
    notify(stefan, text="Not yours")
    client.force_login(mira)
    client.post(f"/notifications/{one.pk}/read/")
    assert mira.notifications.filter(read_at__isnull=True).count() == 2
    response = client.post("/notifications/read/", follow=True)
    assert "2 notifications are marked as read." in response.content.decode()
    assert not mira.notifications.filter(read_at__isnull=True).exists()
    assert stefan.notifications.filter(read_at__isnull=True).count() == 1
    assert client.get("/notifications/", {"unread": "yes"}).context["page"].rows == []


def test_somebody_elses_notification_is_404(client, mira, stefan):
    told = notify(stefan, text="Not yours", url="/customers/")
    client.force_login(mira)
    for verb in ("open", "read"):
        assert client.post(f"/notifications/{told.pk}/{verb}/").status_code == 404
    told.refresh_from_db()
    assert told.read_at is None


def test_reading_is_a_post(client, mira):
    told = notify(mira, text="Look")
    client.force_login(mira)
    for address in (f"/notifications/{told.pk}/open/", f"/notifications/{told.pk}/read/", "/notifications/read/"):
        assert client.get(address).status_code == 405
    assert client.post("/notifications/").status_code == 405


def test_notifications_are_paged_at_fixed_cost(client, mira, django_assert_num_queries):
    for number in range(30):
        notify(mira, text=f"Number {number}")
    client.force_login(mira)
    first = client.get("/notifications/")
    assert len(first.context["page"].rows) == 25
    assert client.get("/notifications/", {"page": "odd"}).status_code == 400
    with django_assert_num_queries(8):
        client.get("/notifications/", {"page": first.context["page"].next})


# Drafts


def post_json(client, said, form="feedback"):
    body = said if isinstance(said, (str, bytes)) else json.dumps(said)
    return client.post(f"/drafts/{form}/", body, content_type="application/json")


def test_a_draft_is_kept_replaced_and_forgotten(client, mira, stefan):
    client.force_login(mira)
    assert post_json(client, {"words": "Two meters", "kind": "complaint"}).status_code == 200
    assert post_json(client, {"words": "Two meters late", "tags": ["a", "b"]}).json()["saved_at"]
    assert draft_of(mira, "feedback") == {"words": "Two meters late", "tags": ["a", "b"]}
    assert draft_of(stefan, "feedback") == {}
    assert client.delete("/drafts/feedback/").status_code == 204
    assert client.delete("/drafts/feedback/").status_code == 204
    assert draft_of(mira, "feedback") == {}


def test_a_form_sent_as_such_is_kept_without_its_secrets(client, mira):
    client.force_login(mira)
    client.post("/drafts/feedback/", {"words": "Late", "csrfmiddlewaretoken": "x", "token": "y", "rev": "3"})
    assert draft_of(mira, "feedback") == {"words": "Late"}


@pytest.mark.parametrize(
    "said",
    [
        "{",
        "[]",
        '"words"',
        {"words": 7},
        {"words": {"deep": "er"}},
        {"words": [["a"]]},
        {"words": "a\0b"},
        '{"words": "\\ud800"}',
        "[" * 100_000,
        {"words": "x" * 33_000},
        {"a": "x" * 32_000, "b": "x" * 32_000, "c": "x"},
        b"\xff\xfe",
        "x" * 1_000_000,
    ],
)
def test_what_is_no_draft_is_refused_and_the_earlier_one_stays(client, mira, said):
    save_draft(mira, "feedback", {"words": "Earlier"})
    client.force_login(mira)
    response = post_json(client, said)
    assert response.status_code == 400
    assert response.json()["error"]
    assert draft_of(mira, "feedback") == {"words": "Earlier"}


def test_a_person_keeps_only_so_many_drafts(client, mira):
    for number in range(MOST_FORMS + 3):
        save_draft(mira, f"form-{number}", {"a": "b"})
    kept = set(Draft.objects.filter(user=mira).values_list("form", flat=True))
    assert len(kept) == MOST_FORMS
    assert "form-0" not in kept and f"form-{MOST_FORMS + 2}" in kept


def test_beginning_afresh_returns_to_the_form(client, mira):
    save_draft(mira, "customer", {"name": "Halden"})
    client.force_login(mira)
    cleared = client.post("/drafts/customer/clear/", {"next": "/customers/new/"})
    assert cleared["Location"] == "/customers/new/"
    assert not Draft.objects.exists()
    assert client.post("/drafts/customer/clear/", {"next": "https://evil.example/"}).status_code == 204


def test_drafts_take_no_get_no_auditor_and_no_long_name(client, mira, aude):
    client.force_login(mira)
    assert client.get("/drafts/feedback/").status_code == 405
    assert client.get("/drafts/feedback/clear/").status_code == 405
    assert post_json(client, {"a": "b"}, form="x" * 61).status_code == 400
    client.force_login(aude)
    assert post_json(client, {"a": "b"}).status_code == 403


def test_strangers_are_sent_to_sign_in(client, organisation):
    for address in ("/jobs/", "/notifications/", "/drafts/feedback/"):
        assert client.post(address).status_code == 302
    assert not Notification.objects.filter(read_at__lte=timezone.now()).exists()
