"""The sealer: takes versions that were committed, gives each its place in one gapless sequence, and signs the whole.

Versions, seals, checkpoint and queue change in one transaction, so that a sealer may be killed at any point. A version
whose transaction commits late comes into the queue late, and is sealed then.
"""

import logging
import time
from itertools import groupby

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from . import anchors, keys
from .leaves import Kind
from .models import Checkpoint, Opening, Pending, Seal
from .verifier import Log, canonical, checkpoint_bytes

# Versions per transaction: on SQLite nobody else writes meanwhile, so it must not take long.
BATCH = 1_000
SEALED = "seq rtype rid rev history_id reference verb changed_by changed_at schema leaf".split()
SAY_AGAIN = 600.0  # seconds between two complaints that the key is missing
log = logging.getLogger("heed.seal")
_listeners = []
_said_until = 0.0


def on_waiting(listener):
    """Register a function that is called after each commit that left versions to be sealed."""
    _listeners.append(listener)
    return listener


def versions_wait():
    """Tell those who registered; what they do must be quick and may be lost."""
    for listener in _listeners:
        listener()


def seal(limit=None):
    """Seal what is pending and return how many versions were sealed. Two sealers at once leave the same rows.

    Checkpoints that are not held outside the database yet are, too. Raises KeyMissing where the key is not to be had;
    what waits then goes on waiting.
    """
    sealed = 0
    while limit is None or sealed < limit:
        done = _seal_batch(BATCH if limit is None else min(BATCH, limit - sealed)) if Pending.objects.exists() else 0
        sealed += done
        if not done:
            break
    transaction.on_commit(anchors.hold, robust=True)
    return sealed


def seal_if_possible():
    """The same for work that goes on without seals: without the key it says so in the log, and what waits waits."""
    global _said_until
    try:
        return seal()
    except keys.KeyMissing as fault:
        if time.monotonic() >= _said_until:
            _said_until = time.monotonic() + SAY_AGAIN
            log.error("nothing is sealed: %s", fault)
        return 0


@transaction.atomic
def _seal_batch(size):
    keys.take_turn()
    pending = list(Pending.objects.order_by("pk").values_list("pk", "rtype", "history_id")[:size])
    if not pending:
        return 0
    signing = keys.signing_key()
    last = Checkpoint.objects.order_by("-size").first()
    merkle = Log(last.size, last.frontier) if last else Log()
    found = _versions(pending)
    done, seals, openings = [], [], []
    for pk, rtype, number in pending:
        schema, version = found.get((rtype, number), (None, None))
        if version is None:
            # Only who goes around Heed leaves such a thing; it stays where it is, for the verifier and the doctor.
            log.error("a version that waits to be sealed is not there: %s %s", rtype, number)
            continue
        merkle.append(version.leaf)
        done.append(pk)
        seals.append((merkle.size, rtype, *version.told, schema, version.leaf))  # as SEALED has it
        if version.salt is not None:
            openings.append((rtype, number, version.salt))
    if done:
        _insert(Seal, SEALED, seals)
        _insert(Opening, ["rtype", "history_id", "salt"], openings)
        checkpoint = _sign(signing, merkle, last)
        Pending.objects.filter(pk__in=done)._raw_delete(using=connection.alias)
        transaction.on_commit(lambda: anchors.tell(checkpoint), robust=True)
    return len(done)


def _sign(signing, merkle, last):
    (private, key), now, prev_root = signing, timezone.now(), last.root if last else ""
    told = checkpoint_bytes(merkle.size, merkle.root, prev_root, canonical("moment", 0, now), key.fingerprint)
    return Checkpoint.objects.create(
        size=merkle.size,
        root=merkle.root,
        prev_root=prev_root,
        at=now,
        key=key,
        signature=private.sign(told).hex(),
        frontier=[node.hex() for node in merkle.frontier],
    )


def _versions(pending):
    """{(rtype, number): (id of the schema, Version)} of all that can be read."""
    found = {}
    by_type = sorted(pending, key=lambda waiting: (waiting[1], waiting[0]))
    for rtype, group in groupby(by_type, key=lambda waiting: waiting[1]):
        try:
            kind = Kind(apps.get_model(rtype))
        except (LookupError, ValueError):
            continue
        schema = kind.schema()
        for number, version in kind.versions([number for _pk, _rtype, number in group], schema).items():
            found[rtype, number] = (schema.pk, version)
    return found


def _insert(model, names, rows):
    """Write many rows whose values are as the database takes them: Django would look at each by itself."""
    if not rows:
        return
    quote, fields = connection.ops.quote_name, [model._meta.get_field(name) for name in names]
    columns = ", ".join(quote(field.column) for field in fields)
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
        content = f"SELECT * FROM unnest({arrays})"  # noqa: S608 (types of our own fields)
        given = [list(column) for column in zip(*rows, strict=True)]
    else:
        content, given = f"VALUES ({', '.join(['%s'] * len(fields))})", rows
    with connection.cursor() as cursor:
        write = cursor.execute if connection.vendor == "postgresql" else cursor.executemany
        write(f"INSERT INTO {quote(model._meta.db_table)} ({columns}) {content}", given)
