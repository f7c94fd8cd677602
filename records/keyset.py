"""Pages of a long list by key, not by offset: page 4,000 costs as little as page 1, and nothing is shown twice.

Where the next page begins is carried in the address as signed text, so that a stranger's text never reaches a query.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Q

FORWARD, BACK = "f", "b"


class BadCursor(ValueError):
    """The text that says where a page begins is not ours, or belongs to another list or order."""


@dataclass(frozen=True)
class Order:
    """By which field a list is sorted, and which way. Ties are settled by the id."""

    by: str
    descending: bool = False


@dataclass
class Page:
    """Some rows of a list. `first` is the place of the first one, from 1; cursors are empty where there is no page."""

    rows: list = field(default_factory=list)
    first: int = 1
    previous: str = ""
    next: str = ""

    @property
    def last(self):
        return self.first + len(self.rows) - 1


def page_of(queryset, order, size, cursor=""):
    """The page of `queryset` that `cursor` names (empty: the first). Raises BadCursor."""
    rows = queryset.annotate(_key=F(order.by))
    salt = f"records.keyset.{queryset.model._meta.label}"
    key = rows.query.annotations["_key"].output_field
    start = _read(cursor, salt, order, key) if cursor else None
    nullable = _may_be_null(queryset.model, order.by)
    backwards = start is not None and start.way == BACK
    if start is not None:
        rows = rows.filter(_beyond(start, order.descending != backwards, nullable, nulls_last=not backwards))
    found = list(_ordered(rows, order.descending != backwards, nullable, nulls_last=not backwards)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    first = start.place if start is not None else 1
    if backwards and not more:
        first = 1
    page = Page(rows=found, first=first)
    if found and (more or backwards):
        page.next = _write(salt, order, FORWARD, found[-1], page.last + 1)
    if found and (more if backwards else start is not None):
        page.previous = _write(salt, order, BACK, found[0], max(1, first - size))
    return page


@dataclass(frozen=True)
class _Start:
    way: str
    value: object
    pk: int
    place: int


def _ordered(rows, descending, nullable, nulls_last):
    if not nullable:
        # Plain order, so that a plain index serves it.
        return rows.order_by("-_key", "-pk") if descending else rows.order_by("_key", "pk")
    place = {"nulls_last": True} if nulls_last else {"nulls_first": True}
    key = F("_key").desc(**place) if descending else F("_key").asc(**place)
    return rows.order_by(key, "-pk" if descending else "pk")


def _beyond(start, descending, nullable, nulls_last):
    """The condition for rows that come after `start` in the given direction."""
    further = "lt" if descending else "gt"
    beyond_pk = Q(**{f"pk__{further}": start.pk})
    if start.value is None:
        tied = Q(_key__isnull=True) & beyond_pk
        return tied if nulls_last else tied | Q(_key__isnull=False)
    # The first factor alone lets an index find the place; the second settles ties.
    beyond = Q(**{f"_key__{further}e": start.value}) & (Q(**{f"_key__{further}": start.value}) | beyond_pk)
    return beyond | Q(_key__isnull=True) if nullable and nulls_last else beyond


def _may_be_null(model, path):
    for name in path.split("__"):
        if name == "pk":
            return False
        try:
            step = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True  # worked out by the query
        if step.null or not step.concrete:
            return True
        model = step.related_model
    return False


def _write(salt, order, way, row, place):
    value = row._key
    if isinstance(value, (date, datetime, time)):
        value = value.isoformat()
    elif isinstance(value, Decimal):
        value = str(value)
    return signing.dumps([way, order.by, order.descending, value, row.pk, place], salt=salt)


def _read(cursor, salt, order, key):
    try:
        way, by, descending, value, pk, place = signing.loads(cursor, salt=salt)
        if (by, descending) != (order.by, order.descending):
            raise BadCursor(cursor)
        return _Start(way, None if value is None else key.to_python(value), pk, place)
    except (signing.BadSignature, ValueError, TypeError, ValidationError) as fault:
        raise BadCursor(cursor) from fault
