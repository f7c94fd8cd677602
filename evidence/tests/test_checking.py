"""Checks of the trail as background work: asked for, due by the day, and what they tell when something is found."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.tests.makers import make_unit
from evidence import checking
from records import jobs
from records.models import Job, Notification
from trail.models import Pending, Verification
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
