"""Lists, one record's page, and its verbs in the browser: who may, who may not, and what odd requests get."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_product, make_segment
from feedback import services
from feedback.models import Entry, Feedback
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from records.models import Import, Notification

VERBS = {
    "acknowledge": {"text": "We have it."},
    "answer": {"outcome": "Two meters are on their way."},
    "close": {},
    "reopen": {"reason": "It broke again."},
    "assign": {},
    "note": {"text": "Carrier confirms.", "audience": "internal"},
    "void": {"reason": "Entered twice."},
    "undo": {},
}


def text_of(response):
    return response.content.decode()


def url(feedback, verb=""):
    return f"/feedback/{feedback.reference}/{verb + '/' if verb else ''}"


@pytest.fixture
def complaint(stefan):
    return make_complaint(customer=make_customer("Halden Water"), owner=stefan, received_on=date(2026, 3, 2))


class TestList:
    def test_a_row_says_what_there_is_to_know(self, client, mira, complaint):
        make_feedback(customer=make_customer("Brenta Foods"), words="Superb.")
        client.force_login(mira)
        text = text_of(client.get("/feedback/"))
        for words in (
            "Halden Water",
            "“Two meters promised",
            "Stefan Adler",
            "Answer overdue by",
            "2 Mar",
            "“Superb.”",
        ):
            assert words in text
        assert "not assigned" in text and "no clock" in text and "1 to 2 of 2" in text

    def test_views_narrow_it(self, client, stefan, complaint):
        make_feedback(words="Superb.", received_on=timezone.localdate())
        client.force_login(stefan)
        assert "Superb" not in text_of(client.get("/feedback/?state=mine"))
        assert "Superb" in text_of(client.get("/feedback/?state=unassigned"))
        assert "Superb" not in text_of(client.get("/feedback/?state=overdue"))
        today = timezone.localdate()
        month = f"kind=compliment&received_from={today:%Y-%m}-01&received_to={today:%Y-%m-%d}"
        text = text_of(client.get(f"/feedback/?{month}"))
        assert "Superb" in text and "Two meters" not in text
        assert 'aria-current="true">Praise this month' in text

    def test_it_sorts_by_every_sortable_column(self, client, mira, complaint):
        make_feedback(received_on=date(2026, 1, 5), words="Early")
        client.force_login(mira)
        text = text_of(client.get("/feedback/?sort=received"))
        assert text.index("Early") < text.index("Two meters")
        for column in ("reference", "customer", "kind", "owner", "clock"):
            for way in ("", "-"):
                assert client.get(f"/feedback/?sort={way}{column}").status_code == 200
        assert client.get("/feedback/?sort=words").status_code == 400

    def test_today_and_yesterday_are_said_so(self, client, mira):
        now = timezone.now()
        make_feedback(received_on=timezone.localdate(), received_at=now)
        make_feedback(received_on=timezone.localdate() - timedelta(days=1))
        client.force_login(mira)
        text = text_of(client.get("/feedback/"))
        assert f"Today {timezone.localtime(now):%H:%M}" in text and "Yesterday" in text

    def test_csv_has_the_same_rows_and_is_harmless_in_a_spreadsheet(self, client, mira, complaint):
        make_feedback(words="=HYPERLINK(1)", customer=make_customer("Brenta Foods"))
        client.force_login(mira)
        lines = b"".join(client.get("/feedback/?format=csv&kind=compliment")).decode("utf-8-sig").splitlines()
        assert len(lines) == 2 and "'=HYPERLINK(1)" in lines[1] and "Brenta Foods" in lines[1]

    def test_of_another_unit_nothing_is_shown(self, client, organisation):
        north, south = make_unit("North"), make_unit("South")
        make_feedback(words="Seen", unit=north)
        make_feedback(words="Hidden", unit=south)
        client.force_login(make_person("Lena Sund", "staff", unit=north))
        text = text_of(client.get("/feedback/"))
        assert "Seen" in text and "Hidden" not in text

    def test_an_empty_list_teaches(self, client, stefan):
        client.force_login(stefan)
        text = text_of(client.get("/feedback/"))
        assert "No feedback yet" in text and 'href="/feedback/new/"' in text

    def test_htmx_gets_the_region_alone(self, client, mira, complaint):
        client.force_login(mira)
        response = client.get("/feedback/", headers={"HX-Request": "true"})
        assert "<html" not in text_of(response) and 'id="list"' in text_of(response)
        assert "HX-Request" in response["Vary"]

    @pytest.mark.parametrize("query", ["kind=rant", "received_from=32", "page=x", "sort=x", "q=%00", "customer=%ff"])
    def test_odd_queries_get_an_answer_in_words(self, client, mira, query):
        client.force_login(mira)
        assert client.get(f"/feedback/?{query}").status_code == 400


class TestComplaints:
    def test_they_are_in_the_order_of_their_clocks(self, client, mira):
        make_complaint(words="Later", received_on=timezone.localdate())
        make_complaint(words="Sooner", received_on=timezone.localdate() - timedelta(days=9))
        make_feedback(words="Praise")
        closed = services.answer(by=mira, feedback=make_complaint(words="Over"), outcome="x")
        services.close(by=mira, feedback=closed)
        client.force_login(mira)
        text = text_of(client.get("/complaints/"))
        assert text.index("Sooner") < text.index("Later")
        assert "Praise" not in text.split('id="list"')[1] and "Over" not in text.split("<tbody>")[1]
        assert "“Over”" in text_of(client.get("/complaints/?state=closed"))

    def test_an_empty_one_says_when_the_last_was_closed(self, client, mira):
        closed = services.answer(by=mira, feedback=make_complaint(subject="Late meters"), outcome="x")
        services.close(by=mira, feedback=closed, at=datetime(2026, 11, 3, 12, tzinfo=UTC))
        client.force_login(mira)
        text = text_of(client.get("/complaints/"))
        assert "No complaint is open" in text and "Last closed: Late meters, on Tue 3 Nov 2026." in text


class TestDetail:
    def test_it_tells_the_whole_story(self, client, mira, stefan):
        halden = make_customer("Halden Water", segment=make_segment("Utilities"))
        jo = make_contact("Jo Brandt", halden, position="site engineer")
        complaint = make_complaint(
            by=stefan, customer=halden, contact=jo, subject="Two meters late", came_by="phone", order_number="CO-88214",
            product=make_product("FM200"), received_on=date(2026, 3, 2), severity="major",
        )  # fmt: skip
        services.acknowledge(by=mira, feedback=complaint, text="We are sorry.")
        services.add_note(by=mira, feedback=complaint, text="Norvik missed it twice.")
        services.assign(by=mira, feedback=complaint, owner=stefan)
        client.force_login(mira)
        text = text_of(client.get(url(complaint)))
        for words in (
            "Two meters late", "Halden Water", "Major", "Answer, overdue", "Customer was promised Mon 16 Mar, 17:00.",
            "Jo Brandt, site engineer, Halden Water · order CO-88214", "by phone, taken by Stefan Adler",
            "We are sorry.", "Sent to the customer", "Norvik missed it twice.", "Internal", "gave it to Stefan Adler",
            "Promised answer date passed.", "Received by phone.", "FM200", "1 complaint", "History",
        ):  # fmt: skip
            assert words in text, words
        assert text.count("We are sorry.") == 1, "an acknowledgement and what was sent are one line"

    def test_the_story_can_be_narrowed(self, client, mira, complaint):
        make_entry(complaint, text="Between us")
        make_entry(complaint, text="To them", audience=Entry.Audience.SENT)
        make_entry(complaint, text="By them", audience=Entry.Audience.RECEIVED)
        client.force_login(mira)
        with_customer, notes = (text_of(client.get(f"{url(complaint)}?show={name}")) for name in ("customer", "notes"))
        assert "Between us" not in with_customer and "To them" in with_customer and "By them" in with_customer
        assert "Between us" in notes and "To them" not in notes

    def test_an_imported_one_shows_its_source(self, client, mira):
        batch = Import(register="feedback", filename="cases.csv", sha256="0" * 64, size=1)
        batch.save(by=mira)
        historic = make_complaint(
            by=mira, is_historic=True, batch=batch, stated_timely=False, source_cells={"State": "OH", "=1+1": "<b>"}
        )
        client.force_login(mira)
        text = text_of(client.get(url(historic)))
        for words in ("Brought in as history", "Other cells of the source", "State", "OH", "&lt;b&gt;", "cases.csv"):
            assert words in text
        assert f"/imports/{batch.reference}/" in text and "Imported by Mira Castellan" in text

    def test_nothing_tells_how_long_a_person_took(self, client, mira, complaint):
        services.answer(by=mira, feedback=complaint, outcome="Done.")
        client.force_login(mira)
        text = text_of(client.get(url(complaint)))
        assert "Answered after the promised" in text and " seconds" not in text and " min<" not in text

    def test_markup_in_their_words_is_text(self, client, mira):
        feedback = make_feedback(words="<script>alert(1)</script>")
        client.force_login(mira)
        assert "<script>alert(1)" not in text_of(client.get(url(feedback)))

    def test_a_void_one_is_marked_and_takes_nothing(self, client, mira, complaint):
        services.void(by=mira, feedback=complaint, reason="Entered twice.")
        client.force_login(mira)
        text = text_of(client.get(url(complaint)))
        assert "This record is void." in text and "Entered twice." in text
        assert "popovertarget" not in text and "Add to the record" not in text

    def test_buttons_are_those_that_can_be_pressed(self, client, mira, stefan, aude, complaint):
        def verbs():
            text = text_of(client.get(url(complaint)))
            return {verb for verb in VERBS if f'action="{url(complaint, verb)}"' in text}

        client.force_login(mira)
        assert verbs() == {"acknowledge", "answer", "assign", "note", "void"}
        services.acknowledge(by=mira, feedback=complaint)
        assert verbs() == {"answer", "assign", "note", "void"}
        services.answer(by=mira, feedback=complaint, outcome="Done.")
        assert verbs() == {"assign", "close", "note", "void"}
        services.close(by=mira, feedback=complaint)
        assert verbs() == {"reopen", "note", "void"}
        client.force_login(aude)
        assert verbs() == set()

    @pytest.mark.parametrize("reference", ["FB-1999-0001", "FB-", "x" * 300, "FB-2026-0001%00", "..", "%ED%A0%80"])
    def test_a_wrong_reference_is_no_server_error(self, client, mira, reference):
        client.force_login(mira)
        assert client.get(f"/feedback/{reference}/").status_code in (400, 404)

    def test_outside_the_scope_there_is_nothing(self, client, organisation):
        far = make_feedback(unit=make_unit("South"))
        client.force_login(make_person("Lena Sund", "staff", unit=make_unit("North")))
        assert client.get(url(far)).status_code == 404


class TestVerbs:
    def test_a_complaint_is_led_to_its_end(self, client, mira, stefan, complaint):
        client.force_login(mira)
        for verb in ("acknowledge", "answer", "close", "reopen"):
            response = client.post(url(complaint, verb), VERBS[verb], follow=True)
            assert response.redirect_chain == [(url(complaint), 302)], verb
        complaint.refresh_from_db()
        assert complaint.times_reopened == 1 and complaint.entries.count() == 2
        client.post(url(complaint, "assign"), {"owner": mira.pk})
        complaint.refresh_from_db()
        assert complaint.owner == mira

    def test_assigning_tells_and_says_so(self, client, mira, stefan):
        feedback = make_feedback()
        client.force_login(mira)
        text = text_of(client.post(url(feedback, "assign"), {"owner": stefan.pk}, follow=True))
        assert f"Stefan Adler owns {feedback.reference} and has been told." in text
        assert Notification.objects.get().user == stefan

    @pytest.mark.parametrize("verb", VERBS)
    def test_a_verb_is_not_read(self, client, mira, complaint, verb):
        client.force_login(mira)
        assert client.get(url(complaint, verb)).status_code == 405

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_what_does_not_exist_it_is_404(self, client, mira, verb):
        client.force_login(mira)
        assert client.post(f"/feedback/FB-1999-0001/{verb}/", VERBS[verb]).status_code == 404

    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("who", ["aude", "adam"])
    def test_who_only_reads_or_runs_the_machine_does_nothing(self, client, request, complaint, verb, who):
        client.force_login(request.getfixturevalue(who))
        assert client.post(url(complaint, verb), VERBS[verb]).status_code == 403
        complaint.refresh_from_db()
        assert complaint.rev == 1

    @pytest.mark.parametrize("verb", ["acknowledge", "answer", "close", "assign", "reopen"])
    def test_staff_act_on_their_own_only(self, client, stefan, mira, verb):
        others = make_complaint(by=mira, owner=mira)
        client.force_login(stefan)
        assert client.post(url(others, verb), VERBS[verb]).status_code == 404

    def test_staff_void_nothing(self, client, stefan, complaint):
        client.force_login(stefan)
        assert client.post(url(complaint, "void"), VERBS["void"]).status_code == 403

    def test_staff_note_on_what_they_read_but_not_as_sent(self, client, stefan, mira):
        others = make_complaint(by=mira, owner=mira)
        client.force_login(stefan)
        assert client.post(url(others, "note"), VERBS["note"]).status_code == 302
        assert client.post(url(others, "note"), {"text": "Dear Jo", "audience": "sent"}).status_code == 400
        assert others.entries.get().text == "Carrier confirms."
        assert "Sent to the customer" not in text_of(client.get(url(others)))

    def test_a_double_press_acts_once(self, client, mira, complaint):
        client.force_login(mira)
        first, second = (client.post(url(complaint, "answer"), VERBS["answer"]) for _time in range(2))
        assert (first.status_code, second.status_code) == (302, 400)
        assert "answered already" in text_of(second) and "Two meters are on their way." in text_of(second)
        assert complaint.entries.count() == 1

    def test_what_is_refused_keeps_what_was_typed(self, client, mira, complaint):
        client.force_login(mira)
        response = client.post(url(complaint, "answer"), {"outcome": "x" * 40_000})
        assert response.status_code == 400 and "This has 40,000 characters" in text_of(response)
        assert "NUL character" in text_of(client.post(url(complaint, "answer"), {"outcome": "a\0b"}))
        assert "Say what you told the customer." in text_of(client.post(url(complaint, "answer"), {"outcome": " "}))
        assert "Choose who owns it." in text_of(client.post(url(complaint, "assign"), {"owner": ""}))
        for owner in ("0", "x", "9" * 30):
            assert client.post(url(complaint, "assign"), {"owner": owner}).status_code == 400
        assert "Answer the customer before" in text_of(client.post(url(complaint, "close")))
        complaint.refresh_from_db()
        assert complaint.rev == 1

    def test_a_void_one_takes_no_verb(self, client, mira, complaint):
        services.void(by=mira, feedback=complaint, reason="Entered twice.")
        client.force_login(mira)
        for verb in VERBS:
            assert client.post(url(complaint, verb), VERBS[verb]).status_code in (400, 403), verb

    def test_undo_is_for_who_recorded_it(self, client, mira, stefan):
        recorded = make_feedback(by=stefan)
        client.force_login(mira)
        assert client.post(url(recorded, "undo")).status_code == 403
        client.force_login(stefan)
        assert client.post(url(recorded, "undo")).status_code == 302
        assert Feedback.objects.get().void_reason == "Undone by the person who recorded it"


class TestQueries:
    """Pinned, so that a page does not grow with its records."""

    def fill(self, mira, many):
        customer = make_customer(f"Customer of {many}", unit=None)
        for _number in range(many):
            complaint = make_complaint(customer=customer, owner=mira, by=mira)
            make_entry(complaint, by=mira)

    def queries(self, client, path, exactly):
        with assertNumQueries(exactly):
            assert client.get(path).status_code == 200

    @pytest.mark.parametrize("path", ["/feedback/", "/complaints/"])
    def test_lists(self, client, mira, path):
        client.force_login(mira)
        self.fill(mira, 1)
        client.get(path)
        self.queries(client, path, 13)
        self.fill(mira, 12)
        self.queries(client, path, 13)

    def test_one_record(self, client, mira):
        client.force_login(mira)
        complaint = make_complaint(by=mira, owner=mira)
        services.acknowledge(by=mira, feedback=complaint, text="We have it.")
        client.get(url(complaint))
        self.queries(client, url(complaint), 24)
        for number in range(12):
            services.add_note(by=mira, feedback=complaint, text=f"Note {number}")
        self.queries(client, url(complaint), 24)
