"""Two people at one piece of feedback at the same moment: with the lock, and a control run without it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from feedback import services
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works):
    """Run each in a thread of its own, all from the same moment; what each returned or raised."""
    ready = Barrier(len(works))

    def one(work):
        ready.wait()
        try:
            return work()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def refused(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def test_of_two_answers_at_once_one_counts_and_the_other_is_told(mira, stefan):
    complaint = make_complaint()
    outcomes = together(
        *(lambda by=by: services.answer(by=by, feedback=complaint, outcome=f"By {by}") for by in (mira, stefan))
    )
    (refusal,) = refused(outcomes)
    assert isinstance(refusal, ValidationError) and "answered already" in str(refusal)
    complaint.refresh_from_db()
    assert complaint.entries.get().text == complaint.outcome and complaint.rev == 2


def test_of_undo_and_a_note_at_once_only_one_happens(mira, stefan):
    feedback = make_feedback(by=stefan)
    outcomes = together(
        lambda: services.undo(by=stefan, feedback=feedback),
        lambda: services.add_note(by=mira, feedback=feedback, text="I call them."),
    )
    assert len(refused(outcomes)) == 1 and isinstance(refused(outcomes)[0], ValidationError)
    feedback.refresh_from_db()
    assert feedback.is_voided != feedback.entries.exists()


def test_control_without_the_lock_a_note_is_written_on_what_was_taken_back(mira, stefan, monkeypatch):
    undoing = make_feedback(by=stefan)
    noting = Feedback.objects.get(pk=undoing.pk)
    both_have_read, undone = Barrier(2), Event()

    def read_only(record):
        found = Feedback.objects.get(pk=record.pk)
        both_have_read.wait(10)
        if record is noting:
            undone.wait(10)
        return found

    def undo():
        services.undo.__wrapped__(by=stefan, feedback=undoing)
        undone.set()

    def note():
        services.add_note.__wrapped__(by=mira, feedback=noting, text="I call them.")

    monkeypatch.setattr(services, "locked", read_only)
    outcomes = together(undo, note)
    assert not refused(outcomes)
    undoing.refresh_from_db()
    assert undoing.is_voided and undoing.entries.exists(), "both happened: without the lock the rule is broken"
