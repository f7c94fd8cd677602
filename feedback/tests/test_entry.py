"""Recording feedback in the browser: the short form, with and without a script, and what it refuses."""

import json
import re
from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.models import Customer
from customers.tests.makers import make_contact, make_customer, make_product
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from records.models import Draft, Notification

NEW, PREVIEW = "/feedback/new/", "/feedback/new/preview/"


@pytest.fixture
def halden(db):
    return make_customer("Halden Water")


@pytest.fixture
def lena(client, stefan, mira):
    """Staff, signed in; there is a manager to own complaints."""
    client.force_login(stefan)
    return stefan


def said(**given):
    return {"customer_name": "Halden Water", "kind": "complaint", "words": "Two meters came late.", **given}


def text_of(response):
    return response.content.decode()


class TestSaving:
    def test_a_complaint_is_saved_owned_and_its_owner_told(self, client, lena, mira, halden):
        response = client.post(NEW, said())
        feedback = Feedback.objects.get()
        assert response.status_code == 302 and response["Location"] == feedback.get_absolute_url()
        assert (feedback.customer, feedback.owner, feedback.recorded_by) == (halden, mira, lena)
        assert feedback.received_on == timezone.localdate() and feedback.received_at
        (message,) = get_messages(response.wsgi_request)
        assert f">{feedback.reference}</a>. Mira Castellan has been told." in str(message)
        assert message.extra_tags == f"undo:{feedback.get_absolute_url()}undo/"
        assert Notification.objects.get().user == mira

    def test_everything_else_is_kept_as_typed(self, client, lena, halden):
        product, jo = make_product("FM200"), make_contact("Jo Brandt", halden)
        words = "  Erste Zeile\n\n\tzweite – “quoted” 🙂 "
        client.post(
            NEW,
            said(words=words.replace("\n", "\r\n"), product=product.pk, contact=jo.pk, came_by="phone",
                 subject="Late", order_number="CO-88214", received_on="2026-11-18", severity="critical"),
        )  # fmt: skip
        feedback = Feedback.objects.get()
        assert feedback.words == words
        assert (feedback.product, feedback.contact, feedback.came_by) == (product, jo, "phone")
        assert (feedback.subject, feedback.order_number, feedback.severity) == ("Late", "CO-88214", "critical")
        assert (feedback.received_on, feedback.received_at) == (date(2026, 11, 18), None)

    def test_how_it_reached_us_is_remembered_for_the_next(self, client, lena, halden):
        assert 'value="phone" selected' not in text_of(client.get(NEW))
        client.post(NEW, said(came_by="phone"))
        assert 'value="phone" selected' in text_of(client.get(NEW))

    def test_sent_twice_it_is_saved_once(self, client, lena, halden):
        first, second = (client.post(NEW, said(token="a" * 32)) for _time in range(2))
        assert Feedback.objects.count() == 1 and Notification.objects.count() == 1
        assert first["Location"] == second["Location"]

    def test_fields_that_are_set_by_heed_cannot_be_sent(self, client, lena, halden, stefan):
        client.post(NEW, said(owner=stefan.pk, rev=7, reference="FB-1", is_historic="on", answer_due_at="2030-01-01"))
        feedback = Feedback.objects.get()
        assert feedback.rev == 1 and not feedback.is_historic and feedback.owner != stefan

    def test_undo_takes_it_back(self, client, lena, halden):
        client.post(NEW, said())
        feedback = Feedback.objects.get()
        response = client.post(f"{feedback.get_absolute_url()}undo/", follow=True)
        assert response.redirect_chain == [("/feedback/", 302)]
        assert f"{feedback.reference} is taken back." in text_of(response)
        feedback.refresh_from_db()
        assert feedback.is_voided


class TestWhichCustomer:
    def test_the_picked_one_counts_and_a_name_typed_over_it_counts_more(self, client, lena, halden):
        brenta = make_customer("Brenta Foods")
        client.post(NEW, said(customer_reference=halden.reference))
        client.post(NEW, said(customer_name="brenta  FOODS", customer_reference=halden.reference))
        assert [f.customer for f in Feedback.objects.order_by("pk")] == [halden, brenta]

    def test_a_reference_typed_as_the_name_will_do(self, client, lena, halden):
        client.post(NEW, said(customer_name=halden.reference.lower()))
        assert Feedback.objects.get().customer == halden

    def test_a_slip_offers_the_names_close_to_it(self, client, lena, halden):
        make_customer("Sorrel Pharma")
        response = client.post(NEW, said(customer_name="Haldn Watr"))
        text = text_of(response)
        assert response.status_code == 400 and "Did you mean: Halden Water?" in text
        assert f'value="{halden.reference}"' in text and "Sorrel Pharma" not in text
        assert "Two meters came late." in text
        client.post(NEW, said(customer_name="Haldn Watr", customer_meant=halden.reference))
        assert Feedback.objects.get().customer == halden

    def test_who_may_not_add_customers_is_not_offered_a_new_one(self, client, lena):
        text = text_of(client.post(NEW, said(customer_name="Vale Dairies")))
        assert "ask your manager to add it" in text and 'value="new"' not in text
        assert client.post(NEW, said(customer_name="Vale Dairies", customer_meant="new")).status_code == 400
        assert not Customer.objects.exists()

    def test_who_may_adds_one_on_the_way(self, client, mira):
        client.force_login(mira)
        text = text_of(client.post(NEW, said(customer_name="Vale Dairies")))
        assert 'value="new"' in text and "A new customer: Vale Dairies" in text
        client.post(NEW, said(customer_name="Vale Dairies", customer_meant="new"))
        assert Feedback.objects.get().customer.name == "Vale Dairies"

    def test_a_new_customer_is_not_left_behind_when_something_else_is_wrong(self, client, mira):
        client.force_login(mira)
        response = client.post(NEW, said(customer_name="Vale Dairies", customer_meant="new", words=""))
        assert response.status_code == 400 and not Customer.objects.exists()
        assert re.search('<input[^>]* value="new"[^>]* checked', text_of(response))

    def test_customers_of_another_unit_are_not_known(self, client, organisation, halden):
        north, south = make_unit("North"), make_unit("South")
        make_customer("Far Away Ltd", unit=south)
        client.force_login(make_person("Lena Sund", "staff", unit=north))
        text = text_of(client.post(NEW, said(customer_name="Far Away Ltd")))
        assert "We know no customer called" in text and "Did you mean: Far Away" not in text

    def test_a_link_names_the_customer(self, client, lena, halden):
        assert 'value="Halden Water"' in text_of(client.get(f"{NEW}?customer={halden.reference.lower()}"))
        assert client.get(f"{NEW}?customer=CU-1999-0001").status_code == 200
        assert client.get(f"{NEW}?customer=%00").status_code == 400


class TestWhoSpoke:
    def test_a_name_that_is_in_the_list_after_all_is_that_person(self, client, lena, halden):
        jo = make_contact("Jo Brandt", halden)
        client.post(NEW, said(said_by="jo  brandt"))
        client.post(NEW, said(said_by="The night porter"))
        known, other = Feedback.objects.order_by("pk")
        assert (known.contact, known.said_by) == (jo, "")
        assert (other.contact, other.said_by, other.speaker) == (None, "The night porter", "The night porter")

    def test_somebody_of_another_customer_did_not_speak(self, client, lena, halden):
        stranger = make_contact("Luca Ferri", make_customer("Brenta Foods"))
        assert client.post(NEW, said(contact=stranger.pk)).status_code == 400

    def test_not_both_from_the_list_and_by_name(self, client, lena, halden):
        jo = make_contact("Jo Brandt", halden)
        assert client.post(NEW, said(contact=jo.pk, said_by="Luca")).status_code == 400

    def test_the_only_contact_is_proposed_in_sight(self, client, lena, halden):
        make_contact("Jo Brandt", halden, position="site engineer")
        text = text_of(client.get(f"{NEW}?customer={halden.reference}"))
        assert "Jo Brandt spoke, site engineer" in text and "selected>Jo Brandt" in text
        make_contact("Luca Ferri", halden)
        assert "Jo Brandt spoke" not in text_of(client.get(f"{NEW}?customer={halden.reference}"))


class TestPreview:
    def test_it_says_by_when_and_who_owns_it(self, client, lena, halden):
        text = text_of(client.post(PREVIEW, said()))
        assert "A complaint starts a clock." in text
        assert "We tell Halden Water we have it by" in text and "and Mira Castellan owns it." in text

    def test_praise_starts_nothing(self, client, lena, halden):
        assert "clock" not in text_of(client.post(PREVIEW, said(kind="compliment")))

    def test_a_day_long_past_says_that_the_promise_is_past(self, client, lena, halden):
        day = timezone.localdate() - timedelta(days=30)
        assert "that is past" in text_of(client.post(PREVIEW, said(received_on=day.isoformat())))

    def test_it_says_the_same_as_saving_does(self, client, lena, halden):
        text = text_of(client.post(PREVIEW, said(severity="minor")))
        client.post(NEW, said(severity="minor"))
        due = timezone.localtime(Feedback.objects.get().acknowledge_due_at, timezone.get_current_timezone())
        assert due.strftime("%d").lstrip("0") in text

    def test_another_customer_brings_its_people(self, client, lena, halden):
        make_contact("Jo Brandt", halden)
        text = text_of(client.post(PREVIEW, said()))
        assert 'id="who" hx-swap-oob="true"' in text and "Jo Brandt" in text
        assert 'id="who"' not in text_of(client.post(f"{PREVIEW}?part=promise", said()))

    @pytest.mark.parametrize(
        "odd",
        [{"received_on": "31.31.31"}, {"severity": "huge"}, {"unit": "x"}, {"customer_name": "\0"}, {"kind": "\0"}],
    )
    def test_odd_input_changes_nothing_and_breaks_nothing(self, client, lena, halden, odd):
        assert client.post(PREVIEW, said(**odd)).status_code == 200
        assert not Feedback.objects.exists()

    def test_without_a_script_the_form_says_it_in_general(self, client, lena, halden):
        text = text_of(client.get(NEW))
        assert "<noscript>" in text and "acknowledged within 1 and answered within 10 working days" in text


class TestRefusals:
    @pytest.mark.parametrize(
        "wrong, words",
        [
            ({"customer_name": ""}, "Choose which customer this is about."),
            ({"kind": ""}, "Choose what kind of feedback it is."),
            ({"kind": "rant"}, "Select a valid choice"),
            ({"words": " \n"}, "Say what the customer said"),
            ({"words": "x" * 40_000}, "This has 40,000 characters"),
            ({"words": "a\0b"}, "NUL character"),
            ({"customer_name": "a\0b"}, "NUL character"),
            ({"customer_name": "x" * 300}, "300"),
            ({"received_on": "2025-02-29"}, "Enter a valid date"),
            ({"received_on": "1066-10-14"}, "between 1900 and 2200"),
            ({"received_on": "2199-01-01"}, "after today"),
            ({"kind": "compliment", "severity": "minor"}, "Only a complaint has a severity"),
            ({"product": "9" * 30}, "Select a valid choice"),
            ({"order_number": "x" * 61}, "61"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(self, client, lena, halden, wrong, words):
        response = client.post(NEW, said(**{"subject": "kept as typed", **wrong}))
        text = text_of(response)
        assert response.status_code == 400 and words in text
        assert "There is a problem" in text and "<title>Error:" in text and "kept as typed" in text
        assert not Feedback.objects.exists()

    @pytest.mark.shared
    def test_naughty_strings_are_kept_unchanged_or_refused(self, client, lena, halden, shared):
        strings = json.loads((shared / "data/oracles/naughty/blns.json").read_text())
        for text in strings[:: max(1, len(strings) // 40)]:
            response = client.post(NEW, said(words=text, kind="compliment", subject=text[:50]))
            assert response.status_code in (302, 400), text
            if response.status_code == 302:
                feedback = Feedback.objects.latest("pk")
                assert client.get(feedback.get_absolute_url()).status_code == 200
        assert Feedback.objects.count() > 20

    @pytest.mark.parametrize("who", ["aude", "adam"])
    def test_who_may_not_record(self, client, request, who, halden):
        client.force_login(request.getfixturevalue(who))
        assert client.get(NEW).status_code == 403
        assert client.post(NEW, said()).status_code == 403
        assert client.post(PREVIEW, said()).status_code == 403
        assert not Feedback.objects.exists()

    def test_nobody_is_asked_to_sign_in(self, client, organisation):
        assert client.get(NEW).status_code == 302
        assert client.post(PREVIEW).status_code == 302

    def test_a_preview_is_posted(self, client, lena):
        assert client.get(PREVIEW).status_code == 405


class TestDraft:
    def test_what_was_typed_comes_back_until_it_is_saved(self, client, lena, halden):
        client.post("/drafts/feedback/", said(words="Half a sentence"))
        text = text_of(client.get(NEW))
        assert "Half a sentence" in text and "This is your draft." in text
        client.post(NEW, said(words="A whole sentence."))
        assert not Draft.objects.exists()
        assert "Half a sentence" not in text_of(client.get(NEW))

    def test_a_draft_about_another_customer_is_not_mixed_in(self, client, lena, halden):
        brenta = make_customer("Brenta Foods")
        client.post("/drafts/feedback/", said(words="Of Halden", customer_reference=halden.reference))
        text = text_of(client.get(f"{NEW}?customer={brenta.reference}"))
        assert "Of Halden" not in text and "unfinished draft about Halden Water" in text


class TestCorrecting:
    def url(self, feedback):
        return f"{feedback.get_absolute_url()}edit/"

    def sent(self, feedback, **given):
        return {
            "rev": feedback.rev,
            "customer_name": feedback.customer.name,
            "kind": feedback.kind,
            "words": feedback.words,
            "received_on": feedback.received_on.isoformat(),
            **given,
        }

    def test_a_correction_is_a_version(self, client, mira):
        feedback = make_feedback()
        client.force_login(mira)
        response = client.post(self.url(feedback), self.sent(feedback, words="They said more.", reason="Heard wrong"))
        assert response.status_code == 302
        feedback.refresh_from_db()
        assert (feedback.words, feedback.rev, feedback.reason) == ("They said more.", 2, "Heard wrong")

    def test_becoming_a_complaint_starts_the_clock(self, client, mira, tomas):
        feedback = make_feedback(kind="enquiry")
        client.force_login(tomas)
        client.post(self.url(feedback), self.sent(feedback, kind="complaint"))
        feedback.refresh_from_db()
        assert feedback.answer_due_at and feedback.owner == mira
        assert Notification.objects.get().user == mira

    def test_no_complaint_after_all_asks_for_the_reason_on_the_form(self, client, mira):
        complaint = make_complaint(by=mira)
        client.force_login(mira)
        response = client.post(self.url(complaint), self.sent(complaint, kind="enquiry"))
        assert response.status_code == 400 and "no complaint after all" in text_of(response)
        complaint.refresh_from_db()
        assert complaint.is_complaint
        sent = self.sent(complaint, kind="enquiry", reason="They only asked.")
        assert client.post(self.url(complaint), sent).status_code == 302

    def test_a_severity_left_on_what_is_no_complaint_is_pointed_out(self, client, mira):
        complaint = make_complaint(by=mira)
        client.force_login(mira)
        sent = self.sent(complaint, kind="enquiry", severity="major", reason="They only asked.")
        assert "Only a complaint has a severity" in text_of(client.post(self.url(complaint), sent))

    def test_two_people_at_one_form_the_second_sees_both_texts(self, client, mira):
        feedback = make_feedback()
        client.force_login(mira)
        stale = self.sent(feedback, words="Mine")
        client.post(self.url(feedback), self.sent(feedback, words="Theirs"))
        response = client.post(self.url(feedback), stale)
        text = text_of(response)
        assert response.status_code == 409 and "Mine" in text and "Theirs" in text
        feedback.refresh_from_db()
        assert feedback.words == "Theirs"

    def test_the_customer_can_be_corrected(self, client, mira, halden):
        feedback = make_feedback(customer=make_customer("Brenta Foods"))
        client.force_login(mira)
        client.post(self.url(feedback), self.sent(feedback, customer_name="Halden Water"))
        feedback.refresh_from_db()
        assert feedback.customer == halden

    def test_staff_correct_their_own_only(self, client, lena):
        own, other = make_feedback(by=lena), make_feedback()
        assert client.get(self.url(own)).status_code == 200
        assert client.get(self.url(other)).status_code == 404
        assert client.post(self.url(other), self.sent(other, words="x")).status_code == 404

    def test_who_only_reads_corrects_nothing(self, client, aude):
        feedback = make_feedback()
        client.force_login(aude)
        assert client.get(self.url(feedback)).status_code == 403
        assert client.post(self.url(feedback), self.sent(feedback)).status_code == 403

    def test_without_its_version_a_form_changes_nothing(self, client, mira):
        feedback = make_feedback()
        client.force_login(mira)
        for rev in ("", "x", "9" * 30):
            assert client.post(self.url(feedback), {**self.sent(feedback, words="x"), "rev": rev}).status_code == 400
