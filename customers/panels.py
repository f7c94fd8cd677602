"""What taller rooms add to the customer pages: parts of one customer's page, findings, columns and views of the list.

They register in their `apps.py`; this room imports none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from customers.filters import CustomerFilter
from records.pages import Preset

MAIN, ASIDE = "main", "aside"
MOST_FINDINGS = 2


@dataclass(frozen=True)
class Panel:
    """A part of a customer's page. `build(customer, user)` gives the template's context, or None to be left out."""

    template: str
    build: Callable
    place: str = MAIN
    order: int = 50


@dataclass(frozen=True)
class Finding:
    """A sentence about one customer, in pieces (text, link or "", whether it is bad). The gravest is said first."""

    parts: tuple
    gravity: int = 0


@dataclass(frozen=True)
class Extra:
    """A column of the list of customers. `expression(user)` is annotated as `name`; `link(customer)` may open it."""

    name: str
    label: str
    expression: Callable
    link: Callable | None = None
    is_number: bool = False


_panels: list[Panel] = []
_presets: list[Preset] = []
_finders: list[Callable] = []
_extras: list[Extra] = []


def add_panel(panel):
    _panels.append(panel)


def add_finder(finder):
    """`finder(customer, user)` yields findings."""
    _finders.append(finder)


def add_extra(extra):
    _extras.append(extra)


def add_filter(name, choice, preset):
    """A filter of the list of customers, and the view of the list that uses it."""
    CustomerFilter.base_filters[name] = choice
    _presets.append(preset)


def extras():
    return tuple(_extras)


def presets():
    return tuple(_presets)


def panels_of(customer, user):
    """{"main": [(template, context)], "aside": […]} for one customer's page."""
    shown = {MAIN: [], ASIDE: []}
    for panel in sorted(_panels, key=lambda panel: panel.order):
        context = panel.build(customer, user)
        if context is not None:
            shown[panel.place].append((panel.template, context))
    return shown


def findings_of(customer, user):
    """At most two findings, the gravest first; the same for the same records."""
    found = [finding for finder in _finders for finding in finder(customer, user)]
    return sorted(found, key=lambda finding: -finding.gravity)[:MOST_FINDINGS]
