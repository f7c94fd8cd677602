"""Puts generated feedback into the database, through the same doors as an import."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice

from accounts.models import Unit
from customers.models import Customer, Product, Segment
from feedback.models import Feedback
from records import bulk

KIND = {
    "complaint": Feedback.Kind.COMPLAINT,
    "compliment": Feedback.Kind.COMPLIMENT,
    "survey": Feedback.Kind.OBSERVATION,
    "comment": Feedback.Kind.OBSERVATION,
    "enquiry": Feedback.Kind.ENQUIRY,
}
ACKNOWLEDGE_WITHIN, ANSWER_WITHIN = timedelta(days=2), timedelta(days=14)
CHUNK = 2_000


class Ground:
    """What feedback points to: `customers[3]` is the id of the generator's customer 3."""

    def __init__(self, firm, by):
        self.by = by
        self.units = self._make(Unit, firm.units, "Unit")
        self.segments = self._make(Segment, firm.segments, "Segment")
        self.products = self._make(Product, firm.products, "Product")
        self.customers = self._make(Customer, firm.customers, "Customer")

    def _make(self, model, count, word):
        names = (f"{word} {number}" for number in range(count))
        if model is Unit:
            made = [Unit(name=name) for name in names]
        else:
            made = [model(name=name, name_key=name.casefold()) for name in names]
        return [one.pk for one in bulk.create(model, made, by=self.by)]

    def feedback(self, told, model=Feedback):
        """An unsaved record of `model`, which has the fields of Feedback."""
        facts = {
            "kind": KIND[told.kind],
            "customer_id": self.customers[told.customer],
            "product_id": self.products[told.product],
            "segment_id": self.segments[told.segment],
            "unit_id": None if told.unit is None else self.units[told.unit],
            "came_by": told.came_by,
            "words": told.words,
            "received_on": told.received_on,
        }
        if told.kind == "complaint":
            facts |= self._life(told)
        return model(**facts)

    def _life(self, told):
        received = datetime.combine(told.received_on, time(9), UTC)
        acknowledge_by, answer_by = received + ACKNOWLEDGE_WITHIN, received + ANSWER_WITHIN
        facts = {
            "severity": "minor",
            "acknowledge_due_at": acknowledge_by,
            "acknowledge_due_on": acknowledge_by.date(),
            "answer_due_at": answer_by,
            "answer_due_on": answer_by.date(),
        }
        if told.closed_on is None:
            return facts
        closed = datetime.combine(told.closed_on, time(15), UTC)
        acknowledged = acknowledge_by + timedelta(hours=8 if told.is_late else -8)
        return facts | {
            "acknowledged_at": acknowledged,
            "acknowledged_by": self.by,
            "answered_at": closed,
            "answered_by": self.by,
            "answered_on": told.closed_on,
            "closed_at": closed,
            "closed_by": self.by,
            "closed_on": told.closed_on,
            "days_to_close": told.closed_after,
        }


def load(firm, ground, manifest):
    """Import all of the firm's feedback in chunks; yields how many are there after each."""
    told, done, size = iter(firm), 0, min(CHUNK, max(1, firm.records // 10))
    while chunk := list(islice(told, size)):
        bulk.create(Feedback, [ground.feedback(one) for one in chunk], by=ground.by)
        for one in chunk:
            manifest.add(one)
        done += len(chunk)
        yield done
