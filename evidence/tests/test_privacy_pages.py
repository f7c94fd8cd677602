"""The pages about what is kept of people: find, look, ask, confirm, decline, take a copy, put on hold."""

import csv
import io
import json
import zipfile

import pytest
from django.urls import reverse

from accounts.tests.makers import make_person
from customers.tests.makers import make_contact, make_customer
from evidence import erasing
from evidence.models import ErasureRequest, LegalHold
from feedback.tests.makers import make_complaint, make_entry
from records import jobs
from records.models import Job
from trail.models import SecurityEvent
from trail.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(organisation, quinn):
    contact = make_contact(
        "Oswin Thorne", make_customer("Northwind"), email="oswin@thorne.example", phone="0161 496 0001"
    )
    said = make_complaint(by=quinn, customer=contact.customer, contact=contact, words="=It was loud.", subject="Noise")
    make_entry(said, by=quinn, text="Rang back.")
    make_complaint(by=quinn, customer=make_customer("Else"), words="Oswin Thorne told us.", subject="Hearsay")
    return contact


def of(page, row):
    return reverse(f"privacy:{page}", args=[row._meta.label_lower, row.pk])


def test_a_quality_manager_asks_from_the_customers_page_and_an_administrator_confirms(client, quinn, adam, contact):
    client.force_login(quinn)
    page = client.get(contact.customer.get_absolute_url())
    assert of("person", contact) in page.text
    page = client.get(of("person", contact))
    assert "Oswin Thorne" in page.text and "Noise" in page.text and "Hearsay" in page.text
    answer = client.post(of("erase", contact), {"basis": "asked", "words": "By letter.", "token": "a"})
    asked = ErasureRequest.objects.get()
    assert answer.url == asked.get_absolute_url()
    assert client.post(reverse("privacy:confirm", args=[asked.reference])).status_code == 403
    assert adam.notifications.get().text == f"{asked.reference}: a person is to be erased."

    client.force_login(adam)
    page = client.get(asked.get_absolute_url())
    assert "Erase for good" in page.text and "Oswin" not in page.text, "administrators see no customer's people"
    assert client.post(reverse("privacy:confirm", args=[asked.reference])).status_code == 302
    assert "Heed is at it" in client.get(asked.get_absolute_url()).text
    jobs.run(Job.objects.get(kind=erasing.WORK).pk)
    page = client.get(asked.get_absolute_url())
    assert "What was emptied" in page.text and ">2<" in page.text.replace(" ", "").replace("\n", "")
    client.force_login(quinn)
    page = client.get(contact.customer.get_absolute_url())
    assert "(erased)" in page.text and "Oswin" not in page.text and of("person", contact) not in page.text
    assert client.get(reverse("customers:contact_edit", args=[contact.reference])).status_code == 403


def test_what_means_somebody_else_can_be_left(client, quinn, adam, contact):
    client.force_login(quinn)
    page = client.get(of("erase", contact))
    key = next(key for key, label in page.context["form"].fields["spared"].choices if "Hearsay" in label)
    client.post(of("erase", contact), {"basis": "asked", "spared": [key]})
    assert ErasureRequest.objects.get().spared == [key]
    answer = client.post(of("erase", contact), {"basis": "asked", "spared": ["feedback.feedback:999999"]})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "data-error-summary"),
        ({"basis": "because"}, "not one of the available choices"),
        ({"basis": "other", "words": " "}, "Say which ground it is."),
        ({"basis": "asked", "words": "Oswin Thorne asked"}, "Do not write who it is"),
    ],
)
def test_a_request_without_a_basis_or_with_a_name_is_put_back_with_what_was_typed(client, quinn, contact, sent, told):
    client.force_login(quinn)
    page = client.post(of("erase", contact), sent)
    assert page.status_code == 400 and told in page.text
    assert sent.get("words", "").strip() in page.text and not ErasureRequest.objects.exists()


def test_an_administrator_alone_confirms_their_own_by_typing_its_reference(client, adam, stefan):
    client.force_login(adam)
    client.post(of("erase", stefan), {"basis": "no_longer_needed"})
    asked = ErasureRequest.objects.get()
    confirm = reverse("privacy:confirm", args=[asked.reference])
    page = client.post(confirm, {"typed": "yes"})
    assert page.status_code == 400 and 'value="yes"' in page.text
    assert client.post(confirm, {"typed": asked.reference}).status_code == 302
    jobs.run(Job.objects.get(kind=erasing.WORK).pk)
    page = client.get(stefan.get_absolute_url())
    stefan.refresh_from_db()
    assert stefan.name in page.text and "Adler" not in page.text and "Reactivate" not in page.text
    client.post(reverse("accounts:reactivate", args=[stefan.pk]))
    stefan.refresh_from_db()
    assert not stefan.is_active


def test_with_two_administrators_who_asked_is_told_that_another_confirms(client, adam, stefan):
    make_person("Ann Other", "administrator")
    client.force_login(adam)
    client.post(of("erase", stefan), {"basis": "asked"})
    asked = ErasureRequest.objects.get()
    assert "Another administrator must confirm it." in client.get(asked.get_absolute_url()).text
    page = client.post(reverse("privacy:confirm", args=[asked.reference]), {"typed": asked.reference})
    assert page.status_code == 400 and "Another administrator must confirm it." in page.text


def test_declining_needs_a_reason(client, quinn, adam, contact):
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    client.force_login(adam)
    decline = reverse("privacy:decline", args=[asked.reference])
    assert client.post(decline, {"reason": ""}).status_code == 400
    assert client.post(decline, {"reason": "A guarantee runs."}).status_code == 302
    page = client.get(asked.get_absolute_url())
    assert "A guarantee runs." in page.text and "Erase for good" not in page.text


def test_auditors_read_the_list_and_no_person(client, aude, quinn, contact):
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    client.force_login(aude)
    page = client.get(reverse("privacy:list"))
    assert asked.reference in page.text and contact.reference in page.text and "Find a person" not in page.text
    assert client.get(asked.get_absolute_url()).status_code == 200
    assert client.get(of("person", contact)).status_code == 403


@pytest.mark.parametrize("name", ["stefan", "mira", "tomas"])
def test_others_have_no_business_here(client, request, name, contact):
    client.force_login(request.getfixturevalue(name))
    assert client.get(reverse("privacy:list")).status_code == 403
    assert client.get(of("person", contact)).status_code == 403
    assert "Erase…" not in client.get(contact.customer.get_absolute_url()).text


def test_a_person_is_found_by_name_mail_or_reference(client, quinn, adam, contact):
    client.force_login(quinn)
    for words in ("oswin", "oswin@thorne.example", contact.reference):
        assert of("person", contact) in client.get(reverse("privacy:find"), {"q": words}).text
    assert "at least two characters" in client.get(reverse("privacy:find"), {"q": "o"}).text
    assert client.get(reverse("privacy:find"), {"q": "a\0b"}).status_code == 400
    client.force_login(adam)
    assert of("person", contact) not in client.get(reverse("privacy:find"), {"q": "oswin"}).text


def test_a_copy_of_their_data_holds_every_version_and_nothing_of_others(client, quinn, contact):
    contact.phone = "0161 496 0002"
    contact.save(by=quinn)
    seal()
    client.force_login(quinn)
    answer = client.post(of("data", contact))
    assert "Oswin" not in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("data.json"))
        rows = list(csv.DictReader(io.StringIO(archive.read("feedback.csv").decode("utf-8-sig"))))
        assert "Calder Instruments" in archive.read("README.txt").decode()
    assert [one["phone"] for one in told["contact"]] == ["0161 496 0001", "0161 496 0002"]
    assert [one["words"] for one in rows] == ["'=It was loud."], "no spreadsheet takes it for a formula"
    assert told["named_elsewhere"] == [{"kind": "feedback", "text": "Oswin Thorne told us."}]
    event = SecurityEvent.objects.filter(verb="exported").latest("pk")
    assert event.changed_by == quinn and "Oswin" not in event.detail + event.path


def test_a_hold_is_put_shown_and_ended(client, quinn, contact):
    client.force_login(quinn)
    page = client.post(of("hold_create", contact), {"why": "A claim.", "from_on": "2026-03-01", "to_on": "2026-02-01"})
    assert page.status_code == 400 and "cannot be before the first" in page.text
    client.post(of("hold_create", contact), {"why": "A claim.", "from_on": "2026-03-01"})
    held = LegalHold.objects.get()
    page = client.get(of("person", contact))
    assert "cannot be erased now" in page.text and held.reference in page.text
    assert client.post(reverse("privacy:hold_end", args=[held.reference]), {"reason": ""}).status_code == 400
    client.post(reverse("privacy:hold_end", args=[held.reference]), {"reason": "Settled."})
    held.refresh_from_db()
    assert held.to_on is not None and held.reason == "Settled."


def test_the_list_takes_few_queries_however_many_requests(client, quinn, django_assert_max_num_queries):
    customer = make_customer("Northwind")
    for number in range(12):
        erasing.ask(by=quinn, row=make_contact(f"Person Number{number}", customer), basis="asked")
    client.force_login(quinn)
    client.get(reverse("privacy:list"))
    with django_assert_max_num_queries(14):
        client.get(reverse("privacy:list"))
