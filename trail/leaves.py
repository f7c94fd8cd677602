"""Reads versions as the database has them and works out their leaves; `trail/verifier.py` says what the bytes are."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter

from django.db import DatabaseError, connection

from .columns import columns_of, described
from .history import history_of, tracked_models
from .models import Schema, Seal
from .verifier import bodies, leaf_from

SALT_BYTES = 32
# Personal values that are nobody's secret.
OPEN = (None, "", "{}", "[]")


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its leaf, and the salt behind it, None where nothing in it is personal.

    `told` is what its seal repeats, as the database gives it: (rid, rev, history_id, reference, verb, person, moment).
    """

    told: tuple
    leaf: bytes
    salt: bytes | None


class Kind:
    """How versions of one kind of record, or rows of a table that is written once, are read and turned into leaves."""

    def __init__(self, model):
        self.model, self.rtype = model, model._meta.label_lower
        self.columns = columns_of(model)
        self.has_revs = model in tracked_models()
        self.source = history_of(model) if self.has_revs else model
        self.number = "history_id" if self.has_revs else "id"
        self.place = {column.name: place for place, column in enumerate(self.columns)}
        self.personal = [self.place[column.name] for column in self.columns if column.is_personal]

    def schema(self):
        """The row that describes the columns as they are; written when they are new."""
        digest, columns = described(self.model)
        found = Schema.objects.filter(digest=digest).first()
        return found or Schema.objects.create(rtype=self.rtype, digest=digest, columns=columns)

    def versions(self, numbers, schema):
        """{number: Version} of those rows that there are. A revision comes after the one before it in `numbers`."""
        found = self.rows(numbers)
        rows = [found[number] for number in numbers if number in found]
        salts = _salts(len(rows)) if self.personal else [None] * len(rows)
        told = bodies([(c.name, c.kind, c.scale, c.is_personal) for c in self.columns], rows, salts)
        before, done = self._leaves_before(rows), {}
        id_at, rev_at = self.place["id"], self.place.get("rev")
        repeated = itemgetter(*(self.place[name] for name in ("reference", "verb", "changed_by_id", "changed_at")))
        for number, row, body, salt in zip((n for n in numbers if n in found), rows, told, salts, strict=True):
            rid, rev = row[id_at], row[rev_at] if self.has_revs else 1
            leaf = leaf_from(self.rtype, rid, rev, before.get((rid, rev - 1), b""), schema.digest, body)
            before[rid, rev] = leaf
            is_secret = any(row[place] not in OPEN for place in self.personal)
            done[number] = Version((rid, rev, number, *repeated(row)), leaf, salt if is_secret else None)
        return done

    def rows(self, numbers):
        """{number: values in the order of the columns}, read as they are stored."""
        quote = connection.ops.quote_name
        # With a plus, SQLite's module hands out what is in the file: it reads dates and booleans by the column's name.
        plus = "+" if connection.vendor == "sqlite" else ""
        wanted = ", ".join([self.number, *(plus + quote(column.name) for column in self.columns)])
        sql = (
            f"SELECT {wanted} FROM {quote(self.source._meta.db_table)} "  # noqa: S608 (names of our own tables)
            f"WHERE {self.number} IN ({', '.join(['%s'] * len(numbers))})"
        )
        try:
            return _read(sql, numbers)
        except DatabaseError:
            if connection.vendor != "sqlite":
                raise
        with _any_text():
            return _read(sql, numbers)

    def _leaves_before(self, rows):
        """{(rid, rev): leaf} of the revisions before these, as far as they are sealed."""
        if not self.has_revs:
            return {}
        id_at, rev_at = self.place["id"], self.place["rev"]
        wanted = {(row[id_at], row[rev_at] - 1) for row in rows if row[rev_at] > 1}
        if not wanted:
            return {}
        found = Seal.objects.filter(
            rtype=self.rtype, rid__in={rid for rid, _rev in wanted}, rev__in={rev for _rid, rev in wanted}
        )
        return {(rid, rev): bytes(leaf) for rid, rev, leaf in found.values_list("rid", "rev", "leaf")}


def _read(sql, numbers):
    with connection.cursor() as cursor:
        cursor.execute(sql, numbers)
        return {number: values for number, *values in cursor.fetchall()}


@contextmanager
def _any_text():
    """Reads text that is no UTF-8, as only a statement around Heed can have left on SQLite."""
    usual = connection.connection.text_factory
    connection.connection.text_factory = lambda content: content.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.connection.text_factory = usual


def _salts(count):
    noise = os.urandom(SALT_BYTES * count)
    return [noise[start : start + SALT_BYTES] for start in range(0, len(noise), SALT_BYTES)]
