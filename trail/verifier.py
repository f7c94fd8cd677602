"""Proves, without Heed, that a trail says what it said when it was sealed.

One file; standard library and `cryptography`. The sealer uses the first part, so that there is one account of what a
leaf is; the manual (`docs/security/trail.md`) describes the same bytes for whoever writes a verifier of their own.
"""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

# --- What is sealed -----------------------------------------------------------------------------------------------

VERSION, SCHEMA, CHECKPOINT, KEY = b"heed.version.1", b"heed.schema.1", b"heed.checkpoint.1", b"heed.key.1"
NULL, VALUE, COMMITTED, MALFORMED = b"n", b"v", b"c", b"m"
# Values that are told apart by type and equality, so that what one gives may be remembered.
PLAIN = frozenset({type(None), bool, int, float, str, Decimal, date, datetime, time})


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
