"""A story that tests let happen at random, and the log that they keep of it: what stood after each change."""

import copy
import random
from datetime import timedelta

from django.utils import timezone

from accounts.models import Unit
from customers.models import Contact, Customer, CustomerProduct, Product, Segment
from feedback.models import Feedback

WORDS = ("The meter reads high", "It came a week late", "Clear quote, no surprises", "The certificate is missing")
LONG_AGO = timezone.now() - timedelta(days=700)


class Story:
    """Changes one thing after another. `facts` is what stands now, `log` what stood after each change, by moment.

    With `spread` the changes lie hours or days apart in the two years before now, else they happen now.
    """

    def __init__(self, seed, people, *, spread=False):
        self.chance, self.people, self.by = random.Random(seed), people, people[0]
        self.at = LONG_AGO if spread else None
        self.spread, self.named = spread, 0
        self.facts = {"units": {}, "segments": {}, "products": {}, "customers": {}, "feedback": {}}
        self.log = []
        for _first in range(3):
            self.add_segment()
            self.add_customer()
        for _first in range(2):
            self.add_unit()
            self.add_product()
        for _first in range(6):
            self.add_feedback()

    def go_on(self, changes):
        happenings = [
            self.add_customer, self.add_feedback, self.add_feedback, self.rename_customer, self.rename_customer,
            self.move_customer, self.move_customer, self.give_customer, self.rename_segment, self.rename_unit,
            self.move_unit, self.rename_product, self.add_contact, self.end_contact, self.supply, self.end_supply,
            self.void_customer, *[self.work_on_feedback] * 9, self.move_feedback, self.reword_feedback,
            self.void_feedback,
        ]  # fmt: skip
        done = 0
        while done < changes:
            before = len(self.log)
            self.chance.choice(happenings)()
            done += len(self.log) - before

    def stood(self, moment):
        """The facts at a moment; None before the first."""
        known = [facts for at, facts in self.log if at <= moment]
        return known[-1] if known else None

    # Each happening saves one record and notes it.

    def _save(self, record, verb=None, reason="", **facts):
        for name, value in facts.items():
            setattr(record, name, value)
        if self.spread:
            self.at += timedelta(seconds=self.chance.randrange(1, 300_000), microseconds=self.chance.randrange(10**6))
        if isinstance(record, Feedback) and not reason and verb not in ("recorded", None):
            reason = "It was so."
        record.save(by=self.by, verb=verb, reason=reason, at=self.at)
        return record

    def _note(self, kind, record, *, by_way_of=None, **facts):
        """What is so now of `record`, since it was saved, or since another record was that belongs to it."""
        self.facts[kind].setdefault(record.pk, {"reference": record.reference}).update(facts, rev=record.rev)
        self.log.append(((by_way_of or record).changed_at, copy.deepcopy(self.facts)))

    def _name(self, kind):
        self.named += 1
        return f"{kind} {self.chance.choice(['Alder', 'Birch', 'Cedar', 'Élan'])} {self.named}"

    def _one(self, model, kind, where=lambda facts: not facts.get("void")):
        known = [pk for pk, facts in self.facts[kind].items() if where(facts)]
        return model.objects.get(pk=self.chance.choice(known)) if known else None

    def add_unit(self):
        unit = self._save(Unit(name=self._name("Unit")))
        self._note("units", unit, name=unit.name, parent=None)

    def rename_unit(self):
        unit = self._save(self._one(Unit, "units"), name=self._name("Unit"))
        self._note("units", unit, name=unit.name)

    def move_unit(self):
        unit = self._one(Unit, "units")
        parent = self._one(Unit, "units", lambda facts: facts["parent"] is None)
        if parent and parent.pk != unit.pk and not any(u["parent"] == unit.pk for u in self.facts["units"].values()):
            self._save(unit, parent=parent)
            self._note("units", unit, parent=parent.pk)

    def add_segment(self):
        segment = self._save(Segment(name=self._name("Segment")))
        self._note("segments", segment, name=segment.name)

    def rename_segment(self):
        segment = self._save(self._one(Segment, "segments"), name=self._name("Segment"))
        self._note("segments", segment, name=segment.name)

    def add_product(self):
        product = self._save(Product(name=self._name("Product")))
        self._note("products", product, name=product.name)

    def rename_product(self):
        product = self._save(self._one(Product, "products"), name=self._name("Product"))
        self._note("products", product, name=product.name)

    def add_customer(self):
        customer = self._save(Customer(name=self._name("Customer"), segment=self._one(Segment, "segments")))
        self._note(
            "customers", customer, name=customer.name, segment=customer.segment_id, owner=None, people={}, uses={}
        )

    def rename_customer(self):
        customer = self._save(self._one(Customer, "customers"), name=self._name("Customer"))
        self._note("customers", customer, name=customer.name)

    def move_customer(self):
        segment = self.chance.choice([None, *Segment.objects.filter(pk__in=self.facts["segments"])])
        customer = self._save(self._one(Customer, "customers"), segment=segment)
        self._note("customers", customer, segment=customer.segment_id)

    def give_customer(self):
        owner = self.chance.choice([None, *self.people])
        customer = self._save(self._one(Customer, "customers"), relationship_owner=owner)
        self._note("customers", customer, owner=owner and owner.name)

    def void_customer(self):
        if sum(not facts.get("void") for facts in self.facts["customers"].values()) > 3:
            customer = self._one(Customer, "customers")
            self._void(customer)
            self._note("customers", customer, void=True)

    def add_contact(self):
        customer = self._one(Customer, "customers")
        contact = self._save(Contact(customer=customer, name=self._name("Person")))
        people = {**self.facts["customers"][customer.pk]["people"], contact.pk: contact.name}
        self._note("customers", customer, by_way_of=contact, people=people)

    def end_contact(self):
        customer = self._one(Customer, "customers", lambda facts: facts["people"])
        if customer:
            people = dict(self.facts["customers"][customer.pk]["people"])
            contact = Contact.objects.get(pk=self.chance.choice(list(people)))
            self._void(contact)
            del people[contact.pk]
            self._note("customers", customer, by_way_of=contact, people=people)

    def supply(self):
        customer, product = self._one(Customer, "customers"), self._one(Product, "products")
        uses = self.facts["customers"][customer.pk]["uses"]
        if product.pk not in uses.values():
            supply = self._save(CustomerProduct(customer=customer, product=product))
            self._note("customers", customer, by_way_of=supply, uses={**uses, supply.pk: product.pk})

    def end_supply(self):
        customer = self._one(Customer, "customers", lambda facts: facts["uses"])
        if customer:
            uses = dict(self.facts["customers"][customer.pk]["uses"])
            supply = CustomerProduct.objects.get(pk=self.chance.choice(list(uses)))
            self._void(supply)
            del uses[supply.pk]
            self._note("customers", customer, by_way_of=supply, uses=uses)

    def add_feedback(self):
        customer, day = self._one(Customer, "customers"), timezone.localdate(self.at or timezone.now())
        feedback = Feedback(
            kind=self.chance.choice(["complaint", "complaint", "compliment"]), customer=customer, received_on=day,
            words=self.chance.choice(WORDS), subject=self._name("About"), segment_id=customer.segment_id,
            product=self.chance.choice([None, self._one(Product, "products")]),
        )  # fmt: skip
        if feedback.kind == "complaint":
            feedback.severity, due = "major", timezone.now() + timedelta(days=self.chance.choice([-300, 300]))
            feedback.acknowledge_due_at = feedback.answer_due_at = due
            feedback.acknowledge_due_on = feedback.answer_due_on = timezone.localdate(due)
        self._save(feedback, "recorded")
        self._note(
            "feedback", feedback, about=feedback.subject, customer=customer.pk, segment=feedback.segment_id,
            product=feedback.product_id, owner=None, unit=None, state="received",
        )  # fmt: skip

    def work_on_feedback(self):
        """One step further, or back."""
        feedback, now = self._one(Feedback, "feedback"), self.at or timezone.now()
        if feedback is None:
            return
        today, state = timezone.localdate(now), self.facts["feedback"][feedback.pk]["state"]
        if self.chance.random() < 0.3:
            owner = self.chance.choice(self.people)
            self._save(feedback, "assigned", owner=owner)
            self._note("feedback", feedback, owner=owner.name)
        elif state == "received":
            self._save(feedback, "answered", answered_at=now, answered_by=self.by, answered_on=today, outcome="Sent.")
            self._note("feedback", feedback, state="answered")
        elif state == "answered":
            self._save(feedback, "closed", closed_at=now, closed_by=self.by, closed_on=today, days_to_close=1)
            self._note("feedback", feedback, state="closed")
        else:
            undone = dict.fromkeys(("answered_at", "answered_by", "answered_on", "closed_at", "closed_by", "closed_on"))
            self._save(feedback, "reopened", **undone, days_to_close=None, times_reopened=feedback.times_reopened + 1)
            self._note("feedback", feedback, state="received")

    def move_feedback(self):
        feedback = self._one(Feedback, "feedback")
        if feedback:
            unit = self._one(Unit, "units")
            self._save(feedback, "changed", unit=unit)
            self._note("feedback", feedback, unit=unit.pk)

    def reword_feedback(self):
        feedback = self._one(Feedback, "feedback")
        if feedback:
            self._save(feedback, "changed", subject=self._name("About"))
            self._note("feedback", feedback, about=feedback.subject)

    def void_feedback(self):
        if sum(not facts.get("void") for facts in self.facts["feedback"].values()) > 5:
            feedback = self._one(Feedback, "feedback")
            self._void(feedback)
            self._note("feedback", feedback, void=True)

    def _void(self, record):
        reason = "Written down twice."
        now = self.at or timezone.now()
        self._save(record, "voided", reason, voided_at=now, voided_by=self.by, void_reason=reason)
