"""The admin site: every kind of record for auditors to read; changed only by the rights table, with a reason."""

from datetime import date

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import Appointment, Closure, Deadline, Organisation, Role, Unit, User
from accounts.tests.makers import appoint, make_person, make_unit
from customers.models import Contact, Customer, CustomerProduct, Product, Segment
from customers.tests.makers import make_contact, make_customer, make_product, make_segment, make_supply
from evidence import erasing
from evidence.models import ErasureRequest, LegalHold
from feedback.models import Entry, Feedback
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from kpis.models import Kpi, KpiNote, Reading
from records.models import Import, Job, Record
from trail.events import tell
from trail.history import history_of
from trail.models import Seal, SecurityEvent
from trail.sealing import seal

CAST = ["stefan", "mira", "tomas", "quinn", "aude", "adam"]
SETTINGS = {User, Appointment, Unit, Organisation, Closure, Deadline, Job}
SEES = {
    "quinn": {*admin.site._registry} - {Job},
    "aude": {*admin.site._registry} - {Job},
    "adam": SETTINGS | {Seal, SecurityEvent, ErasureRequest, LegalHold},
}


@pytest.fixture
def one_of_each(organisation, mira, quinn):
    """{model: one row} of everything the admin site shows."""
    unit = make_unit("Service")
    customer = make_customer("Halden Water", unit=unit, segment=make_segment("Water"), relationship_owner=mira)
    product = make_product("FM200")
    complaint = make_complaint(customer=customer, unit=unit, product=product, owner=mira)
    closure = Closure(on=date(2026, 12, 24), name="Christmas Eve")
    closure.save()
    kpi = Kpi(code="complaints", name="Complaints", measure="complaints_received")
    kpi.save()
    note = KpiNote(kpi=kpi, on=date(2026, 3, 1), text="New carrier")
    note.save()
    batch = Import(register="feedback", filename="a.csv", sha256="0" * 64, size=10, file="imports/a.csv")
    batch.save()
    rows = {
        Unit: unit,
        Customer: customer,
        Segment: customer.segment,
        Product: product,
        CustomerProduct: make_supply(customer, product),
        Contact: make_contact("Jo Brandt", customer),
        Feedback: complaint,
        Entry: make_entry(complaint, by=mira),
        Closure: closure,
        Deadline: Deadline.objects.first(),
        Organisation: organisation,
        Appointment: Appointment.objects.get(user=mira),
        User: mira,
        Kpi: kpi,
        KpiNote: note,
        Reading: Reading.objects.create(
            kpi=kpi, kpi_rev=1, start_on=date(2026, 3, 1), end_on=date(2026, 4, 1), value=3, n=3, seq=1
        ),
        Import: batch,
        Job: Job.objects.create(kind="rollup", state="done"),
        ErasureRequest: erasing.ask(by=quinn, row=make_contact("Al Reed", customer), basis="asked", words="By letter."),
        LegalHold: erasing.hold(
            by=quinn, row=make_contact("Bo Hale", customer), why="A claim.", from_on=date(2026, 1, 2)
        ),
    }
    seal()
    event = tell("exported", user=mira, path="/complaints/")
    return rows | {Seal: Seal.objects.filter(rtype="feedback.feedback").first(), SecurityEvent: event}


def url(model, page, row=None):
    args = [] if row is None else [row.reference if isinstance(row, Record) else row.pk]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_kind_of_record_has_its_pages():
    records = {model for model in apps.get_models() if issubclass(model, Record)}

    assert records <= set(admin.site._registry)
    assert {model._meta.app_label for model in admin.site._registry} == {
        "accounts",
        "customers",
        "evidence",
        "feedback",
        "kpis",
        "records",
        "trail",
    }, "no page of a library, which would know neither our roles nor the trail"


@pytest.mark.parametrize("who", CAST)
def test_each_page_opens_for_the_roles_of_the_table(request, client, one_of_each, who):
    assert set(one_of_each) == set(admin.site._registry)
    client.force_login(request.getfixturevalue(who))
    may_enter = 200 if who in SEES else 403
    assert client.get("/admin/").status_code == may_enter
    for model, row in one_of_each.items():
        expected = 200 if model in SEES.get(who, ()) else 403
        pages = [url(model, "changelist"), url(model, "change", row)]
        if isinstance(row, Record):
            pages.append(url(model, "history", row))
        for page in pages:
            assert client.get(page).status_code == expected, (who, page)
        for page in (url(model, "add"), url(model, "delete", row)):
            assert client.get(page).status_code == 403, (who, page)
            assert client.post(page, {"post": "yes"}).status_code == 403, (who, page)


def test_visitors_are_led_to_the_one_sign_in(client, organisation):
    for page in ("/admin/", "/admin/feedback/feedback/", "/admin/login/?next=/admin/"):
        last, _status = client.get(page, follow=True).redirect_chain[-1]
        assert last.startswith("/accounts/login/?next=/admin/"), page


def test_signing_out_and_passwords_have_one_place(client, quinn):
    client.force_login(quinn)
    assert client.get("/admin/password_change/").headers["Location"] == "/accounts/password/change/"
    assert client.post("/admin/logout/").headers["Location"] == "/accounts/logout/"
    for name in ("autocomplete", "view_on_site"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}")


def test_auditors_are_shown_no_form_and_no_button(client, aude, one_of_each):
    client.force_login(aude)
    for model, row in one_of_each.items():
        if model is Job:
            continue
        page = client.get(url(model, "change", row)).content.decode()
        assert 'name="_save"' not in page and 'name="why"' not in page, model
        listed = client.get(url(model, "changelist")).content.decode()
        assert 'name="action"' not in listed and "addlink" not in listed, model


def test_auditors_change_nothing_by_post_either(client, aude, one_of_each):
    client.force_login(aude)
    before = Feedback.objects.get().rev
    for model, row in one_of_each.items():
        assert client.post(url(model, "change", row), {"subject": "x"}).status_code == 403
        assert client.post(url(model, "changelist"), {"action": "delete_selected"}).status_code == 403
    assert Feedback.objects.get().rev == before


def test_an_auditor_of_a_unit_sees_records_of_that_unit_and_of_the_whole_firm(client, one_of_each):
    service = one_of_each[Unit]
    other = make_complaint(
        customer=make_customer("Elsewhere", unit=make_unit("South")), unit=Unit.objects.get(name="South")
    )
    firm = make_feedback()
    seal()
    client.force_login(make_person("Olga Outside", Role.AUDITOR, service))

    listed = client.get(url(Feedback, "changelist")).content.decode()
    assert one_of_each[Feedback].reference in listed and firm.reference in listed
    assert other.reference not in listed
    for page in ("change", "history"):
        assert client.get(url(Feedback, page, other)).status_code == 404
    assert client.get(url(Customer, "change", other.customer)).status_code == 404
    seals = client.get(url(Seal, "changelist") + "?kind=feedback.feedback").content.decode()
    assert one_of_each[Feedback].reference in seals and other.reference not in seals


def test_every_version_is_shown_with_who_when_why_and_what(client, aude, mira, one_of_each):
    complaint = one_of_each[Feedback]
    complaint.subject = "Late meters"
    complaint.save(by=mira, verb="changed", reason="A better title")
    client.force_login(aude)
    page = client.get(url(Feedback, "history", complaint)).content.decode()

    assert all(words in page for words in ("Late meters", "Mira Castellan", "A better title", "recorded", "changed"))


def test_a_long_history_is_paged(client, aude, one_of_each):
    customer = one_of_each[Customer]
    for number in range(60):
        customer.about = f"Note {number}"
        customer.save()
    client.force_login(aude)
    first = client.get(url(Customer, "history", customer)).content.decode()
    assert "Note 59" in first and "?before=12" in first and "Note 3<" not in first
    assert "Note 3<" in client.get(url(Customer, "history", customer) + "?before=12").content.decode()
    assert client.get(url(Customer, "history", customer) + "?before=x").status_code == 200


def test_lists_search_filter_and_open_by_reference(client, aude, one_of_each):
    other = make_feedback(words="The crew was kind.", received_on=date(2025, 1, 7))
    complaint = one_of_each[Feedback]
    client.force_login(aude)

    def found(query):
        page = client.get(url(Feedback, "changelist") + query).content.decode()
        return {f.reference for f in (complaint, other) if url(Feedback, "change", f) in page}

    assert found("") == {complaint.reference, other.reference}
    assert found(f"?q={other.reference}") == found("?q=kind") == {other.reference}
    assert found("?kind__exact=complaint") == {complaint.reference}
    assert found("?received_on__year=2025") == {other.reference}
    assert found("?standing=void") == set()
    lower = client.get(url(Feedback, "change", complaint).replace(complaint.reference, complaint.reference.lower()))
    assert lower.status_code == 200


@pytest.mark.parametrize(
    "query",
    ["?q=%00", "?p=99999999999999999999", "?kind__exact[]=x", "?unit__id__exact=1" + "0" * 30, "?o=9.9", "?e=1"],
)
def test_damaged_addresses_never_break_a_list(client, aude, one_of_each, query):
    client.force_login(aude)
    assert client.get(url(Feedback, "changelist") + query, follow=True).status_code in (200, 400)


@pytest.mark.parametrize("reference", ["FB-2026-9999", "1", "nonsense", "FB-2026-0001 OR 1=1"])
def test_a_wrong_reference_is_not_found(client, aude, one_of_each, reference):
    client.force_login(aude)
    for page in ("change", "history"):
        assert client.get(reverse(f"admin:feedback_feedback_{page}", args=[reference])).status_code == 404


def test_lists_cost_the_same_however_long(client, aude, one_of_each, django_assert_max_num_queries):
    customer = one_of_each[Customer]
    for _number in range(30):
        make_feedback(customer=customer)
    client.force_login(aude)
    client.get(url(Feedback, "changelist"))
    with django_assert_max_num_queries(16):
        client.get(url(Feedback, "changelist"))


# Changing through the trail


def form_of(record, **given):
    """What the form of a piece of feedback sends."""
    sent = {name: getattr(record, name) or "" for name in ("said_by", "words", "subject", "came_by", "order_number")}
    sent |= {"product": record.product.reference if record.product_id else "", "owner": record.owner_id or ""}
    return sent | {"seen_rev": record.rev, "why": "The title was wrong."} | given


def test_the_quality_manager_changes_through_the_trail(client, quinn, one_of_each):
    complaint = one_of_each[Feedback]
    client.force_login(quinn)
    other = make_product("FM300")
    answer = client.post(
        url(Feedback, "change", complaint), form_of(complaint, subject="Late", product=other.reference)
    )

    assert answer.status_code == 302, answer.context and answer.context["errors"]
    version = history_of(Feedback).objects.filter(id=complaint.pk).latest("rev")
    assert (version.rev, version.subject, version.product_id) == (complaint.rev + 1, "Late", other.pk)
    assert (version.changed_by, version.verb, version.reason, version.channel) == (
        quinn,
        "changed in the admin site",
        "The title was wrong.",
        "admin",
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"why": ""}, "Why is this changed? is missing."),
        ({"why": "  "}, "Why is this changed? is missing."),
        ({"seen_rev": ""}, ""),
        ({"seen_rev": "x"}, ""),
        ({"product": "PR-2026-9999"}, "There is no such record"),
        ({"came_by": "pigeon"}, "Select a valid choice"),
        ({"subject": "x" * 201}, "at most 200"),
        ({"words": "a\x00b"}, "NUL character"),
        ({"owner": "999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_typed_text_kept(client, quinn, one_of_each, wrong, words):
    complaint = one_of_each[Feedback]
    client.force_login(quinn)
    answer = client.post(url(Feedback, "change", complaint), form_of(complaint, order_number="N-77", **wrong))

    page = answer.content.decode()
    assert answer.status_code in (400, 409) and words in page and 'value="N-77"' in page
    assert Feedback.objects.get(pk=complaint.pk).rev == complaint.rev


def test_a_change_upon_a_stale_page_is_a_409_that_says_what_happened(client, quinn, mira, one_of_each):
    complaint = one_of_each[Feedback]
    sent = form_of(complaint, subject="Mine")
    complaint.subject = "Theirs"
    complaint.save(by=mira)
    client.force_login(quinn)
    answer = client.post(url(Feedback, "change", complaint), sent)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else changed this meanwhile" in page and "Mira Castellan" in page and "Theirs" in page
    assert 'value="Mine"' in page, "what was typed stands"
    assert Feedback.objects.get(pk=complaint.pk).subject == "Theirs"
    # Having looked, one saves over it.
    assert client.post(url(Feedback, "change", complaint), sent | {"seen_rev": complaint.rev}).status_code == 302


def test_a_constraint_that_a_change_would_break_is_said_in_words(client, quinn, one_of_each):
    make_segment("Food")
    water = Segment.objects.get(name="Water")
    client.force_login(quinn)
    answer = client.post(
        url(Segment, "change", water), {"name": "food", "seen_rev": water.rev, "why": "The same thing"}
    )

    assert answer.status_code == 400 and "A segment of that name exists already." in answer.content.decode()


def test_what_a_promise_hangs_on_is_not_changed_here(client, quinn, one_of_each):
    complaint = one_of_each[Feedback]
    client.force_login(quinn)
    client.post(
        url(Feedback, "change", complaint),
        form_of(complaint, kind="suggestion", severity="minor", answer_due_on="2030-01-01", rev=99, changed_by=1),
    )

    now = Feedback.objects.get(pk=complaint.pk)
    assert (now.kind, now.severity, now.answer_due_on) == (complaint.kind, complaint.severity, complaint.answer_due_on)
    assert now.rev == complaint.rev + 1 and now.changed_by == quinn


def test_a_void_record_stays_as_it_is(client, quinn, one_of_each):
    complaint = one_of_each[Feedback]
    complaint.void(by=quinn, reason="Test entry")
    client.force_login(quinn)

    page = client.get(url(Feedback, "change", complaint)).content.decode()
    assert "This record is void" in page and "Test entry" in page and 'name="_save"' not in page
    assert client.post(url(Feedback, "change", complaint), form_of(complaint)).status_code == 403


def test_administrators_change_settings_only_as_the_table_says(client, adam, one_of_each):
    unit, deadline, firm = one_of_each[Unit], one_of_each[Deadline], one_of_each[Organisation]
    client.force_login(adam)
    renamed = {"name": "Field service", "level": "team", "parent": "", "seen_rev": unit.rev, "why": "New name"}
    assert client.post(url(Unit, "change", unit), renamed).status_code == 302
    assert Unit.objects.get(pk=unit.pk).verb == "changed in the admin site"
    hours = {"name": firm.name, "opens_at": "08:00", "closes_at": "07:00", "seen_rev": firm.rev, "why": "Hours"}
    refused = client.post(url(Organisation, "change", firm), hours)
    assert refused.status_code == 400 and "Work must end after it begins." in refused.content.decode()
    promise = {"acknowledge_days": 1, "answer_days": 2, "seen_rev": deadline.rev, "why": "No right"}
    assert client.post(url(Deadline, "change", deadline), promise).status_code == 403
    # Appointments and people have pages of their own, which keep the rules.
    for model in (Appointment, User):
        assert client.post(url(model, "change", one_of_each[model]), {"why": "x"}).status_code == 403


def test_a_unit_is_not_moved_below_itself_here_either(client, adam, one_of_each):
    unit = one_of_each[Unit]
    below = make_unit("Team", parent=unit)
    client.force_login(adam)
    sent = {"name": unit.name, "level": unit.level, "parent": below.reference, "seen_rev": unit.rev, "why": "Try"}

    answer = client.post(url(Unit, "change", unit), sent)
    assert answer.status_code == 400 and "cannot belong to itself" in answer.content.decode()


def test_two_roles_do_not_add_up_to_more(client, one_of_each):
    """Who audits, and manages elsewhere, still changes nothing in the admin site."""
    both = make_person("Bo Both", Role.AUDITOR)

    appoint(both, Role.MANAGER)
    client.force_login(both)
    complaint = one_of_each[Feedback]

    assert client.get(url(Feedback, "change", complaint)).status_code == 200
    assert client.post(url(Feedback, "change", complaint), form_of(complaint)).status_code == 403


def test_pages_carry_no_inline_style_or_script(client, quinn, one_of_each):
    client.force_login(quinn)
    pages = ["/admin/", *(url(m, page) for m in one_of_each if m is not Job for page in ["changelist"])]
    pages += [url(m, "change", row) for m, row in one_of_each.items() if m is not Job]
    for page in pages:
        text = client.get(page).content.decode()
        assert "<style" not in text and ' style="' not in text and " onclick" not in text, page
        assert "<script>" not in text, page


def test_a_form_that_is_forged_is_refused(quinn, one_of_each):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(quinn)
    complaint = one_of_each[Feedback]

    assert strict.post(url(Feedback, "change", complaint), form_of(complaint)).status_code == 403
