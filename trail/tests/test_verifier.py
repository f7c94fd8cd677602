"""The verifier by itself: canonical texts, the Merkle log, anchors, what it says of things that are no trail."""

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO

import pytest

from trail import verifier
from trail.verifier import Anchors, Log, Report, canonical, verify

EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("kind", "scale", "value", "text"),
    [
        ("integer", 0, -7, "-7"),
        ("boolean", 0, 1, "true"),
        ("decimal", 2, 12.5, "12.50"),
        ("decimal", 2, Decimal("-0.00"), "0.00"),
        ("decimal", 2, 12.504, "12.504"),
        ("decimal", 0, Decimal("1E+3"), "1000"),
        (
            "moment",
            0,
            datetime(2026, 3, 31, 16, 30, tzinfo=timezone(timedelta(hours=2))),
            "2026-03-31T14:30:00.000000Z",
        ),
        ("moment", 0, "2026-03-31 14:30:00.5", "2026-03-31T14:30:00.500000Z"),
        ("json", 0, '{"b": [1, "é"], "a": null}', '{"a":null,"b":[1,"é"]}'),
        ("binary", 0, memoryview(b"\x00\xff"), "00ff"),
        ("text", 0, None, None),
    ],
)
def test_a_value_has_one_text(kind, scale, value, text):
    assert canonical(kind, scale, value) == text


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [("json", '{"a": 1.5}', '{"a": "1.5"}'), ("json", "[1]", '["1"]'), ("decimal", 12.5, 12.504), ("integer", 1, -1)],
)
def test_two_values_never_share_a_text(kind, one, other):
    assert canonical(kind, 2, one) != canonical(kind, 2, other)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "5"), ("integer", 1.0), ("integer", "5_0"), ("boolean", 2), ("date", "2026-02-30"), ("text", b"x"),
        ("moment", "yesterday"), ("json", "{"), ("json", "[" * 100_000), ("decimal", "x"), ("rhyme", "x"),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_is_a_value_error(kind, value):
    with pytest.raises(ValueError):
        canonical(kind, 2, value)


def test_the_log_is_the_merkle_tree_of_rfc_6962():
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(70)]

    def tree(some):
        if len(some) == 1:
            return hashlib.sha256(b"\x00" + some[0]).digest()
        half = 1 << (len(some) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + tree(some[:half]) + tree(some[half:])).digest()

    log = Log()
    assert log.root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for size, leaf in enumerate(leaves, 1):
        log.append(leaf)
        assert log.root == tree(leaves[:size]).hex()
        again = Log(size, [node.hex() for node in log.frontier])
        assert again.root == log.root


def line(size, **more):
    return json.dumps({"size": size, "root": "r", "prev_root": "", "at": "", "key": "k", "signature": "s", **more})


def anchors_of(*lines):
    report = Report()
    return [anchor.size for anchor in Anchors(BytesIO("\n".join(lines).encode()), report).rows()], report


def test_anchors_are_read_by_size():
    assert anchors_of(line(5), line(9), line(7))[0] == [5, 7, 9]


def test_a_restore_sets_aside_the_anchors_of_what_was_lost_and_says_so():
    restored = json.dumps({"restored": "2026-03-31T14:30:00.000000Z", "size": 5, "lost_from": 6, "lost_to": 9})
    sizes, report = anchors_of(line(5), line(7), line(9), restored, line(7), line(12))

    assert sizes == [5, 7, 12] and report.is_sound
    assert "versions 6 to 9" in report.notes[0] and "2 anchors" in report.notes[0]


def test_a_torn_line_is_a_note_and_rubbish_among_the_anchors_a_finding():
    sizes, report = anchors_of(line(5), line(9)[:30], line(9), "rubbish", line(-4), line("7"))

    assert sizes == [5, 9] and len(report.notes) == 1
    assert report.findings == [f"Line {number} of the anchors cannot be read." for number in (4, 5, 6)]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-I", verifier.__file__, *map(str, arguments)], capture_output=True, text=True
    )


def test_what_is_no_trail_is_a_finding_and_ends_with_1(tmp_path):
    (tmp_path / "text.sqlite3").write_text("no database at all, but longer than a hundred bytes " * 9)
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("manifest.json", '{"format": "heed.export.9"}')
    addresses = [*tmp_path.iterdir(), tmp_path / "nowhere", "postgres://nobody@127.0.0.1:1/nothing"]

    for address in addresses:
        report = verify(address)
        assert len(report.findings) == 1, (address, report.findings)
    ended = run(tmp_path / "nowhere")
    assert (ended.returncode, ended.stderr) == (1, "") and "NOT sound: 1 finding" in ended.stdout


def test_called_wrongly_it_ends_with_2():
    assert run().returncode == 2


def test_findings_past_a_thousand_are_counted():
    report = Report()
    for number in range(1_500):
        report.find(f"{number} \ud800 \0")

    assert (len(report.findings), report.more) == (1_000, 500)
    assert "1500 findings" in report.as_text().encode().decode() and "\0" not in report.as_text()
    assert json.loads(report.as_json())["more"] == 500


def test_times_of_any_zone_are_moments_in_utc():
    moment = datetime(2026, 3, 31, 14, 30, tzinfo=UTC)

    assert canonical("moment", 0, moment.astimezone(timezone(timedelta(hours=-9)))) == canonical("moment", 0, moment)
