"""The registry of measures: which records are counted, by which formula, in which unit.

Each app states its sources and formulas in its own `measures.py`; `kpis` reads them here and rolls them up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar

from django.db.models import Q

from records.periods import Cadence, Period

__all__ = [
    "Cadence",
    "Listing",
    "Measure",
    "Measured",
    "Parts",
    "Period",
    "Source",
    "add_source",
    "get",
    "get_source",
    "mean",
    "measure",
    "measures",
    "median",
    "percent",
    "percentile",
    "sources",
]

Number = int | Decimal

_sources: dict[str, "Source"] = {}
_measures: dict[str, "Measure"] = {}


@dataclass(frozen=True)
class Listing:
    """The list page behind a number: its URL name and the FilterSet parameters that narrow it to a period.

    `first_day` and `last_day` name the parameters that take the inclusive range of days.
    """

    url_name: str
    first_day: str
    last_day: str
    params: Mapping[str, str] = field(default_factory=dict)

    def params_for(self, period: Period, **more: str) -> dict[str, str]:
        """The query of the list that holds the records of `period`, and of nothing else."""
        days = {self.first_day: period.start.isoformat(), self.last_day: period.last_day.isoformat()}
        return {**self.params, **more, **days}


@dataclass(frozen=True)
class Source:
    """Records that are counted by the day, and what is added up for each day.

    All of it is declared, so that the roll-up can build one grouped query of it over the live model and the same
    one over the model's history:

    - `model` is a label such as "feedback.Feedback"; `day` its date field (a record without that day is not counted);
    - `base` says which of the model's records belong;
    - `parts` names expressions over the fields of one record (`Value(1)`, `Case(When(…))`), summed over records;
    - `histograms` names fields whose values are counted one by one, as the parts "days:0", "days:1", …;
    - `dimensions` names the fields by which the source may be sliced (`{"product": "product_id"}`).

    Everything refers to columns of the row itself, because a version in the history has no other rows beside it.
    """

    name: str
    model: str
    day: str
    parts: Mapping[str, object]
    listing: Listing
    title: str = ""
    base: Q = Q()
    histograms: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        for name in [*self.parts, *self.histograms]:
            if not name.isidentifier() or name in _RESERVED:
                raise ValueError(f"{self.name}: {name!r} cannot name a part")
        if both := self.parts.keys() & self.histograms.keys():
            raise ValueError(f"{self.name}: {sorted(both)} named as a part and as a histogram")

    def read(self, values: Mapping[str, Number | str]) -> "Parts":
        """The parts of a bucket or of a sum of buckets, ready for a formula."""
        return Parts(values, names=self.parts.keys(), histograms=self.histograms.keys())


class Parts:
    """The additive parts of a period: `parts.on_time` is a number, 0 where nothing was added.

    A name that the source does not declare raises AttributeError, so that a slip in a formula is not a silent 0.
    """

    __slots__ = ("_values", "_names", "_histograms")

    def __init__(
        self,
        values: Mapping[str, Number | str],
        *,
        names: Iterable[str] | None = None,
        histograms: Iterable[str] | None = None,
    ):
        self._values = {name: _number(name, value) for name, value in values.items()}
        self._names = None if names is None else frozenset(names)
        self._histograms = None if histograms is None else frozenset(histograms)

    def __getattr__(self, name: str) -> Number:
        if name.startswith("__") or (self._names is not None and name not in self._names):
            raise AttributeError(f"the source has no part {name!r}")
        return self._values.get(name, 0)

    def __repr__(self):
        return f"Parts({self._values!r})"

    def __eq__(self, other):
        return isinstance(other, Parts) and self._values == other._values

    __hash__ = None

    def cells(self, histogram: str) -> dict[Number, int]:
        """How many records have which value: `{17: 3}` for the part "days:17"; without empty cells."""
        if self._histograms is not None and histogram not in self._histograms:
            raise AttributeError(f"the source has no histogram {histogram!r}")
        prefix = f"{histogram}:"
        return {
            _number(name, name.removeprefix(prefix)): count
            for name, count in self._values.items()
            if name.startswith(prefix) and count
        }

    @staticmethod
    def total(buckets: Iterable[Mapping[str, Number | str]]) -> dict[str, Number]:
        """Buckets added up, part by part."""
        totals: dict[str, Number] = {}
        for bucket in buckets:
            for name, value in bucket.items():
                totals[name] = totals.get(name, 0) + _number(name, value)
        return totals


_RESERVED = {name for name in dir(Parts) if not name.startswith("__")}


@dataclass(frozen=True)
class Measured:
    """What a formula found: the value, what it was made of, and on how many records it rests (`n`)."""

    value: Decimal
    numerator: Number | None = None
    denominator: Number | None = None
    n: int | None = None

    def __post_init__(self):
        if isinstance(self.value, float):
            raise TypeError("a measured value is a Decimal, never a float")
        object.__setattr__(self, "value", Decimal(self.value))
        if self.n is None:
            base = self.numerator if self.denominator is None else self.denominator
            object.__setattr__(self, "n", None if base is None else int(base))


@dataclass(frozen=True)
class Measure:
    """A formula in code and what a reader must know of it.

    `higher_is_better` is None where neither way is good; `bounds` are the smallest and the largest possible value
    (None where there is none); `numerator` and `denominator` are the FilterSet parameters that, added to the
    source's listing, open the very records counted (None where there are no such records); `exceptions` likewise
    those that spoil the figure, named by `exceptions_word` ("late").
    """

    code: str
    title: str
    source: Source
    formula: str
    compute: Callable[[Parts], Measured | None]
    unit: str = ""
    higher_is_better: bool | None = None
    clause: str = ""
    bounds: tuple[Decimal | None, Decimal | None] = (None, None)
    places: int = 1
    cadences: tuple[str, ...] = tuple(Cadence.values)
    numerator: Mapping[str, str] | None = None
    denominator: Mapping[str, str] | None = None
    exceptions: Mapping[str, str] | None = None
    exceptions_word: str = ""

    do_not_call_in_templates: ClassVar[bool] = True  # it is callable, but a template wants its facts

    def __call__(self, parts: Parts | Mapping[str, Number]) -> Measured | None:
        return self.compute(parts if isinstance(parts, Parts) else self.source.read(parts))

    def list_params(self, period: Period, which: str = "denominator", **more: str) -> dict[str, str] | None:
        """The query of the list that shows the records counted in the `which` of `period`; None without a list."""
        extra = {"numerator": self.numerator, "denominator": self.denominator, "exceptions": self.exceptions}[which]
        return None if extra is None else self.source.listing.params_for(period, **{**extra, **more})


def add_source(source: Source) -> Source:
    """Register a source and return it. Raises ValueError when the name is taken."""
    if _sources.setdefault(source.name, source) is not source:
        raise ValueError(f"there is a source {source.name!r} already")
    return source


def measure(
    code: str,
    *,
    title: str,
    source: str,
    formula: str,
    unit: str = "",
    bounds: tuple[int | None, int | None] | None = None,
    denominator: Mapping[str, str] | None = MappingProxyType({}),
    **more,
):
    """Register the decorated function as the formula of the measure `code`.

    The function takes `Parts` and returns `Measured`, or None where there is no data. A "%" lies between 0 and 100
    unless told otherwise. Raises ValueError on a code that is taken, LookupError on an unknown source.
    """
    if bounds is None:
        bounds = (0, 100) if unit == "%" else (None, None)

    def register(compute):
        if code in _measures:
            raise ValueError(f"there is a measure {code!r} already")
        _measures[code] = Measure(
            code=code,
            title=title,
            source=get_source(source),
            formula=formula,
            compute=compute,
            unit=unit,
            bounds=tuple(None if bound is None else Decimal(bound) for bound in bounds),
            denominator=denominator,
            **more,
        )
        return compute

    return register


def get(code: str) -> Measure:
    """The measure `code`. Raises LookupError."""
    try:
        return _measures[code]
    except KeyError:
        raise LookupError(f"there is no measure {code!r}") from None


def get_source(name: str) -> Source:
    """The source `name`. Raises LookupError."""
    try:
        return _sources[name]
    except KeyError:
        raise LookupError(f"there is no source {name!r}") from None


def measures() -> tuple[Measure, ...]:
    """All measures, in the order of their registration."""
    return tuple(_measures.values())


def sources() -> tuple[Source, ...]:
    """All sources, in the order of their registration."""
    return tuple(_sources.values())


def percent(part: Number, whole: Number) -> Decimal:
    """`part` of `whole`, 0-100 where part is within whole. Raises ZeroDivisionError: no data is not 0 %."""
    if not whole:
        raise ZeroDivisionError("there is no share of nothing")
    return Decimal(part) * 100 / Decimal(whole)


def mean(total: Number, n: int) -> Decimal | None:
    """The arithmetic mean; None of nothing."""
    return Decimal(total) / n if n else None


def median(cells: Mapping[Number, int]) -> Decimal | None:
    """The middle value of `{value: count}`, or the mean of the two middle ones; None of nothing."""
    return percentile(cells, 50)


def percentile(cells: Mapping[Number, int], share: Number) -> Decimal | None:
    """The value that `share` per cent of `{value: count}` lie at or below, exactly; None of nothing.

    Between two values it lies in proportion, as spreadsheets and statistics packages have it by default: the
    position is (n − 1) × share from the smallest.
    """
    if not 0 <= share <= 100:
        raise ValueError("a percentile lies between 0 and 100")
    ordered = sorted((Decimal(value), count) for value, count in cells.items() if count)
    n = sum(count for _value, count in ordered)
    if not n:
        return None
    position = Decimal(n - 1) * Decimal(share) / 100
    index = int(position)
    below, above = _nth(ordered, index), _nth(ordered, min(index + 1, n - 1))
    return below + (above - below) * (position - index)


def _nth(ordered: list[tuple[Decimal, int]], index: int) -> Decimal:
    """The value at `index` (from 0) of a sorted list of (value, count)."""
    for value, count in ordered:
        if index < count:
            return value
        index -= count
    raise IndexError("fewer values than that")


def _number(name: str, value: Number | str) -> Number:
    """`value` as an int where it is whole, else as a Decimal. Raises TypeError on a float: sums would drift."""
    if isinstance(value, float):
        raise TypeError(f"{name} is a float; parts are whole or decimal numbers")
    number = Decimal(value)
    return int(number) if number == number.to_integral_value() else number
