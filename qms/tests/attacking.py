"""Somebody who can open the database itself: copies of it to spoil, and hands that no trigger stops."""

import itertools
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from trail import checking, triggers
from trail.models import Pending
from trail.sealing import seal
from trail.verifier import verify

KEPT_BY_DATABASE = {"id", "rev", "history_id", "history_date", "history_type", "history_change_reason"}
_numbers = itertools.count(1)


class Copy:
    """A copy of a database, beside it; a file or a database on the same server."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.is_sqlite = connection.vendor == "sqlite"

    @classmethod
    def of(cls, name, folder):
        """Copy the database `name`, to which nobody may be connected."""
        number = next(_numbers)
        if connection.vendor == "sqlite":
            copy = cls(str(folder / f"copy-{number}.sqlite3"), folder)
            with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(copy.name)) as target:
                source.backup(target)
        else:
            copy = cls(f"test_heed_copy_{Path('/proc/self').resolve().name}_{number}", folder)
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{copy.name}" TEMPLATE "{name}"')
        return copy

    @property
    def address(self):
        """As the verifier takes it."""
        with self._named():
            return checking.address()

    def work(self, function):
        """Let Django do something in the copy; what comes back. A thread has connections of its own."""
        with self._named(), ThreadPoolExecutor(1) as thread:
            return thread.submit(_and_close, function).result()

    @contextmanager
    def _named(self):
        usual = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = self.name
        try:
            yield
        finally:
            connection.settings_dict["NAME"] = usual

    def remove(self):
        if self.is_sqlite:
            Path(self.name).unlink()
        else:
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')


class Firm:
    """A small firm whose trail is sealed, as a copy to make copies of, with its keys and anchors."""

    def __init__(self, folder, make):
        """`make(seal)` makes it in the test database, which is empty again afterwards."""
        assert Path(connection.settings_dict["NAME"]).name.startswith(("test-", "test_")), "not the test database"
        self.keys, self.anchors, self.folder = folder / "keys", folder / "anchors.jsonl", folder
        with self.settings():
            _emptied()
            make(seal)
            connection.close()
            self.copy = Copy.of(connection.settings_dict["NAME"], folder)
        _emptied()

    def settings(self):
        return override_settings(SEAL_KEYS=self.keys, ANCHOR_FILE=self.anchors)

    @contextmanager
    def spoiled(self, tamper, chance=None):
        """A copy after this tampering; `chance` chooses the place."""
        copy = Copy.of(self.copy.name, self.folder)
        try:
            with Attacker(copy, chance or Random(7), self) as attacker:
                tamper(attacker)
            yield copy
        finally:
            copy.remove()

    def check(self, copy, with_anchors=True):
        return verify(copy.address, self.anchors if with_anchors else None)


class Attacker:
    """A connection to the copy, past every trigger; they stand again as they stood when it is over."""

    def __init__(self, copy, chance, firm):
        self.copy, self.chance, self.firm = copy, chance, firm

    def __enter__(self):
        self._connect()
        self.triggers = []
        if self.copy.is_sqlite:
            self.triggers = self.all("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            for name, _sql in self.triggers:
                self.run(f'DROP TRIGGER "{name}"')
        return self

    def __exit__(self, *fault):
        for _name, sql in self.triggers:
            self.run(sql)
        self.connection.close()

    def run(self, sql, *given):
        """The number of rows that it changed."""
        return self._done(sql, given).rowcount

    def all(self, sql, *given):
        cursor = self._done(sql, given)
        self.names = [column[0] for column in cursor.description]
        return cursor.fetchall()

    def rows(self, table, where="1 = 1"):
        """Dicts, in an order that a seed may choose from."""
        rows = self.all(f'SELECT * FROM "{table}" WHERE {where} ORDER BY 1')
        return [dict(zip(self.names, row, strict=True)) for row in rows]

    def row(self, table, where="1 = 1"):
        return self.chance.choice(self.rows(table, where))

    def histories(self):
        """Tables of versions that hold any."""
        if self.copy.is_sqlite:
            told = "SELECT name FROM sqlite_master WHERE type = 'table' AND instr(name, '_historical') > 0 ORDER BY 1"
        else:
            told = "SELECT relname FROM pg_class WHERE relkind = 'r' AND strpos(relname, '_historical') > 0 ORDER BY 1"
        return [name for (name,) in self.all(told) if self.all(f'SELECT 1 FROM "{name}" LIMIT 1')]

    def version(self):
        """(table of versions, live table, kind, a version in it) at a random place."""
        table = self.chance.choice(self.histories())
        return table, table.replace("_historical", "_"), table.replace("_historical", "."), self.row(table)

    def change(self, table, key, row, column, value):
        self.run(f'UPDATE "{table}" SET "{column}" = ? WHERE "{key}" = ?', value, row[key])

    def is_last(self, table, row):
        return not self.all(f'SELECT 1 FROM "{table}" WHERE id = ? AND rev > ?', row["id"], row["rev"])

    def insert(self, table, row):
        names = ", ".join(f'"{name}"' for name in row)
        self.run(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(row))})', *map(as_stored, row.values()))

    def reseal(self):
        """Build the whole log anew with the key that was stolen, as the sealer would."""
        order = self.all("SELECT rtype, history_id FROM trail_seal ORDER BY seq")
        for table in ("trail_seal", "trail_checkpoint", "trail_opening", "trail_pending"):
            self.run(f"DELETE FROM {table}")
        self.connection.close()

        def anew():
            Pending.objects.bulk_create(Pending(rtype=rtype, history_id=number) for rtype, number in order)
            assert seal() == len(order)

        with override_settings(SEAL_KEYS=self.firm.keys, ANCHOR_FILE=None):
            self.copy.work(anew)
        self._connect()

    def _connect(self):
        if self.copy.is_sqlite:
            self.connection = sqlite3.connect(self.copy.name, isolation_level=None)
            self.run("PRAGMA ignore_check_constraints = ON")
            return
        import psycopg2

        self.connection = psycopg2.connect(self.copy.address)
        self.connection.autocommit = True
        self.run("SET session_replication_role = replica")

    def _done(self, sql, given):
        cursor = self.connection.cursor()
        if self.copy.is_sqlite:
            return cursor.execute(sql, given)
        cursor.execute(sql.replace("?", "%s"), given or None)
        return cursor


def _and_close(function):
    try:
        return function()
    finally:
        connection.close()


def _emptied():
    """The test database as it was before anything was in it."""
    triggers.drop()
    call_command("flush", verbosity=0, interactive=False)
    connection.close()


def other(value):
    """Something else of the same sort."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float | Decimal):
        return value + 1
    if isinstance(value, date | datetime):
        return value + timedelta(days=1)
    if isinstance(value, bytes | memoryview):
        return bytes([bytes(value)[0] ^ 1]) + bytes(value)[1:]
    if isinstance(value, dict | list):
        return json.dumps({"other": value})
    if isinstance(value, str) and value:
        return chr(ord(value[0]) ^ 1) + value[1:]
    return "x"


def as_stored(value):
    return json.dumps(value) if isinstance(value, dict | list) else value
