"""The register of feedback as of a day, against the same list today."""

import time
from math import inf

from django.utils import timezone

from benchmarks.results import Result
from feedback.models import Feedback
from records.keyset import Order, page_of
from trail.as_of import as_of

ROUNDS = 5
PAGE = 50


def measured(records):
    """The first page and one from the middle; the best of several rounds, in turns."""
    moment, order = timezone.now(), Order("received_on", descending=True)
    middle = _middle(order, records)
    for what, cursor in (("first page", ""), ("a page from the middle", middle)):
        best = {None: inf, moment: inf}
        for _round in range(ROUNDS):
            for at in best:
                best[at] = min(best[at], _seconds(at, order, cursor))
        yield Result(f"list of {records:,} records, {what}", best[None] * 1000, "ms")
        yield Result("  as of a moment against today", best[moment] / best[None], "x", 3, at_most=True)


def _list():
    """As the page asks for it."""
    return Feedback.objects.with_next_due().select_related("customer", "owner").in_force()


def _middle(order, records):
    """Where a page in the middle begins."""
    size = max(1, min(20_000, records // 2))
    return page_of(_list().select_related(None).only("received_on"), order, size).next


def _seconds(at, order, cursor):
    began = time.monotonic()
    with as_of(at):
        page_of(_list(), order, PAGE, cursor)
    return time.monotonic() - began
