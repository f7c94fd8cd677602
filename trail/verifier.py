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
NULL, VALUE, COMMITTED = b"n", b"v", b"c"


def canonical(kind, scale, value):
    """The one text of a database value, or None for NULL. Raises ValueError when it is not of the kind.

    Takes what SQLite and psycopg2 give as well as Python's own types. Moments are UTC with microseconds, decimals have
    exactly `scale` places, JSON has sorted keys and no spaces. There are no floats.
    """
    if value is None:
        return None
    try:
        return _KINDS[kind](value, scale)
    except (TypeError, ArithmeticError, AttributeError, KeyError, RecursionError) as fault:
        raise ValueError(f"{value!r:.60} is no {kind}") from fault


def _integer(value, scale):
    if isinstance(value, float):
        raise TypeError(value)
    return str(int(value))


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
        return format(Decimal(str(value)).quantize(Decimal(1).scaleb(-scale)), "f")
    except InvalidOperation as fault:
        raise ValueError(f"{value!r:.60} is no decimal of {scale} places") from fault


def _json(value, scale):
    if isinstance(value, str):
        value = json.loads(value, parse_float=Decimal)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


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
    return hmac.new(salt, framed(column.encode()) + text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def cell(text):
    """A plain value as it enters a leaf."""
    return NULL if text is None else VALUE + text.encode("utf-8", "surrogatepass")


def personal_cell(salt, column, text):
    """A personal value as it enters a leaf. What is empty is nobody's secret and needs no salt."""
    if text is None or text in ("", "{}", "[]"):
        return cell(text)
    return COMMITTED + commitment(salt, column, text)


def leaf_of(rtype, rid, rev, before, digest, cells):
    """The leaf (32 bytes) of a version. `before` is the leaf of rev - 1 or b""; `cells` are (column, bytes), sorted."""
    told = [VERSION, rtype.encode(), str(rid).encode(), str(rev).encode(), before, bytes.fromhex(digest)]
    for name, content in cells:
        told += (name.encode(), content)
    return hashlib.sha256(b"".join(map(framed, told))).digest()


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
