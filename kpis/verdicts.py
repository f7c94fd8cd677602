"""The words for what a control chart shows: is it changing, and will it meet target?"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext

# While a new baseline is this young (in points), it is still spoken of as the new level.
NEW_LEVEL_POINTS = 24
# Where the name of the KPI goes in a sentence about it.
KPI = "%(kpi)s"


@dataclass(frozen=True)
class Verdict:
    """One answer in words, and what a template needs to draw its glyph.

    `kind` is "better", "worse", "neutral", "common" or "none" (no verdict); `direction` "up", "down" or "".
    `code` of a variation: "beyond", "trend", "two_in_three", "run", "common", "new_level", "constant", "too_few";
    of an assurance: "reliably_met", "will_keep_missing", "hit_and_miss", "no_target", "too_few".
    `note` qualifies the words ("trial limits"); it is "" or a phrase without a full stop. `sentence` is what a finding
    says of it, without a full stop, with KPI in the place of the name; "" where there is nothing to say. `length`
    counts the points that show the signal.
    """

    code: str
    kind: str
    words: str
    direction: str = ""
    note: str = ""
    sentence: str = ""
    length: int = 0
    is_trial: bool = False


def variation(analysis) -> Verdict:
    """Is it changing? From the signal at the latest point and the direction of the KPI."""
    segment, signal = analysis.segment, analysis.signal
    if segment is None or not segment.is_judged:
        return Verdict("too_few", "none", _("Too few to say"), note=last_change(analysis))
    note = _both(_("trial limits"), last_change(analysis)) if segment.is_trial else ""
    if signal:
        words, sentence = _signal_words(analysis)
        return Verdict(
            signal.cause, signal.kind, words, signal.direction, note, sentence, signal.length, segment.is_trial
        )
    code, words = "common", _("No real change")
    if segment.is_constant:
        code, words = "constant", _("No variation")
    elif len(analysis.segments) > 1 and analysis.latest - segment.first < NEW_LEVEL_POINTS:
        code, words = "new_level", _("Steady at new level")
    return Verdict(code, "common", words, note=note, is_trial=segment.is_trial)


def assurance(analysis) -> Verdict:
    """Will it meet target? From the latest limits only; a note says so while a signal is running."""
    segment, target = analysis.segment, analysis.target
    if target is None or analysis.higher_is_better is None:
        return Verdict("no_target", "none", _("No target"))
    if segment is None or not segment.is_judged:
        return Verdict("too_few", "none", _("Too few to say"), note=against_target(analysis))
    lower, upper = (segment.mean if limit is None else limit for limit in (segment.lower, segment.upper))
    code = reach(lower, upper, target, analysis.higher_is_better)
    kind, words, sentence = {
        "reliably_met": ("better", _("Reliably met"), ""),
        "hit_and_miss": ("common", _("Exactly on target") if lower == upper else _("Hit and miss"), ""),
        "will_keep_missing": (
            "worse", _("Will keep missing"), _("%(kpi)s cannot reach its target as it works today")
        ),
    }[code]  # fmt: skip
    note = _running_note(analysis)
    if segment.is_trial:
        note = _both(note or against_target(analysis), _("trial limits"))
    return Verdict(code, kind, words, note=note, sentence=sentence, is_trial=segment.is_trial)


def reach(lower: Decimal, upper: Decimal, target: Decimal, higher_is_better: bool | None) -> str | None:
    """Beyond the good limit the target is out of reach, beyond the bad one always met; None without a good side."""
    if higher_is_better is None:
        return None
    if upper < target:
        return "will_keep_missing" if higher_is_better else "reliably_met"
    if lower > target:
        return "reliably_met" if higher_is_better else "will_keep_missing"
    return "hit_and_miss"


def span(count: int, cadence: str) -> str:
    """A length of time, for after "for": "9 weeks"."""
    wording = {
        "day": npgettext("after “for”", "%(count)s day", "%(count)s days", count),
        "week": npgettext("after “for”", "%(count)s week", "%(count)s weeks", count),
        "month": npgettext("after “for”", "%(count)s month", "%(count)s months", count),
        "quarter": npgettext("after “for”", "%(count)s quarter", "%(count)s quarters", count),
        "year": npgettext("after “for”", "%(count)s year", "%(count)s years", count),
    }
    return wording[cadence] % {"count": count}


def when(analysis) -> str:
    """When the latest point was: "this week", "last week" beside a running one, or its own name after a gap."""
    if not analysis.is_latest_current:
        if analysis.periods is None:
            return _("at the latest figure")
        wording = (
            pgettext("a day", "on %(period)s") if analysis.cadence == "day" else pgettext("a period", "in %(period)s")
        )
        return wording % {"period": _latest_name(analysis)}
    this, last = {
        "day": (_("today"), _("yesterday")),
        "week": (_("this week"), _("last week")),
        "month": (_("this month"), _("last month")),
        "quarter": (_("this quarter"), _("last quarter")),
        "year": (_("this year"), _("last year")),
    }[analysis.cadence]
    return last if analysis.points[-1].is_running else this


def _signal_words(analysis) -> tuple[str, str]:
    """The words of a signal, and the sentence about the KPI that says the same."""
    signal, rising = analysis.signal, analysis.signal.direction == "up"
    lasting = {"span": span(signal.length, analysis.cadence), "kpi": KPI}
    if signal.cause in ("run", "trend") and signal.kind == "better" and analysis.periods:
        since = {"period": analysis.periods[signal.since].since_label(analysis.periods[analysis.latest]), "kpi": KPI}
        pair = _("Better since %(period)s"), _("%(kpi)s has been better since %(period)s")
        return _until(analysis, pair, since)
    if signal.cause == "run":
        higher = _("Higher than usual for %(span)s"), _("%(kpi)s has been higher than usual for %(span)s")
        lower = _("Lower than usual for %(span)s"), _("%(kpi)s has been lower than usual for %(span)s")
        return _until(analysis, higher if rising else lower, lasting)
    if signal.cause == "trend":
        up = _("Rising for %(span)s"), _("%(kpi)s has been rising for %(span)s")
        down = _("Falling for %(span)s"), _("%(kpi)s has been falling for %(span)s")
        return _until(analysis, up if rising else down, lasting)
    if signal.cause == "two_in_three":
        lasting["span"] = span(3, analysis.cadence)
        high = _("High in 2 of the last %(span)s"), _("%(kpi)s has been high in 2 of the last %(span)s")
        low = _("Low in 2 of the last %(span)s"), _("%(kpi)s has been low in 2 of the last %(span)s")
        return _until(analysis, high if rising else low, lasting)
    high = _("Unusually high %(when)s"), _("%(kpi)s was unusually high %(when)s")
    low = _("Unusually low %(when)s"), _("%(kpi)s was unusually low %(when)s")
    return tuple(wording % {"when": when(analysis), "kpi": KPI} for wording in (high if rising else low))


def _until(analysis, pair: tuple[str, str], values: dict) -> tuple[str, str]:
    """The words and the sentence, filled in, with the period they end in when nothing has been heard since."""
    filled = tuple(wording % values for wording in pair)
    if analysis.is_latest_current or analysis.periods is None:
        return filled
    until = _latest_name(analysis)
    return tuple(_("%(words)s, up to %(period)s") % {"words": words, "period": until} for words in filled)


def _latest_name(analysis) -> str:
    label = analysis.periods[analysis.latest].label
    return _("the %(week_of)s") % {"week_of": label} if analysis.cadence == "week" else label


def _running_note(analysis) -> str:
    """What the target has seen of the signal that is running; "" without one."""
    if not analysis.signal:
        return ""
    values = analysis.values_of_signal
    missed = sum(is_missed(value, analysis.target, analysis.higher_is_better) for value in values)
    counts = {"missed": missed, "met": len(values) - missed, "count": len(values)}
    if len(values) == 1:
        wording = _("missed %(when)s") if missed else _("met %(when)s")
        seen = wording % {"when": when(analysis)}
    elif missed:
        seen = ngettext(
            "missed %(missed)s of the last %(count)s", "missed %(missed)s of the last %(count)s", len(values)
        )
    else:
        seen = ngettext("met %(met)s of the last %(count)s", "met %(met)s of the last %(count)s", len(values))
    return _("%(seen)s; not predictable while it is changing") % {"seen": seen % counts}


def is_missed(value: Decimal, target: Decimal, higher_is_better: bool) -> bool:
    """Whether a value falls short of its target; a value on the target meets it."""
    return value < target if higher_is_better else value > target


def against_target(analysis) -> str:
    """How the latest value compares with the target, for a KPI with too few values to say more; "" without either."""
    if analysis.latest is None or analysis.target is None or analysis.higher_is_better is None:
        return ""
    missed = is_missed(analysis.points[analysis.latest].value, analysis.target, analysis.higher_is_better)
    return (_("missed %(when)s") if missed else _("met %(when)s")) % {"when": when(analysis)}


def last_change(analysis) -> str:
    """How the latest value compares with the one of the period before, for the same; "" without both."""
    latest = analysis.latest
    if not latest or analysis.points[latest - 1].value is None:
        return ""
    now, before = analysis.points[latest].value, analysis.points[latest - 1].value
    up, down, same = {
        "day": (_("up on the day before"), _("down on the day before"), _("same as the day before")),
        "week": (_("up on the week before"), _("down on the week before"), _("same as the week before")),
        "month": (_("up on the month before"), _("down on the month before"), _("same as the month before")),
        "quarter": (_("up on the quarter before"), _("down on the quarter before"), _("same as the quarter before")),
        "year": (_("up on the year before"), _("down on the year before"), _("same as the year before")),
    }[analysis.cadence]
    return up if now > before else down if now < before else same


def _both(first: str, second: str) -> str:
    return "; ".join(filter(None, (first, second)))
