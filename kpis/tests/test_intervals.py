"""Intervals agree with published figures and say "too few" instead of nothing at all."""

import json
import math
from decimal import Decimal
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.intervals import Interval, mean_of, nps, t_quantile, wilson


def vectors(shared, part):
    text = (shared / "data" / "vectors" / "nps_csat_ci.json").read_text()
    return json.loads(text, parse_float=Decimal)[part]


def agree(ours, theirs):
    return abs(ours - Decimal(theirs)) <= Decimal("1e-9") * max(abs(Decimal(theirs)), 1)


def counted(counts, scores):
    return sum(count for score, count in counts.items() if int(score) in scores)


@pytest.mark.shared
def test_nps_agrees_with_the_vectors(shared):
    for case in vectors(shared, "nps"):
        counts, expected = case["counts"], case["expected"]
        found = nps(counted(counts, {9, 10}), counted(counts, range(7)), case["n"])
        if expected["nps"] is None:
            assert found is None, case["id"]
            continue
        assert agree(found.value, expected["nps"]) and agree(found.error, expected["se_population_div_n"]), case["id"]
        if found.error:
            low, high = expected["ci95_wald_clipped"]
            assert agree(found.interval.low, low) and agree(found.interval.high, high), case["id"]
        else:
            assert found.interval is None, case["id"]


@pytest.mark.shared
def test_wilson_agrees_with_the_vectors(shared):
    for case in vectors(shared, "wilson"):
        z = NormalDist().inv_cdf((1 + float(case["conf"])) / 2)
        found = wilson(case["k"], case["n"], z)
        if not case["n"]:
            assert found is None
        else:
            low, high = case["wilson"]
            assert agree(found.low, low) and agree(found.high, high), case


@pytest.mark.shared
def test_csat_and_ces_agree_with_the_vectors(shared):
    for case in vectors(shared, "csat_ces"):
        counts = {int(score): count for score, count in case["counts"].items()}
        n = sum(counts.values())
        share = wilson(counted(counts, case["top_box"]), n)
        assert agree(100 * share.low, case["csat_wilson95_pct"][0]), case["id"]
        assert agree(100 * share.high, case["csat_wilson95_pct"][1]), case["id"]
        sums = (sum(score**power * count for score, count in counts.items()) for power in (1, 2))
        found = mean_of(n, *sums)
        assert agree(found.value, case["mean"]) and agree(found.error**2 * n, case["sd_sample"] ** 2), case["id"]
        assert agree(found.interval.low, case["mean_t_ci95"][0]), case["id"]
        assert agree(found.interval.high, case["mean_t_ci95"][1]), case["id"]


# From printed tables, and for 1 and 2 degrees of freedom from the closed forms.
@pytest.mark.parametrize("probability, df, expected, digits", [
    (0.975, 1, math.tan(0.475 * math.pi), 12), (0.995, 1, math.tan(0.495 * math.pi), 11),
    (0.975, 2, 0.95 * math.sqrt(2 / (1 - 0.95**2)), 12),
    (0.975, 3, 3.182446305284263, 9), (0.975, 10, 2.2281388519649385, 9), (0.95, 5, 2.015048373333024, 9),
    (0.975, 30, 2.0422724563012373, 9), (0.975, 99, 1.9842169515086827, 9), (0.5, 7, 0.0, 12),
])  # fmt: skip
def test_t_quantiles_are_those_of_the_tables(probability, df, expected, digits):
    assert t_quantile(probability, df) == pytest.approx(expected, abs=10.0**-digits)
    assert t_quantile(1 - probability, df) == pytest.approx(-expected, abs=10.0**-8)


@pytest.mark.parametrize("probability", [0.9, 0.975, 0.995])
def test_the_two_ways_to_a_t_quantile_meet(probability):
    before, at, after = (t_quantile(probability, df) for df in (399, 400, 401))
    assert before > at > after
    assert before - at == pytest.approx(at - after, rel=0.02)
    assert t_quantile(probability, 10**9) == pytest.approx(NormalDist().inv_cdf(probability), abs=1e-8)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_within_0_and_1(pair):
    count, n = pair
    found = wilson(count, n)
    assert 0 <= found.low <= Decimal(count) / n <= found.high <= 1 and found.low < found.high


@given(st.lists(st.integers(0, 5000), min_size=3, max_size=3))
def test_nps_is_between_minus_100_and_100_and_has_no_zero_width(parts):
    promoters, passives, detractors = parts
    n = sum(parts)
    found = nps(promoters, detractors, n)
    if not n:
        assert found is None
        return
    kinds = sum(1 for part in parts if part)
    assert (found.interval is None) == (kinds == 1)
    if found.interval:
        assert -100 <= found.interval.low < found.interval.high <= 100


@given(st.lists(st.integers(1, 7), min_size=1, max_size=50))
def test_the_mean_lies_in_the_middle_of_its_interval(values):
    found = mean_of(len(values), sum(values), sum(value**2 for value in values))
    assert (found.interval is None) == (len(set(values)) == 1)
    if found.interval:
        assert abs((found.interval.low + found.interval.high) / 2 - found.value) < Decimal("1e-20")


def test_one_answer_is_too_few_to_say():
    assert nps(1, 0, 1).interval is None and mean_of(1, 5, 25).interval is None
    assert mean_of(0, 0, 0) is None and nps(0, 0, 0) is None and wilson(0, 0) is None


def test_what_cannot_have_been_counted_is_refused():
    for nonsense in (lambda: wilson(3, 2), lambda: nps(2, 2, 3), lambda: mean_of(2, 10, 1), lambda: t_quantile(1, 3)):
        with pytest.raises(ValueError):
            nonsense()


def test_an_interval_knows_its_half_width():
    assert Interval(Decimal(1), Decimal(4)).half_width == Decimal("1.5")
