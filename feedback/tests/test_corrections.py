"""What is closed changes only with a reason: by form, by code, many at once and in the admin site (7.5.3)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from feedback import services
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from records.models import Conflict
from trail.context import acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(mira):
    return services.close(by=mira, feedback=make_feedback(subject="Praise for the fitters"))


def url(feedback):
    return reverse("feedback:edit", args=[feedback.reference])


def typed(feedback, **given):
    return {
        "rev": feedback.rev,
        "customer_name": feedback.customer.name,
        "kind": feedback.kind,
        "words": feedback.words,
        "subject": "Praise for the fitters in Leeds",
        "received_on": feedback.received_on.isoformat(),
        **given,
    }


class TestTheModel:
    def test_a_closed_record_is_not_saved_without_a_reason(self, mira, closed):
        closed.subject = "Another subject"
        for reason in ("", "   "):
            with pytest.raises(ValidationError, match="Say why it is changed"):
                closed.save(by=mira, reason=reason)
        assert closed.rev == 2
        closed.save(by=mira, reason="The subject named the wrong firm")
        closed.refresh_from_db()
        assert (closed.rev, closed.subject) == (3, "Another subject")

    def test_not_even_when_it_is_opened_by_the_same_save(self, mira, closed):
        closed.closed_at = closed.closed_by = closed.closed_on = None
        with pytest.raises(ValidationError, match="Say why it is changed"):
            closed.save(by=mira)

    def test_whoever_acts_for_a_reason_need_not_repeat_it(self, mira, closed):
        with acting_as(mira, channel="form", reason="Merged with FB-2026-0001"):
            closed.save()
        assert closed.reason == "Merged with FB-2026-0001"

    def test_closing_itself_needs_none(self, mira):
        feedback = make_feedback()
        services.close(by=mira, feedback=feedback)
        assert Feedback.objects.get().reason == ""

    def test_what_somebody_else_closed_meanwhile_is_a_conflict(self, mira):
        feedback = make_feedback()
        services.close(by=mira, feedback=feedback)
        feedback.subject = "Seen before it was closed"
        with pytest.raises(Conflict):
            feedback.save(by=mira)

    def test_many_at_once_are_refused_when_one_of_them_is_closed(self, mira, closed):
        still_open = make_feedback()
        both = Feedback.objects.filter(pk__in=[closed.pk, still_open.pk])
        with pytest.raises(ValidationError, match="Say why it is changed"):
            both.change(by=mira, verb="handed over", owner=mira)
        assert not Feedback.objects.filter(owner=mira).exists()
        assert both.change(by=mira, verb="handed over", reason="Stefan left", owner=mira) == 2

    def test_open_ones_are_changed_without(self, mira):
        make_feedback()
        assert Feedback.objects.open().change(by=mira, verb="handed over", owner=mira) == 1

    @pytest.mark.parametrize("make", [make_feedback, make_complaint])
    def test_the_condition_and_the_property_say_the_same(self, mira, make):
        make(closed_on=date(2026, 3, 9)), make()
        for feedback in Feedback.objects.all():
            is_in = Feedback.objects.filter(Feedback.settled_when, pk=feedback.pk).exists()
            assert is_in == feedback.is_settled


class TestTheForm:
    def test_it_asks_why(self, client, mira, closed):
        client.force_login(mira)
        form = client.get(url(closed)).context["form"]
        assert form.fields["reason"].required
        assert not client.get(url(make_feedback())).context["form"].fields["reason"].required

    def test_without_a_reason_it_is_shown_again_with_what_was_typed(self, client, mira, closed):
        client.force_login(mira)
        response = client.post(url(closed), typed(closed))
        assert response.status_code == 400
        assert "Say why it is changed." in response.text
        assert "Praise for the fitters in Leeds" in response.text
        closed.refresh_from_db()
        assert closed.rev == 2

    def test_a_reason_is_kept_when_something_else_is_wrong(self, client, mira, closed):
        client.force_login(mira)
        response = client.post(url(closed), typed(closed, received_on="2026-02-30", reason="It was in Leeds"))
        assert response.status_code == 400
        assert "It was in Leeds" in response.text

    def test_with_a_reason_it_is_corrected_and_the_history_says_why(self, client, mira, closed):
        client.force_login(mira)
        assert client.post(url(closed), typed(closed, reason="It was in Leeds")).status_code == 302
        closed.refresh_from_db()
        assert (closed.subject, closed.reason) == ("Praise for the fitters in Leeds", "It was in Leeds")
        assert "It was in Leeds" in client.get(closed.get_absolute_url()).text

    def test_who_began_before_it_was_closed_is_asked_for_a_reason(self, client, mira):
        feedback = make_feedback()
        begun = typed(feedback)
        services.close(by=mira, feedback=feedback)
        client.force_login(mira)
        response = client.post(url(feedback), begun)
        assert response.status_code == 409
        assert response.context["form"].fields["reason"].required


def test_the_admin_site_asks_why_as_well(client, quinn, closed):
    client.force_login(quinn)
    path = reverse("admin:feedback_feedback_change", args=[closed.reference])
    page = client.get(path)
    sent = {"seen_rev": closed.rev, "why": "", **page.context["adminform"].form.initial}
    assert client.post(path, {name: value for name, value in sent.items() if value is not None}).status_code == 400
    closed.refresh_from_db()
    assert closed.rev == 2


def test_a_void_record_is_read_by_auditors_with_its_reason(client, mira, aude, closed):
    services.void(by=mira, feedback=closed, reason="The same call, written down twice")
    client.force_login(aude)
    assert closed.reference not in client.get("/feedback/").text
    listed = client.get("/feedback/?voided=yes").text
    assert closed.reference in listed
    assert "The same call, written down twice" in listed
    assert "The same call, written down twice" in client.get(closed.get_absolute_url()).text
