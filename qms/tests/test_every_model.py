"""What holds for every model of the house."""

import pytest
from django.apps import apps
from django.db import models

from accounts.roles import RIGHTS
from records.models import Record
from trail.history import history_of, tracked_models

ROOMS = {
    "trail",
    "records",
    "accounts",
    "context",
    "customers",
    "feedback",
    "kpis",
    "improvement",
    "reviews",
    "evidence",
}
OURS = [model for model in apps.get_models() if model._meta.app_label in ROOMS]
PLAIN = [model for model in OURS if not hasattr(model, "instance_type") and not model.__name__.startswith("Historical")]
RECORDS = [model for model in PLAIN if issubclass(model, Record)]
# Where a day stands for a moment, or the person is told elsewhere.
ALONE = {"recorded_at", "changed_at", "received_at", "acknowledge_due_at", "answer_due_at", "happened_at"}


def named(model):
    return model._meta.label


@pytest.mark.parametrize("model", PLAIN, ids=named)
def test_it_says_what_it_is(model):
    assert model.__doc__ and not model.__doc__.startswith(f"{model.__name__}("), "a docstring in words"
    assert "__str__" in {name for base in model.__mro__[:-1] if base is not models.Model for name in vars(base)}


@pytest.mark.parametrize("model", RECORDS, ids=named)
def test_a_record_has_its_own_prefix_and_history_and_cannot_be_deleted(model):
    assert model.reference_prefix and len(model.reference_prefix) == 2
    assert [other for other in RECORDS if other.reference_prefix == model.reference_prefix] == [model]
    assert model in tracked_models()
    assert "delete" not in model._meta.default_permissions
    assert {field.column for field in model._meta.concrete_fields} <= {
        field.column for field in history_of(model)._meta.concrete_fields
    }


@pytest.mark.parametrize("model", RECORDS, ids=named)
def test_records_hold_each_other_by_protect_only(model):
    for field in model._meta.concrete_fields:
        if field.remote_field:
            assert field.remote_field.on_delete is models.PROTECT, field.name
    assert not model._meta.many_to_many, "links between records are records themselves"


@pytest.mark.parametrize("model", RECORDS, ids=named)
def test_a_moment_and_its_person_are_set_together(model):
    fields = {field.name for field in model._meta.concrete_fields}
    written = " ".join(str(constraint.deconstruct()) for constraint in model._meta.constraints)
    for moment in sorted(name for name in fields if name.endswith("_at") and name not in ALONE and name != "voided_at"):
        person = moment.removesuffix("_at") + "_by"
        if person in fields:
            assert moment in written and person in written, f"{moment} and {person} need set_together"


@pytest.mark.parametrize("model", RECORDS, ids=named)
def test_decimals_hold_at_most_fifteen_digits_and_text_is_never_null(model):
    for field in model._meta.concrete_fields:
        if isinstance(field, models.DecimalField):
            assert field.max_digits <= 15, field.name
        if isinstance(field, models.CharField | models.TextField):
            assert not field.null, field.name


def test_every_right_of_the_table_is_a_permission_that_exists(db):
    from django.contrib.auth.models import Permission

    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    missing = sorted(set(RIGHTS) - known)
    assert missing == []


def test_what_a_group_may_do_is_what_the_table_says(db):
    from django.contrib.auth.models import Group

    for group in Group.objects.all():
        held = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}
        assert held == {right for right, roles in RIGHTS.items() if group.name in roles}, group.name
