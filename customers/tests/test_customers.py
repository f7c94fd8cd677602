"""Customers, their people, products and segments in the browser; type-ahead."""

import pytest
from django.urls import reverse

from accounts.tests.makers import make_person, make_unit
from customers.models import Contact, Customer, CustomerProduct, Product, Segment
from customers.tests.makers import make_contact, make_customer, make_product, make_segment, make_supply

pytestmark = pytest.mark.django_db


@pytest.fixture
def halden(mira):
    return make_customer("Halden Water", segment=make_segment("Water utility"), relationship_owner=mira, is_key=True)


def page(client, record):
    return client.get(record.get_absolute_url()).content.decode()


def test_a_customer_is_added_with_a_name_alone(client, mira):
    client.force_login(mira)
    response = client.post("/customers/new/", {"name": "  Brenta   Foods "}, follow=True)
    assert response.redirect_chain == [("/customers/CU-2026-0001/", 302)]
    assert "CU-2026-0001 Brenta Foods is saved." in response.content.decode()
    assert Customer.objects.get().recorded_by == mira


def test_the_form_unfolds_the_rest_only_when_asked_or_wrong(client, mira):
    client.force_login(mira)
    text = client.get("/customers/new/").content.decode()
    assert "<details>" in text and "Add more" in text
    text = client.post("/customers/new/", {"name": "X", "since_on": "31.02.2026"}).content.decode()
    assert "<details open>" in text


@pytest.mark.parametrize("day", ["1899-12-31", "9999-12-31", "0001-01-01", "2025-02-29", "yesterday"])
def test_a_day_that_cannot_be_is_refused(client, mira, day):
    client.force_login(mira)
    assert client.post("/customers/new/", {"name": "X", "since_on": day}).status_code == 400


def test_the_page_states_the_facts(client, mira, halden):
    make_contact("Jo Brandt", halden, position="Site engineer", email="jo@halden.example", phone="+44 20 7946 0000")
    make_supply(halden, make_product("Flow meter"))
    client.force_login(mira)
    text = page(client, halden)
    for words in ("Key customer", "Water utility", "looked after by Mira Castellan", "Jo Brandt", "Flow meter"):
        assert words in text
    assert 'href="tel:+442079460000"' in text


def test_those_who_only_read_see_no_buttons(client, aude, stefan, halden):
    make_supply(halden, make_product())
    for reader in (aude, stefan):
        client.force_login(reader)
        text = page(client, halden)
        for words in ("Void this record", "Add a person", ">Edit<", "Remove"):
            assert words not in text


def test_the_page_costs_a_fixed_number_of_queries(client, mira, halden, django_assert_num_queries):
    for number in range(5):
        make_contact(f"Person {number}", halden)
        make_supply(halden, make_product())
    client.force_login(mira)
    client.get(halden.get_absolute_url())
    with django_assert_num_queries(24):
        client.get(halden.get_absolute_url())


def test_a_person_is_added_changed_and_voided(client, mira, halden):
    client.force_login(mira)
    address = reverse("customers:contact_create", args=[halden.reference])
    client.post(address, {"name": "Jo Brandt", "email": "jo@halden.example"})
    jo = Contact.objects.get()
    assert (jo.customer, jo.unit_id) == (halden, halden.unit_id)
    address = reverse("customers:contact_edit", args=[jo.reference])
    assert client.get(address).status_code == 200
    client.post(address, {"name": "Jo Brandt", "position": "Buyer", "rev": 1})
    jo.refresh_from_db()
    assert jo.position == "Buyer"
    response = client.post(reverse("customers:contact_void", args=[jo.reference]), {"reason": "Left the firm"})
    assert response["Location"] == halden.get_absolute_url()
    assert "Jo Brandt" not in page(client, halden).split('id="history"')[0].split("<main")[1].split("toast")[-1]


@pytest.mark.parametrize(
    "said", [{"name": ""}, {"name": "Jo", "email": "jo at home"}, {"name": "Jo", "phone": "1" * 41}]
)
def test_a_faulty_person_is_refused(client, mira, halden, said):
    client.force_login(mira)
    address = reverse("customers:contact_create", args=[halden.reference])
    assert client.post(address, said).status_code == 400
    assert not Contact.objects.exists()


def test_people_of_a_customer_out_of_reach_are_404(client, organisation, halden):
    north, south = make_unit("North"), make_unit("South")
    theirs = make_contact("Sue", make_customer("Southern", unit=south), unit=south)
    client.force_login(make_person("Nils North", "manager", north))
    assert client.get(reverse("customers:contact_edit", args=[theirs.reference])).status_code == 404
    assert client.get(reverse("customers:contact_create", args=[theirs.customer.reference])).status_code == 404
    assert client.post(reverse("customers:contact_void", args=[theirs.reference]), {"reason": "x"}).status_code == 404
    assert client.get(reverse("customers:contacts", args=[theirs.customer.reference])).status_code == 404


def test_a_product_in_use_is_added_once_and_removed(client, mira, halden):
    meter = make_product("Flow meter")
    client.force_login(mira)
    address = reverse("customers:supply_add", args=[halden.reference])
    assert client.post(address, {"product": meter.pk}).status_code == 302
    assert client.post(address, {"product": meter.pk}).status_code == 400
    supply = CustomerProduct.objects.get()
    removed = client.post(reverse("customers:supply_remove", args=[supply.reference]))
    assert removed["Location"] == halden.get_absolute_url()
    assert not CustomerProduct.objects.in_force().exists()
    assert client.post(address, {"product": meter.pk}).status_code == 302


@pytest.mark.parametrize("product", ["", "0", "9" * 30, "x"])
def test_a_product_that_is_none_is_refused(client, mira, halden, product):
    client.force_login(mira)
    address = reverse("customers:supply_add", args=[halden.reference])
    assert client.post(address, {"product": product}).status_code == 400


def test_the_list_is_filtered_by_segment_owner_key_product_and_name(client, mira, quinn, halden):
    meter = make_product("Flow meter")
    make_supply(halden, meter)
    other = make_customer("Brenta Foods", relationship_owner=quinn)
    make_customer("Pole Energy")
    client.force_login(mira)

    def found(**filters):
        return [customer.name for customer in client.get("/customers/", filters).context["records"]]

    assert found(segment=halden.segment.reference) == ["Halden Water"]
    assert found(owner="me") == ["Halden Water"]
    assert found(owner=quinn.email) == ["Brenta Foods"]
    assert found(owner="none") == ["Pole Energy"]
    assert found(key="yes") == ["Halden Water"]
    assert found(key="no") == ["Brenta Foods", "Pole Energy"]
    assert found(product=meter.reference) == ["Halden Water"]
    assert found(q="WATER") == ["Halden Water"]
    assert found(q=other.reference.lower()) == ["Brenta Foods"]
    assert found(q="100%") == []
    assert client.get("/customers/", {"owner": "nobody@example.com"}).status_code == 400


def test_type_ahead_proposes_those_that_begin_so_first(client, stefan, halden):
    make_customer("Waterford Glass")
    make_customer("Old Water").void(by=stefan, reason="Gone")
    client.force_login(stefan)
    answer = client.get("/customers/suggest/", {"q": "water"})
    assert answer.json() == [
        {"value": "CU-2026-0002", "label": "Waterford Glass", "hint": ""},
        {"value": "CU-2026-0001", "label": "Halden Water", "hint": "Water utility"},
    ]


def test_type_ahead_proposes_ten_at_most_and_nothing_for_nothing(client, stefan):
    for number in range(12):
        make_customer(f"Water {number}")
    client.force_login(stefan)
    assert len(client.get("/customers/suggest/", {"q": "w"}).json()) == 10
    assert client.get("/customers/suggest/", {"q": "  "}).json() == []
    assert client.get("/customers/suggest/").json() == []
    assert client.get("/customers/suggest/", {"q": "x" * 2000}).status_code == 400


def test_type_ahead_stays_within_the_unit(client, organisation):
    north, south = make_unit("North"), make_unit("South")
    make_customer("Water South", unit=south)
    make_customer("Water of the firm")
    client.force_login(make_person("Nora North", "staff", north))
    assert [one["label"] for one in client.get("/customers/suggest/", {"q": "water"}).json()] == ["Water of the firm"]


def test_those_without_the_right_get_no_proposals(client, adam, halden):
    client.force_login(adam)
    assert client.get("/customers/suggest/", {"q": "h"}).status_code == 403
    assert client.get(reverse("customers:contacts", args=[halden.reference])).status_code == 403


def test_the_people_at_a_customer_are_listed_for_the_form(client, stefan, halden):
    jo = make_contact("Jo Brandt", halden, position="Engineer")
    make_contact("Someone Else", make_customer())
    client.force_login(stefan)
    answer = client.get(reverse("customers:contacts", args=[halden.reference]))
    assert answer.json() == [{"value": jo.reference, "label": "Jo Brandt", "hint": "Engineer"}]


def test_products_are_kept_and_retired(client, mira):
    client.force_login(mira)
    client.post("/products/new/", {"name": "Flow meter", "code": "FM-1"})
    meter = Product.objects.get()
    assert "FM-1" in page(client, meter)
    address = reverse("customers:product_retire", args=[meter.reference])
    assert client.post(address, {"retired_on": "soon"}).status_code == 400
    assert client.post(address, {"retired_on": "2026-03-01"}).status_code == 302
    meter.refresh_from_db()
    assert meter.retired_on.isoformat() == "2026-03-01"
    assert client.post(address, {"retired_on": "2026-03-02"}).status_code == 400
    assert "no longer supplied since Sun 1 Mar 2026" in page(client, meter)
    assert client.get("/products/", {"supplied": "yes"}).context["records"] == []


def test_a_product_in_use_is_not_voided(client, mira, halden):
    meter = make_product("Flow meter")
    make_supply(halden, meter)
    client.force_login(mira)
    response = client.post(reverse("customers:product_void", args=[meter.reference]), {"reason": "Typing error"})
    assert response.status_code == 400
    assert "Customers use it." in response.content.decode()
    assert "Typing error</textarea>" in response.content.decode()


def test_a_segment_names_its_customers_and_is_voided_only_when_empty(client, mira, halden):
    client.force_login(mira)
    segment = halden.segment
    text = page(client, segment)
    assert "Halden Water" in text
    assert f"/customers/?segment={segment.reference}" in text
    listed = client.get("/segments/").context["records"]
    assert [(one.name, one.members) for one in listed] == [("Water utility", 1)]
    address = reverse("customers:segment_void", args=[segment.reference])
    assert client.post(address, {"reason": "Unused"}).status_code == 400
    halden.segment = None
    halden.save(by=mira)
    assert client.post(address, {"reason": "Unused"}).status_code == 302
    assert not Segment.objects.in_force().exists()


@pytest.mark.parametrize("address", ["/customers/", "/products/", "/segments/"])
def test_empty_lists_teach_and_lead_on(client, mira, stefan, address):
    client.force_login(mira)
    text = client.get(address).content.decode()
    assert 'class="empty"' in text
    assert "new/" in text.split('class="empty"')[1]
    client.force_login(stefan)
    assert "new/" not in client.get(address).content.decode().split('class="empty"')[1].split("</section>")[0]
