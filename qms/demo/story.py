"""Two years at Calder Instruments: what happened, drawn once from a fixed seed and played in the order of time.

Planted on purpose: a change of carrier with late deliveries, complaints and late answers after it, a decision and
recovery; first replies that slip since the telephone system was replaced; a resolution time that cannot reach its
target; a key customer who fell silent.
"""

import calendar
import heapq
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from django.utils import timezone

from accounts.models import Severity
from customers.models import Contact, Customer, CustomerProduct, Product, Segment
from feedback.clock import start_clock, working_days_taken
from feedback.models import Entry, Feedback
from records.working_time import Calendar
from trail.context import acting_as

from . import words
from .cast import CUSTOMERS, PEOPLE, POSITIONS, PRODUCTS, SEGMENTS, SILENT

SEED = 512
DAYS = 730
CARRIER_CHANGED, CARRIER_DECIDED = 182, 63  # days before the end
TELEPHONE_REPLACED = 61
SILENT_SINCE = 150
THEMES = {"delivery": 0.34, "certificate": 0.16, "fault": 0.24, "packaging": 0.14, "paperwork": 0.12}
PER_DAY = {"complaint": 1.3, "compliment": 0.9, "suggestion": 0.5, "enquiry": 1.1, "observation": 0.25}
CAME_BY = ["phone", "phone", "phone", "email", "email", "email", "visit", "web", "letter"]
MONTHS = list(calendar.month_name)[1:]


@dataclass
class Story:
    """Plays the two years before `until` (exclusive), on the firm's calendar."""

    until: date
    people: dict
    units: dict
    calendar: Calendar
    random: Random = field(default_factory=lambda: Random(SEED))
    _queue: list = field(default_factory=list)
    _order: object = field(default_factory=count)

    def play(self):
        """Record everything that happened, in the order of time."""
        self._found_the_firm()
        for offset in range(DAYS, 0, -1):
            day = self.until - timedelta(days=offset)
            if self.calendar.is_working_day(day):
                self._plan_day(day, offset)
        while self._queue:
            moment, _place, act, arguments = heapq.heappop(self._queue)
            if timezone.localdate(moment) < self.until:
                act(moment, *arguments)

    @property
    def begins(self):
        """The first day on which a customer says something."""
        return self.until - timedelta(days=DAYS)

    def at(self, moment, act, *arguments):
        """Plan `act(moment, *arguments)`: it is done when its time has come."""
        heapq.heappush(self._queue, (moment, next(self._order), act, arguments))

    def _moment(self, day, hour=None):
        """A moment of the working day; the minute comes from the dice."""
        hour = self.random.uniform(9.1, 16.6) if hour is None else hour
        return datetime.combine(day, time(int(hour), int(hour % 1 * 60)), tzinfo=self.calendar.zone)

    def _save(self, record, moment, by, channel="form", **how):
        with acting_as(by, channel=channel):
            record.save(at=moment, **how)
        return record

    def _record(self, moment, feedback, by):
        self._save(feedback, moment, by)

    def _found_the_firm(self):
        start = self._moment(self.until - timedelta(days=DAYS + 3), 9)
        quality = self.people["Marta Ruiz"]
        self.segments = [self._save(Segment(name=name), start, quality) for name in SEGMENTS]
        self.products = [self._save(Product(name=n, is_service=s), start, quality) for n, s in PRODUCTS]
        self.customers, self.contacts = [], {}
        names = iter(PEOPLE * 4)
        units = [None, *(self.units[name] for name in ("Service North", "Service South"))]
        for name, segment, unit, is_key, weight in CUSTOMERS:
            owner = self.people["Lena Sund" if unit == 1 else "Ines Duarte"]
            customer = Customer(
                name=name,
                segment=self.segments[segment],
                unit=units[unit],
                is_key=is_key,
                relationship_owner=self.people["Tom Mbeki"] if is_key and weight > 6 else owner,
                since_on=date(self.random.randint(2008, 2022), self.random.randint(1, 12), 1),
            )
            self._save(customer, start, quality)
            self.customers.append((customer, weight))
            self.contacts[customer.pk] = [
                self._save(
                    Contact(customer=customer, unit=customer.unit, **self._contact(next(names), name)), start, owner
                )
                for _number in range(2 if weight > 2 else 1)
            ]
            for product in self.random.sample(self.products, 3 if weight > 2 else 2):
                self._save(CustomerProduct(customer=customer, product=product, unit=customer.unit), start, owner)

    def _contact(self, name, firm):
        address = name.lower().replace("é", "e").replace(" ", ".")
        domain = firm.lower().replace("ô", "o").replace(" ", "-")
        return {
            "name": name,
            "position": self.random.choice(POSITIONS),
            "email": f"{address}@{domain}.example",
            "phone": f"+44 20 7946 {self.random.randint(0, 999):04d}",
        }

    def _plan_day(self, day, offset):
        for kind, rate in PER_DAY.items():
            if kind == "complaint":
                for theme, share in THEMES.items():
                    for _number in range(self._how_many(rate * share * self._trouble(theme, offset))):
                        self.at(self._moment(day), self._complain, theme, offset)
            else:
                for _number in range(self._how_many(rate)):
                    self.at(self._moment(day), self._say, kind, offset)

    def _trouble(self, theme, offset):
        """How many times its usual rate a theme has, `offset` days before the end."""
        if theme == "delivery":
            if CARRIER_DECIDED < offset <= CARRIER_CHANGED:
                return 3.2
            return 0.3 if offset <= CARRIER_DECIDED else 1
        return 1

    def _how_many(self, rate):
        """A Poisson draw, by counting exponential waits."""
        number, waited = 0, self.random.expovariate(1)
        while waited < rate:
            number, waited = number + 1, waited + self.random.expovariate(1)
        return number

    def _customer(self, offset):
        speaking = [pair for pair in self.customers if pair[0].name != SILENT or offset > SILENT_SINCE]
        return self.random.choices([customer for customer, _ in speaking], [weight for _, weight in speaking])[0]

    def _fill(self, text, product, moment):
        return text.format(
            product=product.name,
            days=self.random.randint(2, 6),
            weekday=(moment - timedelta(days=self.random.randint(2, 5))).strftime("%A"),
            month=MONTHS[moment.month % 12],
        )

    def _heard(self, moment, offset, **given):
        customer = self._customer(offset)
        taker = customer.relationship_owner
        feedback = Feedback(
            customer=customer,
            segment=customer.segment,
            unit=customer.unit,
            contact=self.random.choice(self.contacts[customer.pk]),
            came_by=self.random.choice(CAME_BY),
            received_on=timezone.localdate(moment),
            received_at=moment,
            **given,
        )
        return feedback, taker

    def _say(self, moment, kind, offset):
        product = self.random.choice(self.products)
        sentences = {
            "compliment": words.PRAISE,
            "suggestion": words.IDEAS,
            "enquiry": words.QUESTIONS,
            "observation": words.OBSERVATIONS,
        }[kind]
        text = self._fill(self.random.choice(sentences), product, moment)
        feedback, taker = self._heard(moment, offset, kind=kind, product=product, words=text)
        recorded = moment + timedelta(minutes=self.random.randint(1, 20))
        self.at(recorded, self._record, feedback, taker)
        if kind == "enquiry":
            replied = max(self._after(moment, self.random.choice([0, 0, 1, 1, 2, 3])), recorded + timedelta(minutes=2))
            self.at(replied, self._answer, feedback, "Answered by phone.", taker)
            self.at(replied + timedelta(minutes=5), self._close, feedback, taker)
        elif kind != "suggestion" or self.random.random() < 0.7:
            self.at(self._after(moment, self.random.randint(1, 6)), self._close, feedback, taker)

    def _complain(self, moment, theme, offset):
        product = (
            self.products[3] if theme == "certificate" else self.random.choice([*self.products[:3], *self.products])
        )
        subjects, sentences = words.COMPLAINTS[theme]
        feedback, taker = self._heard(
            moment,
            offset,
            kind="complaint",
            product=product,
            subject=self._fill(self.random.choice(subjects), product, moment),
            words=self._fill(self.random.choice(sentences), product, moment),
            severity=self.random.choices(list(Severity), [2, 7, 1])[0],
            order_number=f"CO-{self.random.randint(70_000, 89_999)}",
        )
        feedback.owner = feedback.customer.relationship_owner
        start_clock(feedback)
        recorded = moment + timedelta(minutes=self.random.randint(1, 30))
        self.at(recorded, self._record, feedback, taker)
        owner = feedback.owner

        acknowledged = recorded + timedelta(minutes=self.random.randint(20, 150))
        if self.random.random() < (0.3 if offset <= TELEPHONE_REPLACED else 0.02):
            acknowledged = self._after(moment, 3)
        self.at(acknowledged, self._acknowledge, feedback, owner)
        if self.random.random() < 0.3:
            self.at(self._after(moment, 2), self._note, feedback, self.random.choice(words.NOTES), owner)
        # Days to an answer: mostly inside the promise; the carrier's troubles filled every desk.
        swamped = CARRIER_DECIDED - 15 < offset <= CARRIER_CHANGED - 10
        days = min(40, round(self.random.lognormvariate(1.95 if swamped else 1.55, 0.45)))
        if offset <= 28 and self.random.random() < 0.2:
            days += 9  # some of the newest are left lying: Home has something to ask for
        answered = self._after(max(moment, acknowledged), max(1, days))
        self.at(answered, self._answer, feedback, words.ANSWERS[theme], owner)
        closed = self._after(answered, max(4, round(self.random.gauss(9, 2.2))))
        self.at(closed, self._close, feedback, owner)

    def _after(self, moment, days):
        """Some moment `days` working days later."""
        day = self.calendar.add_working_days(moment, days)
        later = self._moment(day)
        return later if later > moment else moment + timedelta(minutes=self.random.randint(10, 60))

    def _acknowledge(self, moment, feedback, by):
        if feedback.acknowledged_at:
            return
        with acting_as(by, channel="form"):
            feedback.acknowledge(by=by, at=moment)
        self._entry(moment, feedback, Entry.Audience.SENT, words.ACKNOWLEDGED, by)

    def _answer(self, moment, feedback, text, by):
        with acting_as(by, channel="form"):
            feedback.answer(by=by, outcome=text, at=moment)
        self._entry(moment, feedback, Entry.Audience.SENT, text, by)

    def _close(self, moment, feedback, by):
        with acting_as(by, channel="form"):
            feedback.close(by=by, days=working_days_taken(feedback, moment), at=moment)

    def _note(self, moment, feedback, text, by):
        self._entry(moment, feedback, Entry.Audience.INTERNAL, text, by)

    def _entry(self, moment, feedback, audience, text, by):
        entry = Entry(feedback=feedback, unit=feedback.unit, audience=audience, happened_at=moment, text=text)
        self._save(entry, moment, by)
