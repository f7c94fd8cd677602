"""What a person answers for, said on their page and before they go. The rooms above register what they know."""

from collections.abc import Callable
from dataclasses import dataclass

_kinds = []


@dataclass(frozen=True)
class Owned:
    """A kind of thing that people own. `rows(person)` gives a QuerySet, `url(person)` the list that shows them."""

    label: str
    rows: Callable
    url: Callable


def register(label, *, rows, url):
    _kinds.append(Owned(label, rows, url))


def owned_by(person):
    """[(label, how many, address of the list)] of what the person owns; kinds without any are left out."""
    counted = ((kind, kind.rows(person).count()) for kind in _kinds)
    return [(kind.label, count, kind.url(person)) for kind, count in counted if count]
