"""The past: inside `as_of(moment)` every query of every model answers as the records stood at that moment (7.5.3).

The statement is given a WITH clause that names each tracked table it reads anew, as a view over its kept versions. So
the same models, joins, filters, sorting and permissions answer, relations included, and no page has to know. What is
no record (people, sessions, settings of one's own) answers as it is now, and so do rights. A QuerySet answers when it
is read: one that was made inside and is read outside tells the present.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from functools import cache

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _

from .history import history_of, tracked_models

PARAMETER = "as_of"  # of addresses
EARLIEST = 1900
TODAY = "_today"  # ends the name of a table that is read as it is now in a statement that reads the past
_WORD = re.compile(r"\w+", re.ASCII)
_NAME = re.compile(r'"(\w+)"', re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_moment = ContextVar("as_of", default=None)


class PastIsReadOnly(DatabaseError):
    """Somebody tried to change a record while looking at the past."""


def moment() -> datetime | None:
    """The moment that is looked at, or None for the present."""
    return _moment.get()


def now() -> datetime:
    """The moment that is looked at, or now: what clocks and ages on a page are reckoned to."""
    return _moment.get() or timezone.now()


def today() -> date:
    """The day that is looked at, on the reader's clock."""
    return timezone.localdate(now())


@contextmanager
def as_of(at):
    """Read as things stood at the moment `at`; None is the present. Writing a record inside raises PastIsReadOnly."""
    token = _moment.set(at)
    features, wrappers = connection.features, connection.execute_wrappers
    groups_by_key = features.allows_group_by_selected_pks
    is_outermost = at is not None and _past not in wrappers
    if is_outermost:
        wrappers.append(_past)
    # A view has no key by which the other columns of a group could be told.
    features.allows_group_by_selected_pks = at is None and type(features).allows_group_by_selected_pks
    try:
        yield
    finally:
        features.allows_group_by_selected_pks = groups_by_key
        if is_outermost:
            wrappers.remove(_past)
        _moment.reset(token)


def present():
    """Read the present inside `as_of`: for rights, which are today's."""
    return as_of(None)


def todays(rows):
    """The QuerySet `rows` for `…__in=`, answered as of today whatever moment the query around it looks at.

    For rights: what somebody may not see any more is not shown to them by asking for an earlier day.
    """
    if _moment.get() is None:
        return rows
    sql, params = rows.query.sql_with_params()
    tables = {model._meta.db_table for model in tracked_models()}
    sql = _NAME.sub(lambda found: f'"{found[1]}{TODAY}"' if found[1] in tables else found[0], sql)
    return RawSQL(sql, params)


def must_be_present():
    """Raise PastIsReadOnly inside `as_of`: nothing is written into the past."""
    if _moment.get() is not None:
        raise PastIsReadOnly("What is past cannot be changed.")


def parsed(text) -> datetime:
    """The moment that `2026-03-01` (the end of that day) or `2026-03-01T14:30` names, where the page is read.

    Today means now. Raises ValidationError with words that say how to write it.
    """
    zone, present_moment, text = timezone.get_current_timezone(), timezone.now(), text.strip()
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            at = datetime.combine(day, time.max, zone)
            if day == timezone.localdate(present_moment):
                at = present_moment
        elif _MOMENT.fullmatch(text):
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=zone)
        else:
            raise ValueError(text)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationError(
            _("Write the day as 2026-03-31, or the moment as 2026-03-31T14:30."), code="as_of"
        ) from None
    if not EARLIEST <= at.year:
        raise ValidationError(_("Heed knows nothing of so early a day."), code="as_of")
    if at > present_moment:
        raise ValidationError(_("That day has not come yet."), code="as_of")
    return at


def _past(execute, sql, params, many, context):
    at = _moment.get()
    words = frozenset() if at is None else frozenset(_WORD.findall(sql))
    views = [view for name, view in _views(connection.vendor).items() if name in words] if words else []
    if views:
        if sql.lstrip("( \n")[:6].upper() != "SELECT":
            raise PastIsReadOnly("What is past cannot be changed.")
        literal = f"'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}{'+00' if connection.vendor == 'postgresql' else ''}'"
        sql = f"WITH {', '.join(view.replace('{at}', literal) for view in views)} {sql}"
    return execute(sql, params, many, context)


@cache
def _views(vendor):
    """{name: the view under that name, with {at} for the moment}: tables as they are, versions, tables as they stood.

    On PostgreSQL a name means the table itself until its view is made, so the order counts; SQLite asks for `main`.
    """
    # On SQLite the plus keeps the index on moments out of it: lists are read in the order they are shown in.
    schema, plus = ("", "") if vendor == "postgresql" else ("main.", "+")
    how = "AS NOT MATERIALIZED"
    todays, versions, stood = {}, {}, {}
    for model in tracked_models():
        table, history = model._meta.db_table, history_of(model)._meta.db_table
        columns = ", ".join(f'kept."{field.column}"' for field in model._meta.concrete_fields)
        todays[f"{table}{TODAY}"] = f'"{table}{TODAY}" {how} (SELECT * FROM {schema}"{table}")'
        versions[history] = f'"{history}" {how} (SELECT * FROM {schema}"{history}" WHERE "changed_at" <= {{at}})'
        stood[table] = (
            f'"{table}" {how} (SELECT {columns} FROM {schema}"{history}" AS kept '
            f'WHERE {plus}kept."changed_at" <= {{at}} AND NOT EXISTS (SELECT 1 FROM {schema}"{history}" AS later '
            f'WHERE later."id" = kept."id" AND later."rev" = kept."rev" + 1 AND later."changed_at" <= {{at}}))'
        )
    return todays | versions | stood
