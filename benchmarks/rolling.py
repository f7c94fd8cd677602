"""Sealing, building all buckets, folding changes in: how fast, and whether the totals are right."""

import random
import time
from collections import Counter
from math import inf

from benchmarks import one_pass
from benchmarks.loading import load
from benchmarks.results import Result
from benchmarks.scratch import analyse
from feedback.models import Feedback
from kpis import rollup
from kpis.models import Bucket
from trail.sealing import seal

ROUNDS = 3
CHANGES = 1_000
ALL_FILLED = 100_000


class WrongTotals(Exception):
    """The roll-up and the generator do not agree: whatever was fast does not count."""


def measured(firm, ground, manifest, report):
    """Loads the firm's records, a tenth first, and measures on the way."""
    loaded, small = load(firm, ground, manifest), max(1, firm.records // 10)
    for done in loaded:
        report(f"{done:,} of {firm.records:,} records")
        if done >= small:
            break
    seal()
    analyse()
    rollup.rebuild()
    at_first = _folding(ground)
    for done in loaded:
        report(f"{done:,} of {firm.records:,} records")
    yield from _sealing()
    analyse()
    rollup.rebuild()  # the first of this size, so that both below find the same in memory
    yield from _building()
    _compare(manifest)
    at_last = _folding(ground)
    yield Result(f"folding in {CHANGES:,} changes among {firm.records:,} records", at_last, "s")
    # Days and parts fill up until then: the goal is for sizes at which only the records are more.
    goal = 1.2 if small >= ALL_FILLED else None
    yield Result(f"  against {small:,} records", at_last / at_first, "x", goal, at_most=True)


def _sealing():
    began = time.monotonic()
    sealed = seal()
    if sealed:
        yield Result("sealing", sealed / (time.monotonic() - began), "versions/s", 5_000)


def _building():
    """The best of several rounds, in turns, so that what else the machine does falls on all."""
    best = {"build": inf, True: inf, False: inf}
    for _round in range(ROUNDS):
        for with_key in (False, True):
            one_pass.prepare(with_key)
            best[with_key] = min(best[with_key], _seconds(one_pass.run))
        best["build"] = min(best["build"], _seconds(rollup.rebuild))
        analyse()
    if wrong := one_pass.differences():
        raise WrongTotals(f"{wrong} buckets are not what the hand-written SQL gives")
    yield Result("buckets", float(Bucket.objects.count()))
    yield Result("one hand-written SQL pass to the same totals", best[True], "s")
    yield Result("full rebuild of buckets and readings", best["build"], "s")
    yield Result("  against the pass", best["build"] / best[True], "x", 2, at_most=True)
    yield Result("  against a pass into a table without a key", best["build"] / best[False], "x")


def _compare(manifest):
    """The manifest was added up by the generator, from what it made and not from what was saved."""
    received, complaints = Counter(), Counter()
    whole = Bucket.objects.filter(series__is_live=True, series__dimension="", series__source="feedback_received")
    for day, part, value in whole.filter(part__in=["n", "complaints"]).values_list("day", "part", "value"):
        (received if part == "n" else complaints)[day] = value
    if (received, complaints) != (manifest.received, manifest.complaints):
        raise WrongTotals("the buckets are not what the generator made")


def _folding(ground):
    """Seconds for CHANGES records given another product: the best of several rounds; the last puts all back."""
    best, chance = inf, random.Random(7)
    ids = list(Feedback.objects.order_by("pk").values_list("pk", flat=True))
    chosen = chance.sample(ids, min(CHANGES, len(ids)))
    before = dict(Feedback.objects.filter(pk__in=chosen).values_list("pk", "product_id"))
    for product in (*ground.products[:ROUNDS], None):
        for one in Feedback.objects.filter(pk__in=chosen):
            one.product_id = product or before[one.pk]
            one.save(by=ground.by, reason="To be measured")
        seal()
        best = min(best, _seconds(rollup.fold_in))
    return best


def _seconds(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began
