"""Feedback as a busy firm hears it, made from numbers alone: record i depends on (seed, i) and on nothing else.

Shares no code with any room, so that what the roll-up finds can be checked against the manifest written here.
"""

import hashlib
import math
import random
import struct
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from statistics import NormalDist

UNTIL = date(2026, 1, 1)  # the day after the last
YEARS = 5
MONTHS = (0.93, 0.93, 1.03, 0.93, 0.97, 1.22, 1.39, 1.16, 0.84, 0.90, 0.74, 0.96)
WEEKDAYS = (20.5, 20.5, 21.5, 20.8, 15.4, 0.7, 0.5)
DISPERSION = 8  # of the gamma that makes daily numbers negative-binomial
SPIKE_DAYS, SPIKE = 8, 6
SHIFT = 1.2
KINDS = {"complaint": 3, "compliment": 12, "survey": 40, "comment": 30, "enquiry": 15}
CAME_BY = {"email": 38, "phone": 31, "web": 22, "letter": 4, "visit": 3, "": 2}
STILL_OPEN = 0.04
LATE = 0.12
NORMAL = NormalDist()
WORDS = (
    "the delivery came two days after the day you gave us and the crate was open on one side but the people who "
    "brought it were kind and the gauge itself does what it should thank you for calling back so soon we would "
    "like to know whether the next one can come with the certificate in the box as it was agreed last year "
)


@dataclass(frozen=True)
class Told:
    """One piece of feedback. Customers, products, segments and units are numbers from 0; `closed_after` is in days."""

    number: int
    kind: str
    received_on: date
    customer: int
    product: int
    segment: int
    unit: int | None
    came_by: str
    words: str
    closed_after: int | None = None
    is_late: bool = False

    @property
    def closed_on(self):
        return None if self.closed_after is None else self.received_on + timedelta(days=self.closed_after)


@dataclass
class Manifest:
    """The totals of what was generated, added up while it was."""

    received: Counter = field(default_factory=Counter)  # by day
    complaints: Counter = field(default_factory=Counter)  # by day
    products: Counter = field(default_factory=Counter)  # by product
    closed: Counter = field(default_factory=Counter)  # by (day closed, days it took)

    def add(self, told):
        self.received[told.received_on] += 1
        self.products[told.product] += 1
        if told.kind == "complaint":
            self.complaints[told.received_on] += 1
            if told.closed_after is not None:
                self.closed[told.closed_on, told.closed_after] += 1


class Firm:
    """Who speaks and how often, for a number of records; `told(i)` is the record i."""

    def __init__(self, records, seed=7):
        self.records, self.seed = records, seed
        self.customers = max(20, records // 50)
        self.products = 60
        self.segments = 6
        self.units = 5
        self._customers = _steps((rank + 3.17) ** -1.40 for rank in range(1, self.customers + 1))
        self._products = _steps(rank**-1.14 for rank in range(1, self.products + 1))
        self._kinds = _steps(KINDS.values())
        self._ways = _steps(CAME_BY.values())
        self.first_day = UNTIL.replace(year=UNTIL.year - YEARS)
        self._days = _steps(self._weights())

    def __iter__(self):
        return map(self.told, range(self.records))

    def told(self, number):
        (day, customer, product, kind, way, took, chance, length) = _uniform(self.seed, number)
        customer, kind = _pick(self._customers, customer), list(KINDS)[_pick(self._kinds, kind)]
        size = max(1, min(4_000, int(math.exp(4.3 + NORMAL.inv_cdf(_inside(length))))))
        told = {
            "number": number,
            "kind": kind,
            "received_on": self.first_day + timedelta(days=_pick(self._days, day)),
            "customer": customer,
            "product": _pick(self._products, product),
            "segment": customer % self.segments,
            "unit": None if customer % 7 == 0 else customer % self.units,
            "came_by": list(CAME_BY)[_pick(self._ways, way)],
            "words": (WORDS * (size // len(WORDS) + 1))[:size],
        }
        if kind == "complaint" and chance >= STILL_OPEN:
            told["closed_after"] = int(math.exp(1.6 + 0.9 * NORMAL.inv_cdf(_inside(took))))
            told["is_late"] = chance > 1 - LATE
        return Told(**told)

    def _weights(self):
        """How much is said on each day, from the seed alone."""
        chance = random.Random(f"{self.seed} days")
        days = (UNTIL - self.first_day).days
        spike, shift = chance.randrange(days // 4, days // 2), days * 2 // 3
        for number in range(days):
            day = self.first_day + timedelta(days=number)
            weight = MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * chance.gammavariate(DISPERSION, 1 / DISPERSION)
            if spike <= number < spike + SPIKE_DAYS:
                weight *= SPIKE
            yield weight * SHIFT if number >= shift else weight


def _uniform(seed, number):
    """Eight numbers from 0 up to 1, the same on every machine."""
    digest = hashlib.blake2b(struct.pack(">QQ", seed, number), digest_size=64).digest()
    return [whole / 2**64 for whole in struct.unpack(">8Q", digest)]


def _steps(weights):
    return list(accumulate(weights))


def _pick(steps, share):
    """The index on whose step `share` of the whole falls."""
    return min(bisect_right(steps, share * steps[-1]), len(steps) - 1)


def _inside(share):
    """Away from 0 and 1, where the normal distribution has no value."""
    return min(max(share, 1e-12), 1 - 1e-12)
