"""The sealer: takes versions that were committed, gives each its place in one gapless sequence, and signs the whole.

What is sealed is read as the database has it, column by column; `trail/verifier.py` says what the bytes are.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from . import anchors, keys
from .columns import columns_of, described
from .history import history_of, tracked_models
from .models import Checkpoint, Opening, Pending, Schema, Seal
from .verifier import Log, canonical, cell, checkpoint_bytes, leaf_of, personal_cell

BATCH = 2_000
# Any constant: only the sealer uses it, so that two of them never number at once.
ADVISORY_LOCK = 712_0753
SALT_BYTES = 32
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
    """Seal what is pending and return how many versions were sealed. Two sealers at once leave the same rows.

    Raises KeyMissing where the key is not to be had.
    """
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
    sealed, openings = _sealed(pending)
    last = Checkpoint.objects.order_by("-size").first()
    log = Log(last.size, last.frontier) if last else Log()
    for place, one in enumerate(sealed, start=log.size + 1):
        one.seq = place
        log.append(one.leaf)
    Seal.objects.bulk_create(sealed)
    Opening.objects.bulk_create(openings)
    _sign(log, last)
    Pending.objects.filter(pk__in=[waiting.pk for waiting in pending]).delete()
    transaction.on_commit(anchors.hold, robust=True)
    return len(pending)


def _sign(log, last):
    private, key = keys.signing_key()
    now, prev_root = timezone.now(), last.root if last else ""
    told = checkpoint_bytes(log.size, log.root, prev_root, canonical("moment", 0, now), key.fingerprint)
    Checkpoint.objects.create(
        size=log.size,
        root=log.root,
        prev_root=prev_root,
        at=now,
        key=key,
        signature=private.sign(told).hex(),
        frontier=[node.hex() for node in log.frontier],
    )


def _sealed(pending):
    """(seals in the order of the queue, without their numbers; the openings of those with personal values)."""
    seals, openings = {}, []
    by_type = sorted(pending, key=lambda waiting: (waiting.rtype, waiting.pk))
    for rtype, group in groupby(by_type, key=lambda waiting: waiting.rtype):
        numbers = [waiting.history_id for waiting in group]
        kind = Kind(apps.get_model(rtype))
        leaves = {}
        versions = kind.versions(numbers)
        for number in numbers:
            version = versions[number]
            before = b""
            if version.rev > 1:
                before = leaves.get((version.rid, version.rev - 1)) or kind.leaf_before(version, versions.values())
            salt = secrets.token_bytes(SALT_BYTES) if kind.personal else None
            leaf, has_secret = kind.leaf(version, before, salt)
            leaves[version.rid, version.rev] = leaf
            if has_secret:
                openings.append(Opening(rtype=rtype, history_id=number, salt=salt))
            seals[rtype, number] = Seal(
                rtype=rtype,
                rid=version.rid,
                rev=version.rev,
                history_id=number,
                schema_id=kind.schema.pk,
                leaf=leaf,
                reference=version.row["reference"],
                verb=version.row["verb"],
                changed_by_id=version.row["changed_by_id"],
                changed_at=datetime.fromisoformat(canonical("moment", 0, version.row["changed_at"])),
            )
    return [seals[waiting.rtype, waiting.history_id] for waiting in pending], openings


@dataclass(frozen=True)
class Version:
    """One row as the database has it: {column: value}."""

    rid: int
    rev: int
    row: dict


class Kind:
    """How versions of one kind of record, or rows of a table that is written once, are read and turned into leaves."""

    def __init__(self, model):
        self.model, self.rtype = model, model._meta.label_lower
        self.columns = columns_of(model)
        self.personal = {column.name for column in self.columns if column.is_personal}
        self.has_revs = model in tracked_models()
        self.source = history_of(model) if self.has_revs else model
        self.number = "history_id" if self.has_revs else "id"
        self._earlier = None

    @cached_property
    def schema(self):
        """The row that describes the columns as they are; written when they are new."""
        digest, columns = described(self.model)
        found = Schema.objects.filter(digest=digest).first()
        return found or Schema.objects.create(rtype=self.rtype, digest=digest, columns=columns)

    def versions(self, numbers):
        """{number: version} of the rows with these numbers."""
        names = [column.name for column in self.columns]
        wanted = ", ".join(connection.ops.quote_name(name) for name in [self.number, *names])
        places = ", ".join(["%s"] * len(numbers))
        found = {}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {wanted} FROM {self.source._meta.db_table} "  # noqa: S608 (names of our own tables)
                f"WHERE {self.number} IN ({places})",
                numbers,
            )
            for number, *values in cursor.fetchall():
                row = dict(zip(names, values, strict=True))
                found[number] = Version(row["id"], row["rev"] if self.has_revs else 1, row)
        return found

    def leaf_before(self, version, batch):
        """The leaf of the revision before, sealed in an earlier batch."""
        if self._earlier is None:
            wanted = {(one.rid, one.rev - 1) for one in batch if one.rev > 1}
            found = Seal.objects.filter(
                rtype=self.rtype, rid__in={rid for rid, _rev in wanted}, rev__in={rev for _rid, rev in wanted}
            )
            self._earlier = {(rid, rev): bytes(leaf) for rid, rev, leaf in found.values_list("rid", "rev", "leaf")}
        return self._earlier.get((version.rid, version.rev - 1), b"")

    def leaf(self, version, before, salt):
        """(leaf, whether it holds a value that only the salt opens)."""
        cells, has_secret = [], False
        for column in self.columns:
            text = canonical(column.kind, column.scale, version.row[column.name])
            if column.is_personal:
                content = personal_cell(salt, column.name, text)
                has_secret |= content[:1] == b"c"
            else:
                content = cell(text)
            cells.append((column.name, content))
        leaf = leaf_of(self.rtype, version.rid, version.rev, before, self.schema.digest, cells)
        return leaf, has_secret
