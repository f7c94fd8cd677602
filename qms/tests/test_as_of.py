"""The mechanism behind pages of the past: relations, rights, writes, streams; and nothing is left behind."""

from datetime import timedelta

import pytest
from django.db import connection, models, transaction
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from accounts.models import Unit
from accounts.tests.makers import appoint, make_person, make_unit
from customers.models import Customer, Segment
from customers.tests.makers import make_contact, make_customer, make_segment
from feedback.models import Feedback
from feedback.tests.makers import make_complaint, make_entry
from records.models import Draft
from trail.as_of import PastIsReadOnly, as_of, moment, present
from trail.history import history_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(quinn):
    """A complaint of Halden Water, of the segment Water, in the north; and the moment at which that was so."""
    water, north = make_segment("Water"), make_unit("North")
    customer = make_customer("Halden Water", segment=water)
    complaint = make_complaint(by=quinn, customer=customer, segment=water, unit=north, subject="Late")
    return complaint, timezone.now()


@pytest.fixture
def renamed(told, quinn):
    """Since then the customer has another name and segment, the segment and the unit have others, too."""
    complaint, then = told
    customer, segment, unit = complaint.customer, complaint.segment, complaint.unit
    customer.name, customer.segment = "Halden Group", make_segment("Food")
    segment.name, unit.name, unit.parent = "Utilities", "North and west", make_unit("Britain")
    for record in (customer, segment, unit):
        record.save(by=quinn)
    return complaint, then


def test_relations_are_those_of_the_moment(renamed):
    complaint, then = renamed
    with as_of(then):
        found = Feedback.objects.select_related("customer__segment", "unit__parent").get(pk=complaint.pk)
        names = (found.customer.name, found.customer.segment.name, found.segment.name, found.unit.name)
        assert names == ("Halden Water", "Water", "Water", "North")
        assert found.unit.parent is None
        assert [one.customer.name for one in Feedback.objects.prefetch_related("customer")] == ["Halden Water"]
        assert Feedback.objects.filter(customer__segment__name="Water").exists()
        assert not Feedback.objects.filter(customer__name__startswith="Halden Group").exists()
        assert list(Segment.objects.annotate(n=Count("customers")).values_list("name", "n")) == [("Water", 1)]
        assert Unit.objects.exclude(parent=None).count() == 0
        assert list(Customer.objects.order_by("segment__name").values_list("feedback__unit__name", flat=True)) == [
            "North"
        ]
    assert Feedback.objects.get(pk=complaint.pk).customer.name == "Halden Group"


def test_groups_of_whole_rows_are_counted_in_the_past_as_today(renamed):
    _complaint, then = renamed
    counted = Segment.objects.annotate(members=Count("customers", distinct=True)).order_by("pk")
    with as_of(then):
        assert [(one.name, one.members) for one in counted.all()] == [("Water", 1)]
        with present():
            assert [(one.name, one.members) for one in counted.all()] == [("Utilities", 0), ("Food", 1)]
        assert [(one.name, one.members) for one in counted.all()] == [("Water", 1)]
    assert [(one.name, one.members) for one in counted.all()] == [("Utilities", 0), ("Food", 1)]


def test_moments_inside_moments_read_their_own(told, quinn):
    complaint, then = told
    complaint.subject = "Much too late"
    complaint.save(by=quinn)
    between = timezone.now()
    complaint.subject = "Never came"
    complaint.save(by=quinn)

    def subject():
        return Feedback.objects.get(pk=complaint.pk).subject

    with as_of(then):
        assert subject() == "Late"
        with as_of(between):
            assert subject() == "Much too late"
            with present():
                assert subject() == "Never came"
        assert subject() == "Late"
    assert subject() == "Never came"


def test_at_the_very_moment_of_a_change_it_is_done(told, quinn):
    complaint, _then = told
    complaint.subject = "Never came"
    complaint.save(by=quinn)
    for at, subject in (
        (complaint.changed_at, "Never came"),
        (complaint.changed_at - timedelta(microseconds=1), "Late"),
    ):
        with as_of(at):
            assert Feedback.objects.get(pk=complaint.pk).subject == subject


def test_versions_too_are_those_of_the_moment(told, quinn):
    complaint, then = told
    complaint.subject = "Never came"
    complaint.save(by=quinn)
    versions = history_of(Feedback).objects.filter(id=complaint.pk)
    with as_of(then):
        assert versions.count() == 1
    assert versions.count() == 2


WRITES = {
    "save": lambda complaint, by: complaint.save(by=by),
    "a new record": lambda complaint, by: Customer(name="Brenta Foods").save(by=by),
    "a verb": lambda complaint, by: complaint.acknowledge(by=by),
    "void": lambda complaint, by: complaint.void(by=by, reason="Twice"),
    "change": lambda complaint, by: Feedback.objects.change(by=by, verb="changed", subject="x"),
    "update": lambda complaint, by: models.QuerySet(Feedback).update(rev=2),
    "bulk": lambda complaint, by: models.QuerySet(Feedback).bulk_create([complaint]),
    "delete": lambda complaint, by: models.QuerySet(Feedback).filter(pk=complaint.pk)._raw_delete("default"),
    "raw update": lambda complaint, by: run("UPDATE feedback_feedback SET subject = 'x'"),
    "raw insert": lambda complaint, by: run('insert into "customers_customer" select * from customers_customer'),
    "raw delete": lambda complaint, by: run("  DELETE FROM feedback_feedback"),
    "raw history": lambda complaint, by: run("DELETE FROM feedback_historicalfeedback"),
}


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("way", WRITES)
def test_nothing_is_written_into_the_past(told, quinn, way):
    complaint, then = told
    rows = history_of(Feedback).objects.count(), Customer.objects.count()
    with pytest.raises(PastIsReadOnly), as_of(then), transaction.atomic():
        WRITES[way](complaint, quinn)
    assert (history_of(Feedback).objects.count(), Customer.objects.count()) == rows
    assert moment() is None


def test_what_is_no_record_may_be_written_meanwhile(told, quinn):
    with as_of(told[1]):
        Draft.objects.create(user=quinn, form="feedback", data={})
    assert Draft.objects.count() == 1


# Rights are today's


def references_seen(person, then):
    with as_of(then):
        person.forget_appointments()
        return set(Feedback.objects.visible_to(person).values_list("reference", flat=True))


def test_what_one_may_not_see_any_more_is_not_seen_by_asking_for_an_earlier_day(told, quinn):
    complaint, then = told
    north, south = complaint.unit, make_unit("South")
    nora, sven = make_person("Nora Falk", "staff", north), make_person("Sven Holt", "staff", south)
    assert (references_seen(nora, then), references_seen(sven, then)) == ({complaint.reference}, set())
    complaint.unit = south
    complaint.save(by=quinn)
    assert (references_seen(nora, then), references_seen(sven, then)) == (set(), {complaint.reference})
    complaint.owner = nora
    complaint.save(by=quinn)
    assert references_seen(nora, then) == {complaint.reference}
    client = Client()
    client.force_login(sven)
    page = client.get(f"{complaint.get_absolute_url()}?as_of={then.isoformat().replace('+', '%2B')}")
    assert page.status_code == 200
    assert page.context["record"].unit == north


def test_people_are_seen_by_todays_appointments_once_they_had_come(told):
    _complaint, then = told
    north = Unit.objects.get(name="North")
    mara = make_person("Mara Webb", "manager", north)
    late = make_person("Lena Sund", "staff", north)
    type(late).objects.filter(pk=late.pk).update(joined_at=timezone.now())
    before = late.joined_at - timedelta(days=3_000)
    type(mara).objects.filter(pk=mara.pk).update(joined_at=before)
    with as_of(then):
        seen = {person.name for person in type(mara).objects.visible_to(mara)}
        assert "Mara Webb" in seen
        assert "Lena Sund" not in seen
    assert {person.name for person in type(mara).objects.visible_to(mara)} >= {"Mara Webb", "Lena Sund"}


def test_a_role_taken_away_since_gives_no_right_to_the_past(told, adam):
    complaint, then = told
    mara = make_person("Mara Webb")
    held = appoint(mara, "manager", complaint.unit)
    assert references_seen(mara, then) == {complaint.reference}
    held.void(by=adam, reason="By mistake")
    assert references_seen(mara, then) == set()


# Through the browser


def asked(client, path, then):
    return client.get(f"{path}{'&' if '?' in path else '?'}as_of={then.isoformat().replace('+', '%2B')}")


def test_a_filter_by_what_was_renamed_answers_as_it_would_have(client, quinn, renamed):
    complaint, then = renamed
    client.force_login(quinn)
    for path in (
        "/feedback/?customer=Halden+Water",
        f"/feedback/?segment={complaint.segment.reference}",
        "/feedback/?q=halden+water",
        f"/customers/?segment={complaint.segment.reference}",
        "/customers/?q=halden+water",
    ):
        assert len(asked(client, path, then).context["records"]) == 1, path
    assert asked(client, "/feedback/?customer=Halden+Group", then).status_code == 400
    found = asked(client, "/search/?q=halden+water", then)
    assert "Halden Water" in found.content.decode()
    assert "Halden Group" not in found.content.decode()


def test_a_reference_that_is_searched_for_leads_into_the_past(client, quinn, told):
    complaint, then = told
    client.force_login(quinn)
    response = asked(client, f"/search/?q={complaint.reference}", then)
    assert response.status_code == 302
    assert response.url.startswith(f"{complaint.get_absolute_url()}?as_of=")
    assert client.get(response.url).context["record"] == complaint


def test_a_person_and_a_unit_are_shown_with_the_roles_of_the_day(client, adam, told):
    _complaint, then = told
    north = Unit.objects.get(name="North")
    mara = make_person("Mara Webb", joined_at=then - timedelta(days=1))
    appoint(mara, "manager", north)
    client.force_login(adam)
    before, after = (asked(client, f"/people/{mara.pk}/", at).content.decode() for at in (then, timezone.now()))
    assert ("Manager</b>, North" in before, "Manager</b>, North" in after) == (False, True)
    before, after = (asked(client, f"/units/{north.reference}/", at).content.decode() for at in (then, timezone.now()))
    assert ("Mara Webb" in before, "Mara Webb" in after) == (False, True)


def test_a_part_of_a_page_and_a_file_are_of_the_moment_too(client, quinn, told):
    complaint, then = told
    complaint.subject, complaint.words = "Never came", "It never came."
    complaint.save(by=quinn)
    client.force_login(quinn)
    path = f"/feedback/?as_of={then.isoformat().replace('+', '%2B')}"
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "It never came" not in part
    assert part.count("as_of=") > 5
    file = client.get(f"{path}&format=csv")
    assert "as-of-" in file["Content-Disposition"]
    text = b"".join(file.streaming_content).decode()
    assert "Late" in text
    assert "Never came" not in text


def test_a_stream_leaves_nothing_behind_not_even_when_nobody_reads_on(client, quinn, told):
    wrappers = list(connection.execute_wrappers)
    client.force_login(quinn)
    for read in (0, 1, 2, 10):
        file = asked(client, "/feedback/?format=csv", told[1])
        chunks = iter(file.streaming_content)
        for _chunk, _number in zip(chunks, range(read), strict=False):
            assert moment() is None
            assert connection.execute_wrappers == wrappers
        for close in file._resource_closers:  # as `file.close()` does, which would end the test's connection, too
            close()
        assert moment() is None
        assert connection.execute_wrappers == wrappers


def test_clocks_and_ages_are_reckoned_to_the_moment(client, quinn):
    due = timezone.now() + timedelta(days=2)
    complaint = make_complaint(by=quinn, received_on=timezone.localdate(), answer_due_at=due, answer_due_on=due.date(),
                               acknowledge_due_at=due, acknowledge_due_on=due.date())  # fmt: skip
    client.force_login(quinn)
    with as_of(due + timedelta(hours=1)):
        assert Feedback.objects.overdue(due + timedelta(hours=1)).get() == complaint
    page = asked(client, complaint.get_absolute_url(), timezone.now())
    assert page.context["clock"].is_running
    assert page.context["clock"].state != "overdue"


def test_what_was_written_down_later_says_so(client, quinn, told):
    complaint, _then = told
    make_entry(complaint, by=quinn, happened_at=timezone.now() - timedelta(days=4), text="They rang.")
    make_contact("Jo Brandt", complaint.customer)
    client.force_login(quinn)
    text = client.get(complaint.get_absolute_url()).content.decode()
    assert "recorded on" in text
    assert "<dt>Recorded</dt>" in text


def test_what_is_void_or_was_not_yet_void_is_shown_so(client, quinn, told):
    complaint, then = told
    complaint.void(by=quinn, reason="Written down twice.")
    client.force_login(quinn)
    was, now = (asked(client, complaint.get_absolute_url(), at).content.decode() for at in (then, timezone.now()))
    assert "This record is void." not in was
    assert "This record is void." in now
    assert len(asked(client, "/feedback/", then).context["records"]) == 1
    assert asked(client, "/feedback/", timezone.now()).context["records"] == []


def test_the_firm_as_it_was(client, adam, organisation):
    then = timezone.now()
    organisation.name = "Calder Group"
    organisation.save(by=adam)
    client.force_login(adam)
    assert "<h1>Calder Instruments</h1>" in asked(client, "/organisation/", then).content.decode()
    assert "<h1>Calder Group</h1>" in client.get("/organisation/").content.decode()
    assert asked(client, "/organisation/", organisation.recorded_at - timedelta(days=1)).status_code == 404
