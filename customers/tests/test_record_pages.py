"""The pages that all records share, asked with customers: lists, forms, verbs, history."""

import csv
import io
import re

import pytest
from django.urls import reverse

from accounts.tests.makers import appoint, make_person, make_unit
from customers.models import Customer
from customers.tests.makers import make_customer, make_segment
from records.drafts import save_draft
from records.models import Draft, Submission

pytestmark = pytest.mark.django_db
LIST = "/customers/"
QUERIES_OF_A_LIST = 12


@pytest.fixture
def names(mira):
    """Thirty customers, by name; every third without a segment."""
    trade, water = make_segment("Trade"), make_segment("Water")
    for number in range(30):
        segment = (trade, water, None)[number % 3]
        make_customer(f"Customer {number:02}", segment=segment)
    return [f"Customer {number:02}" for number in range(30)]


def shown(response):
    """The names in the list's rows, in order."""
    return re.findall(r'<th scope="row">\s*<a href="/customers/CU[^"]+">([^<]+)</a>', response.content.decode())


def walk(client, address):
    """All names, page after page, and the way back again."""
    forth, back = [], []
    response = client.get(address)
    while True:
        forth += shown(response)
        if not response.context["next_url"]:
            break
        response = client.get(LIST + response.context["next_url"])
    while response.context["previous_url"]:
        back = shown(response) + back
        response = client.get(LIST + response.context["previous_url"])
    return forth, shown(response) + back


@pytest.mark.parametrize("sort", ["name", "-name", "segment", "-segment", "owner", "-owner"])
def test_pages_show_every_row_once_in_either_direction(client, mira, names, sort):
    client.force_login(mira)
    forth, back = walk(client, f"{LIST}?sort={sort}")
    assert sorted(forth) == names
    assert back == forth


def test_sorting_by_what_may_be_empty_puts_the_empty_last_both_ways(client, mira, names):
    client.force_login(mira)
    for sort in ("segment", "-segment"):
        forth, _back = walk(client, f"{LIST}?sort={sort}")
        assert set(forth[-10:]) == {name for name in names if int(name[-2:]) % 3 == 2}


def test_the_count_says_where_the_page_stands(client, mira, names):
    client.force_login(mira)
    first = client.get(LIST)
    assert first.context["count_text"] == "1 to 25 of 30"
    second = client.get(LIST + first.context["next_url"])
    assert second.context["count_text"] == "26 to 30 of 30"
    assert client.get(LIST + second.context["previous_url"]).context["count_text"] == "1 to 25 of 30"
    assert client.get(LIST + "?size=50").context["count_text"] == "1 to 30 of 30"


def test_a_very_long_list_is_counted_exactly_only_when_asked(client, mira, names, monkeypatch):
    monkeypatch.setattr("records.pages.lists.COUNTED", 27)
    client.force_login(mira)
    response = client.get(LIST)
    assert response.context["count_text"] == "1 to 25 of more than 27"
    assert response.context["csv_text"] == "CSV, more than 27 rows"
    exact = client.get(LIST + response.context["exact_url"])
    assert exact.context["count_text"] == "1 to 25 of 30"


def test_a_page_size_that_is_not_offered_gives_the_usual_one(client, mira, names):
    client.force_login(mira)
    for size in ("10", "1000000", "-1", "x", "²", "1e9"):
        assert len(client.get(LIST, {"size": size}).context["records"]) == 25


@pytest.mark.parametrize("cursor", ["x", "!!", "WyJmIl0:1abc:def", "a" * 900])
def test_a_damaged_cursor_is_answered_400_in_words(client, mira, names, cursor):
    client.force_login(mira)
    response = client.get(LIST, {"page": cursor})
    assert response.status_code == 400
    assert "damaged or out of date" in response.content.decode()


def test_a_cursor_of_another_order_is_refused(client, mira, names):
    client.force_login(mira)
    page = client.get(LIST).context["rows"].next
    assert client.get(LIST, {"page": page, "sort": "-name"}).status_code == 400


def test_an_unknown_sort_is_answered_400_and_an_unknown_parameter_ignored(client, mira, names):
    client.force_login(mira)
    assert client.get(LIST, {"sort": "password"}).status_code == 400
    assert client.get(LIST, {"colour": "blue"}).context["count_text"] == "1 to 25 of 30"


def test_a_filter_that_cannot_be_read_keeps_what_was_typed(client, mira, names):
    client.force_login(mira)
    response = client.get(LIST, {"segment": "SG-1999-0001", "q": "Customer 1", "key": "perhaps"})
    text = response.content.decode()
    assert response.status_code == 400
    assert 'value="Customer 1"' in text
    assert "nothing is shown until then" in text
    assert not shown(response)


@pytest.mark.parametrize("value", ["a" * 3000, "\ud800".encode("utf-8", "surrogatepass"), "\0"])
def test_what_cannot_be_kept_in_the_query_is_answered_400(client, mira, value):
    client.force_login(mira)
    assert client.get(LIST, {"q": value}).status_code == 400


def test_filters_show_as_chips_that_take_themselves_away(client, mira, names):
    client.force_login(mira)
    segment = Customer.objects.get(name="Customer 00").segment
    response = client.get(LIST, {"segment": segment.reference, "sort": "-name"})
    assert response.context["count_text"] == "1 to 10 of 10"
    assert response.context["chips"] == [{"label": "Segment", "value": "Trade", "url": "?sort=-name"}]


def test_the_view_that_is_shown_is_marked(client, mira, names):
    client.force_login(mira)
    presets = client.get(LIST, {"owner": "me", "sort": "name"}).context["presets"]
    assert [preset["label"] for preset in presets if preset["is_current"]] == ["Mine"]


def test_headings_say_how_the_list_is_sorted(client, mira, names):
    client.force_login(mira)
    text = client.get(LIST, {"sort": "-name"}).content.decode()
    assert text.count("aria-sort") == 1
    assert 'aria-sort="descending"' in text


def test_void_records_show_only_when_asked_for(client, mira, names):
    Customer.objects.get(name="Customer 07").void(by=mira, reason="Twice")
    client.force_login(mira)
    assert client.get(LIST, {"q": "Customer 07"}).context["count_text"] == "No records"
    assert client.get(LIST, {"q": "Customer 07", "voided": "yes"}).context["count_text"] == "1 to 1 of 1"


def test_htmx_gets_the_region_alone_and_a_restored_page_the_whole(client, mira, names):
    client.force_login(mira)
    part = client.get(LIST, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<section")
    assert "HX-Request" in part["Vary"]
    whole = client.get(LIST, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.content.decode()


def test_csv_holds_all_filtered_rows_and_no_formula(client, mira, names):
    make_customer("=cmd|' /C calc'!A0", is_key=True)
    make_customer("@SUM(1)", about="-1+1")
    client.force_login(mira)
    response = client.get(LIST, {"format": "csv", "page": "", "size": "25"})
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 32
    assert {row["Customer"] for row in rows} > {"'=cmd|' /C calc'!A0", "'@SUM(1)"}
    assert next(row for row in rows if row["Customer"] == "'@SUM(1)")["About them"] == "'-1+1"
    assert "attachment" in response["Content-Disposition"]
    filtered = client.get(LIST, {"format": "csv", "key": "yes"}).getvalue().decode().splitlines()
    assert len(filtered) == 2


def test_csv_needs_the_right_to_export(client, adam):
    client.force_login(adam)
    assert client.get(LIST, {"format": "csv"}).status_code == 403


def test_no_right_is_403_and_another_unit_404(client, organisation, adam, stefan):
    north, south = make_unit("North"), make_unit("South")
    theirs = make_customer("Southern", unit=south)
    nora = make_person("Nora North", "staff", north)
    client.force_login(nora)
    assert client.get(theirs.get_absolute_url()).status_code == 404
    assert client.get(LIST).context["count_text"] == "No records"
    client.force_login(adam)
    assert client.get(LIST).status_code == 403
    assert client.get(theirs.get_absolute_url()).status_code == 403


@pytest.mark.parametrize("reference", ["CU-2026-9999", "nonsense", "CU-2026-0001'--", "%F0%9F%98%80", "FB-2026-0001"])
def test_a_wrong_reference_is_404(client, mira, reference):
    client.force_login(mira)
    assert client.get(f"/customers/{reference}/").status_code == 404


def test_a_reference_is_found_in_any_case(client, mira):
    client.force_login(mira)
    assert client.get(make_customer().get_absolute_url().lower()).status_code == 200


def test_a_verb_takes_no_get_and_a_list_no_post(client, mira):
    client.force_login(mira)
    customer = make_customer()
    assert client.get(reverse("customers:void", args=[customer.reference])).status_code == 405
    assert client.post(LIST).status_code == 405
    assert client.post(customer.get_absolute_url()).status_code == 405


def test_a_form_sent_twice_makes_one_record_and_leads_to_it(client, mira):
    client.force_login(mira)
    token = client.get("/customers/new/").context["token"]
    said = {"name": "Halden Water", "token": token}
    first, second = client.post("/customers/new/", said), client.post("/customers/new/", said)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Customer.objects.count() == 1


def test_another_text_on_the_same_page_is_another_form(client, mira):
    client.force_login(mira)
    token = client.get("/customers/new/").context["token"]
    client.post("/customers/new/", {"name": "Halden Water", "token": token})
    client.post("/customers/new/", {"name": "Brenta Foods", "token": token})
    assert Customer.objects.count() == 2
    assert Submission.objects.count() == 2


def test_a_faulty_form_keeps_what_was_typed_and_the_token(client, mira):
    client.force_login(mira)
    make_customer("Halden Water")
    response = client.post("/customers/new/", {"name": "halden  WATER", "about": "Meters", "token": "abc"})
    text = response.content.decode()
    assert response.status_code == 400
    assert "There is a customer of that name already: CU-2026-0001." in text
    assert "Meters</textarea>" in text
    assert 'value="abc"' in text
    assert not Submission.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "a" * 201, "x\0y", "two\nlines"])
def test_a_name_that_cannot_be_kept_is_refused(client, mira, name):
    client.force_login(mira)
    assert client.post("/customers/new/", {"name": name}).status_code == 400
    assert not Customer.objects.exists()


def edit(client, customer, rev=None, **said):
    address = reverse("customers:edit", args=[customer.reference])
    return client.post(address, {"name": customer.name, "rev": customer.rev if rev is None else rev, **said})


def test_an_edit_is_a_version_with_its_person(client, mira):
    client.force_login(mira)
    customer = make_customer("Halden")
    assert edit(client, customer, name="Halden Water").status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.rev, customer.changed_by) == ("Halden Water", 2, mira)


def test_an_edit_that_changes_nothing_makes_no_version(client, mira):
    client.force_login(mira)
    customer = make_customer("Halden")
    assert edit(client, customer).status_code == 302
    customer.refresh_from_db()
    assert customer.rev == 1


def test_a_stale_edit_is_409_and_loses_neither_text(client, mira, quinn):
    customer = make_customer("Halden", about="A utility")
    client.force_login(quinn)
    assert edit(client, customer, name="Halden Water", about="A utility").status_code == 302
    client.force_login(mira)
    response = edit(client, customer, about="A water utility in the north")
    text = response.content.decode()
    assert response.status_code == 409
    assert "Quinn Lindqvist" in text
    assert "A water utility in the north</textarea>" in text
    # The name, which Mira left alone, is taken over; her own text stands; the form goes on from the version now.
    form = response.context["form"]
    assert form["name"].value() == "Halden Water"
    again = edit(client, customer, rev=response.context["rev"], name=form["name"].value(), about=form["about"].value())
    assert again.status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.about) == ("Halden Water", "A water utility in the north")


def test_both_texts_of_one_field_are_shown_side_by_side(client, mira, quinn):
    customer = make_customer("Halden")
    client.force_login(quinn)
    edit(client, customer, name="Halden Water")
    client.force_login(mira)
    response = edit(client, customer, name="Halden Works", is_key="on")
    (difference,) = response.context["differences"]
    assert (difference.began, difference.theirs, difference.yours) == ("Halden", "Halden Water", "Halden Works")
    assert response.context["form"]["is_key"].value() is True


def test_a_box_that_somebody_else_ticked_stays_ticked(client, mira, quinn):
    customer = make_customer("Halden")
    client.force_login(quinn)
    edit(client, customer, is_key="on")
    client.force_login(mira)
    response = edit(client, customer, name="Halden Water")
    (difference,) = response.context["differences"]
    assert (difference.label, difference.began, difference.theirs, difference.yours) == (
        "Key customer",
        "no",
        "yes",
        None,
    )
    assert response.context["form"]["is_key"].value() is True


@pytest.mark.parametrize("rev", ["", "x", "-1", "9" * 30])
def test_an_edit_without_a_version_is_400(client, mira, rev):
    client.force_login(mira)
    customer = make_customer("Halden")
    assert edit(client, customer, rev=rev, name="Other").status_code == 400
    customer.refresh_from_db()
    assert customer.name == "Halden"


def test_staff_may_not_edit_and_a_manager_only_in_the_unit(client, organisation, stefan):
    north, south = make_unit("North"), make_unit("South")
    ours, theirs = make_customer("Ours", unit=north), make_customer("Theirs", unit=south)
    nils = make_person("Nils North")
    appoint(nils, "manager", north)
    client.force_login(stefan)
    assert client.get(reverse("customers:edit", args=[ours.reference])).status_code == 403
    client.force_login(nils)
    assert client.get(reverse("customers:edit", args=[ours.reference])).status_code == 200
    assert client.get(reverse("customers:edit", args=[theirs.reference])).status_code == 404
    assert edit(client, ours, unit=south.pk).status_code == 400
    assert edit(client, ours, unit="").status_code == 400


def test_voiding_needs_a_reason_and_happens_once(client, mira):
    client.force_login(mira)
    customer = make_customer("Halden")
    address = reverse("customers:void", args=[customer.reference])
    assert client.post(address, {"reason": " "}).status_code == 400
    assert client.post(address, {"reason": "Entered twice"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.is_voided, customer.void_reason, customer.voided_by) == (True, "Entered twice", mira)
    assert client.post(address, {"reason": "Again"}).status_code == 403
    assert "This record is void." in client.get(customer.get_absolute_url()).content.decode()
    assert client.get(reverse("customers:edit", args=[customer.reference])).status_code == 403


def test_an_outside_address_in_next_is_not_followed(client, mira):
    client.force_login(mira)
    customer = make_customer()
    response = client.post(
        reverse("customers:void", args=[customer.reference]), {"reason": "x", "next": "https://evil.example/"}
    )
    assert response["Location"] == customer.get_absolute_url()


def test_the_history_tells_each_version_with_what_it_changed(client, mira, quinn):
    client.force_login(mira)
    customer = make_customer("Halden", segment=make_segment("Water"))
    edit(client, customer, name="Halden Water", segment="", is_key="on")
    customer.refresh_from_db()
    customer.void(by=quinn, reason="Merged with another")
    voided, changed, recorded = client.get(customer.get_absolute_url()).context["versions"]
    assert (voided.verb, voided.by, voided.reason) == ("voided", quinn, "Merged with another")
    assert {(c.label, c.before, c.after) for c in changed.changes} == {
        ("Name", "Halden", "Halden Water"),
        ("Segment", "Water", ""),
        ("Key customer", "no", "yes"),
    }
    assert ("Name", "", "Halden") in {(c.label, c.before, c.after) for c in recorded.changes}


def test_a_long_history_is_paged(client, mira):
    client.force_login(mira)
    customer = make_customer("Halden")
    for number in range(25):
        customer.about = f"Version {number}"
        customer.save(by=mira)
    first = client.get(customer.get_absolute_url())
    assert len(first.context["versions"]) == 20
    second = client.get(customer.get_absolute_url(), {"before": first.context["older_versions"]})
    assert [version.rev for version in second.context["versions"]] == [6, 5, 4, 3, 2, 1]
    assert client.get(customer.get_absolute_url(), {"before": "x" * 50}).status_code == 200


def test_the_list_costs_the_same_queries_for_one_row_as_for_many(client, mira, names, django_assert_num_queries):
    client.force_login(mira)
    client.get(LIST)
    with django_assert_num_queries(QUERIES_OF_A_LIST):
        client.get(LIST)
    with django_assert_num_queries(QUERIES_OF_A_LIST - 1):  # one page only: nothing to count
        client.get(LIST, {"q": "Customer 07"})


def test_a_form_begins_with_its_draft_and_forgets_it_when_saved(client, mira):
    save_draft(mira, "customer", {"name": "Halden Water", "is_key": "on", "odd": "field"})
    client.force_login(mira)
    page = client.get(reverse("customers:create"))
    assert page.context["has_draft"]
    assert page.context["form"]["name"].value() == "Halden Water"
    assert "Begin afresh" in page.content.decode()
    client.post(reverse("customers:create"), {"name": "Halden Water"})
    assert not Draft.objects.exists()
