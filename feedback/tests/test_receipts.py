"""Receipts: the page of a record, and what is written to a customer, say what proves the version later."""

import re

import pytest

from feedback import services
from feedback.models import Feedback
from feedback.tests.makers import make_complaint
from trail.models import Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def seal_of(record):
    return Seal.objects.get(rtype="feedback.feedback", rid=record.pk, rev=record.rev)


@pytest.fixture
def complaint(stefan, acting):
    with acting(stefan):
        return make_complaint(owner=stefan)


def test_a_page_shows_the_receipt_of_its_version_once_that_is_sealed(client, stefan, complaint):
    client.force_login(stefan)
    page = complaint.get_absolute_url()
    assert "Version 1. It is being sealed; its receipt will stand here soon." in text_of(client.get(page))

    seal()
    first = seal_of(complaint)
    assert f"Version 1. Receipt {first.receipt} · place {first.seq:,} in the trail" in text_of(client.get(page))

    complaint.subject = "Another subject"
    complaint.save(by=stefan)
    assert "Version 2. It is being sealed" in text_of(client.get(page))
    seal()
    assert seal_of(complaint).receipt != first.receipt
    assert f"Version 2. Receipt {seal_of(complaint).receipt} ·" in text_of(client.get(page))


def test_whoever_records_feedback_is_led_to_its_receipt(client, stefan):
    from customers.tests.makers import make_customer

    customer = make_customer()
    client.force_login(stefan)
    token = re.search(r'name="token" value="([^"]+)"', client.get("/feedback/new/").content.decode())
    given = {
        "customer_name": customer.name,
        "kind": "compliment",
        "words": "Well done",
        "token": token[1] if token else "",
    }
    shown = client.post("/feedback/new/", given, follow=True)

    record = Feedback.objects.get()
    assert f'<a href="{record.get_absolute_url()}#receipt">Receipt</a>' in shown.content.decode()
    assert 'id="receipt"' in client.get(record.get_absolute_url()).content.decode()


def test_the_story_has_the_receipt_that_the_customer_may_be_given(client, stefan, complaint):
    services.acknowledge(by=stefan, feedback=complaint, text="We have it and will answer within two weeks.")
    client.force_login(stefan)
    assert "Receipt for the customer" not in text_of(client.get(complaint.get_absolute_url()))

    seal()
    complaint.refresh_from_db()
    receipt = seal_of(complaint).receipt
    assert f"Receipt for the customer {receipt}" in text_of(client.get(complaint.get_absolute_url()))
