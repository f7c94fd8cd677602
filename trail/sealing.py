"""The sealer: takes versions that were committed and gives each its place in one gapless sequence."""

from itertools import groupby

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Max

from .history import history_of
from .models import Pending, Seal

BATCH = 2_000
# Any constant: only the sealer uses it, so that two of them never number at once.
ADVISORY_LOCK = 712_0753
_listeners = []


def on_waiting(listener):
    """Register a function that is called after each commit that left versions to be sealed."""
    _listeners.append(listener)
    return listener


def versions_wait():
    """Tell those who registered; what they do must be quick and may be lost."""
    for listener in _listeners:
        listener()


def seal(limit=None):
    """Seal what is pending and return how many versions were sealed. Two sealers at once leave the same rows."""
    sealed = 0
    while limit is None or sealed < limit:
        done = _seal_batch(BATCH if limit is None else min(BATCH, limit - sealed))
        sealed += done
        if not done:
            break
    return sealed


@transaction.atomic
def _seal_batch(size):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    pending = list(Pending.objects.order_by("pk")[:size])
    if not pending:
        return 0
    facts = _facts_of(pending)
    last = Seal.objects.aggregate(last=Max("seq"))["last"] or 0
    Seal.objects.bulk_create(
        Seal(seq=last + place, rtype=waiting.rtype, **facts[waiting.rtype, waiting.history_id])
        for place, waiting in enumerate(pending, start=1)
    )
    Pending.objects.filter(pk__in=[waiting.pk for waiting in pending]).delete()
    return len(pending)


def _facts_of(pending):
    """{(rtype, history_id): the columns a seal copies from that version}."""
    facts = {}
    by_type = sorted(pending, key=lambda waiting: waiting.rtype)
    for rtype, group in groupby(by_type, key=lambda waiting: waiting.rtype):
        versions = history_of(apps.get_model(rtype)).objects.filter(history_id__in=[w.history_id for w in group])
        for version in versions.values("history_id", "id", "rev", "reference", "verb", "changed_by_id", "changed_at"):
            facts[rtype, version["history_id"]] = version | {"rid": version.pop("id")}
    return facts
