"""A random story, kept by the house and by the test: as of any moment the house tells what the test's log says."""

import random
import re
from datetime import UTC, timedelta
from html import unescape
from urllib.parse import parse_qsl, quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.makers import appoint, make_person
from qms.tests.stories import Story
from qms.tests.visiting import Visitor

pytestmark = pytest.mark.django_db
TICK = timedelta(microseconds=1)


def dated(path, moment):
    at = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{path}{'&' if '?' in path else '?'}as_of={at}Z"


def plain(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def between(html, begins, ends):
    """The text between the first of `begins` and the `ends` after it; "" where there is none."""
    return plain(html.partition(begins)[2].partition(ends)[0])


def facts_on(html):
    """{term: description} of the lists of facts of a page, the history aside."""
    html = html.partition('id="history"')[0]
    return {plain(term): plain(said) for term, said in re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", html, re.DOTALL)}


# A record's page at random moments


def told_of_feedback(response, facts):
    page, record = response.text_of_it, response.context["record"]
    found = facts_on(page)
    return {
        "about": between(page, "<h1>", "</h1>"),
        "customer": between(page, '<a class="b" href="/customers/', "</a>").partition('">')[2],
        "segment": found.get("Segment"),
        "product": found.get("Product"),
        "unit": found.get("Unit"),
        "owner": found["Owner"],
        "state": "closed" if record.closed_on else "answered" if record.answered_on else "received",
        "steps": [step.label for step in response.context["steps"] if step.state == "done"],
        "void": "This record is void." in page,
        "rev": record.rev,
        "versions": [version.rev for version in response.context["versions"]],
    }


def logged_of_feedback(known, pk):
    one = known["feedback"][pk]
    name = lambda kind, pk: known[kind][pk]["name"] if pk else None  # noqa: E731
    steps = ["Received", *(["Answered"] if one["state"] != "received" else [])]
    return {
        "about": one["about"],
        "customer": name("customers", one["customer"]),
        "segment": name("segments", one["segment"]),
        "product": name("products", one["product"]),
        "unit": name("units", one["unit"]),
        "owner": one["owner"] or "not assigned",
        "state": one["state"],
        "steps": [*steps, *(["Closed"] if one["state"] == "closed" else [])],
        "void": one.get("void", False),
        "rev": one["rev"],
        "versions": list(range(one["rev"], max(0, one["rev"] - 20), -1)),
    }


def told_of_customer(response, facts):
    page = response.text_of_it
    return {
        "name": between(page, "<h1>", "</h1>"),
        "head": between(page, '<p class="sub row gap2">', "</p>"),
        "people": sorted(contact.name for contact in response.context["contacts"]),
        "uses": sorted(str(supply.product) for supply in response.context["supplies"]),
        "void": "This record is void." in page,
        "rev": response.context["record"].rev,
    }


def logged_of_customer(known, pk):
    one = known["customers"][pk]
    segment = f"{known['segments'][one['segment']]['name']} · " if one["segment"] else ""
    owner = f"looked after by {one['owner']}" if one["owner"] else "nobody looks after them yet"
    return {
        "name": one["name"],
        "head": f"{segment}{owner}",
        "people": sorted(one["people"].values()),
        "uses": sorted(known["products"][product]["name"] for product in one["uses"].values()),
        "void": one.get("void", False),
        "rev": one["rev"],
    }


KINDS = {
    "feedback": (told_of_feedback, logged_of_feedback),
    "customers": (told_of_customer, logged_of_customer),
}


def test_a_page_as_of_any_moment_tells_what_the_log_says(quinn, mira, tomas):
    story = Story(2026, [quinn, mira, tomas], spread=True)
    story.go_on(300)
    visitor, chance, wrong, asked = Visitor(quinn), random.Random(3), [], 0
    first, last = story.log[0][0], story.log[-1][0]
    moments = [first + (last - first) * chance.random() for _time in range(100)]
    for at, _facts in chance.sample(story.log, 34):
        moments += [at - TICK, at, at + TICK]
    for moment in moments:
        known = story.stood(moment)
        for kind, (told_of, logged_of) in KINDS.items():
            pk, facts = chance.choice(list(story.facts[kind].items()))
            path = dated(f"/{kind}/{facts['reference']}/", moment)
            response = visitor.ask("GET", path)
            asked += 1
            if known is None or pk not in known[kind]:
                if response.status_code != 404 or "It did not exist yet" not in plain(response.text_of_it):
                    wrong.append(f"{path}: {response.status_code}")
            elif (told := told_of(response, facts)) != (logged := logged_of(known, pk)):
                wrong.append(f"{path}: {told} and not {logged}")
    assert wrong[:3] == []
    assert asked > 400


# A register as of a moment, and as it was at that moment


def registers(story):
    """Ways to ask for a register: filters by what changes, sorted by what changes."""
    chance = story.chance
    customer, segment, product, unit = (
        chance.choice(list(story.facts[kind].values())) for kind in ("customers", "segments", "products", "units")
    )
    return [
        "/feedback/?sort=customer&size=100",
        "/feedback/?sort=-owner&voided=yes&size=100",
        "/feedback/?state=open&sort=clock&size=100",
        "/feedback/?state=overdue&size=100",
        "/feedback/?state=mine&size=25",
        f"/feedback/?customer={quote(customer['name'])}&size=100",
        f"/feedback/?segment={segment['reference']}&sort=kind&size=100",
        f"/feedback/?unit={unit['reference']}&size=100",
        f"/feedback/?product={product['reference']}&owner={story.people[1].email}&size=100",
        f"/feedback/?q={quote(customer['name'].split()[1])}&size=100",
        "/complaints/?size=100",
        "/complaints/?state=closed&sort=-customer&size=25",
        "/customers/?sort=segment&size=100",
        f"/customers/?segment={segment['reference']}&sort=-open_complaints&size=100",
        "/customers/?owner=none&sort=heard_on&size=100",
        f"/customers/?q={quote(customer['name'].split()[1])}&voided=yes&size=100",
        "/segments/?sort=-members",
        "/products/?sort=-name",
    ]


def answer_of(visitor, path):
    """All that a register answers: its rows as they read, how many there are, its pages and its file."""
    response = visitor.ask("GET", path)
    assert response.status_code in (200, 400), path  # a customer of that name is not there at every moment
    file = visitor.ask("GET", f"{path}&format=csv")
    return (
        response.status_code,
        between(response.text_of_it, "<tbody>", "</tbody>"),
        [record.reference for record in response.context["records"]],
        response.context["count_text"],
        [bool(response.context["next_url"]), bool(response.context["previous_url"])],
        [[one for one in parse_qsl(chip["url"][1:]) if one[0] != "as_of"] for chip in response.context["chips"]],
        file.text_of_it if file.status_code == 200 else file.status_code,
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_register_as_of_a_moment_is_what_it_was_at_that_moment(quinn, mira, tomas, seed):
    story, kept = Story(seed, [quinn, mira, tomas]), []
    visitor = Visitor(mira)
    for _part in range(2):
        story.go_on(70)
        kept += [(timezone.now(), path, answer_of(visitor, path)) for path in registers(story)]
    story.go_on(60)
    wrong = [
        f"{path} at {moment}: {told} and not {answered}"
        for moment, path, answer in kept
        for told, answered in zip(answer_of(visitor, dated(path, moment)), answer, strict=True)
        if told != answered
    ]
    assert wrong[:3] == []
    assert sum(len(answer[2]) for _moment, _path, answer in kept) > 60
    assert len({answer for _moment, _path, (_status, *_rest, answer) in kept if isinstance(answer, str)}) > 15


@pytest.mark.parametrize("name", ["mira", "nora"])
def test_the_past_asks_no_more_of_the_database_than_today(quinn, mira, tomas, name):
    story = Story(4, [quinn, mira, tomas])
    story.go_on(60)
    unit = next(iter(story.facts["units"]))
    people = {"mira": mira, "nora": make_person("Nora Falk")}
    if name == "nora":
        from accounts.models import Unit

        appoint(people["nora"], "manager", Unit.objects.get(pk=unit))
    visitor = Visitor(people[name])
    details = [f"/{kind}/{facts['reference']}/?" for kind in KINDS for facts in list(story.facts[kind].values())[:2]]
    for path in [*registers(story), *details, "/units/?", "/people/?", "/search/?q=Alder"]:
        visitor.ask("GET", path)
        with CaptureQueriesContext(
            connection,
        ) as today:
            live = visitor.ask("GET", path)
        with CaptureQueriesContext(connection) as past:
            stood = visitor.ask("GET", dated(path, timezone.now()))
        if live.status_code == stood.status_code == 200:
            assert len(past) <= len(today), path
