"""Erasing a person: nothing of them is left, and the trail stands."""

from customers.models import Contact
from customers.tests.makers import make_contact, make_customer
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_entry
from trail.erasing import erase, plan_for
from trail.models import Seal
from trail.sealing import seal


def test_a_contact_is_emptied_in_every_version(quinn, adam):
    contact = make_contact(
        "Oswin Thorne", make_customer("Northwind"), email="oswin@thorne.example", phone="0161 496 0001"
    )
    said = make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.", said_by="")
    make_entry(said, by=quinn, text="Rang Oswin Thorne.")
    other = make_complaint(by=quinn, words="Oswin Thorne told us to write.", customer=make_customer("Else"))
    seal()
    before = list(Seal.objects.values_list("seq", "leaf"))
    erasure = erase(contact, by=adam, basis="They asked for it", because="ER-2026-0001")
    contact.refresh_from_db()
    assert (contact.name, contact.email, contact.verb, contact.reason) == ("", "", "erased", "ER-2026-0001")
    assert not Contact.history.exclude(name="").exists()
    said.refresh_from_db()
    assert said.words == "" and said.kind == "complaint" and said.answer_due_at
    assert not Feedback.history.filter(id=said.pk).exclude(words="").exists()
    other.refresh_from_db()
    assert other.words == "(erased) told us to write."
    assert [(n, bytes(x)) for n, x in before] == [
        (n, bytes(x)) for n, x in Seal.objects.values_list("seq", "leaf")[: len(before)]
    ]
    assert erasure.counts == {"customers.contact": 1, "feedback.feedback": 2, "feedback.entry": 1}
    assert plan_for(contact).is_empty
