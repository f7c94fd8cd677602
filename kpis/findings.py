"""The sentence that opens Home: at most two findings, the worst first, the same for the same figures."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpis.verdicts import KPI, Verdict

MOST_FINDINGS = 2

# Where the name of the finding of this index goes, in whatever order a language puts them.
_MARK = "\x00{}\x00"


@dataclass(frozen=True)
class Judged:
    """A KPI as the sentence sees it: its name, its page and its two verdicts."""

    name: str
    url: str
    variation: Verdict
    assurance: Verdict

    @property
    def is_judged(self) -> bool:
        """Whether there are points enough for more than trial limits."""
        return self.variation.kind != "none" and not self.variation.is_trial

    @property
    def is_steady(self) -> bool:
        return self.is_judged and self.variation.kind == "common" and self.assurance.kind != "worse"


@dataclass(frozen=True)
class Part:
    """A piece of the sentence. One with a `url` is the name of a KPI, to be linked and bold; `kind` as in Verdict."""

    text: str
    url: str = ""
    kind: str = ""


def finding_sentence(kpis: Iterable[Judged]) -> tuple[Part, ...]:
    """The sentence, in pieces, for a template to join without spaces between; empty when there is no KPI at all.

    Beside a bad signal it never reassures: what is steady comes first and is followed by "but", and what has become
    better waits for another day. KPIs on trial limits are not spoken of.
    """
    kpis = list(kpis)
    judged = [kpi for kpi in kpis if kpi.is_judged]
    if not judged:
        return (Part(_("Too few figures yet to say what is changing.")),) if kpis else ()
    found = _worst_first(judged)[:MOST_FINDINGS]
    if not found:
        wording = ngettext("No real change.", "No real change in any of %(count)s KPIs.", len(judged))
        return (Part(wording % {"count": len(judged)}),)
    findings = [_sentence(kpi).replace(KPI, _MARK.format(index)) for index, kpi in enumerate(found)]
    joined = (
        findings[0]
        if len(findings) == 1
        else _("%(first)s, and %(second)s") % dict(zip(("first", "second"), findings, strict=True))
    )
    steady = sum(kpi.is_steady for kpi in judged)
    counts = {"count": steady, "total": len(judged), "findings": joined}
    if not steady:
        sentence = _("%(findings)s.")
    elif any(_kind(kpi) == "worse" for kpi in found):
        sentence = ngettext(
            "%(count)s of %(total)s KPIs is steady, but %(findings)s.",
            "%(count)s of %(total)s KPIs are steady, but %(findings)s.",
            steady,
        )
    else:
        sentence = ngettext(
            "%(findings)s. %(count)s of %(total)s KPIs shows no real change.",
            "%(findings)s. %(count)s of %(total)s KPIs show no real change.",
            steady,
        )
    return tuple(_parts(sentence % counts, found))


def _worst_first(judged: list[Judged]) -> list[Judged]:
    """The KPIs worth a word: what is worse, or else what has changed; longest first within a rank, then as given."""
    found = sorted(
        (kpi for kpi in judged if _rank(kpi) is not None), key=lambda kpi: (_rank(kpi), -kpi.variation.length)
    )
    if any(_kind(kpi) == "worse" for kpi in found):
        return [kpi for kpi in found if _kind(kpi) != "better"]
    return found


def _rank(kpi: Judged) -> int | None:
    changing, missing = kpi.variation.kind, kpi.assurance.kind == "worse"
    if changing == "worse":
        return 0 if missing else 1
    if missing:
        return 3 if changing == "better" else 2
    return {"neutral": 4, "better": 5}.get(changing)


def _kind(kpi: Judged) -> str:
    return "worse" if kpi.assurance.kind == "worse" else kpi.variation.kind


def _sentence(kpi: Judged) -> str:
    """What is said of one KPI, with KPI in the place of its name."""
    if kpi.assurance.kind != "worse":
        return kpi.variation.sentence
    if kpi.variation.kind == "worse":
        return _("%(finding)s and cannot reach its target as it works today") % {"finding": kpi.variation.sentence}
    if kpi.variation.kind == "better":
        return _("%(kpi)s is getting better but cannot reach its target yet")
    return kpi.assurance.sentence


def _parts(sentence: str, found: list[Judged]):
    """The sentence cut at its marks, with the names put in."""
    for place, text in enumerate(sentence.split(_MARK[0])):
        if place % 2:
            kpi = found[int(text)]
            yield Part(kpi.name, kpi.url, _kind(kpi))
        elif text:
            yield Part(text)
