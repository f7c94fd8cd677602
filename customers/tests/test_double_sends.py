"""Two presses of Save that arrive at the same moment make one record."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from customers.models import Contact
from customers.tests.makers import make_customer
from records import submissions
from records.models import Submission

pytestmark = pytest.mark.django_db(transaction=True)


def send_at_once(user, address, said, times=2):
    """The answers to one form sent several times at the same moment."""
    clients, ready, answers = [Client() for _time in range(times)], threading.Barrier(times), []
    for client in clients:
        client.force_login(user)

    def send(client):
        try:
            ready.wait(5)
            answers.append(client.post(address, said))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_form_sent_at_once_makes_one_record(mira):
    customer = make_customer("Halden Water")
    address = reverse("customers:contact_create", args=[customer.reference])
    for number in range(5):
        said = {"name": f"Jo Brandt {number}", "token": submissions.new_token()}
        answers = send_at_once(mira, address, said)
        assert [answer.status_code for answer in answers] == [302, 302]
        assert {answer["Location"] for answer in answers} == {customer.get_absolute_url()}
        assert Contact.objects.filter(name=said["name"]).count() == 1


def test_without_its_token_the_form_would_make_two(mira):
    """The control."""
    customer = make_customer("Halden Water")
    send_at_once(mira, reverse("customers:contact_create", args=[customer.reference]), {"name": "Jo Brandt"})
    assert Contact.objects.count() == 2


def test_two_forms_of_one_new_name_at_once_make_one_customer_and_one_explanation(mira):
    for number in range(5):
        answers = send_at_once(mira, reverse("customers:create"), {"name": f"Brenta {number}"})
        assert sorted(answer.status_code for answer in answers) == [302, 400]


def test_what_was_sent_is_forgotten_after_some_days(mira):
    key, now = "a" * 64, submissions.timezone.now()
    Submission.objects.create(user=mira, key=key)
    assert submissions.forget_old(now) == 0
    assert submissions.forget_old(now + submissions.KEPT_FOR * 2) == 1
