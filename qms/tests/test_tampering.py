"""Somebody changes the database around Heed: what the verifier finds, at many places, and what nobody can find."""

import random
from datetime import date

import pytest
from django.test import override_settings

from accounts.roles import Role
from accounts.tests.makers import make_organisation, make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_product, make_segment, make_supply
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from qms.tests.attacking import Firm
from qms.tests.tamperings import TAMPERINGS, cut_after, seal_everything_anew_with_the_key
from trail import keys
from trail.erasing import erase
from trail.models import SecurityEvent
from trail.sealing import seal

pytestmark = pytest.mark.django_db  # (so that there is a test database, in which the firm is made)
PLACES = 2  # for each way to tamper


def make(seal):
    """Records of many kinds in several checkpoints, a key that was replaced, a person who was erased."""
    make_organisation()
    quinn, adam = make_person("Quinn Lindqvist", Role.QUALITY_MANAGER), make_person("Adam Brandt", Role.ADMINISTRATOR)
    seal(5)
    north, segment, product = make_unit("North"), make_segment("Water"), make_product("Flow meter")
    customer = make_customer("Halden Water", segment=segment, unit=north)
    make_supply(customer, product)
    contact = make_contact("Oswin Thorne", customer, email="oswin@thorne.example")
    seal(5)
    said = [make_complaint(by=quinn, customer=customer, contact=contact, words=f"It was loud, {n}.") for n in range(4)]
    said += [
        make_feedback(by=adam, customer=make_customer(f"Customer {n}"), words=f"Well done, {n}.") for n in range(6)
    ]
    for one in said[1:6]:
        one.received_on = date(2026, 3, 4)
        one.save(by=adam, verb="changed", reason="Typed wrongly")
        make_entry(one, by=quinn, text="Called them back.")
    SecurityEvent.objects.create(verb="signed in", changed_by=quinn, address="192.0.2.7")
    SecurityEvent.objects.create(verb="refused", changed_by=adam, path="/people/")
    while seal(7):
        pass
    keys.rotate()
    erase(contact, by=adam, basis="They asked for it")
    for one in said[4:]:
        one.product = product
        one.save(by=quinn, verb="changed")
    while seal(9):
        pass


@pytest.fixture(scope="module")
def firm(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock():
        firm = Firm(tmp_path_factory.mktemp("firm"), make)
        yield firm
        firm.copy.remove()


def test_the_firm_as_it_is_passes(firm):
    with firm.spoiled(lambda at: None) as copy:
        report = firm.check(copy)

    assert report.findings == [] and report.size > 60 and report.anchors == report.checkpoints > 8


@pytest.mark.parametrize("seed", range(PLACES))
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda function: function.__name__)
def test_what_was_changed_around_heed_is_found(firm, tamper, seed):
    with firm.spoiled(tamper, chance=random.Random(f"{tamper.__name__} {seed}")) as copy:
        report = firm.check(copy)

    assert not report.is_sound
    assert not any("cannot be checked" in finding for finding in report.findings), report.findings


def cut_off_the_last_batch(at):
    cut_after(at, at.rows("trail_checkpoint")[-2]["size"])


@pytest.mark.parametrize("tamper", [cut_off_the_last_batch, seal_everything_anew_with_the_key])
def test_without_an_anchor_a_clean_cut_and_a_new_log_cannot_be_found(firm, tamper):
    with firm.spoiled(tamper, chance=random.Random(1)) as copy:
        report = firm.check(copy, with_anchors=False)

    assert report.findings == [] and any("No anchors were given" in note for note in report.notes)


def test_what_is_no_part_of_any_leaf_cannot_be_found(firm):
    def tamper(at):
        at.run("UPDATE accounts_user SET name = 'Somebody Else'")
        at.run("UPDATE trail_schema SET described_at = began_at FROM trail_key")
        at.run("DELETE FROM kpis_reading")

    with firm.spoiled(tamper) as copy:
        assert firm.check(copy).is_sound


def test_what_is_changed_before_it_is_sealed_cannot_be_found(firm):
    def tamper(at):
        with_a_later_version(at)
        at.run("UPDATE feedback_historicalentry SET text = 'Never rang.' WHERE text = 'Rang them.'")
        at.run("UPDATE feedback_entry SET text = 'Never rang.' WHERE text = 'Rang them.'")

    with firm.spoiled(tamper) as copy, override_settings(SEAL_KEYS=firm.keys, ANCHOR_FILE=None):
        assert copy.work(seal) == 1
        assert firm.check(copy).is_sound


def test_who_writes_as_heed_writes_is_believed(firm):
    """Whoever has Heed's own rights in the database, or its memory, may say who did something."""

    def tamper(at):
        with_a_later_version(at, changed_by_id=at.row("accounts_user")["id"])

    with firm.spoiled(tamper) as copy, override_settings(SEAL_KEYS=firm.keys, ANCHOR_FILE=None):
        assert copy.work(seal) == 1
        assert firm.check(copy).is_sound


def with_a_later_version(at, **facts):
    """A next version of an entry, as the triggers would leave it: kept and waiting."""
    row = at.chance.choice(
        [row for row in at.rows("feedback_historicalentry") if at.is_last("feedback_historicalentry", row)]
    )
    [(last,)] = at.all("SELECT max(history_id) FROM feedback_historicalentry")
    row |= {"history_id": last + 1, "rev": row["rev"] + 1, "text": "Rang them.", "history_type": "~", **facts}
    at.insert("feedback_historicalentry", row)
    at.run("DELETE FROM feedback_entry WHERE id = ?", row["id"])
    at.insert("feedback_entry", {name: value for name, value in row.items() if not name.startswith("history_")})
    at.run("INSERT INTO trail_pending (rtype, history_id) VALUES ('feedback.entry', ?)", last + 1)
