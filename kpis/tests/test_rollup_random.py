"""Whatever is done to records in whatever order: buckets are what a rebuild and what plain Python make of them."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_customer, make_product, make_segment
from feedback.models import Feedback
from feedback.tests.makers import make_feedback
from kpis import reconciling, rollup
from kpis.models import Kpi, Reading
from kpis.tests.counts import folded, kept, recounted
from records import measures
from trail.sealing import seal

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 26)
STEPS = 60


class Firm:
    """People and things that records point to, and a die to choose among them."""

    def __init__(self, seed):
        self.die = random.Random(seed)
        self.by = make_person("Mira Castellan")
        self.products = [make_product() for _number in range(3)] + [None]
        self.segments = [make_segment(), None]
        self.customers = [make_customer() for _number in range(3)]
        self.units = [make_unit("North"), make_unit("South"), None]

    def day(self):
        return FIRST + timedelta(days=self.die.randrange(40))

    def facts(self):
        return {
            "customer": self.die.choice(self.customers),
            "product": self.die.choice(self.products),
            "segment": self.die.choice(self.segments),
            "unit": self.die.choice(self.units),
            "came_by": self.die.choice(["", "phone", "email"]),
            "received_on": self.day(),
            "stated_timely": self.die.choice([None, True, False]),
            "disputed": self.die.choice([None, True, False]),
            **self.life(),
        }

    def life(self):
        """Any state a complaint can be in; of other kinds no more than the kind."""
        kind = self.die.choice(Feedback.Kind.values)
        facts = dict.fromkeys(
            ("acknowledge_due_on", "acknowledge_due_at", "answer_due_on", "answer_due_at", "acknowledged_at",
             "acknowledged_by", "answered_at", "answered_by", "answered_on", "closed_at", "closed_by", "closed_on",
             "days_to_close")
        )  # fmt: skip
        facts |= {"kind": kind, "severity": "minor" if kind == "complaint" else ""}
        if kind == "complaint":
            for promise in ("acknowledge_due", "answer_due"):
                if self.die.random() < 0.8:
                    facts[f"{promise}_on"] = self.day()
                    facts[f"{promise}_at"] = moment(facts[f"{promise}_on"])
            for verb in ("acknowledged", "answered", "closed"):
                if self.die.random() < 0.6:
                    done = self.day()
                    facts |= {f"{verb}_at": moment(done), f"{verb}_by": self.by}
                    if verb != "acknowledged":
                        facts[f"{verb}_on"] = done
            if facts["closed_on"] and self.die.random() < 0.8:
                facts["days_to_close"] = self.die.randrange(6)
        return facts

    def act(self):
        """One thing that may happen."""
        records = list(Feedback.objects.in_force())
        what = self.die.random()
        if what < 0.35 or not records:
            make_feedback(**self.facts())
            return
        one = self.die.choice(records)
        if what < 0.45:
            one.void(by=self.by, reason="Entered twice")
        elif what < 0.8:
            for name, value in self.facts().items():
                if self.die.random() < 0.5 or name in self.life():
                    setattr(one, name, value)
            one.save(by=self.by, reason="The file was wrong")
        elif what < 0.85:
            some = Feedback.objects.filter(pk__in=[record.pk for record in records[::2]])
            some.change(
                by=self.by,
                verb="moved",
                reason="The file was wrong",
                product=self.die.choice(self.products),
                unit=self.die.choice(self.units),
            )
        elif what < 0.93:
            seal(limit=self.die.choice([None, 1, 5]))
        else:
            rollup.fold_in()


def moment(day):
    return datetime.combine(day, time(12), UTC)


def readings_from(totals):
    """{(KPI's code, first day): value} by the formulas, from plain totals."""
    found = {}
    for kpi in Kpi.objects.in_force():
        measure = measures.get(kpi.measure)
        sums = {}
        for (source, dimension, _member, day, part), value in totals.items():
            if source == measure.source.name and not dimension:
                parts = sums.setdefault(measures.Period.containing(day, kpi.cadence), {})
                parts[part] = parts.get(part, 0) + value
        for period, parts in sums.items():
            if measured := measure(parts):
                found[kpi.code, period.start] = round(measured.value, 6)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_changes_gives_what_the_records_say(seed, organisation, monkeypatch):
    monkeypatch.setattr(rollup, "BATCH", 20)
    firm = Firm(seed)
    for step in range(STEPS):
        firm.act()
        if step % 20 == 19:
            folded()
            assert kept() == recounted()
    folded()
    totals = recounted()
    assert kept() == totals
    stored = Reading.objects.latest_known().filter(value__isnull=False).values_list("kpi__code", "start_on", "value")
    assert {(code, start): value for code, start, value in stored} == readings_from(totals)
    assert reconciling.check() == []
    rollup.rebuild()
    assert kept() == totals
