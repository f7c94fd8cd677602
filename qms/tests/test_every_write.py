"""Every way to write a record, of every kind, on either database: it leaves exactly one version, or it is refused.

After each way the whole table is compared with its versions: what stands is what was kept last, and all of it is in
the queue or in the log once. Forms, imports and jobs come down to the ways of this list.
"""

import pytest
from django.contrib.admin import site
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from records import bulk
from records.models import Conflict
from trail.history import history_of, tracked_models
from trail.models import Pending, Seal

pytestmark = pytest.mark.django_db
REFUSED, KEPT, EITHER = "refused", "kept", "either"  # either: a second one like it may break a rule of its kind
WAYS = {}


def way(outcome, vendor=None):
    def register(function):
        if vendor in (None, connection.vendor):
            WAYS[function.__name__.replace("_", " ")] = (function, outcome)
        return function

    return register


def raw(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.rowcount


def around(model):
    """What Django offers on every model when nobody closes it."""
    return models.QuerySet(model)


def table(record):
    return f'"{record._meta.db_table}"'


def another(record):
    """An unsaved record like this one: other texts and days wherever two must not be the same."""
    copy = type(record).objects.get(pk=record.pk)
    copy.pk, copy._state.adding, copy.rev, copy.reference = None, True, 1, "XX-2026-9999"
    together = {name for rule in copy._meta.constraints for name in getattr(rule, "fields", ())}
    for field in copy._meta.concrete_fields:
        if field.name == "reference" or not (field.unique or field.name in together):
            continue
        if isinstance(field, models.CharField) and not field.choices:
            setattr(copy, field.attname, "another")
        elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
            setattr(copy, field.attname, timezone.localdate().replace(year=2001))
    return copy


def inserted(record, verb="INSERT", **facts):
    """A copy of the row by a statement of one's own, with other values for some columns."""
    copy = another(record)
    given = {
        field.column: field.get_db_prep_save(getattr(copy, field.attname), connection) for field in fields_of(copy)
    }
    given = {column: value for column, value in given.items() if column != "id"} | facts
    names, marks = ", ".join(f'"{name}"' for name in given), ", ".join(["%s"] * len(given))
    raw(f"{verb} INTO {table(record)} ({names}) VALUES ({marks})", *given.values())


def fields_of(record):
    return record._meta.concrete_fields


def updated(record, what, verb="UPDATE"):
    raw(f"{verb} {table(record)} SET {what} WHERE id = %s", record.pk)


LATER = "changed_at = " + ("datetime('now', '+1 day')" if connection.vendor == "sqlite" else "now() + interval '1 day'")


@way(KEPT)
def save(record):
    record.save(verb="touched")


@way(KEPT)
def save_some_fields(record):
    record.save(verb="touched", update_fields=["unit"])


@way(KEPT)
def change_many(record):
    type(record).objects.filter(pk=record.pk).change(by=None, verb="touched", unit=F("unit"))


@way(EITHER)
def bulk_create_of_records(record):
    copy = another(record)
    copy.reference = ""
    bulk.create(type(record), [copy], by=None)


@way(EITHER)
def save_a_new_one(record):
    copy = another(record)
    copy.reference, copy.rev = "", 0
    copy.save(verb="recorded")


@way(REFUSED)
def stale_save(record):
    stale = type(record).objects.get(pk=record.pk)
    stale.rev -= 1
    stale.save(verb="stale")


@way(REFUSED)
def queryset_update(record):
    type(record).objects.filter(pk=record.pk).update(verb="forged")


@way(REFUSED)
def queryset_update_with_F(record):
    type(record).objects.filter(pk=record.pk).update(rev=F("rev") + 1)


@way(REFUSED)
def queryset_update_or_create(record):
    type(record).objects.update_or_create(pk=record.pk, defaults={"verb": "forged"})


@way(REFUSED)
def queryset_bulk_update(record):
    type(record).objects.bulk_update([record], ["verb"])


@way(REFUSED)
def queryset_bulk_create(record):
    type(record).objects.bulk_create([another(record)])


@way(REFUSED)
def queryset_delete(record):
    type(record).objects.filter(pk=record.pk).delete()


@way(REFUSED)
def delete(record):
    record.delete()


@way(REFUSED)
def update_around_the_queryset(record):
    around(type(record)).filter(pk=record.pk).update(verb="forged")


@way(REFUSED)
def update_with_F_around_the_queryset(record):
    around(type(record)).filter(pk=record.pk).update(verb=F("reference"))


@way(KEPT)
def update_with_F_that_raises_the_revision(record):
    at = record.changed_at + timezone.timedelta(days=1)
    around(type(record)).filter(pk=record.pk).update(verb="by hand", rev=F("rev") + 1, changed_at=at)


@way(REFUSED)
def bulk_update_around_the_queryset(record):
    record.verb = "forged"
    around(type(record)).bulk_update([record], ["verb"])


@way(EITHER)
def bulk_create_around_the_queryset(record):
    around(type(record)).bulk_create([another(record)])


@way(REFUSED)
def bulk_create_that_updates_what_is_there(record):
    record.verb = "forged"
    around(type(record)).bulk_create([record], update_conflicts=True, update_fields=["verb"], unique_fields=["id"])


@way(REFUSED)
def raw_delete_of_a_queryset(record):
    around(type(record)).filter(pk=record.pk)._raw_delete(using="default")


@way(REFUSED)
def save_as_a_fixture_is_loaded(record):
    record.verb = "forged"
    record.save_base(raw=True)


@way(REFUSED)
def sql_update(record):
    updated(record, "verb = 'forged'")


@way(REFUSED)
def sql_update_of_nothing(record):
    updated(record, "verb = verb")


@way(REFUSED)
def sql_update_two_revisions_on(record):
    updated(record, f"rev = rev + 2, {LATER}")


@way(REFUSED)
def sql_update_without_the_clock(record):
    updated(record, "rev = rev + 1")


@way(REFUSED)
def sql_update_back_in_time(record):
    updated(record, "rev = rev + 1, changed_at = '2001-01-01 00:00:00'")


@way(REFUSED)
def sql_update_of_the_key(record):
    updated(record, f"id = id + 1000000, rev = rev + 1, {LATER}")


@way(KEPT)
def sql_update_by_the_rules(record):
    updated(record, f"rev = rev + 1, {LATER}")


@way(REFUSED)
def sql_delete(record):
    raw(f"DELETE FROM {table(record)} WHERE id = %s", record.pk)


@way(EITHER)
def sql_insert(record):
    inserted(record)


@way(REFUSED)
def sql_insert_of_a_later_revision(record):
    inserted(record, rev=5)


@way(REFUSED)
def sql_upsert(record):
    columns = ", ".join(f'"{field.column}"' for field in fields_of(record))
    raw(
        f"INSERT INTO {table(record)} ({columns}) SELECT {columns} FROM {table(record)} WHERE id = %s "
        "ON CONFLICT (id) DO UPDATE SET verb = 'forged'",
        record.pk,
    )


@way(REFUSED, "sqlite")
def sql_insert_or_replace(record):
    columns = ", ".join(f'"{field.column}"' for field in fields_of(record))
    raw(
        f"INSERT OR REPLACE INTO {table(record)} ({columns}) SELECT {columns} FROM {table(record)} WHERE id = %s",
        record.pk,
    )


@way(REFUSED, "sqlite")
def sql_replace_by_the_reference(record):
    inserted(record, "REPLACE", reference=record.reference)


@way(REFUSED, "sqlite")
def sql_update_or_replace(record):
    """The row that has the reference already would go."""
    other = inserted_before(record)
    raw(
        f"UPDATE OR REPLACE {table(record)} SET reference = %s, rev = 2, {LATER} WHERE id = %s", record.reference, other
    )


@way(REFUSED, "postgresql")
def sql_truncate(record):
    raw("SET CONSTRAINTS ALL IMMEDIATE")
    raw(f"TRUNCATE {table(record)} CASCADE")


@way(REFUSED, "postgresql")
def sql_merge(record):
    raw(
        f"MERGE INTO {table(record)} AS t USING (SELECT %s::bigint AS id) AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET verb = 'forged'",
        record.pk,
    )


def inserted_before(record):
    """The id of another row of the kind, which stands at revision 1."""
    inserted(record)
    return type(record).objects.exclude(pk=record.pk).order_by("-pk").values_list("pk", flat=True).first()


# --- The walk -----------------------------------------------------------------------------------------------------


class Stands:
    """How many versions of a kind were kept, and whether they say what the table says."""

    def __init__(self, model):
        self.model, self.history = model, history_of(model)
        self.columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        self.before = self.history.objects.count()

    @property
    def more(self):
        return self.history.objects.count() - self.before

    def check(self):
        live = f'SELECT {self.columns} FROM "{self.model._meta.db_table}"'
        last = (
            f'SELECT {self.columns} FROM "{self.history._meta.db_table}" AS kept WHERE NOT EXISTS (SELECT 1 FROM '
            f'"{self.history._meta.db_table}" AS later WHERE later.id = kept.id AND later.rev > kept.rev)'
        )
        with connection.cursor() as cursor:
            for one, other in ((live, last), (last, live)):
                cursor.execute(f"SELECT COUNT(*) FROM (SELECT * FROM ({one}) a EXCEPT SELECT * FROM ({other}) b) c")
                assert cursor.fetchone() == (0,), "what stands is not what was kept last"
        rtype = self.model._meta.label_lower
        known = [
            *Seal.objects.filter(rtype=rtype).values_list("history_id", flat=True),
            *Pending.objects.filter(rtype=rtype).values_list("history_id", flat=True),
        ]
        assert sorted(known) == sorted(self.history.objects.values_list("history_id", flat=True))


def outcome_of(function, record):
    """What came of it, in a transaction that is taken back; and how many versions it left."""
    stands = Stands(type(record))
    with transaction.atomic():
        try:
            with transaction.atomic():
                function(record)
        except (IntegrityError, DataError, Conflict):
            outcome = REFUSED
        except TypeError as fault:
            if not str(fault).startswith(("A record is changed by", "Records are voided")):
                raise
            outcome = REFUSED
        else:
            outcome = KEPT
        more = stands.more
        stands.check()
        transaction.set_rollback(True)
    return outcome, more


@pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model._meta.label)
def test_it_leaves_one_version_or_is_refused(world, model):
    pk = model.objects.order_by("pk").values_list("pk", flat=True).first()
    assert pk is not None, "the house's makers make none of these"
    for name, (function, expected) in WAYS.items():
        outcome, more = outcome_of(function, model.objects.get(pk=pk))
        assert expected in (outcome, EITHER), f"{name} was {outcome}"
        assert more == (1 if outcome == KEPT else 0), f"{name} was {outcome} and left {more} versions"


@pytest.mark.parametrize("name", [name for name, (_function, expected) in WAYS.items() if expected == EITHER])
def test_a_second_one_can_be_written_of_most_kinds(world, name):
    """So that the walk above is not content with ways that never work."""
    kept = [
        model
        for model in tracked_models()
        if outcome_of(WAYS[name][0], model.objects.order_by("pk").first())[0] == KEPT
    ]
    assert len(kept) >= len(tracked_models()) / 2


@pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model._meta.label)
def test_the_admin_site_writes_nothing(world, client, model):
    """Whatever an administrator posts there."""
    if model not in site._registry:
        pytest.skip("not on the admin site")
    client.force_login(world.people["adam"])
    record, stands = model.objects.order_by("pk").first(), Stands(model)
    names = model._meta.app_label, model._meta.model_name
    given = {field.name: "forged" for field in fields_of(record)}
    for url in (
        reverse("admin:{}_{}_change".format(*names), args=[record.pk]),
        reverse("admin:{}_{}_delete".format(*names), args=[record.pk]),
        reverse("admin:{}_{}_add".format(*names)),
        reverse("admin:{}_{}_changelist".format(*names)),
    ):
        answer = client.post(url, given | {"action": "delete_selected", "_selected_action": record.pk})
        assert answer.status_code < 500
    assert stands.more == 0
    stands.check()
