"""Checks of the trail as background work: asked for, due by the day, and what they tell when something is found."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.tests.makers import make_unit
from evidence import checking
from records import jobs
from records.models import Job, Notification
from trail import checking as trail_checking
from trail import triggers
from trail.models import Key, Pending, Verification
from trail.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)  # the verifier has a connection of its own


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.SEAL_KEYS, settings.ANCHOR_FILE = tmp_path / "keys", tmp_path / "anchors.jsonl"


def test_a_check_of_a_sound_trail_is_kept_and_nobody_is_told(quinn, adam):
    make_unit("North")
    seal()

    asked = checking.ask(quinn)
    assert checking.ask(adam) == asked
    jobs.run(asked.pk)

    check = checking.last_check()
    assert (check.is_sound, check.asked_by, check.findings) == (True, quinn, []) and check.size > 5
    assert check.anchors == 1 and check.root and check.ended_at >= check.began_at
    assert not Notification.objects.exists() and mail.outbox == []


def test_what_is_found_is_told_to_quality_managers_and_administrators_at_once(quinn, adam, stefan, aude):
    seal()
    Pending.objects.create(rtype="accounts.unit", history_id=999_999)

    check = checking.run_check()

    assert check.is_sound is False and len(check.findings) == 1
    assert {note.user for note in Notification.objects.all()} == {quinn, adam}
    assert sorted(to for message in mail.outbox for to in message.to) == sorted([quinn.email, adam.email])
    assert "Number 999999 of accounts.unit waits for its seal" in mail.outbox[0].body


def test_a_check_is_due_when_the_last_one_is_a_day_old(organisation):
    seal()
    checking.ask_when_due()
    checking.ask_when_due()
    assert Job.objects.filter(kind=checking.KIND).count() == 1
    jobs.run_due()
    checking.ask_when_due()
    assert Job.objects.filter(kind=checking.KIND, state=Job.State.PENDING).count() == 0

    Verification.objects.update(began_at=timezone.now() - timedelta(days=1))
    checking.ask_when_due()

    assert Job.objects.filter(kind=checking.KIND, state=Job.State.PENDING).count() == 1


def test_a_check_that_is_cancelled_leaves_nothing(quinn):
    seal()
    running = jobs.Running(Job.objects.create(kind=checking.KIND, state=Job.State.CANCELLED))

    with pytest.raises(jobs.Cancelled):
        checking.work(running)

    assert checking.last_check() is None


class TestALostKey:
    """The trail goes on with a new key, and every check says that the one before it did not sign it."""

    @pytest.fixture
    def lost(self, organisation, settings):
        seal()
        for file in settings.SEAL_KEYS.iterdir():
            file.unlink()
        make_unit("North")

    def go_on(self):
        call_command("rotate_seal_key", lost=True, verbosity=0)
        seal()

    def test_is_a_note_where_an_anchor_bears_the_new_one(self, lost):
        self.go_on()
        check, report = trail_checking.run()
        assert check.is_sound and "is not signed by the key before it, which was lost" in " ".join(report.notes)
        assert not Pending.objects.exists()

    def test_is_a_finding_where_no_anchor_bears_it(self, lost, settings):
        settings.ANCHOR_FILE = None
        self.go_on()
        check, _report = trail_checking.run()
        assert not check.is_sound and "and no anchor bears it" in check.findings[0]

    def test_is_a_finding_where_no_event_tells_of_it(self, settings, organisation):
        seal()
        call_command("rotate_seal_key", verbosity=0)
        seal()
        triggers.drop()
        Key.objects.exclude(replaces=None).update(signed_by_old="")
        triggers.install()
        check, _report = trail_checking.run()
        assert not check.is_sound and "and no event tells why" in check.findings[0]

    def test_cannot_be_said_of_a_key_that_is_here(self, organisation):
        with pytest.raises(CommandError, match="No key was begun yet"):
            call_command("rotate_seal_key", lost=True)
        seal()
        with pytest.raises(CommandError, match="leave --lost away"):
            call_command("rotate_seal_key", lost=True)
