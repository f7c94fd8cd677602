"""The past: inside `as_of(moment)` every query of every model answers as the records stood at that moment (7.5.3).

The statement is given a WITH clause that names each tracked table it reads anew, as a view over its kept versions. So
the same models, joins, filters, sorting and permissions answer, relations included, and no page has to know. What is
no record (people, sessions, settings of one's own) answers as it is now, and so do rights.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from functools import cache

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from .history import history_of, tracked_models

EARLIEST = 1900
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


@contextmanager
def as_of(at):
    """Read as things stood at the moment `at`; None is the present. Writing a record inside raises PastIsReadOnly."""
    token = _moment.set(at)
    try:
        if at is None:
            yield
        else:
            with connection.execute_wrapper(_past):
                yield
    finally:
        _moment.reset(token)


def present():
    """Read the present inside `as_of`: for rights, which are today's."""
    return as_of(None)


def must_be_present():
    """Raise PastIsReadOnly inside `as_of`: nothing is written into the past."""
    if _moment.get() is not None:
        raise PastIsReadOnly("What is past cannot be changed.")


def parsed(text) -> datetime:
    """The moment that `2026-03-01` (the end of that day) or `2026-03-01T14:30` names, where the page is read.

    Today means now. Raises ValidationError with words that say how to write it.
    """
    zone, present_moment = timezone.get_current_timezone(), timezone.now()
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
    tables = [] if at is None else [table for table in _versions() if f'"{table}"' in sql]
    if tables:
        if not sql.startswith(("SELECT", "(SELECT")):
            raise PastIsReadOnly("What is past cannot be changed.")
        sql = f"WITH {', '.join(_view(table, at) for table in tables)} {sql}"
    return execute(sql, params, many, context)


def _view(table, at):
    """The table as it stood: of each record the last version that is not later, under the table's own name."""
    history, columns = _versions()[table]
    literal = f"'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}{'+00' if connection.vendor == 'postgresql' else ''}'"
    # On SQLite the plus keeps the index on moments out of it: lists are read in the order they are shown in.
    plus = "" if connection.vendor == "postgresql" else "+"
    return (
        f'"{table}" AS NOT MATERIALIZED (SELECT {columns} FROM "{history}" AS kept '
        f'WHERE {plus}kept."changed_at" <= {literal} AND NOT EXISTS (SELECT 1 FROM "{history}" AS later '
        f'WHERE later."id" = kept."id" AND later."rev" = kept."rev" + 1 AND later."changed_at" <= {literal}))'
    )


@cache
def _versions():
    """{table of records: (table of its versions, the columns of the first)}."""
    return {
        model._meta.db_table: (
            history_of(model)._meta.db_table,
            ", ".join(f'kept."{field.column}"' for field in model._meta.concrete_fields),
        )
        for model in tracked_models()
    }
