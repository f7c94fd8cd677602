"""Header search: references lead to their record, words find what the person may see."""

import pytest

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_product, make_segment
from feedback.tests.makers import make_complaint, make_feedback

pytestmark = pytest.mark.django_db


def search(client, words):
    return client.get("/search/", {"q": words})


def groups(response):
    """{heading: titles} of what was found."""
    found = response.context["found"]
    return {str(group.searcher.label): [record.found_title for record in group.records] for group in found}


@pytest.mark.parametrize("typed", ["FB-2026-0001", "fb-2026-0001", " FB-2026-1 ", "fb 2026 1", "Fb2026-0001"])
def test_a_reference_leads_to_its_record_however_it_is_typed(client, mira, typed):
    make_complaint()
    client.force_login(mira)
    response = search(client, typed)
    assert (response.status_code, response["Location"]) == (302, "/feedback/FB-2026-0001/")


def test_references_of_every_kind_with_a_page_are_known(client, mira):
    contact = make_contact("Jo", make_customer("Halden", segment=make_segment("Water")))
    client.force_login(mira)
    for record in (contact.customer, contact, contact.customer.segment, make_product()):
        assert search(client, record.reference)["Location"] == record.get_absolute_url()


@pytest.mark.parametrize("typed", ["FB-2026-0999", "ZZ-2026-0001", "FB-2026-999999999"])
def test_a_reference_of_nothing_says_so(client, mira, typed):
    client.force_login(mira)
    response = search(client, typed)
    assert response.status_code == 200
    assert f"There is no {typed}" in response.content.decode()


def test_a_reference_beyond_ones_unit_or_rights_is_not_told_from_none(client, organisation, adam):
    north, south = make_unit("North"), make_unit("South")
    theirs = make_feedback(unit=south)
    for person in (make_person("Nora North", "staff", north), adam):
        client.force_login(person)
        assert f"There is no {theirs.reference}" in search(client, theirs.reference).content.decode()


def test_words_find_every_kind(client, mira):
    halden = make_customer("Halden Water")
    make_contact("Jo Haldane", halden)
    make_product("Halden meter")
    make_feedback(words="The halden valve sticks", customer=make_customer("Other"))
    client.force_login(mira)
    found = groups(search(client, "HALD"))
    assert found["Customers"] == ["Halden Water"]
    assert found["Feedback"] == ["The halden valve sticks"]
    assert found["Products and services"] == ["Halden meter"]
    assert found["People at customers"] == ["Jo Haldane"]


def test_each_count_is_that_of_the_list_behind_it(client, mira):
    for number in range(9):
        make_customer(f"Water {number}")
        make_product(f"Water meter {number}")
        make_feedback(subject=f"Water {number}")
    client.force_login(mira)
    response = search(client, "water")
    assert len(response.context["found"]) == 3
    for group in response.context["found"]:
        assert len(group.records) == 6
        assert client.get(group.url).context["count_text"] == f"1 to {group.count} of {group.count}"


def test_many_are_counted_only_so_far(client, mira, monkeypatch):
    monkeypatch.setattr("qms.search.COUNTED", 7)
    for number in range(9):
        make_customer(f"Water {number}")
    client.force_login(mira)
    (group,) = search(client, "water").context["found"]
    assert group.is_more


def test_staff_find_no_colleagues_and_nothing_of_other_units(client, organisation, mira):
    north, south = make_unit("North"), make_unit("South")
    make_customer("Water South", unit=south)
    make_contact("Wat Tyler", make_customer("South again", unit=south))
    client.force_login(make_person("Nora North", "staff", north))
    assert groups(search(client, "wat")) == {}
    assert groups(search(client, "castellan")) == {}
    client.force_login(mira)
    assert groups(search(client, "castellan")) == {"Colleagues": ["Mira Castellan"]}


@pytest.mark.parametrize("words", ["", " ", "x"])
def test_too_little_asks_for_more(client, mira, words):
    client.force_login(mira)
    assert "at least two characters" in search(client, words).content.decode()


@pytest.mark.parametrize("words", ["%", "_", "100%", "'; --", "<script>", "\\", "𝔘nicode", "a" * 200])
def test_odd_words_are_only_words(client, mira, words):
    make_customer("Halden")
    client.force_login(mira)
    response = search(client, words)
    assert response.status_code == 200
    assert "<script>" not in response.content.decode().split("<main")[1]
    assert groups(response) == {}


@pytest.mark.parametrize("words", ["a" * 201, "a" * 5000, "\0"])
def test_what_cannot_be_searched_for_is_400(client, mira, words):
    client.force_login(mira)
    assert search(client, words).status_code == 400


def test_search_takes_no_post_and_no_strangers(client, mira):
    assert search(client, "halden").status_code == 302
    client.force_login(mira)
    assert client.post("/search/", {"q": "x"}).status_code == 405


def test_searching_costs_a_fixed_number_of_queries(client, mira, django_assert_max_num_queries):
    for number in range(9):
        customer = make_customer(f"Water {number}", segment=make_segment())
        make_contact(f"Water {number}", customer)
        make_product(f"Water {number}")
        make_feedback(subject=f"Water {number}", customer=customer)
    client.force_login(mira)
    search(client, "water")
    with django_assert_max_num_queries(23):
        search(client, "water")
