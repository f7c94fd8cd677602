"""The trail of a whole firm: sound by every way to check it, and no damage makes the verifier fall."""

import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from qms.tests.attacking import Firm
from qms.tests.makers import make_world, media_in
from trail import verifier
from trail.models import Pending, Seal, Verification
from trail.verifier import verify

pytestmark = pytest.mark.django_db  # (so that there is a test database, in which the firm is made)
# What no column should hold, as far as the database lets it in.
ODD = [
    None,
    "",
    "x",
    "\x01",
    "[",
    "{}",
    "9" * 4_000,
    -1,
    0,
    2**63 - 1,
    1.5,
    1e300,
    b"\xff\xfe",
    "2026-02-30",
    "infinity",
]
WITHOUT_DJANGO = (
    "import runpy, sys; sys.modules['django'] = None; sys.argv = sys.argv[1:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.fixture(scope="module")
def firm(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("firm")
    with django_db_blocker.unblock(), media_in(folder / "media"):
        firm = Firm(folder, lambda seal: make_world())
        yield firm
        firm.copy.remove()


@pytest.fixture(scope="module")
def export(firm):
    """The folder of an export."""
    with firm.settings():
        firm.copy.work(lambda: call_command("export_trail", firm.folder / "trail.zip", verbosity=0))
    with zipfile.ZipFile(firm.folder / "trail.zip") as archive:
        archive.extractall(firm.folder / "export")
    return firm.folder / "export"


def alone(*arguments):
    """The verifier as a process that cannot import Django, elsewhere."""
    command = [sys.executable, "-I", "-c", WITHOUT_DJANGO, verifier.__file__, *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env=clean)


def test_a_whole_firm_is_sound_without_django(firm):
    ended = alone(firm.copy.address, "--anchors", firm.anchors, "--json")

    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    told = json.loads(ended.stdout)
    kinds = firm.copy.work(lambda: set(Seal.objects.values_list("rtype", flat=True)))
    assert told["versions"] == told["size"] > 50 and told["anchors"] == told["checkpoints"] > 0
    assert {"feedback.feedback", "customers.contact", "kpis.kpi", "accounts.appointment"} <= kinds


def test_an_export_is_sound_without_django(firm, export):
    zipped, unpacked = alone(firm.folder / "trail.zip", "--anchors", firm.anchors, "--json"), verify(export)

    assert (zipped.returncode, zipped.stderr) == (0, ""), zipped.stdout
    assert unpacked.findings == [] and unpacked.root == json.loads(zipped.stdout)["root"]
    assert (export / "verifier.py").read_bytes() == Path(verifier.__file__).read_bytes()
    assert oct((firm.folder / "trail.zip").stat().st_mode)[-3:] == "600"


def test_an_export_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path):
    for file in (tmp_path, tmp_path / "nowhere" / "trail.zip"):
        with pytest.raises(CommandError):
            call_command("export_trail", file)
    assert list(tmp_path.iterdir()) == []


def test_what_is_changed_in_an_export_is_found(firm, export, tmp_path):
    shutil.copytree(export, tmp_path / "export")
    file = tmp_path / "export" / "versions" / "feedback_historicalfeedback.jsonl"
    file.write_text(file.read_text().replace("reads high", "reads low"))

    report = verify(tmp_path / "export", firm.anchors)

    assert any("is not what was sealed" in finding for finding in report.findings)


def test_the_key_that_somebody_wrote_down_is_among_those_of_the_trail(firm):
    fingerprint = json.loads(firm.anchors.read_text().splitlines()[0])["key"]

    assert verify(firm.copy.address, firm.anchors, fingerprint).is_sound
    assert "which you hold" in verify(firm.copy.address, firm.anchors, "ab" * 32).findings[0]


def test_the_command_keeps_what_it_found_and_ends_with_1(firm, capsys):
    def check():
        call_command("verify_trail")
        Pending.objects.create(rtype="feedback.feedback", history_id=999_999)
        with pytest.raises(SystemExit) as ended:
            call_command("verify_trail", "--json")
        return ended.value.code, list(Verification.objects.order_by("pk").values_list("is_sound", "size", "findings"))

    with firm.spoiled(lambda at: None) as copy, firm.settings():
        code, ((first, size, none), (second, _size, findings)) = copy.work(check)

    assert code == 1 and (first, second, none) == (True, False, []) and size > 50
    assert findings == ["Number 999999 of feedback.feedback waits for its seal, but there is no such version."]
    assert "The trail is sound." in capsys.readouterr().out


def put_something_odd_somewhere(at):
    """In any table of the trail or of versions, whatever the database lets in."""
    for _attempt in range(40):
        ground = ["trail_seal", "trail_schema", "trail_key", "trail_checkpoint", "trail_opening", "trail_erased"]
        table = at.chance.choice([*at.histories(), *ground, "trail_pending", "trail_securityevent"])
        rows = at.rows(table)
        if not rows:
            continue
        key, row = at.names[0], at.chance.choice(rows)
        key = "history_id" if "history_id" in row and "_historical" in table else key
        try:
            at.change(table, key, row, at.chance.choice(list(row)), at.chance.choice(ODD))
        except Exception:  # the database has rules of its own: elsewhere then
            continue


@pytest.mark.parametrize("seed", range(12))
def test_rows_that_make_no_sense_are_findings(firm, seed):
    with firm.spoiled(put_something_odd_somewhere, chance=random.Random(seed)) as copy:
        report = firm.check(copy)

    assert report.findings and "NOT sound" in report.as_text() and json.loads(report.as_json())["sound"] is False


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_file_makes_no_verifier_fall(firm, seed, tmp_path):
    if not firm.copy.is_sqlite:
        pytest.skip("PostgreSQL's files are its own")
    chance = random.Random(seed)
    content = bytearray(Path(firm.copy.name).read_bytes())
    for _place in range(chance.choice([1, 5, 50, 500])):
        start = chance.randrange(len(content))
        content[start : start + 8] = chance.randbytes(8)
    if seed % 5 == 0:
        del content[chance.randrange(len(content)) :]
    (tmp_path / "damaged.sqlite3").write_bytes(content)

    report = verify(tmp_path / "damaged.sqlite3", firm.anchors)

    assert report.as_text() and (report.is_sound or report.findings)


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_export_makes_no_verifier_fall(firm, export, seed, tmp_path):
    chance = random.Random(seed)
    shutil.copytree(export, tmp_path / "export")
    files = [path for path in sorted((tmp_path / "export").rglob("*.json*")) if path.stat().st_size]
    for path in chance.sample(files, 3):
        content = bytearray(path.read_bytes())
        lines = content.splitlines(keepends=True)
        match chance.randrange(5):
            case 0:
                del content[chance.randrange(len(content)) :]
            case 1:
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            case 2:
                content = b"".join(chance.sample(lines, len(lines)))
            case 3:
                content += chance.choice([b"[1]\n", b"{}\n", b"[" * 9_000, b"\xff\n", b'["9"]\n', b"[null]" * 99])
            case _:
                path.unlink()
                continue
        path.write_bytes(content)

    report = verify(tmp_path / "export", firm.anchors)

    assert report.as_text() and (report.is_sound or report.findings)


def test_a_zip_that_was_cut_off_is_a_finding(firm, export, tmp_path):
    content = (firm.folder / "trail.zip").read_bytes()
    for length in (len(content) // 2, len(content) - 9, 40):
        (tmp_path / "cut.zip").write_bytes(content[:length])
        assert verify(tmp_path / "cut.zip").findings
