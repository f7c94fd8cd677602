"""Home as of a moment: what was known, said and owed then, for each role what was theirs."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.models import Customer, Product
from customers.tests.makers import make_customer, make_product
from feedback.clock import start_clock
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import rollup
from kpis.models import Kpi
from trail.sealing import seal

pytestmark = pytest.mark.django_db
HOME_QUERIES = 16


def fold():
    seal()
    rollup.fold_in()


def home(client, user, moment=None, **query):
    client.force_login(user)
    if moment is not None:
        query["as_of"] = moment if isinstance(moment, str) else moment.isoformat()
    return client.get(reverse("home"), query)


def told(response):
    """What Home says, as plain facts."""
    context = response.context
    talk = context["talk"]
    return {
        "sentence": [(part.text, part.kind) for part in context["finding"] or ()],
        "figures": [(row.kpi.name, row.latest.period, row.latest.value, row.target) for row in context["rows"]],
        "points": [[(str(point.period), point.value) for point in row.points] for row in context["rows"]],
        "verdicts": [(row.variation.words, row.assurance.words) for row in context["rows"]],
        "needs": [(need.feedback.reference, need.verb, need.clock.state) for need in context["needs"]],
        "quiet": [customer.name for customer in context["quiet"]],
        "voices": [(voice.words, voice.customer.name) for voice in context["voices"]],
        "talk": talk and (talk.total, [(bar.label, bar.value, bar.was) for bar in talk.bars.rows]),
    }


def noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def recorded(day, **given):
    """A complaint received and recorded on that day, with its clock, as the demo records them."""
    facts = {"kind": "complaint", "words": f"Said {day}", "severity": "major", "received_on": day}
    feedback = Feedback(received_at=noon(day), **(facts | given))
    start_clock(feedback)
    feedback.save(at=noon(day))
    return feedback


def of_long_ago(name="Tarn Valley", day=date(2020, 1, 6), **given):
    customer = Customer(name=name, **given)
    customer.save(at=noon(day))
    return customer


def test_home_says_of_each_moment_what_it_said_then(client, organisation, mira, quinn):
    north, south = make_unit("North"), make_unit("South")
    nora = make_person("Nora North", "manager", north)
    meter, valve, today = make_product("Meter"), make_product("Valve"), timezone.localdate()
    customer = make_customer("Halden Water", unit=north)
    log, complaints = [], []
    for turn in range(6):
        for days in (1, 40, 100):
            unit, product = (north, meter) if (turn + days) % 2 else (south, valve)
            words = f"Words {turn} {days}"
            complaints.append(
                make_complaint(
                    by=mira, received_on=today - timedelta(days=days + turn), unit=unit, product=product, words=words
                )
            )
            make_feedback(by=mira, customer=customer, unit=unit, product=product, received_on=today)
        complaints[turn].acknowledge(by=mira)
        if turn % 2:
            complaints[turn - 1].answer(by=mira, outcome="Told them.")
            meter.name = customer.name = f"Renamed {turn}"
            meter.save(by=mira)
            customer.save(by=mira)
        fold()
        for user, query in ((quinn, {}), (nora, {}), (quinn, {"product": valve.reference})):
            log.append((timezone.now(), user, query, told(home(client, user, **query))))
    rollup.rebuild()
    for moment, user, query, said in log:
        assert told(home(client, user, moment, **query)) == said, (moment, user, query)
    assert len({str(said) for *_which, said in log}) == len(log)


def test_promises_are_reckoned_to_the_day_that_is_looked_at(client, organisation, mira):
    customer = of_long_ago()
    one = recorded(date(2026, 3, 2), customer=customer)
    one.acknowledge(by=mira, at=noon(date(2026, 3, 3)))
    one.answer(by=mira, outcome="Told them.", at=noon(date(2026, 4, 1)))
    states = {}
    for day in (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 30), date(2026, 4, 2)):
        needs = home(client, mira, noon(day) + timedelta(hours=1)).context["needs"]
        states[day.isoformat()] = [(need.verb, str(need.clock.state)) for need in needs]
    assert states == {
        "2026-03-01": [],
        "2026-03-02": [("acknowledge", "due")],
        "2026-03-04": [("answer", "due")],
        "2026-03-30": [("answer", "overdue")],
        "2026-04-02": [],
    }


def test_what_is_done_today_was_still_to_do_before(client, organisation, mira):
    one = recorded(date(2026, 3, 2), customer=of_long_ago(), subject="Late again")
    before = timezone.now()
    one.acknowledge(by=mira)
    one.answer(by=mira, outcome="Told them.")
    then = home(client, mira, before)
    assert [(need.feedback, need.verb) for need in then.context["needs"]] == [(one, "acknowledge")]
    assert "Late again" in then.content.decode() and "overdue" in then.content.decode()
    assert home(client, mira).context["needs"] == []


def test_who_had_fallen_silent_is_reckoned_from_that_day(client, organisation, mira):
    quiet = of_long_ago(is_key=True)
    recorded(date(2026, 3, 2), customer=quiet)
    for day, names in ((date(2026, 5, 30), []), (date(2026, 6, 5), ["Tarn Valley"])):
        assert [one.name for one in home(client, mira, noon(day)).context["quiet"]] == names
    recorded(date(2026, 6, 10), customer=quiet)
    assert home(client, mira, noon(date(2026, 6, 11))).context["quiet"] == []
    assert [one.name for one in home(client, mira, noon(date(2026, 6, 5))).context["quiet"]] == ["Tarn Valley"]


def test_the_ninety_days_end_with_the_last_record_known_then(client, organisation, mira):
    customer, meter = of_long_ago(), Product(name="Meter")
    meter.save(at=noon(date(2026, 1, 20)))
    for day in (date(2025, 11, 20), date(2026, 1, 10), date(2026, 3, 2), date(2026, 6, 1)):
        recorded(day, customer=customer, product=meter)
    fold()
    talk = home(client, mira, timezone.now()).context["talk"]
    assert (talk.last_day, talk.total) == (date(2026, 6, 1), 1)
    talk = home(client, mira, "2026-03-31").context["talk"]
    assert (talk.last_day, talk.total) == (date(2026, 3, 2), 2)
    assert home(client, mira, "2025-11-01").context["talk"] is None
    before = timezone.now()
    recorded(timezone.localdate(), customer=customer, product=meter)
    fold()
    assert home(client, mira, before).context["talk"].last_day == date(2026, 6, 1)
    assert home(client, mira).context["talk"].last_day == timezone.localdate()
    (bar,) = home(client, mira, before).context["talk"].bars.rows
    assert (bar.label, bar.value, bar.was) == ("Meter", "1", "2")
    assert "1 to 1 of 1" in client.get(f"{bar.href}&as_of={before:%Y-%m-%dT%H:%M:%S.%fZ}").content.decode()


def test_before_anything_was_recorded_home_says_so_and_asks_for_nothing(client, organisation, quinn):
    before = timezone.now()
    make_complaint(by=quinn)
    fold()
    for moment in (before, "2001-01-01"):
        text = home(client, quinn, moment).content.decode()
        assert "Nothing was known about your customers yet." in text and "Three steps" not in text
    assert "Complaints received" in home(client, quinn).content.decode()


def test_the_sentence_is_that_of_the_day_and_names_the_kpi_as_it_was_called(client, mira):
    for month, count in enumerate([3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3, 15], start=1):
        for number in range(count):
            make_complaint(by=mira, received_on=date(2025, month, 1 + number))
    fold()
    before = timezone.now()
    kpi = Kpi.objects.get(code="complaints-received")
    kpi.name = "Grievances"
    kpi.save(by=mira)
    for complaint in Feedback.objects.filter(received_on__month=12)[:12]:
        complaint.void(by=mira, reason="Recorded twice")
    fold()
    heading = heading_of(home(client, mira, before))
    assert "Complaints received" in heading and "unusually high" in heading
    assert "unusually high" not in heading_of(home(client, mira))


def heading_of(response):
    text = response.content.decode()
    return text[text.index("<h1") : text.index("</h1>")]


@pytest.mark.parametrize("person", ["stefan", "mira", "tomas", "quinn", "aude"])
def test_everybody_who_has_a_home_sees_that_of_a_day_gone_by(client, request, mira, person):
    make_complaint(by=mira)
    fold()
    user, before = request.getfixturevalue(person), timezone.now()
    response = home(client, user, before)
    assert response.status_code == 200
    text = response.content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    assert 'method="post"' not in main and reverse("feedback:create") not in main
    assert "Complaints received" in main


def test_administrators_are_led_to_what_is_theirs_of_that_day(client, adam):
    assert home(client, adam, "2026-03-31").url == f"{reverse('accounts:people')}?as_of=2026-03-31"


def test_a_day_that_is_none_is_told_in_words(client, mira):
    for text in ("2026-02-30", "soon", "2999-01-01"):
        assert home(client, mira, text).status_code == 400


def test_home_of_the_past_asks_the_database_no_more_than_home_of_today(client, mira):
    nora = make_person("Nora North", "manager", make_unit("North"))
    meter = make_product("Meter")
    for days in range(1, 60, 5):
        make_complaint(by=mira, received_on=timezone.localdate() - timedelta(days=days), product=meter)
    fold()
    moment = timezone.now()
    for user in (mira, nora):
        counts = []
        for at in (None, moment):
            home(client, user, at)
            query = {"as_of": at.isoformat()} if at else {}
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("home"), query)
            counts.append(len(asked))
        live, past = counts
        assert past <= live and (user != mira or live <= HOME_QUERIES), (user, counts)
