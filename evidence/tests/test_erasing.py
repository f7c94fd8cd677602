"""Erasing a person: what is emptied, what the database refuses, what stands against it, and doing it again."""

import json
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import Appointment, User
from accounts.tests.makers import make_person
from customers.models import Contact, Customer
from customers.tests.makers import make_contact, make_customer
from evidence import erasing
from evidence.models import ErasureRequest
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_entry
from records import jobs
from records.models import Draft, Job
from records.notifying import notify
from trail import verifier
from trail.context import acting_as
from trail.erasing import CannotErase, erase, plan_for, reapply_journal
from trail.history import history_of
from trail.models import Erased, Erasure, Opening, Seal, SecurityEvent
from trail.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(organisation):
    customer = make_customer("Northwind")
    return make_contact("Oswin Thorne", customer, email="oswin@thorne.example", phone="0161 496 0001")


@pytest.fixture
def journal(settings, tmp_path):
    settings.ERASURE_JOURNAL = tmp_path / "journal.jsonl"
    return settings.ERASURE_JOURNAL


def texts_of(record):
    """What all kept versions of a record hold in their personal columns."""
    from trail.columns import personal_fields_of

    names = [name for name in personal_fields_of(type(record)) if name != "reason"]
    rows = history_of(type(record)).objects.filter(id=record.pk).values_list(*names)
    return {str(text or "") for row in rows for text in row}


# What goes and what stays


def test_a_contact_is_emptied_in_every_version_and_the_leaves_stay(contact, quinn, adam):
    contact.position = "Head of noise"
    contact.save(by=quinn)
    said = make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.")
    entry = make_entry(said, by=quinn, text="Rang Oswin Thorne.")
    seal()
    before = [(one.seq, bytes(one.leaf)) for one in Seal.objects.all()]

    erasure = erase(contact, by=adam, basis="They asked for it", because="ER-2026-0001")

    for record in (contact, said, entry):
        record.refresh_from_db()
        assert (record.verb, record.reason) == ("erased", "ER-2026-0001")
        assert texts_of(record) == {""}
    assert said.kind == "complaint" and said.answer_due_at and said.contact == contact
    assert [(one.seq, bytes(one.leaf)) for one in Seal.objects.all()][: len(before)] == before
    assert erasure.counts == {"customers.contact": 1, "feedback.feedback": 1, "feedback.entry": 1}
    emptied = Opening.objects.filter(rtype="customers.contact", salt=None)
    assert emptied.count() == 2 and all("name" in one.commitments for one in emptied)


def test_feedback_under_their_name_alone_is_theirs_at_their_customer_only(contact, quinn, adam):
    theirs = make_complaint(by=quinn, customer=contact.customer, said_by="oswin  THORNE", words="One")
    namesake = make_complaint(by=quinn, customer=make_customer("Else"), said_by="Quite another", words="Two")
    erase(contact, by=adam, basis="asked")
    theirs.refresh_from_db()
    namesake.refresh_from_db()
    assert (theirs.words, namesake.words) == ("", "Two")


def test_a_text_about_others_loses_the_name_and_what_is_spared_stays(contact, quinn, adam):
    named = make_complaint(by=quinn, customer=make_customer("Else"), words="OSWIN THORNE said so.")
    spared = make_complaint(by=quinn, customer=make_customer("Third"), words="Oswin Thorne, another one.")
    erase(contact, by=adam, basis="asked", spared=[f"feedback.feedback:{spared.pk}"])
    named.refresh_from_db()
    spared.refresh_from_db()
    assert named.words == "(erased) said so." and spared.words == "Oswin Thorne, another one."
    assert set(Feedback.history.filter(id=named.pk).values_list("rev", "words")) == {(1, ""), (2, "(erased) said so.")}


def test_a_customer_who_is_a_person_goes_with_all_they_said(quinn, adam):
    person = make_customer("Ada Quill", is_person=True)
    said = make_complaint(by=quinn, customer=person, words="Mine.")
    other = make_customer("Bo Quill", is_person=True)
    erase(person, by=adam, basis="asked")
    erase(other, by=adam, basis="asked")
    for record in (person, said):
        record.refresh_from_db()
    assert str(person) == "(erased)" and said.words == ""
    assert Customer.objects.in_force().filter(name_key="").count() == 2, "two without a name are no duplicates"


def test_drafts_and_notices_that_speak_of_them_go(contact, quinn, adam, mira):
    said = make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.")
    Draft.objects.create(user=quinn, form="feedback", data={"words": "Oswin Thorne rang"})
    kept = Draft.objects.create(user=mira, form="feedback", data={"words": "Somebody else rang"})
    notify(mira, text="open again: it was loud", about=said)
    erase(contact, by=adam, basis="asked")
    assert list(Draft.objects.all()) == [kept]
    assert mira.notifications.get().text == f"{said.reference} (erased)"


def test_somebody_who_signs_in_is_emptied_and_cannot_come_back(adam, quinn, stefan, client, contact):
    client.force_login(stefan)
    with acting_as(stefan, channel="form"):
        note = make_entry(make_complaint(by=quinn, customer=contact.customer), by=quinn, text="Stefan Adler rang.")
    event = SecurityEvent.objects.create(verb="signed in", changed_by=stefan, address="192.0.2.7", detail="browser")
    seal()
    erase(stefan, by=adam, basis="left")
    stefan.refresh_from_db()
    event.refresh_from_db()
    note.refresh_from_db()
    assert (stefan.is_active, stefan.is_erased, stefan.has_usable_password()) == (False, True, False)
    assert stefan.name == f"Erased person {stefan.pk}"
    assert (event.address, event.detail) == ("", "") and note.text == "(erased) rang."
    assert not Appointment.objects.in_force().filter(user=stefan, to_on=None).exists()
    assert client.get("/me/").status_code == 302
    assert plan_for(stefan).is_empty


# What the database refuses


def test_the_database_lets_nothing_else_be_emptied(contact, quinn, adam):
    other = make_contact("Petra Conti", contact.customer)
    seal()
    versions = history_of(Contact)._base_manager

    def refused(rows, **change):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)

    refused(versions.filter(id=contact.pk), name="", name_key="", position="", email="", phone="", reason="")
    erase(contact, by=adam, basis="asked")
    refused(
        versions.filter(id=other.pk), name="", name_key="", position="", email="", phone="", reason="", void_reason=""
    )
    refused(versions.filter(id=contact.pk, rev=1), customer_id=other.customer_id + 1)
    refused(versions.filter(id=contact.pk, rev=1), name="Somebody")


def test_what_is_written_by_mistake_afterwards_is_not_covered(contact, adam):
    erase(contact, by=adam, basis="asked")
    contact.refresh_from_db()
    contact.name = "Oswin Thorne"
    contact.save(by=adam)
    with pytest.raises(IntegrityError), transaction.atomic():
        empty = {"name": "", "name_key": "", "position": "", "email": "", "phone": "", "reason": "", "void_reason": ""}
        history_of(Contact)._base_manager.filter(id=contact.pk, rev=contact.rev).update(**empty)
    erase(contact, by=adam, basis="asked again")
    contact.refresh_from_db()
    assert contact.name == "" and not Contact.history.exclude(name="").filter(id=contact.pk).exists()


# Again, half way, after a restore


def test_erasing_twice_is_harmless(contact, quinn, adam):
    make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.")
    first = erase(contact, by=adam, basis="asked")
    written = Seal.objects.count(), Erased.objects.count(), Contact.history.count()
    assert erase(contact, by=adam, basis="asked") == first
    assert (Erased.objects.count(), Contact.history.count()) == written[1:]


class Killed(BaseException):
    pass


def test_killed_half_way_it_leaves_all_or_nothing(contact, quinn, adam):
    said = make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.")

    def die(execute, sql, params, many, context):
        if sql.startswith('UPDATE "feedback_historicalfeedback"'):
            raise Killed
        return execute(sql, params, many, context)

    with pytest.raises(Killed), connection.execute_wrapper(die):
        erase(contact, by=adam, basis="asked")
    contact.refresh_from_db()
    assert contact.name == "Oswin Thorne" and not Erasure.objects.exists() and not Opening.objects.filter(salt=None)
    erase(contact, by=adam, basis="asked")
    said.refresh_from_db()
    assert said.words == ""


def test_the_journal_names_nobody_and_erases_again_what_a_restore_brought_back(contact, quinn, adam, journal):
    make_complaint(by=quinn, customer=contact.customer, contact=contact, words="It was loud.")
    seal()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        erase(contact, by=adam, basis="asked", because="ER-2026-0001")
        raise ZeroDivisionError  # the database is as a backup from before would have it
    contact.refresh_from_db()
    assert contact.name == "Oswin Thorne"
    text = journal.read_text()
    assert "Thorne" not in text and "loud" not in text and json.loads(text)["because"] == "ER-2026-0001"
    assert reapply_journal() == 1
    contact.refresh_from_db()
    assert (contact.name, contact.reason) == ("", "ER-2026-0001")
    assert not Feedback.history.exclude(words="").exists()
    assert reapply_journal() == 0


def test_a_number_that_was_given_to_somebody_else_since_is_left_alone(contact, adam, journal):
    line = {"rtype": "customers.contact", "rid": contact.pk, "began": "2020-01-01T00:00:00+00:00"}
    journal.write_text(json.dumps(line | {"because": "", "basis": "asked", "spared": []}) + "\n{half a li")
    assert reapply_journal() == 0
    contact.refresh_from_db()
    assert contact.name == "Oswin Thorne"


# Who decides, and what stands against it


def test_of_two_administrators_the_other_one_confirms(contact, adam):
    other = make_person("Ann Other", "administrator")
    asked = erasing.ask(by=adam, row=contact, basis="asked")
    with pytest.raises(ValidationError, match="Another administrator"):
        erasing.confirm(by=adam, asked=asked, typed=asked.reference)
    assert erasing.confirm(by=other, asked=asked).confirmed_by == other


def test_an_administrator_alone_types_the_reference(contact, adam):
    make_person("Gone Away", "administrator", is_active=False)
    asked = erasing.ask(by=adam, row=contact, basis="asked")
    with pytest.raises(ValidationError, match="Type ER-"):
        erasing.confirm(by=adam, asked=asked, typed="")
    assert erasing.confirm(by=adam, asked=asked, typed=f" {asked.reference.lower()} ").state == "confirmed"


def test_what_is_declined_stays_as_it_is(contact, quinn, adam):
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    erasing.decline(by=adam, asked=asked, reason="A guarantee runs until May.")
    with pytest.raises(ValidationError, match="decided already"):
        erasing.confirm(by=adam, asked=asked)
    assert quinn.notifications.latest("pk").text == f"{asked.reference} was declined."
    assert erasing.ask(by=quinn, row=contact, basis="asked").state == "asked"


def test_words_about_an_erasure_name_nobody(contact, quinn, adam):
    with pytest.raises(ValidationError, match="who it is"):
        erasing.ask(by=quinn, row=contact, basis="asked", words="Mail from oswin@thorne.example")
    asked = erasing.ask(by=quinn, row=contact, basis="asked", words="By mail of 3 March")
    with pytest.raises(ValidationError, match="who it is"):
        erasing.decline(by=adam, asked=asked, reason="Oswin Thorne owes us money")


def test_a_person_is_asked_for_once_at_a_time(contact, quinn):
    erasing.ask(by=quinn, row=contact, basis="asked")
    with pytest.raises(ValidationError, match="a request for this person already"):
        erasing.ask(by=quinn, row=contact, basis="asked")


def test_a_legal_hold_stands_against_it_until_it_ends(contact, quinn, adam):
    held = erasing.hold(by=quinn, row=contact, why="A claim is pending.", from_on=contact.recorded_at.date())
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    with pytest.raises(ValidationError, match="legal hold"):
        erasing.confirm(by=adam, asked=asked)
    with pytest.raises(CannotErase, match="legal hold"):
        erase(contact, by=adam, basis="asked")
    erasing.end_hold(by=quinn, held=held, reason="Settled.")
    held.refresh_from_db()
    type(held).objects.filter(pk=held.pk).change(
        by=quinn, verb="changed", to_on=held.from_on.replace(year=2020), from_on=held.from_on.replace(year=2020)
    )
    assert erasing.confirm(by=adam, asked=asked).state == "confirmed"


def test_a_hold_that_is_put_after_the_confirmation_hands_the_request_back(contact, quinn, adam):
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    erasing.confirm(by=adam, asked=asked)
    erasing.hold(by=quinn, row=contact, why="A claim came.", from_on=contact.recorded_at.date())
    jobs.run(Job.objects.get(kind=erasing.WORK).pk)
    asked.refresh_from_db()
    contact.refresh_from_db()
    assert asked.state == "asked" and "legal hold" in asked.reason and contact.name == "Oswin Thorne"


def test_the_last_administrator_and_oneself_are_not_erased(adam):
    with pytest.raises(CannotErase, match="last administrator"):
        erase(adam, by=None, basis="asked")
    make_person("Ann Other", "administrator")
    with pytest.raises(CannotErase, match="Nobody can erase themselves"):
        erase(adam, by=adam, basis="asked")


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_once_erase_once(contact, quinn, adam):
    other = make_person("Ann Other", "administrator")
    asked, said = erasing.ask(by=quinn, row=contact, basis="asked"), []

    def confirm(person):
        try:
            erasing.confirm(by=person, asked=ErasureRequest.objects.get(pk=asked.pk))
        except ValidationError as fault:
            said.append(fault.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[User.objects.get(pk=one.pk)]) for one in (adam, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1 and "decided already" in said[0][0]
    jobs.run_due()
    assert Erasure.objects.count() == 1


def test_the_account_of_the_bytes_is_the_verifiers(contact, adam):
    """The commitments that stay are those that the leaf was made of."""
    seal()
    opening = Opening.objects.get(rtype="customers.contact")
    wanted = verifier.commitment(bytes(opening.salt), "name", "Oswin Thorne").hex()
    erase(contact, by=adam, basis="asked")
    opening.refresh_from_db()
    assert opening.salt is None and opening.commitments["name"] == wanted
