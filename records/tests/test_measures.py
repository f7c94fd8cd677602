"""The registry, the parts that formulas read, and exact medians and percentiles."""

import statistics
from decimal import Decimal

import pytest
from django.db.models import Q, Value
from hypothesis import given
from hypothesis import strategies as st

from records import measures
from records.measures import Listing, Measured, Parts, Period, Source, add_source, measure, percent

counts = st.dictionaries(st.integers(-50, 400), st.integers(0, 6), max_size=25)


@pytest.fixture(autouse=True)
def _registry_left_as_it_was(monkeypatch):
    monkeypatch.setattr(measures, "_sources", {})
    monkeypatch.setattr(measures, "_measures", {})


def make_source(**given):
    listing = Listing("feedback:list", first_day="due_from", last_day="due_to", params={"kind": "complaint"})
    return Source(
        **{
            "name": "complaints_due",
            "model": "feedback.Feedback",
            "day": "due_on",
            "base": Q(kind="complaint"),
            "listing": listing,
            "parts": {"due": Value(1), "on_time": Value(1)},
            "histograms": {"days": "days_to_answer"},
            **given,
        }
    )


def make_measure(code="answered_on_time"):
    add_source(make_source())

    @measure(
        code,
        title="Answered on time",
        source="complaints_due",
        formula="answered by the first promise ÷ due",
        unit="%",
        higher_is_better=True,
        clause="9.1.2",
        numerator={"answered": "on_time"},
    )
    def answered_on_time(parts):
        if not parts.due:
            return None
        return Measured(percent(parts.on_time, parts.due), numerator=parts.on_time, denominator=parts.due)

    return measures.get(code)


def test_a_measure_turns_parts_into_a_value_and_what_it_rests_on():
    found = make_measure()({"due": 8, "on_time": 7})
    assert found == Measured(Decimal("87.5"), numerator=7, denominator=8, n=8)


def test_no_data_is_not_zero():
    answered = make_measure()
    assert answered({}) is None
    assert answered({"due": 3}).value == 0


def test_a_percentage_is_bounded_and_may_be_read_at_every_cadence():
    answered = make_measure()
    assert answered.bounds == (Decimal(0), Decimal(100))
    assert "week" in answered.cadences
    assert measures.measures() == (answered,) and measures.sources() == (answered.source,)


def test_a_number_opens_the_list_of_its_own_days():
    answered = make_measure()
    november = Period.month(2026, 11)
    days = {"kind": "complaint", "due_from": "2026-11-01", "due_to": "2026-11-30"}
    assert answered.list_params(november) == days
    assert answered.list_params(november, "numerator", product="3") == {**days, "answered": "on_time", "product": "3"}


def test_two_measures_or_sources_may_not_share_a_name():
    answered = make_measure()
    with pytest.raises(ValueError, match="already"):
        add_source(make_source())
    with pytest.raises(ValueError, match="already"):
        measure("answered_on_time", title="", source="complaints_due", formula="")(answered.compute)


def test_unknown_names_are_told():
    with pytest.raises(LookupError, match="no measure 'x'"):
        measures.get("x")
    with pytest.raises(LookupError, match="no source 'x'"):
        measure("y", title="", source="x", formula="")(len)


def test_a_part_that_the_source_does_not_have_is_an_error_and_not_zero():
    parts = make_source().read({"due": 2})
    assert parts.on_time == 0
    with pytest.raises(AttributeError, match="ontime"):
        _ = parts.ontime
    with pytest.raises(AttributeError, match="weeks"):
        parts.cells("weeks")


@pytest.mark.parametrize("name", ["cells", "total", "days:1", "a b"])
def test_a_part_may_not_take_a_name_that_parts_need(name):
    with pytest.raises(ValueError, match="cannot name a part"):
        make_source(parts={name: Value(1)})


def test_cells_are_read_from_the_parts_named_after_the_histogram():
    parts = make_source().read({"due": 6, "days:17": 2, "days:0": 3, "days:-1": 1, "days:4": 0})
    assert parts.cells("days") == {17: 2, 0: 3, -1: 1}


def test_buckets_add_up_exactly():
    assert Parts.total([{"sum": "0.10", "n": 1}, {"sum": "0.20", "days:3": 1}, {"days:3": 1}]) == {
        "sum": Decimal("0.30"),
        "n": 1,
        "days:3": 2,
    }


def test_floats_are_refused_where_numbers_are_shown():
    with pytest.raises(TypeError, match="float"):
        Parts({"sum": 0.1})
    with pytest.raises(TypeError, match="float"):
        Measured(0.1)


def test_percent_of_nothing_is_an_error():
    assert percent(1, 8) == Decimal("12.5")
    with pytest.raises(ZeroDivisionError):
        percent(0, 0)


@given(counts)
def test_the_median_is_the_one_of_the_single_values(cells):
    values = [Decimal(value) for value, count in cells.items() for _ in range(count)]
    assert measures.median(cells) == (statistics.median(values) if values else None)


@given(st.dictionaries(st.integers(-50, 400), st.integers(1, 6), min_size=1, max_size=25), st.integers(0, 100))
def test_a_percentile_lies_in_proportion_between_two_values(cells, share):
    values = sorted(value for value, count in cells.items() for _ in range(count))
    position = Decimal(len(values) - 1) * share / 100
    index = int(position)
    above = values[min(index + 1, len(values) - 1)]
    assert measures.percentile(cells, share) == values[index] + (above - values[index]) * (position - index)


def test_percentiles_as_statistics_packages_give_them():
    cells = dict.fromkeys(range(1, 11), 1)
    assert measures.percentile(cells, 90) == Decimal("9.1")
    assert measures.percentile(cells, 0) == 1 and measures.percentile(cells, 100) == 10
    with pytest.raises(ValueError):
        measures.percentile(cells, 101)
