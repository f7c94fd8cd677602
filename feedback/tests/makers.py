"""Makes feedback for tests: written as it stands, without the rules of the intake, so that any state can be made."""

from datetime import date

from customers.tests.makers import make_customer
from feedback.clock import start_clock
from feedback.models import Entry, Feedback

WORDS = "Two meters promised for Friday arrived on Tuesday."


def make_feedback(by=None, **given):
    """Praise received on a Monday, unless told otherwise."""
    if "customer" not in given:
        given["customer"] = make_customer()
    facts = {"kind": Feedback.Kind.COMPLIMENT, "words": WORDS, "received_on": date(2026, 3, 2), **given}
    feedback = Feedback(**facts)
    feedback.save(by=by)
    return feedback


def make_complaint(by=None, **given):
    """A major complaint whose clock runs, unless it is historic or given its promises."""
    facts = {"kind": Feedback.Kind.COMPLAINT, "words": WORDS, "received_on": date(2026, 3, 2), **given}
    if not facts.get("is_historic"):
        facts.setdefault("severity", "major")
    if "customer" not in facts:
        facts["customer"] = make_customer()
    feedback = Feedback(**facts)
    if not feedback.is_historic and "answer_due_at" not in facts and "acknowledge_due_at" not in facts:
        start_clock(feedback)
    feedback.save(by=by)
    return feedback


def make_entry(feedback, by=None, **given):
    entry = Entry(feedback=feedback, unit_id=feedback.unit_id, **{"text": "Called them back.", **given})
    entry.save(by=by)
    return entry
