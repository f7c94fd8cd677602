"""The sentence that opens Home."""

from hypothesis import given
from hypothesis import strategies as st

from kpis.findings import Judged, Part, finding_sentence
from kpis.verdicts import Verdict

STEADY = Verdict("common", "common", "No real change")
FALLING = Verdict(
    "trend", "worse", "Falling for 8 weeks", "down", sentence="%(kpi)s has been falling for 8 weeks", length=8
)
LOW = Verdict("run", "worse", "Lower …", "down", sentence="%(kpi)s has been lower than usual for 9 weeks", length=9)
HIGHER = Verdict(
    "run", "neutral", "Higher …", "up", sentence="%(kpi)s has been higher than usual for 7 weeks", length=7
)
BETTER = Verdict("run", "better", "Better since April", "up", sentence="%(kpi)s has been better since April", length=8)
TRIAL = Verdict(
    "run", "worse", "Lower …", "down", note="trial limits", sentence="%(kpi)s has …", length=7, is_trial=True
)
TOO_FEW = Verdict("too_few", "none", "Too few to say")
MET = Verdict("reliably_met", "better", "Reliably met")
MIXED = Verdict("hit_and_miss", "common", "Hit and miss")
MISSING = Verdict(
    "will_keep_missing", "worse", "Will keep missing", sentence="%(kpi)s cannot reach its target as it works today"
)


def kpi(name, variation, assurance=MIXED):
    return Judged(name, f"/kpis/{name.lower()}/", variation, assurance)


def read(*kpis):
    return "".join(part.text for part in finding_sentence(kpis))


def test_what_is_steady_comes_before_but_and_the_worst_follows():
    assert read(
        kpi("Complaints", STEADY), kpi("Answers", STEADY, MISSING), kpi("Deliveries", LOW), kpi("Orders", STEADY, MET)
    ) == (
        "2 of 4 KPIs are steady, but Deliveries has been lower than usual for 9 weeks, "
        "and Answers cannot reach its target as it works today."
    )


def test_names_are_links_of_their_kind():
    parts = finding_sentence([kpi("Deliveries", LOW)])
    assert parts == (
        Part("Deliveries", "/kpis/deliveries/", "worse"),
        Part(" has been lower than usual for 9 weeks."),
    )


def test_the_longest_of_equals_comes_first_and_two_are_enough():
    text = read(kpi("A", FALLING), kpi("B", LOW), kpi("C", FALLING, MISSING), kpi("D", LOW))
    assert text == (
        "C has been falling for 8 weeks and cannot reach its target as it works today, "
        "and B has been lower than usual for 9 weeks."
    )


def test_good_news_waits_while_something_is_bad():
    assert read(kpi("A", BETTER), kpi("B", LOW)) == "B has been lower than usual for 9 weeks."
    assert read(kpi("A", BETTER), kpi("B", STEADY), kpi("C", STEADY)) == (
        "A has been better since April. 2 of 3 KPIs show no real change."
    )


def test_better_but_still_out_of_reach_is_said_as_both():
    assert read(kpi("A", BETTER, MISSING)) == "A is getting better but cannot reach its target yet."


def test_a_change_without_a_good_side_is_told():
    assert read(kpi("Orders", HIGHER), kpi("B", STEADY)) == (
        "Orders has been higher than usual for 7 weeks. 1 of 2 KPIs shows no real change."
    )


def test_nothing_new_is_said_in_so_many_words():
    assert read(kpi("A", STEADY)) == "No real change."
    assert read(kpi("A", STEADY), kpi("B", STEADY), kpi("C", TOO_FEW)) == "No real change in any of 2 KPIs."


def test_too_few_figures_give_no_finding():
    assert read(kpi("A", TOO_FEW), kpi("B", TRIAL)) == "Too few figures yet to say what is changing."
    assert finding_sentence([]) == ()


def test_a_name_is_never_taken_for_a_part_of_the_sentence():
    assert read(kpi("100 %(kpi)s %s {0}", LOW)) == "100 %(kpi)s %s {0} has been lower than usual for 9 weeks."


verdicts = st.sampled_from([STEADY, FALLING, LOW, HIGHER, BETTER, TRIAL, TOO_FEW])
many = st.lists(st.tuples(verdicts, st.sampled_from([MET, MIXED, MISSING, TOO_FEW])), max_size=12)


@given(many)
def test_it_never_reassures_beside_a_bad_signal(pairs):
    kpis = [kpi(f"K{i}", *pair) for i, pair in enumerate(pairs)]
    parts = finding_sentence(kpis)
    text = "".join(part.text for part in parts)
    named = [part for part in parts if part.url]
    assert len(named) <= 2 and parts == finding_sentence(kpis)
    if any(part.kind == "worse" for part in named):
        assert "no real change" not in text and not any(part.kind == "better" for part in named)
        assert "steady" not in text or "steady, but" in text
    if any(one.is_judged and "worse" in (one.variation.kind, one.assurance.kind) for one in kpis):
        assert named[0].kind == "worse"
    assert "%" not in text and "\x00" not in text
