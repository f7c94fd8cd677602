"""What the bytes of a leaf are: fixed vectors, whatever the database hands out, and the Merkle log of RFC 6962."""

import hashlib
import hmac
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.verifier import (
    Log,
    bodies,
    canonical,
    cell,
    checkpoint_bytes,
    commitment,
    fingerprint_of,
    framed,
    key_bytes,
    leaf_from,
    leaf_of,
    malformed_cell,
    personal_cell,
    schema_digest,
)

MOMENT = datetime(2026, 3, 31, 14, 30, 0, 5, UTC)
SALT = bytes(range(32))


@pytest.mark.parametrize(
    ("kind", "scale", "value", "text"),
    [
        ("integer", 0, 7, "7"),
        ("integer", 0, -(2**63), "-9223372036854775808"),
        ("boolean", 0, True, "true"),
        ("boolean", 0, 0, "false"),
        ("text", 0, "", ""),
        ("text", 0, "Größe\n\x00", "Größe\n\x00"),
        ("date", 0, date(2026, 3, 31), "2026-03-31"),
        ("date", 0, "2026-03-31", "2026-03-31"),
        ("time", 0, time(9, 5), "09:05:00.000000"),
        ("time", 0, "09:05:00", "09:05:00.000000"),
        ("moment", 0, MOMENT, "2026-03-31T14:30:00.000005Z"),
        ("moment", 0, "2026-03-31 14:30:00.000005", "2026-03-31T14:30:00.000005Z"),
        ("moment", 0, MOMENT.astimezone(timezone(timedelta(hours=-11))), "2026-03-31T14:30:00.000005Z"),
        ("moment", 0, "2026-03-31 14:30:00", "2026-03-31T14:30:00.000000Z"),
        ("decimal", 2, Decimal("1.5"), "1.50"),
        ("decimal", 2, 1.5, "1.50"),
        ("decimal", 2, 2, "2.00"),
        ("decimal", 2, Decimal("-0.00"), "0.00"),
        ("decimal", 0, Decimal("1E+3"), "1000"),
        ("json", 0, '{"b": 1, "a": [1.50, "ü"]}', '{"a":["\\u00001.50","ü"],"b":1}'),
        ("json", 0, '["1.50"]', '["1.50"]'),
        ("json", 0, {"b": 1, "a": None}, '{"a":null,"b":1}'),
        ("binary", 0, memoryview(b"\x00\xff"), "00ff"),
        ("text", 0, None, None),
    ],
)
def test_a_value_has_one_text_whichever_database_gave_it(kind, scale, value, text):
    assert canonical(kind, scale, value) == text


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", 1.0),
        ("integer", True),
        ("integer", "one"),
        ("boolean", 2),
        ("text", b"bytes"),
        ("date", "31.03.2026"),
        ("moment", "yesterday"),
        ("decimal", "much"),
        ("json", "{"),
        ("binary", "text"),
        ("colour", "red"),
    ],
)
def test_what_is_not_of_its_kind_has_none(kind, value):
    with pytest.raises(ValueError, match=r"\S"):
        canonical(kind, 0, value)


def test_the_bytes_of_a_leaf_are_these():
    """Written out by hand: who changes this changes every leaf that was ever sealed."""
    digest = "ab" * 32
    told = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (b"heed.version.1", b"a.b", b"12", b"3", b"\x01" * 32, b"\xab" * 32)
        + (b"id", b"v12", b"name", b"vAnn", b"none", b"n")
    )
    cells = [("id", cell("12")), ("name", cell("Ann")), ("none", cell(None))]

    assert leaf_of("a.b", 12, 3, b"\x01" * 32, digest, cells) == hashlib.sha256(told).digest()
    known = "6d2808564996fb698c48800d1a43544a48071c40a392ab6711a14214abb9a927"
    assert leaf_of("accounts.unit", 1, 1, b"", digest, [("id", b"v1")]).hex() == known


def test_a_commitment_is_a_keyed_hash_of_the_column_and_the_value():
    told = len(b"name").to_bytes(4, "big") + b"name" + "Jö".encode()

    assert commitment(SALT, "name", "Jö") == hmac.new(SALT, told, hashlib.sha256).digest()
    assert personal_cell(SALT, "name", "Jö") == b"c" + commitment(SALT, "name", "Jö")
    assert personal_cell(SALT, "phone", "Jö") != personal_cell(SALT, "name", "Jö")


@pytest.mark.parametrize(("text", "content"), [(None, b"n"), ("", b"v"), ("{}", b"v{}"), ("[]", b"v[]")])
def test_what_is_empty_is_nobodys_secret(text, content):
    assert personal_cell(None, "name", text) == content


def test_a_description_of_a_table_says_kind_scale_and_who_it_is_about():
    column = {"name": "price", "kind": "decimal", "scale": 2, "is_personal": False}
    told = b"".join(map(framed, (b"heed.schema.1", b"a.b", b"price", b"decimal", b"2", b"plain")))

    assert schema_digest("a.b", [column]) == hashlib.sha256(told).hexdigest()
    others = [column | {"scale": 3}, column | {"is_personal": True}, column | {"kind": "text"}]
    assert len({schema_digest("a.b", [one]) for one in [column, *others]}) == 4


def test_what_is_signed_names_all_that_it_vouches_for():
    assert checkpoint_bytes(3, "r", "p", "t", "k") == b"heed.checkpoint.1\n3\nr\np\nt\nk"
    assert key_bytes("aa", "", "t") == b"heed.key.1\naa\n\nt"
    assert fingerprint_of("00ff") == hashlib.sha256(b"\x00\xff").hexdigest()


VALUES = st.one_of(
    st.none(),
    st.text(max_size=5),
    st.integers(-3, 3),
    st.booleans(),
    st.sampled_from([0.0, -0.0, 1.0, Decimal("-0.0"), Decimal("1.0"), Decimal(1), b"x", "1", "{}", "2026-03-31"]),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)
KINDS = ["integer", "boolean", "text", "date", "moment", "decimal", "json"]


@given(st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=12), st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_many_rows_at_once_give_the_same_leaves_as_one_by_one(rows, plain, personal):
    columns = [("a", plain, 1, False), ("b", personal, 1, True)]
    salts = [bytes([number]) * 32 for number in range(len(rows))]
    at_once = [leaf_from("a.b", 1, 1, b"", "ab", body) for body in bodies(columns, rows, salts)]

    assert at_once == [
        leaf_of("a.b", 1, 1, b"", "ab", _cells(columns, row, s)) for row, s in zip(rows, salts, strict=True)
    ]


def _cells(columns, row, salt):
    for (name, kind, scale, is_personal), value in zip(columns, row, strict=True):
        try:
            text = canonical(kind, scale, value)
        except ValueError:
            yield name, malformed_cell(value)
        else:
            yield name, personal_cell(salt, name, text) if is_personal else cell(text)


@given(st.lists(st.binary(max_size=4), max_size=6), st.lists(st.binary(max_size=4), max_size=6))
def test_no_two_lists_of_parts_give_the_same_bytes(one, other):
    assert (b"".join(map(framed, one)) == b"".join(map(framed, other))) == (one == other)


# --- The log ------------------------------------------------------------------------------------------------------

# The eight inputs of the reference implementation of RFC 6962, and its roots over the first n of them.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves):
    """The definition in section 2.1 of RFC 6962, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def test_the_log_gives_the_known_roots():
    log = Log()
    assert log.root == hashlib.sha256(b"").hexdigest()
    for content, root in zip(INPUTS, ROOTS, strict=True):
        log.append(bytes.fromhex(content))
        assert log.root == root


@given(st.lists(st.binary(max_size=3), max_size=70), st.integers(0, 70))
def test_a_log_taken_up_from_its_frontier_has_the_root_of_the_whole(leaves, stopped_at):
    log = Log()
    for number, leaf in enumerate(leaves):
        if number == stopped_at:
            log = Log(log.size, [node.hex() for node in log.frontier])
        log.append(leaf)

    assert (log.size, log.root) == (len(leaves), naive_root(leaves).hex())
    assert len(log.frontier) == bin(len(leaves)).count("1")
