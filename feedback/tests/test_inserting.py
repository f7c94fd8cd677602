"""Inserting many rows gives the same rows as Django's own way, each with its key, its version and its place."""

from datetime import UTC, date, datetime

import pytest
from django.db import models
from django.db.models.functions import Now

from customers.tests.makers import make_customer
from feedback.models import Feedback
from feedback.tests.imports import bring
from records import bulk
from records.inserting import insert
from records.models import ImportRow, Notification


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def some_feedback(count, **given):
    customer = make_customer()
    return [
        Feedback(
            kind="complaint" if n % 2 else "enquiry",
            customer=customer,
            words=f"words {n} % %s ' \" é \U0001f600",
            received_on=date(2026, 1, n % 28 + 1),
            received_at=datetime(2026, 1, n % 28 + 1, 12, n % 60, tzinfo=UTC) if n % 3 else None,
            stated_timely=[True, False, None][n % 3],
            source_cells={"ü": ["\\", n, None], "%s": "x"} if n % 2 else {},
            is_historic=True,
            **given,
        )
        for n in range(count)
    ]


def facts(one, *without):
    return {
        field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields if field.name not in without
    }


def test_rows_are_the_same_as_djangos(mira):
    own = ("id", "reference", "recorded_at", "changed_at")
    ours = bulk.create(Feedback, some_feedback(40), by=mira)
    theirs = some_feedback(40)
    for number, one in enumerate(theirs):
        one.reference, one.rev, one.verb, one.channel = f"FB-2000-{number:04}", 1, "imported", "system"
        one.recorded_at = one.changed_at = ours[0].recorded_at
        one.recorded_by = one.changed_by = mira
    models.QuerySet(Feedback).bulk_create(theirs)
    for our, their in zip(ours, theirs, strict=True):
        our, their = Feedback.objects.get(pk=our.pk), Feedback.objects.get(pk=their.pk)
        assert facts(our, *own, "customer") == facts(their, *own, "customer")


def test_each_object_gets_the_key_of_its_own_row_over_several_statements(mira):
    made = bulk.create(Feedback, some_feedback(1_300), by=mira)
    found = dict(Feedback.objects.values_list("pk", "words"))
    assert len(found) == 1_300 and all(found[one.pk] == one.words for one in made)
    assert not any(one._state.adding for one in made)
    assert made[0].history.count() == 1
    made[0].subject = "Changed as usual"
    made[0].save(by=mira)
    assert Feedback.objects.get(pk=made[0].pk).rev == 2


def test_values_that_are_equal_and_of_another_kind_are_told_apart(mira):
    batch = bring(mira, "customer,received\nAda,2026-01-05\n")
    rows = [
        ImportRow(batch=batch, number=n, cells=cells, state="good")
        for n, cells in enumerate([[1], [True], ["1"], [1.5]])
    ]
    insert(ImportRow, rows)
    assert list(batch.rows.order_by("number").values_list("cells", flat=True)) == [[1], [True], ["1"], [1.5]]


def test_values_that_the_database_makes_are_left_to_it(mira):
    [made] = insert(Notification, [Notification(user=mira, text="x", told_at=Now())])
    assert Notification.objects.get(pk=made.pk).told_at.year >= 2026


def test_nothing_is_inserted_of_nothing(mira):
    assert insert(Notification, []) == [] == bulk.create(Feedback, [], by=mira)
