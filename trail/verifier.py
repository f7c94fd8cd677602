"""Proves, without Heed, that a trail says what it said when it was sealed.

One file; standard library and `cryptography`. The sealer uses the first part, so that there is one account of what a
leaf is; the manual (`docs/security/trail.md`) describes the same bytes for whoever writes a verifier of their own.
"""

import argparse
import hashlib
import hmac
import itertools
import json
import os
import sqlite3
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import quote

# --- What is sealed -----------------------------------------------------------------------------------------------

VERSION, SCHEMA, CHECKPOINT, KEY = b"heed.version.1", b"heed.schema.1", b"heed.checkpoint.1", b"heed.key.1"
NULL, VALUE, COMMITTED, MALFORMED = b"n", b"v", b"c", b"m"
# Values of which equal ones are written alike, so that what one gives may be remembered; 1.0 and 1.00 are not.
PLAIN = frozenset({type(None), bool, int, str, date})


def canonical(kind, scale, value):
    """The one text of a database value, or None for NULL. Raises ValueError when it is not of the kind.

    Takes what SQLite and psycopg2 give as well as Python's own types. Moments are UTC with microseconds, decimals have
    `scale` places (more only where the value has more), JSON has sorted keys and no spaces. There are no floats.
    """
    if value is None:
        return None
    try:
        return _KINDS[kind](value, scale)
    except (TypeError, ArithmeticError, AttributeError, KeyError, RecursionError) as fault:
        raise ValueError(f"{value!r:.60} is no {kind}") from fault


def _integer(value, scale):
    if type(value) is not int:
        raise TypeError(value)
    return str(value)


def _boolean(value, scale):
    if value not in (0, 1):
        raise ValueError(f"{value!r:.60} is no boolean")
    return "true" if value else "false"


def _text(value, scale):
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _date(value, scale):
    return (value if type(value) is date else date.fromisoformat(value)).isoformat()


def _time(value, scale):
    return (value if isinstance(value, time) else time.fromisoformat(value)).isoformat(timespec="microseconds")


def _moment(value, scale):
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _decimal(value, scale):
    try:
        # Nothing added makes the negative zero, which equals zero, be written as zero.
        exact = Decimal(str(value)) + 0
        rounded = exact.quantize(Decimal(1).scaleb(-scale))
        return format(rounded if rounded == exact else exact, "f")
    except InvalidOperation as fault:
        raise ValueError(f"{value!r:.60} is no decimal of {scale} places") from fault


def _json(value, scale):
    told = value if isinstance(value, str) else json.dumps(value)
    # A number with a point stays as it is written, and cannot be taken for a text: no text that is typed begins so.
    found = json.loads(told, parse_float="\0{}".format)
    return json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _binary(value, scale):
    return bytes(value).hex()


_KINDS = {
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
    "date": _date,
    "time": _time,
    "moment": _moment,
    "decimal": _decimal,
    "json": _json,
    "binary": _binary,
}


def framed(part):
    """Length before content, so that no two lists of parts give the same bytes."""
    return len(part).to_bytes(4, "big") + part


def schema_digest(rtype, columns):
    """The digest (hex) of a description of a table: [{"name", "kind", "scale", "is_personal"}], sorted by name."""
    told = framed(SCHEMA) + framed(rtype.encode())
    for column in columns:
        flag = "personal" if column["is_personal"] else "plain"
        for part in (column["name"], column["kind"], str(column["scale"]), flag):
            told += framed(part.encode())
    return hashlib.sha256(told).hexdigest()


def commitment(salt, column, text):
    """What stands in a leaf for a personal value: 32 bytes that tell nothing without the salt."""
    return hmac.digest(salt, framed(column.encode()) + text.encode("utf-8", "surrogatepass"), "sha256")


def cell(text):
    """A plain value as it enters a leaf."""
    return NULL if text is None else VALUE + text.encode("utf-8", "surrogatepass")


def personal_cell(salt, column, text):
    """A personal value as it enters a leaf. What is empty is nobody's secret and needs no salt."""
    if text is None or text in ("", "{}", "[]"):
        return cell(text)
    return COMMITTED + commitment(salt, column, text)


def malformed_cell(value):
    """How a value that is not of its column's kind enters a leaf: sealing goes on, and the verifier says so."""
    return MALFORMED + repr(value).encode("utf-8", "surrogatepass")


def leaf_of(rtype, rid, rev, before, digest, cells):
    """The leaf (32 bytes) of a version. `before` is the leaf of rev - 1 or b""; `cells` are (column, bytes), sorted."""
    told = [framed(part) for name, content in cells for part in (name.encode(), content)]
    return leaf_from(rtype, rid, rev, before, digest, b"".join(told))


def leaf_from(rtype, rid, rev, before, digest, body):
    """The same, of cells that are framed and joined, as `bodies` gives them."""
    told = (VERSION, rtype.encode(), str(rid).encode(), str(rev).encode(), before, bytes.fromhex(digest))
    return hashlib.sha256(b"".join(map(framed, told)) + body).digest()


def bodies(columns, rows, salts):
    """What `leaf_from` takes of each row: the cells of its `columns`, framed and joined, in about a third of the time.

    `columns` are (name, kind, scale, is personal), sorted by name; a row has their values in this order. It goes
    column by column, for most of what stands in one repeats. `salts` are those of the rows, or None where a row has
    nothing personal in it.
    """
    told = []
    for place, (name, kind, scale, is_personal) in enumerate(columns):
        head, seen, parts = framed(name.encode()), {}, []
        for number, row in enumerate(rows):
            value = row[place]
            sort = value.__class__
            key = value if sort is str else (sort, value) if sort in PLAIN else None
            part = None if key is None else seen.get(key)
            if part is None:
                content = _cell(kind, scale, value, salts[number], name) if is_personal else _cell(kind, scale, value)
                part = head + framed(content)
                if key is not None and content[:1] != COMMITTED:
                    seen[key] = part
            parts.append(part)
        told.append(parts)
    return [b"".join(parts) for parts in zip(*told, strict=True)]


def _cell(kind, scale, value, salt=None, personal=""):
    try:
        text = canonical(kind, scale, value)
    except ValueError:
        return malformed_cell(value)
    return personal_cell(salt, personal, text) if personal else cell(text)


class Log:
    """The Merkle log of RFC 6962, of which only the roots of its complete subtrees are kept, largest first."""

    def __init__(self, size=0, frontier=()):
        self.size, self.frontier = size, [bytes.fromhex(node) for node in frontier]

    def append(self, leaf):
        node, place = hashlib.sha256(b"\x00" + leaf).digest(), self.size
        while place & 1:
            node = hashlib.sha256(b"\x01" + self.frontier.pop() + node).digest()
            place >>= 1
        self.frontier.append(node)
        self.size += 1

    @property
    def root(self):
        """Hex; of the empty log, that of the empty text."""
        if not self.frontier:
            return hashlib.sha256(b"").hexdigest()
        *rest, node = self.frontier
        for left in reversed(rest):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node.hex()


def checkpoint_bytes(size, root, prev_root, at, fingerprint):
    """What the signature of a checkpoint is over; `at` as `canonical("moment", …)` gives it."""
    return b"\n".join([CHECKPOINT, *(str(part).encode() for part in (size, root, prev_root, at, fingerprint))])


def key_bytes(public_key, replaces, at):
    """What both signatures of a key are over; `replaces` is the fingerprint of the one before, or empty."""
    return b"\n".join([KEY, *(part.encode() for part in (public_key, replaces, at))])


def fingerprint_of(public_key):
    """Of a public key in hex."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()


# --- What is read -------------------------------------------------------------------------------------------------

EXPORT = "heed.export.1"
MOST = 1_000  # findings that are told one by one
STEP = 2_000  # rows taken at once
EMPTY = (None, "", "{}", "[]")
LONGEST_WAIT = timedelta(minutes=1)


def _stored_moment(value, scale):
    """As databases write it: "2026-03-31 14:30:00.5", with "+00" behind it from PostgreSQL."""
    told = value.removesuffix("+00")
    if len(told) < 19 or told[10] != " " or (len(told) > 19 and told[19] != "."):
        raise ValueError(f"{value!r:.60} is no moment as Heed writes it")
    return f"{told[:10]}T{told[11:] if len(told) > 19 else told[11:] + '.':0<15}Z"


def _stored_time(value, scale):
    return f"{value if len(value) > 8 else _text(value, scale) + '.':0<15}"


# Only to be compared with what was sealed: a day that never was is found by its leaf.
STORED = _KINDS | {"moment": _stored_moment, "time": _stored_time, "date": _text}
TOLD = dict.fromkeys(("boolean", "text", "date", "time", "moment", "json"), _text) | {
    "integer": _integer,
    "decimal": _decimal,
    "binary": _binary,
}


class Sqlite:
    """A database of Heed in a file, read only, as it stands at one moment."""

    differs, has_triggers, readers = "IS NOT", True, STORED

    def __init__(self, path):
        path = Path(path).resolve(strict=True)
        # Without leave to write beside the file SQLite cannot look for changes; then nobody here can make any.
        is_fixed = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
        address = f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_fixed else ''}"
        self.connection = sqlite3.connect(address, uri=True, isolation_level=None)
        self.connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
        self.connection.execute("BEGIN")
        self.tables = self._tables()

    def rows(self, sql, *given):
        return self.connection.execute(sql, given)

    def triggers(self):
        """(name, table, whether it is on, what it does) of each."""
        told = "SELECT name, tbl_name, 1, sql FROM sqlite_master WHERE type = 'trigger'"
        return [(name, table, True, str(sql)) for name, table, _on, sql in self.rows(told)]

    def close(self):
        self.connection.close()

    def _tables(self):
        told = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        return _grouped(self.rows(told))


class Postgres:
    """A PostgreSQL database of Heed, read only, in one snapshot."""

    differs, has_triggers, readers = "IS DISTINCT FROM", True, STORED
    # Dates, moments, numbers and JSON as they are written: Python has no word for some that PostgreSQL can keep.
    RAW = (1082, 1083, 1114, 1184, 1266, 114, 3802, 1700)
    EVENTS = ((4, "INSERT"), (16, "UPDATE"), (8, "DELETE"), (32, "TRUNCATE"))

    def __init__(self, address):
        import psycopg2
        from psycopg2 import extensions

        self.connection = psycopg2.connect(address, application_name="heed verifier")
        self.connection.set_session(autocommit=True)
        with self.connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'; SET datestyle = 'ISO'")
        self.connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
        raw = extensions.new_type(self.RAW, "RAW", lambda value, cursor: value)
        extensions.register_type(raw, self.connection)
        self.cursors = itertools.count()
        self.tables = self._tables()

    def rows(self, sql, *given):
        with self.connection.cursor(name=f"heed_{next(self.cursors)}") as cursor:
            cursor.itersize = STEP
            cursor.execute(sql.replace("?", "%s"), given or None)
            yield from cursor

    def triggers(self):
        told = self.rows(
            "SELECT t.tgname, c.relname, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL "
            "AND cardinality(t.tgattr::int2[]) = 0, t.tgtype, p.prosrc "
            "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND pg_table_is_visible(c.oid)"
        )
        for name, table, is_on, events, does in told:
            when = " ".join(f"{word} ON" for bit, word in self.EVENTS if events & bit)
            yield name, table, is_on, f"{when} {table} {does}"

    def close(self):
        self.connection.close()

    def _tables(self):
        return _grouped(
            self.rows(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 "
                "AND NOT a.attisdropped AND pg_table_is_visible(c.oid) AND left(n.nspname, 3) <> 'pg_'"
            )
        )


class Export:
    """What `manage.py export_trail` wrote, as a folder or a ZIP, put into a passing database of its own.

    The manifest names the tables, with (column, kind) of each and the file whose lines are JSON lists of values.
    """

    differs, has_triggers, readers = "IS NOT", False, TOLD
    INDEXES = ("trail_seal (rtype, rid, rev)", "trail_seal (seq)", "trail_opening (rtype, history_id)")

    def __init__(self, path, report):
        self.archive = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else None
        self.folder, self.report, self.tables = Path(path), report, {}
        self.connection = sqlite3.connect("", isolation_level=None)  # on disk where it is large, gone when it is closed
        manifest = json.loads(self.open("manifest.json").read())
        if manifest["format"] != EXPORT:
            raise Unreadable(f"it is of a format that this verifier does not know: {manifest['format']!r:.40}")
        for table, told in manifest["tables"].items():
            report.attempt(f"The table {table} of the export", self._take, table, told["columns"], told["file"])
        for number, index in enumerate(self.INDEXES):
            if index.split()[0] in self.tables:
                report.attempt(index, self.connection.execute, f"CREATE INDEX ground_{number} ON {index}")

    def rows(self, sql, *given):
        return self.connection.execute(sql, given)

    def open(self, name):
        """A file of the export, as bytes."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise Unreadable(f"it names a file outside itself: {name!r:.60}")
        return self.archive.open(name) if self.archive else (self.folder / name).open("rb")

    def has(self, name):
        return name in self.archive.namelist() if self.archive else (self.folder / name).is_file()

    def close(self):
        self.connection.close()

    def _take(self, table, columns, name):
        names = [column for column, _kind in columns]
        binary = [place for place, (_column, kind) in enumerate(columns) if kind == "binary"]
        described = ", ".join(f"{_quoted(column)}{' INTEGER' if kind == 'integer' else ''}" for column, kind in columns)
        self.connection.execute(f"CREATE TABLE {_quoted(table)} ({described})")
        self.tables[table] = names
        insert = f"INSERT INTO {_quoted(table)} VALUES ({', '.join('?' * len(names))})"
        self.connection.execute("BEGIN")
        try:
            with self.open(name) as file:
                for number, line in enumerate(file, 1):
                    try:
                        values = json.loads(line)
                        for place in binary:
                            values[place] = None if values[place] is None else bytes.fromhex(values[place])
                        self.connection.execute(insert, values)
                    except (ValueError, TypeError, LookupError, RecursionError, OverflowError, sqlite3.Error) as fault:
                        self.report.find(f"Line {number} of {name} cannot be read ({_short(fault)}).")
        finally:
            self.connection.execute("COMMIT")
            if {"id", "rev"} <= set(names):
                self.connection.execute(f"CREATE INDEX {_quoted('i_' + table)} ON {_quoted(table)} (id, rev)")


class Unreadable(Exception):
    """What was given is no trail."""


def _grouped(pairs):
    tables = {}
    for table, column in pairs:
        tables.setdefault(table, []).append(column)
    return tables


def _quoted(name):
    return '"' + str(name).replace('"', '""') + '"'


def _short(fault):
    return f"{type(fault).__name__}: {fault}".strip().split("\n")[0][:200]


# --- What is checked ----------------------------------------------------------------------------------------------

WRITTEN_ONCE = ("trail.securityevent", "trail.erasure", "trail.erased")
GROUNDS = {
    "trail_pending": "rtype history_id",
    "trail_schema": "id rtype digest columns",
    "trail_key": "fingerprint public_key began_at replaces_id signed_by_old signed_by_itself",
    "trail_checkpoint": "size root prev_root at key_id signature",
    "trail_seal": "seq rtype rid rev history_id reference verb changed_by_id changed_at schema_id leaf",
    "trail_opening": "rtype history_id salt commitments",
    "trail_erased": "rtype rid up_to_rev",
}
TOLD_BY_SEAL = ("reference", "verb", "changed_by_id", "changed_at")


class Report:
    """What was found, in sentences; `notes` are worth knowing and nothing is wrong with them."""

    def __init__(self, progress=None, passing=()):
        self.findings, self.more, self.notes = [], 0, []
        self.size = self.versions = self.checkpoints = self.anchors = self.waiting = 0
        self.root = ""
        self.progress, self.passing = progress or (lambda done, total: None), passing

    @property
    def is_sound(self):
        return not self.findings

    def as_json(self):
        told = {"sound": self.is_sound, "size": self.size, "root": self.root, "versions": self.versions}
        told |= {"waiting": self.waiting, "checkpoints": self.checkpoints, "anchors": self.anchors}
        return json.dumps(told | {"findings": self.findings, "more": self.more, "notes": self.notes}, indent=2)

    def as_text(self):
        lines = [*self.findings, *([f"… and {self.more} findings more."] if self.more else [])]
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(
            f"{self.size} versions in the log, root {self.root or 'unknown'}; {self.versions} read, {self.waiting} "
            f"waiting for their seals; {self.checkpoints} checkpoints and {self.anchors} anchors compared."
        )
        found = len(self.findings) + self.more
        told = f"{found} finding{'s' if found > 1 else ''}"
        lines.append("The trail is sound." if self.is_sound else f"The trail is NOT sound: {told}.")
        return "\n".join(lines)

    def find(self, sentence):
        if len(self.findings) < MOST:
            # Whatever stands in a row, a finding can be printed.
            self.findings.append(sentence.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0"))
        else:
            self.more += 1

    def attempt(self, what, work, *given):
        """Do a part of the work; whatever it stumbles over is a finding. Returns what the work returns, or None."""
        try:
            return work(*given)
        except self.passing:
            raise
        except Exception as fault:
            self.find(f"{what} cannot be checked ({_short(fault)}).")
            return None


@dataclass
class Signed:
    """A checkpoint or an anchor, all texts but the size."""

    size: int
    root: str
    prev_root: str
    at: str
    key: str
    signature: str

    def is_signed_by(self, public_key):
        told = checkpoint_bytes(self.size, self.root, self.prev_root, self.at, self.key)
        return _is_signed(public_key, self.signature, told)


def _is_signed(public_key, signature, told):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), told)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


class Shape:
    """How a version is turned into its leaf, by the schema that its seal names; quicker than `leaf_of`, to the byte."""

    def __init__(self, rtype, columns, places, readers):
        self.head, self.tail = framed(VERSION) + framed(rtype.encode()), bytes.fromhex(schema_digest(rtype, columns))
        self.cells = []
        for column in columns:
            name, kind = column["name"], column["kind"]
            label = framed(name.encode())
            blank = label + framed(cell("")) if kind == "text" else None
            self.cells.append((places[name], name, readers[kind], column["scale"], column["is_personal"], label, blank))

    def leaf(self, row, before, salt, commitments, seen):
        """Raises Unfit. `before` is the leaf of the revision before; `seen` remembers what values give, by place."""
        parts = [self.head]
        for part in (str(row[0]).encode(), str(row[1]).encode(), before, self.tail):
            parts.append(framed(part))
        for place, name, read, scale, is_personal, label, blank in self.cells:
            value = row[place]
            if is_personal:
                if value == "" and commitments is None and blank is not None:
                    parts.append(blank)
                else:
                    parts.append(label + framed(self._personal(value, name, read, scale, salt, commitments)))
                continue
            known = seen[place]
            if value.__class__ is memoryview:
                value = bytes(value)
            part = known.get(value)
            if part is None:
                try:
                    text = None if value is None else read(value, scale)
                except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError, RecursionError):
                    raise Unfit(f"what stands in {name} is not of its kind: {value!r:.60}") from None
                part = known[value] = label + framed(cell(text))
            parts.append(part)
        return hashlib.sha256(b"".join(parts)).digest()

    def _personal(self, value, name, read, scale, salt, commitments):
        try:
            text = None if value is None else read(value, scale)
        except (ValueError, TypeError, RecursionError):
            raise Unfit(f"what stands in {name} is not of its kind") from None
        if commitments is not None:
            if text not in EMPTY:
                raise Unfit(f"{name} holds something although it was erased")
            return COMMITTED + bytes.fromhex(commitments[name]) if name in commitments else cell(text)
        if text not in EMPTY and salt is None:
            raise Unfit(f"the salt that opens {name} is missing")
        return personal_cell(salt, name, text)


class Unfit(Exception):
    """A version that cannot be compared with its seal; says why."""


class Check:
    """One run over one source. Every part says what it found to the report."""

    def __init__(self, source, report):
        self.source, self.report = source, report
        self.schemas, self.keys, self.erased, self.pending = {}, {}, {}, {}
        self.unsigned = {}  # {a key that the one before it did not sign: size of an anchor that bears it, or None}
        self.total = self.done = 0

    def run(self, anchors=None, key=None):
        """`anchors` is an opened anchor file, or None; `key` a public key or a fingerprint that is known, or None."""
        attempt, report = self.report.attempt, self.report
        missing = [
            f"{table}.{column}"
            for table, columns in GROUNDS.items()
            for column in columns.split()
            if column not in self.source.tables.get(table, ())
        ]
        if missing:
            report.find(f"This is no trail of Heed, or a part of it was taken away: {', '.join(missing[:5])} missing.")
            return
        attempt("The number of seals", self._count)
        attempt("The descriptions of tables", self._read_schemas)
        attempt("The keys", self._read_keys, key)
        attempt("The erasures", self._read_erasures)
        attempt("The queue", self._read_pending)
        held = attempt("The anchors", Anchors, anchors, report) if anchors is not None else None
        attempt("The log", self._log, held)
        attempt("The keys", self._explain_keys)
        for rtype in attempt("The kinds of records", self._kinds) or ():
            attempt(f"The versions of {rtype}", self._versions_of, rtype)
        attempt("The queue", self._left_in_queue)
        if self.source.has_triggers:
            attempt("The triggers", self._triggers)
        else:
            report.notes.append("An export has no triggers: those of the database were not looked at.")

    def _count(self):
        [(self.total,)] = self.source.rows("SELECT count(*) FROM trail_seal")

    def _step(self, rows):
        self.done += rows
        self.report.progress(self.done, 2 * self.total)  # the log once, the versions once

    def _moment(self, value):
        return self.source.readers["moment"](value, 0)

    # What the rest stands on

    def _read_schemas(self):
        for number, rtype, digest, columns in self.source.rows("SELECT id, rtype, digest, columns FROM trail_schema"):
            try:
                columns = json.loads(columns)
                if schema_digest(rtype, columns) != digest:
                    self.report.find(f"The description {number} of the table of {rtype} was changed.")
                for column in columns:
                    _KINDS[column["kind"]], framed(column["name"].encode()), column["scale"] + 0
                self.schemas[number] = (rtype, columns)
            except (ValueError, TypeError, LookupError, AttributeError) as fault:
                self.report.find(f"The description {number!r:.20} of a table cannot be read ({_short(fault)}).")

    def _read_keys(self, known):
        """The chain of keys, each signed by the one before it and by itself; numbered from 0 in `self.keys`."""
        rows = {}
        told = "SELECT fingerprint, public_key, began_at, replaces_id, signed_by_old, signed_by_itself FROM trail_key"
        for fingerprint, public, began, replaces, by_old, by_itself in self.source.rows(told):
            try:
                bytes_told = key_bytes(public, replaces or "", self._moment(began))
                if fingerprint_of(public) != fingerprint or not _is_signed(public, by_itself, bytes_told):
                    raise ValueError("it is not signed by itself")
                rows[fingerprint] = (public, replaces, by_old, bytes_told)
            except (ValueError, TypeError, AttributeError) as fault:
                self.report.find(f"The key {fingerprint!s:.16} is not what it was ({_short(fault)}).")
        following = {}
        for fingerprint, (_public, replaces, _by_old, _told) in rows.items():
            following.setdefault(replaces, []).append(fingerprint)
        at = None
        while following.get(at):
            before, at = at, following.pop(at)[0]
            public, _replaces, by_old, bytes_told = rows[at]
            if before is not None and not by_old:
                self.unsigned[at] = None
            elif before is not None and not _is_signed(rows[before][0], by_old, bytes_told):
                self.report.find(f"The key {at:.16} is not signed by the key before it.")
            self.keys[at] = (len(self.keys), public)
        for fingerprint in rows.keys() - self.keys.keys():
            self.report.find(f"The key {fingerprint:.16} does not follow from the first one.")
        if known is not None and known not in {*self.keys, *(public for _number, public in self.keys.values())}:
            self.report.find(f"The key {known:.16}, which you hold, is not among the keys of this trail.")

    def _explain_keys(self):
        """A key begun because the one before it was lost: an event sealed with it says so, and an anchor bears it."""
        if not self.unsigned:
            return
        [(events,)] = self.source.rows("SELECT count(*) FROM trail_seal WHERE verb = 'seal key lost'")
        for key, size in self.unsigned.items():
            told = f"The key {key:.16} is not signed by the key before it"
            if size is None or events < len(self.unsigned):
                self.report.find(f"{told}, and {'no anchor bears it' if size is None else 'no event tells why'}.")
            else:
                self.report.notes.append(f"{told}, which was lost; the anchor of {size} versions bears it.")

    def _read_erasures(self):
        for rtype, rid, up_to in self.source.rows("SELECT rtype, rid, up_to_rev FROM trail_erased"):
            if type(rid) is int and type(up_to) is int:
                self.erased[rtype, rid] = max(up_to, self.erased.get((rtype, rid), 0))
            else:
                self.report.find(f"An erasure of {rtype!r:.60} names the record {rid!r:.40}, which is no number.")

    def _read_pending(self):
        for rtype, history_id in self.source.rows("SELECT rtype, history_id FROM trail_pending"):
            self.pending.setdefault(rtype, set()).add(history_id)
            self.report.waiting += 1

    # The log

    def _log(self, anchors):
        log, report = Log(), self.report
        checkpoints = Marks(self._checkpoints(), report, "checkpoint")
        held = Marks(anchors.rows() if anchors else (), report, "anchor")
        is_whole = True
        for seq, leaf in self.source.rows("SELECT seq, leaf FROM trail_seal ORDER BY seq"):
            is_leaf = isinstance(leaf, bytes | memoryview) and len(leaf) == 32
            if seq != log.size + 1 or not is_leaf:
                where = f"Seal {log.size + 1} is missing" if seq != log.size + 1 else f"Seal {seq} has no leaf"
                report.find(f"{where}: from there on no root can be worked out again.")
                is_whole = False
                break
            log.append(bytes(leaf))
            if log.size == checkpoints.due or log.size == held.due:
                root = log.root
                checkpoints.compare(log.size, root)
                for anchor in held.compare(log.size, root):
                    self._anchor(anchor, checkpoints.last)
            if log.size % STEP == 0:
                self._step(STEP)
        report.size, report.root = log.size, log.root
        report.checkpoints = checkpoints.compared
        report.anchors = held.compared
        if not is_whole:
            return
        if checkpoints.reached < log.size:
            report.find(f"No checkpoint was signed over the seals from {checkpoints.reached + 1} to {log.size}.")
        if anchors is not None and not held.reached and held.due is None and log.size and not anchors.is_faulty:
            report.find("There is no anchor, though versions were sealed.")
        elif anchors is not None and held.due is None and held.reached < log.size:
            report.notes.append(f"The newest anchor is of {held.reached} versions; the log has {log.size}.")
        checkpoints.nothing_beyond(log.size)
        for anchor in held.nothing_beyond(log.size):
            self._anchor(anchor, None)
        report.checkpoints, report.anchors = checkpoints.compared, held.compared

    def _checkpoints(self):
        """Each `Signed`, in order, looked at by itself."""
        before, key_before = "", 0
        told = "SELECT size, root, prev_root, at, key_id, signature FROM trail_checkpoint ORDER BY size"
        for size, root, prev_root, at, key, signature in self.source.rows(told):
            try:
                one = Signed(size, root, prev_root, self._moment(at), key, signature)
                number, public_key = self.keys.get(key, (None, None))
                if type(size) is not int or not isinstance(root, str):
                    raise ValueError("size or root is not what it should be")
            except (ValueError, TypeError, AttributeError) as fault:
                self.report.find(f"The checkpoint of {size!r:.40} versions cannot be read ({_short(fault)}).")
                continue
            if number is None:
                self.report.find(f"The checkpoint of {size} versions names a key that is not in the chain of keys.")
            elif not one.is_signed_by(public_key):
                self.report.find(f"The checkpoint of {size} versions does not bear its signature: it was changed.")
            elif number < key_before:
                self.report.find(f"The checkpoint of {size} versions is signed with a key that was replaced before.")
            if prev_root != before:
                self.report.find(f"The checkpoint of {size} versions does not name the root of the one before it.")
            before, key_before = root, max(key_before, number or 0)
            yield one

    def _anchor(self, anchor, checkpoint):
        """The signature of an anchor; that of an equal checkpoint was looked at already."""
        if self.unsigned.get(anchor.key, 0) is None:
            self.unsigned[anchor.key] = anchor.size
        if anchor == checkpoint:
            return
        _number, public_key = self.keys.get(anchor.key, (None, None))
        if public_key is None:
            self.report.find(f"The anchor of {anchor.size} versions names a key that is not in the chain of keys.")
        elif not anchor.is_signed_by(public_key):
            self.report.find(f"The anchor of {anchor.size} versions does not bear its signature.")

    # The versions

    def _kinds(self):
        """Every kind of which there are versions, seals, or a description."""
        kinds = {rtype for rtype, _columns in self.schemas.values()} | set(self.pending) | set(WRITTEN_ONCE)
        kinds |= {rtype for (rtype,) in self.source.rows("SELECT DISTINCT rtype FROM trail_seal")}
        for table in self.source.tables:
            app, found, model = table.partition("_historical")
            if found:
                kinds.add(f"{app}.{model}")
        return sorted(str(rtype) for rtype in kinds)

    def _versions_of(self, rtype):
        app, _dot, model = rtype.partition(".")
        live, history = f"{app}_{model}", f"{app}_historical{model}"
        tables, report = self.source.tables, self.report
        is_kept = history in tables or "rev" in tables.get(live, ())
        table = history if is_kept else live
        if table not in tables:
            report.find(f"There is no table {table} for the versions of {rtype}.")
        facts = ["id", "rev", "history_id", "history_date", "history_type", "history_change_reason", "reason"]
        facts = [*(facts if is_kept else ["id"]), *TOLD_BY_SEAL]
        described = {column["name"] for kind, columns in self.schemas.values() if kind == rtype for column in columns}
        lost = [name for name in {*facts, *described} if name not in tables.get(table, ())]
        if lost and table in tables:
            report.find(f"The table {table} lacks columns that were sealed: {', '.join(sorted(lost)[:5])}.")
        if lost:
            return
        Versions(self, rtype, table, is_kept, sorted({*facts, *described})).compare()
        if is_kept and live in tables:
            self._live(rtype, live, history)
        elif is_kept:
            report.find(f"There is no table {live} that holds the records of {rtype} as they are.")

    def _live(self, rtype, live, history):
        """Every record as it is equals its last version, and there is one for every version."""
        differs, tables = self.source.differs, self.source.tables
        now, then = _quoted(live), _quoted(history)
        if "id" not in tables[live] or "rev" not in tables[live]:
            self.report.find(f"The table {live} lacks its columns id or rev.")
            return
        for rid, last, rev in self.source.rows(
            f"SELECT h.id, h.last, l.rev FROM (SELECT id, max(rev) AS last FROM {then} GROUP BY id) h "
            f"LEFT JOIN {now} l ON l.id = h.id WHERE l.id IS NULL OR l.rev <> h.last OR l.rev IS NULL"
        ):
            stands = "is gone" if rev is None else f"stands at version {rev}"
            self.report.find(f"The record {rtype} {rid} {stands}; its last kept version is {last}.")
        own = {number: columns for number, (kind, columns) in self.schemas.items() if kind == rtype}
        schemas = {number: {column["name"] for column in columns} for number, columns in own.items()}
        conditions = []
        for column in tables[live]:
            if column not in tables[history]:
                self.report.find(f"The column {column} of {live} is not kept in {history}.")
                continue
            differ = f"l.{_quoted(column)} {differs} h.{_quoted(column)}"
            known = [number for number, names in schemas.items() if column in names and type(number) is int]
            if known and len(known) < len(schemas):  # a version from before the column says nothing of it
                differ = f"{differ} AND (s.schema_id IS NULL OR s.schema_id IN ({', '.join(map(str, known))}))"
            conditions.append(f"({differ})")
        seals = "LEFT JOIN trail_seal s ON s.rtype = ? AND s.rid = l.id AND s.rev = l.rev" if len(schemas) > 1 else ""
        for reference, rid, rev, is_kept in self.source.rows(
            f"SELECT l.reference, l.id, l.rev, h.id FROM {now} l LEFT JOIN {then} h ON h.id = l.id AND h.rev = l.rev "
            f"{seals} WHERE h.id IS NULL OR {' OR '.join(conditions)}",
            *([rtype] if seals else []),
        ):
            what = "has no kept version" if is_kept is None else "says something else than its last version"
            self.report.find(f"{_named(rtype, rid, reference)} as it is (version {rev}) {what}.")

    def _left_in_queue(self):
        for rtype, numbers in self.pending.items():
            for number in itertools.islice(numbers, MOST):
                words = "waits for its seal, but there is no such version"
                self.report.find(f"Number {number!r:.40} of {rtype!s:.60} {words}.")
        self.pending = {}

    def _triggers(self):
        """Those that keep versions and refuse what goes around, by their names."""
        found = {name: (table, is_on, does) for name, table, is_on, does in self.source.triggers()}
        on_postgres = isinstance(self.source, Postgres)
        for name, table, events, does in _guards(self.source.tables, on_postgres):
            stands, is_on, body = found.get(name, (None, False, ""))
            where = body[: body.find("BEGIN")] if "BEGIN" in body else ""
            is_for = stands == table and " WHEN " not in where and all(f"{event} ON" in where for event in events)
            if stands is None:
                fault = "is missing"
            elif not is_on:
                fault = "is switched off"
            elif not is_for or does not in body:
                fault = "does not do what it is for"
            else:
                continue
            self.report.find(f"The trigger {name} {fault}: {table} is not protected.")


def _guards(tables, on_postgres):
    """(trigger, table, the events it must be for, what it must hold) of all that a database of Heed has."""
    refuse = "RAISE EXCEPTION" if on_postgres else "RAISE(ABORT"
    records = [table.replace("_historical", "_", 1) for table in tables if "_historical" in table]
    once = [rtype.replace(".", "_") for rtype in WRITTEN_ONCE]
    histories = [table for table in tables if "_historical" in table]
    grounds = [table for table in GROUNDS if table not in ("trail_pending", *once)]
    for table in (*records, *histories, *once, *grounds):
        is_record = table in records
        if on_postgres:
            yield f"keep_{table}", table, ("UPDATE", "DELETE", *(["INSERT"] if is_record else [])), refuse
            yield f"keep_{table}_truncate", table, ("TRUNCATE",), refuse
        else:
            yield f"keep_{table}_update", table, ("UPDATE",), refuse
            yield f"keep_{table}_delete", table, ("DELETE",), refuse
        if table in once or (is_record and not on_postgres):
            yield f"keep_{table}_insert", table, ("INSERT",), "trail_pending"


class Versions:
    """The versions of one kind beside their seals, both in the order of record and revision."""

    def __init__(self, check, rtype, table, is_kept, columns):
        self.check, self.source, self.report = check, check.source, check.report
        self.rtype, self.table, self.is_kept, self.columns = rtype, table, is_kept, columns
        self.places = {column: place for place, column in enumerate(columns, start=4)}
        self.pending = check.pending.get(rtype, set())
        self.oldest = None
        self.shapes = {}

    def compare(self):
        seals = self._seals()
        seal = next(seals, None)
        before = at = (0, 0)  # the seal before and the version before: (record, revision)
        leaf_before, seen = b"", None
        for count, row in enumerate(self._rows()):
            if count % STEP == 0:
                self.check._step(STEP if count else 0)
                seen = [{} for _column in row]
            rid, rev = row[0], row[1]
            if type(rid) is not int or type(rev) is not int:
                self.report.find(f"A version of {self.rtype} has the record {rid!r:.40} and the number {rev!r:.40}.")
                continue
            key = (rid, rev)
            self._place(row, key, at)
            at = key
            while seal is not None and seal[0] < key:
                self._without_version(seal)
                before, leaf_before, seal = seal[0], seal[-1], next(seals, None)
            if seal is None or seal[0] != key:
                self._unsealed(row)
                continue
            if rev > 1 and before != (rid, rev - 1):
                leaf_before = b""
            self._sealed(row, seal, leaf_before if rev > 1 else b"", seen)
            before, leaf_before, seal = key, seal[-1], next(seals, None)
            self.report.versions += 1
        while seal is not None:
            self._without_version(seal)
            seal = next(seals, None)
        self._waiting()

    def _rows(self):
        """Lists: record, revision, salt, commitments, then `columns`."""
        table, number = _quoted(self.table), "history_id" if self.is_kept else "id"
        wanted = ", ".join(f"h.{_quoted(column)}" for column in self.columns)
        rev = "h.rev" if self.is_kept else "1"
        return self.source.rows(
            f"SELECT h.id, {rev}, o.salt, o.commitments, {wanted} FROM {table} h LEFT JOIN trail_opening o "
            f"ON o.rtype = ? AND o.history_id = h.{number} ORDER BY h.id{', h.rev' if self.is_kept else ''}",
            self.rtype,
        )

    def _seals(self):
        """((record, revision), seq, history_id, schema, reference, verb, person, moment, leaf) of each."""
        wanted = "rid, rev, seq, history_id, schema_id, reference, verb, changed_by_id, changed_at, leaf"
        for rid, rev, seq, *told, leaf in self.source.rows(
            f"SELECT {wanted} FROM trail_seal WHERE rtype = ? ORDER BY rid, rev", self.rtype
        ):
            if type(rid) is int and type(rev) is int:
                yield ((rid, rev), seq, *told, bytes(leaf) if isinstance(leaf, bytes | memoryview) else b"")
            else:
                self.report.find(f"Seal {seq} names the record {rid!r:.40} and the version {rev!r:.40}.")

    def _place(self, row, key, before):
        """Revisions go from 1 up by one, and history says of each what the version says itself."""
        rid, rev = key
        expected = before[1] + 1 if rid == before[0] else 1
        if rev != expected:
            gap = "is there twice" if key == before else f"is out of order: version {expected} is missing"
            self.report.find(f"{self._version(row)} {gap}.")
        if not self.is_kept:
            return
        places = self.places
        is_erased = rev <= self.check.erased.get((self.rtype, rid), 0)
        reason, told = row[places["reason"]], row[places["history_change_reason"]]
        is_alike = (
            row[places["history_date"]] == row[places["changed_at"]]
            and row[places["history_type"]] == ("+" if rev == 1 else "~")
            and (told == reason or (is_erased and told in (None, "")))
        )
        if not is_alike:
            self.report.find(f"{self._version(row)} has another moment, kind or reason in its history than in itself.")

    def _unsealed(self, row):
        number = row[self.places["history_id" if self.is_kept else "id"]]
        if number not in self.pending:
            self.report.find(f"{self._version(row)} has no seal and does not wait for one: it was put there.")
            return
        self.pending.discard(number)
        moment = row[self.places["changed_at"]]
        if isinstance(moment, str) and (self.oldest is None or moment < self.oldest):
            self.oldest = moment

    def _sealed(self, row, seal, leaf_before, seen):
        (rid, rev), seq, history_id, schema, *told, leaf = seal
        number = row[self.places["history_id" if self.is_kept else "id"]]
        if number != history_id:
            self.report.find(f"{self._version(row)} is number {number} in its history; seal {seq} says {history_id}.")
        if self.pending and number in self.pending:
            self.pending.discard(number)
            self.report.find(f"{self._version(row)} is sealed and waits for a seal again.")
        for name, value in zip(TOLD_BY_SEAL, told, strict=True):
            if row[self.places[name]] != value:
                self.report.find(f"{self._version(row)}: seal {seq} says something else in {name}.")
        try:
            shape = self._shape(schema)
            salt, commitments = self._opening(row, shape, rid, rev)
            if shape.leaf(row, leaf_before, salt, commitments, seen) != leaf:
                raise Unfit(f"it is not what was sealed as number {seq}")
        except self.report.passing:
            raise
        except Unfit as fault:
            self.report.find(f"{self._version(row)}: {fault}.")
        except Exception as fault:
            self.report.find(f"{self._version(row)} cannot be compared with seal {seq} ({_short(fault)}).")

    def _opening(self, row, shape, rid, rev):
        """(salt, commitments) of a version; commitments only where an erasure explains that the salt is gone."""
        salt, commitments = row[2], row[3]
        if commitments is not None:
            if rev > self.check.erased.get((self.rtype, rid), 0):
                raise Unfit("its salt is gone and no erasure explains it")
            commitments = json.loads(commitments)
            if not isinstance(commitments, dict):
                raise Unfit("what is left of its opening cannot be read")
            return None, commitments
        if salt is not None and not isinstance(salt, bytes | memoryview):
            raise Unfit("its salt cannot be read")
        return (None if salt is None else bytes(salt)), None

    def _shape(self, number):
        shape = self.shapes.get(number)
        if shape is None:
            rtype, columns = self.check.schemas.get(number, (None, None))
            if rtype != self.rtype:
                raise Unfit(f"its seal names the description {number!r:.20}, which is not of its table")
            shape = self.shapes[number] = Shape(rtype, columns, self.places, self.source.readers)
        return shape

    def _waiting(self):
        """Versions wait seconds. The moment of one may lie back, as an import's: then the last checkpoint tells."""
        if self.oldest is None:
            return
        moments = [self.check._moment(self.oldest)]
        moments += [self.check._moment(at) for (at,) in self.source.rows("SELECT max(at) FROM trail_checkpoint") if at]
        since = datetime.fromisoformat(max(moments))
        if self.source.has_triggers and datetime.now(UTC) - since > LONGEST_WAIT:
            self.report.find(f"Versions of {self.rtype} wait for their seals since {since:%Y-%m-%d %H:%M:%S} UTC.")

    def _version(self, row):
        return f"{_named(self.rtype, row[0], row[self.places['reference']])}, version {row[1]}"

    def _without_version(self, seal):
        (rid, rev), seq, _history_id, _schema, reference, *_told = seal
        self.report.find(f"{_named(self.rtype, rid, reference)}: there is no version {rev}, which seal {seq} is of.")


def _named(rtype, rid, reference):
    return f"{reference} ({rtype} {rid})" if reference and isinstance(reference, str) else f"{rtype} {rid}"


class Marks:
    """Checkpoints or anchors that wait for the log to reach their size."""

    def __init__(self, rows, report, word):
        self.rows, self.report, self.word = iter(rows), report, word
        self.last, self.reached, self.compared = None, 0, 0
        self.next = next(self.rows, None)

    @property
    def due(self):
        return self.next.size if self.next else None

    def compare(self, size, root):
        """Those of this size; a difference is a finding."""
        met = []
        while self.next is not None and self.next.size <= size:
            one, self.next = self.next, next(self.rows, None)
            if one.size < size:
                self.report.find(f"The {self.word} of {one.size} versions is of a size that the log never had.")
            elif one.root != root:
                good = self.last.size if self.last else 0
                self.reached = size
                self.report.find(
                    f"The {self.word} of {size} versions has another root than the log: what was sealed up to there, "
                    f"after {good}, is not what was signed."
                )
            else:
                self.last, self.reached = one, size
            self.compared += 1
            met.append(one)
        return met

    def nothing_beyond(self, size):
        """What remains vouches for more than there is: the end was cut off."""
        beyond = []
        while self.next is not None:
            one, self.next = self.next, next(self.rows, None)
            words = f"The {self.word} of {one.size} versions"
            self.report.find(f"{words} vouches for more than the {size} that there are: the end of the log is gone.")
            self.compared += 1
            beyond.append(one)
        return beyond


class Anchors:
    """The lines of an anchor file, by size; those that a restore explains are set aside with a note."""

    def __init__(self, file, report):
        self.table = sqlite3.connect("", isolation_level=None)
        self.table.execute("CREATE TABLE anchor (line INTEGER PRIMARY KEY, size INTEGER, told TEXT, is_lost INTEGER)")
        self.report, self.is_faulty = report, False
        restored = []
        self.table.execute("BEGIN")
        for number, line in enumerate(file, 1):
            line = line.strip()
            try:
                told = json.loads(line)
                if type(told["size"]) is not int or not 0 <= told["size"] < 2**63:
                    raise ValueError("size")
                if "restored" in told:
                    restored.append((number, told["size"], int(told["lost_to"]), str(told["restored"])))
                    continue
                signed = [told[name] for name in ("root", "prev_root", "at", "key", "signature")]
                if not all(isinstance(part, str) for part in signed):
                    raise TypeError("a part is no text")
                self.table.execute("INSERT INTO anchor VALUES (?, ?, ?, 0)", (number, told["size"], json.dumps(signed)))
            except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
                if line[:1] == b"{" and line[-1:] != b"}":
                    report.notes.append(f"Line {number} of the anchors was not written to its end.")
                elif line:
                    self.is_faulty = True
                    report.find(f"Line {number} of the anchors cannot be read.")
        for number, size, lost_to, moment in restored:
            held = self.table.execute(
                "UPDATE anchor SET is_lost = 1 WHERE line < ? AND size > ? AND size <= ? AND NOT is_lost",
                (number, size, lost_to),
            ).rowcount
            report.notes.append(
                f"A backup was put back at {moment:.40}: versions {size + 1} to {lost_to}, sealed before it, are "
                f"lost; {held} anchors spoke of them."
            )
        self.table.execute("COMMIT")

    def rows(self):
        for size, told in self.table.execute("SELECT size, told FROM anchor WHERE NOT is_lost ORDER BY size, line"):
            yield Signed(size, *json.loads(told))


# --- From outside -------------------------------------------------------------------------------------------------


def opened(address, report):
    """The source at an address: a PostgreSQL address, an SQLite file, or an export. Raises what reading raises."""
    if address.startswith(("postgres://", "postgresql://", "dbname=")):
        try:
            return Postgres(address)
        except ModuleNotFoundError:
            raise Unreadable("for PostgreSQL the driver is needed: pip install psycopg2-binary") from None
    path = Path(address)
    if path.is_dir() or zipfile.is_zipfile(path):
        return Export(path, report)
    return Sqlite(path)


def verify(address, anchors=None, key=None, progress=None, passing=()):
    """Check the trail at `address` and return the Report. Raises only what is in the tuple `passing`.

    `anchors` is the path of a file of anchors, `key` a public key of the trail or its fingerprint, in hex, that was
    written down elsewhere; `progress(done, total)` is called now and then.
    """
    report = Report(progress, passing)
    source = report.attempt("What was given", opened, str(address), report)
    if source is None:
        return report
    file = None
    try:
        if anchors is not None:
            file = report.attempt("The anchors", open, anchors, "rb")
        elif isinstance(source, Export) and source.has("anchors.jsonl"):
            file = source.open("anchors.jsonl")
            report.notes.append("The anchors lie in the export itself: hold some that came another way (--anchors).")
        else:
            report.notes.append(
                "No anchors were given: it is not shown that the end of the log was not cut off, nor that the whole "
                "was not sealed anew by somebody who has the key."
            )
        report.attempt("The trail", Check(source, report).run, file, key)
    finally:
        source.close()
        if file is not None:
            file.close()
    return report


def main(arguments=None):
    """The command. Returns 0 when the trail is sound, 1 when not."""
    parser = argparse.ArgumentParser(prog="verifier.py", description="Check a trail of Heed.")
    parser.add_argument("source", help="an SQLite file, postgres://user@host/database, or an export (folder or ZIP)")
    parser.add_argument("--anchors", help="the file of anchors, from where it is kept outside the database")
    parser.add_argument("--key", help="a public key of this trail, or its fingerprint, in hex, as you wrote it down")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    given = parser.parse_args(arguments)
    report = verify(given.source, given.anchors, given.key)
    told = report.as_json() if given.json else report.as_text()
    sys.stdout.buffer.write(told.encode() + b"\n")
    return 0 if report.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
