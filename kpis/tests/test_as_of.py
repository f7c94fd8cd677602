"""Figures as of a moment: what was known then, neither more nor less, to each as much as was theirs to see."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.tests.makers import make_customer, make_product
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_feedback
from kpis import readings, rollup
from kpis.models import Kpi, KpiNote, Reading
from kpis.slices import slice_of
from kpis.tests.counts import folded
from records import measures
from trail.as_of import as_of
from trail.sealing import seal

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 2)
PAGE_QUERIES = 28


def page(client, user, moment=None, code="complaints-received", **query):
    client.force_login(user)
    if moment is not None:
        query["as_of"] = moment.isoformat()
    return client.get(reverse("kpis:detail", args=[code]), query)


def shown(response):
    """[(period, value, parts)] of the page's KPI."""
    return [(str(one.period), one.value, one.numerator, one.denominator) for one in response.context["row"].points]


def value_of(response, period="2026-03"):
    return next((value for name, value, *_parts in shown(response) if name == period), None)


def behind(response):
    """What the page says of the records behind the figure."""
    found = response.context["behind"]
    return found["title"], [link["words"] for link in found["links"]], found["changed"]


def just_now():
    """A moment after all that was done so far, and before all that comes."""
    return timezone.now()


def something_happens(random, mira, customers, products, units):
    """One change of the kinds that move figures: recorded late, corrected, moved, answered, closed, void."""
    there = list(Feedback.objects.in_force().order_by("pk"))
    day = date(2026, random.randint(1, 4), random.randint(1, 28))
    given = {"customer": random.choice(customers), "product": random.choice(products), "unit": random.choice(units)}
    if len(there) < 4 or random.random() < 0.4:
        (make_complaint if random.random() < 0.6 else make_feedback)(by=mira, received_on=day, **given)
        return
    one = random.choice(there)
    what = random.choice(["day", "product", "unit", "void", "acknowledge", "answer", "close"])
    if what == "day":
        one.received_on = day
    elif what in ("product", "unit"):
        setattr(one, what, given[what])
    elif what == "void":
        one.void(by=mira, reason="Recorded twice")
        return
    elif one.is_complaint and not one.closed_at:
        if what == "acknowledge" and not one.acknowledged_at:
            one.acknowledge(by=mira, at=one.acknowledge_due_at + timedelta(hours=random.choice([-1, 1])))
        elif what == "answer" and not one.answered_at:
            one.answer(by=mira, outcome="Told them.", at=one.answer_due_at + timedelta(hours=random.choice([-1, 1])))
        elif what == "close" and one.answered_at:
            one.close(by=mira, days=random.randint(1, 30), at=one.answered_at + timedelta(days=1))
        return
    one.save(by=mira)


@pytest.mark.parametrize("seed", [1, 2])
def test_each_page_says_of_a_moment_what_it_said_then(client, mira, quinn, seed):
    random = Random(seed)
    north, south = make_unit("North"), make_unit("South")
    nora = make_person("Nora North", "manager", north)
    customers, products = [make_customer(), make_customer()], [make_product(), None]
    codes = ["complaints-received", "acknowledged-on-time", "answered-on-time", "time-to-resolve", "feedback-received"]
    part = {"product": products[0].reference}
    log = []
    for _turn in range(8):
        for _change in range(random.randint(1, 4)):
            something_happens(random, mira, customers, products, [north, south, None])
        folded()
        moment = just_now()
        for user, query in ((quinn, {}), (quinn, part), (nora, {}), (nora, part)):
            code = random.choice(codes)
            answer = page(client, user, code=code, period="2026-03", **query)
            log.append((moment, user, code, query, shown(answer), behind(answer)))
    rollup.rebuild()
    for moment, user, code, query, figures, records in log:
        answer = page(client, user, moment, code=code, period="2026-03", **query)
        assert shown(answer) == figures, f"{code} {query} of {user} as of {moment}"
        assert behind(answer) == records
    assert len({str(figures) for *_which, figures, _records in log}) > 8, "nothing changed"


def test_stored_figures_are_what_the_records_gave_at_each_moment(mira):
    random, seen = Random(7), []
    products = [make_product(), None]
    customers = [make_customer(), make_customer()]
    for _turn in range(8):
        for _change in range(random.randint(1, 5)):
            something_happens(random, mira, customers, products, [None])
        folded()
        seen.append(just_now())
    for moment in seen:
        with as_of(moment):
            kpis = list(Kpi.objects.in_force())
            stored, counted = readings.points_of_all(kpis), readings.recounted(kpis)
        said = ("period", "value", "numerator", "denominator", "n", "is_running")
        for kpi in kpis:
            assert [[getattr(point, name) for name in said] for point in stored[kpi.pk]] == [
                [getattr(point, name) for name in said] for point in counted[kpi.pk]
            ], f"{kpi.code} as of {moment}"


def test_a_late_entry_changes_a_month_only_from_when_it_was_recorded(client, mira):
    make_complaint(by=mira, received_on=MARCH)
    make_complaint(by=mira, received_on=date(2026, 4, 6))
    folded()
    before = just_now()
    make_complaint(by=mira, received_on=date(2026, 3, 30))
    folded()
    after = just_now()
    for moment, value, revision in ((before, 1, 1), (after, 2, 2), (None, 2, 2)):
        answer = page(client, mira, moment)
        assert value_of(answer) == value
        assert answer.context["row"].points[0].revision == revision
    assert shown(page(client, mira, before)) == shown(page(client, mira, before))


def test_what_is_built_anew_leaves_the_past_as_it_was(client, mira):
    one = make_complaint(by=mira, received_on=MARCH)
    folded()
    before = just_now()
    one.void(by=mira, reason="A test call")
    make_complaint(by=mira, received_on=date(2026, 4, 6))
    folded()
    then = shown(page(client, mira, before))
    rollup.rebuild()
    rollup.rebuild()
    assert shown(page(client, mira, before)) == then
    assert then[0] == ("2026-03", 1, None, None)
    assert value_of(page(client, mira)) is None


def test_before_the_first_roll_up_there_was_no_figure(client, mira):
    waits = just_now()
    make_complaint(by=mira, received_on=MARCH)
    folded()
    answer = page(client, mira, waits)
    assert answer.status_code == 200
    assert answer.context["row"].points == [] and answer.context["as_of_moment"] is None
    assert "No figures yet" in _main(answer) and reverse("feedback:create") not in _main(answer)


def test_of_a_day_long_gone_a_kpi_is_not_found_before_it_was_recorded(client, mira):
    answer = page(client, mira, datetime(2001, 1, 1, tzinfo=UTC))
    assert answer.status_code == 404 and "It did not exist yet" in answer.content.decode()


def kept_since(day):
    """A KPI that was recorded on that day, so that days after it can be looked at."""
    kpi = Kpi(code="kept-long", name="Kept long", measure="complaints_received", cadence="month")
    kpi.save(at=_noon(day))
    return kpi


def _noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_a_month_runs_on_its_days_and_is_over_after_them(client, mira):
    kept_since(date(2026, 1, 5))
    customer = make_customer()
    for day in (date(2026, 1, 20), date(2026, 2, 10), date(2026, 2, 20), date(2026, 3, 5)):
        complaint = Feedback(kind="complaint", words="Late", received_on=day, customer=customer, severity="major")
        complaint.save(by=mira, at=_noon(day))
    product_of_none = slice_of(measures.get_source("feedback_received"), "customer", customer.reference)
    for day, values, runs in (
        (date(2026, 1, 31), [1], True),
        (date(2026, 2, 1), [1], False),
        (date(2026, 2, 15), [1, 1], True),
        (date(2026, 2, 28), [1, 2], True),
        (date(2026, 3, 4), [1, 2], False),
        (date(2026, 3, 31), [1, 2, 1], True),
    ):
        with as_of(_noon(day)):
            kpi = Kpi.objects.get(code="kept-long")
            found = readings.points(kpi, slice=product_of_none)
            assert found == readings.recounted([kpi])[kpi.pk]
        assert ([point.value for point in found], found[-1].is_running) == (values, runs), day


def test_what_is_not_told_for_long_is_silent_as_seen_from_that_day(client, mira):
    kpi = kept_since(date(2026, 1, 5))
    folded()
    first, seq = _noon(date(2026, 2, 1)), rollup.feed.head()
    Reading.objects.create(
        kpi=kpi, kpi_rev=1, start_on=date(2026, 1, 1), end_on=date(2026, 2, 1), value=3, n=3, seq=seq, recorded_at=first
    )
    seen = page(client, mira, _noon(date(2026, 2, 3)), code=kpi.code).context["row"].points
    assert [(str(point.period), point.value, point.is_running) for point in seen] == [
        ("2026-01", 3, False),
        ("2026-02", None, True),
    ]
    later = page(client, mira, _noon(date(2026, 3, 3)), code=kpi.code).context["row"].points
    assert [(str(point.period), point.is_running) for point in later] == [("2026-01", False), ("2026-02", False)]


def test_a_kpi_is_shown_as_it_was_defined(client, mira):
    kpi = Kpi.objects.get(code="complaints-received")
    kpi.target, kpi.name, kpi.owner = 7, "Complaints in a month", mira
    kpi.save(by=mira)
    for month in (1, 2, 3):
        for number in range(month):
            make_complaint(by=mira, received_on=date(2026, month, 2 + number))
    folded()
    before = just_now()
    kpi.target, kpi.name, kpi.owner, kpi.cadence, kpi.baseline_until = 9, "Complaints by week", None, "week", MARCH
    kpi.save(by=mira)
    folded()
    then, now = page(client, mira, before), page(client, mira)
    assert [str(point.period) for point in then.context["row"].points][:3] == ["2026-01", "2026-02", "2026-03"]
    assert str(now.context["row"].points[0].period) == "2026-W01"
    text = then.content.decode()
    assert "Complaints in a month" in text and "Target at most 7." in text and "Complaints by week" not in text
    assert f"version {kpi.rev - 1}," in text and f"Owner: {mira}" in text
    assert "Complaints by week" in now.content.decode()
    listed = client.get(reverse("kpis:list"), {"as_of": before.isoformat()}).content.decode()
    assert "Complaints in a month" in listed and "Complaints by week" not in listed


def test_a_kpi_that_nobody_looks_at_any_more_is_there_as_of_a_day_it_was(client, mira):
    make_complaint(by=mira, received_on=MARCH)
    folded()
    before, kpi = just_now(), Kpi.objects.get(code="complaints-received")
    kpi.void(by=mira, reason="Nobody looks at it")
    assert value_of(page(client, mira, before)) == 1
    assert page(client, mira).status_code == 404


def test_a_note_is_on_the_chart_from_when_it_was_recorded_whatever_day_it_is_about(client, mira):
    make_complaint(by=mira, received_on=MARCH)
    folded()
    kpi, before = Kpi.objects.get(code="complaints-received"), just_now()
    note = KpiNote(kpi=kpi, on=date(2026, 3, 10), text="Carrier changed")
    note.save(by=mira)
    after = just_now()
    note.text = "Carrier changed to Norvik"
    note.save(by=mira)
    texts = [page(client, mira, moment).content.decode() for moment in (before, after, None)]
    assert "Carrier changed" not in texts[0]
    assert "10 Mar: Carrier changed" in texts[1] and "Norvik" not in texts[1]
    assert "10 Mar: Carrier changed to Norvik" in texts[2]
    assert f"Tue 10 Mar 2026 · recorded {note.recorded_at:%a} " in texts[2]


def test_a_product_renamed_since_is_told_by_the_name_it_had(client, mira):
    product = make_product("Old meter")
    make_complaint(by=mira, received_on=MARCH, product=product)
    folded()
    before = just_now()
    product.name = "New meter"
    product.save(by=mira)
    assert "Only Old meter" in page(client, mira, before, product=product.reference).content.decode()
    assert "Only New meter" in page(client, mira, product=product.reference).content.decode()


def test_links_to_records_count_what_they_open_on_that_day(client, mira):
    kept, moved = (make_complaint(by=mira, received_on=MARCH) for _number in range(2))
    folded()
    before = just_now()
    moved.received_on = date(2026, 4, 1)
    moved.save(by=mira)
    folded()
    answer = page(client, mira, before, period="2026-03")
    found = answer.context["behind"]
    assert [record.pk for record in found["shown"]["records"]] == [moved.pk, kept.pk]
    (address,) = re.findall(r'<a class="sm" href="([^"]*)">Open as a list', answer.content.decode())
    assert "as_of=" in address
    assert "1 to 2 of 2" in client.get(address.replace("&amp;", "&")).content.decode()
    assert page(client, mira, period="2026-03").context["behind"]["shown"]["count"] == 1


def test_records_that_changed_after_the_day_that_is_looked_at_are_not_told_as_changed(client, mira):
    first, second = (make_complaint(by=mira, received_on=MARCH) for _number in range(2))
    folded()
    known = just_now()
    first.words = "Said otherwise"
    first.save(by=mira)
    folded()
    one_changed = just_now()
    second.received_on = date(2026, 4, 1)
    second.save(by=mira)
    seal()
    told = [
        page(client, mira, moment, period="2026-03").context["behind"]["changed"]
        for moment in (known, one_changed, None)
    ]
    assert told == [0, 1, 2]


def test_table_and_file_tell_since_when_a_figure_is_known(client, mira):
    make_complaint(by=mira, received_on=MARCH)
    make_complaint(by=mira, received_on=date(2026, 1, 2))
    folded()
    before = just_now()
    make_complaint(by=mira, received_on=MARCH)
    folded()
    then, now = (page(client, mira, moment, view="table") for moment in (before, None))
    assert "Known since" in then.content.decode() and "Known since" in now.content.decode()
    answer = page(client, mira, before, format="csv")
    heading, january, february, march = list(csv.reader(io.StringIO(answer.content.decode())))[:4]
    assert heading[-1] == "known since"
    assert (january[3], february[3], march[3]) == ("1", "", "1")
    assert february[-1] == "" and datetime.fromisoformat(march[-1]) <= before
    assert f"complaints-received-as-of-{timezone.localdate(before)}.csv" in answer["Content-Disposition"]
    (*_earlier, march) = list(csv.reader(io.StringIO(page(client, mira, format="csv").content.decode())))[:4]
    assert march[3] == "2" and datetime.fromisoformat(march[-1]) >= before.replace(microsecond=0)


def test_a_part_of_the_records_has_no_stored_figure_and_no_such_column(client, mira):
    product = make_product()
    make_complaint(by=mira, received_on=MARCH, product=product)
    folded()
    assert "Known since" not in page(client, mira, product=product.reference, view="table").content.decode()


@pytest.mark.parametrize("person", ["stefan", "mira", "tomas", "quinn", "aude"])
def test_everybody_who_sees_figures_sees_those_of_a_day_gone_by_and_can_change_nothing(client, request, mira, person):
    make_complaint(by=mira, received_on=MARCH)
    folded()
    user, before = request.getfixturevalue(person), just_now()
    answer = page(client, user, before)
    assert answer.status_code == 200 and value_of(answer) == 1
    assert not answer.context["may_note"] and 'method="post"' not in _main(answer)
    assert client.get(reverse("kpis:list"), {"as_of": before.isoformat()}).status_code == 200
    note = f"{reverse('kpis:note', args=['complaints-received'])}?as_of={before:%Y-%m-%dT%H:%M}"
    assert client.post(note, {"on": "2026-03-10", "text": "x"}).status_code == 403


def test_administrators_see_no_figures_of_days_gone_by(client, adam):
    assert page(client, adam, just_now()).status_code == 403


def _main(response):
    text = response.content.decode()
    return text[text.index("<main") : text.index("</main>")]


def test_the_past_costs_as_many_queries_as_the_present(client, mira):
    north, product = make_unit("North"), make_product()
    nora = make_person("Nora North", "manager", north)
    for month in range(1, 6):
        for unit in (north, None):
            make_complaint(by=mira, received_on=date(2026, month, 2), unit=unit, product=product)
            make_feedback(by=mira, received_on=date(2026, month, 3), unit=unit, product=product)
    folded()
    moment = just_now()
    for user in (mira, nora):
        for query in ({}, {"product": product.reference}):
            counts = []
            for at in (None, moment):
                page(client, user, at, **query)
                client.force_login(user)
                with CaptureQueriesContext(connection) as asked:
                    client.get(
                        reverse("kpis:detail", args=["answered-on-time"]),
                        query | ({"as_of": at.isoformat()} if at else {}),
                    )
                counts.append(len(asked))
            live, past = counts
            assert past <= live and (user != mira or live <= PAGE_QUERIES), (user, query, counts)
