"""The columns of a record's versions as the log knows them: name, kind, places after the point, personal or not."""

from dataclasses import asdict, dataclass
from functools import cache

from django.core.checks import Error
from django.db import models

from .history import tracked_models
from .verifier import schema_digest

# What people type about a change to any record may name a person.
ABOUT_THE_CHANGE = ("reason", "void_reason")
EMPTY = {"text": "", "json": "{}"}
_KINDS = (
    (models.BooleanField, "boolean"),
    (models.DateTimeField, "moment"),
    (models.DateField, "date"),
    (models.TimeField, "time"),
    (models.DecimalField, "decimal"),
    (models.JSONField, "json"),
    (models.BinaryField, "binary"),
    (models.IntegerField, "integer"),
    ((models.CharField, models.TextField, models.FileField), "text"),
)


class NotSealable(TypeError):
    """A column whose values have no one text: a float, for example."""


@dataclass(frozen=True)
class Column:
    """One column. `scale` is 0 but for decimals."""

    name: str
    kind: str
    scale: int = 0
    is_personal: bool = False


@cache
def columns_of(model) -> tuple[Column, ...]:
    """The columns of a record, or of a table that is written once, sorted by name. Raises NotSealable."""
    personal = personal_fields_of(model)
    return tuple(
        sorted(
            (
                Column(field.column, _kind(field), getattr(_target(field), "decimal_places", 0), field.name in personal)
                for field in model._meta.concrete_fields
            ),
            key=lambda column: column.name,
        )
    )


def personal_fields_of(model) -> frozenset[str]:
    """Names of the fields that erasing empties: those the model declares and what was typed about the change."""
    declared = frozenset(getattr(model, "personal_fields", ()))
    own = {field.name for field in model._meta.concrete_fields}
    if unknown := declared - own:
        raise NotSealable(f"{model._meta.label} has no {', '.join(sorted(unknown))}")
    return declared | (own & set(ABOUT_THE_CHANGE))


def described(model) -> tuple[str, list[dict]]:
    """(digest, columns as a schema row keeps them)."""
    columns = [asdict(column) for column in columns_of(model)]
    return schema_digest(model._meta.label_lower, columns), columns


def empty_of(column) -> str | None:
    """The SQL text of what an erased column holds."""
    return EMPTY[column.kind]


def check_columns(app_configs=None, **kwargs):
    """System check: every column of a record can be sealed, and every personal one can be emptied."""
    errors = []
    for model in tracked_models():
        try:
            wrong = [c.name for c in columns_of(model) if c.is_personal and c.kind not in EMPTY]
            problem = f"{', '.join(wrong)} cannot be emptied" if wrong else ""
        except NotSealable as fault:
            problem = str(fault)
        if problem:
            errors.append(Error(f"{model._meta.label}: {problem}.", id="trail.E002"))
    return errors


def _target(field):
    while field.remote_field is not None:
        field = field.target_field
    return field


def _kind(field):
    target = _target(field)
    for types, kind in _KINDS:
        if isinstance(target, types) or (kind == "integer" and isinstance(target, models.AutoField)):
            return kind
    raise NotSealable(f"{field.model._meta.label}.{field.name} is a {type(target).__name__}, which has no one text")
