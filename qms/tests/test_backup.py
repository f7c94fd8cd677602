"""Backup and restore by the commands, on either database, with people writing meanwhile."""

import hashlib
import io
import json
import re
import shutil
import sys
import tarfile
import time
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.db import connection

from qms.backups import reading
from qms.tests.houses import House, databases_of

pytestmark = pytest.mark.once

SEAL = "from trail.sealing import seal; seal()"
CHANGE = """
from accounts.models import Organisation
from trail.sealing import seal
Organisation.objects.change(by=None, verb="changed", name="Calder & Sons")
seal()
"""
FOUND = """
from datetime import date, time
from accounts import services
from customers.models import Contact, Customer
from trail.sealing import seal
tom = services.set_up(organisation_name="Calder", time_zone="Europe/London", name="Tom Ash", email="tom@calder.example",
                      password="calder-demo-2026", looks_after_quality=True)
customer = Customer(name="Halden Water")
customer.save(by=tom)
Contact(name="Ada Byron", email="ada@halden.example", customer=customer).save(by=tom)
seal()
"""
ERASE = """
from accounts.models import User
from customers.models import Contact
from trail import erasing
erasing.erase(Contact.objects.get(), by=User.objects.get(), basis="She asked for it")
"""
# Each turn leaves a file and the record that names it, and changes a record that stands.
WRITE = """
import hashlib, itertools
from django.core.files.base import ContentFile
from accounts.models import Organisation, User
from records.models import Import
from trail.context import acting_as
from trail.sealing import seal
print("writing", flush=True)
with acting_as(User.objects.get(), channel="form"):
    for turn in itertools.count():
        text = f"{turn} of MARK" * 500
        digest = hashlib.sha256(text.encode()).hexdigest()
        batch = Import(register="feedback", filename="a.csv", sha256=digest, size=len(text))
        batch.file.save(f"MARK-{turn}.csv", ContentFile(text.encode()), save=False)
        batch.save()
        Organisation.objects.change(by=None, verb="changed", name=f"Calder MARK {turn}")
        if turn % 5 == 0:
            seal()
"""
TELL = """
import json
from django.conf import settings
from accounts.models import Organisation
from records.models import Import
from trail.history import history_of, tracked_models
from trail.models import Checkpoint, SecurityEvent
last = Checkpoint.objects.order_by("-size").first()
versions = {}
for model in tracked_models():
    for row in history_of(model).objects.values():
        versions[f"{model._meta.label} {row['history_id']}"] = str(row)
files = {one.file.name: (settings.MEDIA_ROOT / one.file.name).read_text() if
         (settings.MEDIA_ROOT / one.file.name).exists() else None for one in Import.objects.all()}
print(json.dumps({"size": last.size, "root": last.root, "versions": versions, "files": files,
                  "rev": Organisation.objects.get().rev,
                  "events": list(SecurityEvent.objects.order_by("pk").values_list("verb", "detail", "channel"))}))
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def founded(request, tmp_path_factory):
    """A founded house, of which tests get copies."""
    with databases_of(request, request.param == "postgresql") as new_database:
        one = House(tmp_path_factory.mktemp("template"), new_database())
        one.run("migrate", "-v0")
        one.shell(FOUND)
        yield one


@pytest.fixture
def house(request, founded, tmp_path):
    """A function that gives houses with databases of their own: empty ones, or copies of the founded one."""
    with databases_of(request, bool(founded.database)) as new_database:

        def build(name, is_founded=False):
            if is_founded:
                shutil.copytree(founded.folder, tmp_path / name)
            return House(tmp_path / name, new_database(founded.database if is_founded else ""))

        yield build


def names_in(archive):
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_a_backup_taken_while_three_write_is_one_moment_and_comes_back_elsewhere(house, tmp_path):
    first, archive = house("first", is_founded=True), tmp_path / "kept" / "one.tar.gz"
    writers = [first.start(WRITE.replace("MARK", mark)) for mark in ("a", "b", "c")]
    time.sleep(1)
    said = first.run("backup", str(archive))
    for writer in writers:
        assert writer.poll() is None, writer.stderr.read()
        writer.kill()
        writer.wait()
    assert archive.stat().st_mode & 0o777 == 0o600 and "The keys are not in it" in said
    assert not [name for name in names_in(archive) if "key" in name]

    second = house("second")
    said = second.run("restore", str(archive))
    before, after = first.told(TELL), second.told(TELL)

    assert "There were no anchors here" in said
    assert 10 < len(after["versions"]) <= len(before["versions"])
    assert after["versions"].items() <= before["versions"].items(), "each version is what it was"
    assert len(after["files"]) > 2 and None not in after["files"].values(), "each file that the database names is there"
    assert after["files"].items() <= before["files"].items()
    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    assert manifest["checkpoint"] == {"size": after["size"], "root": after["root"]}
    assert (
        manifest["database"] == ("postgresql" if first.database else "sqlite")
        and "trail.0001_initial" in manifest["migrations"]
    )
    assert ["restored", "one.tar.gz", "command"] in after["events"]
    assert ["backed up", "one.tar.gz", "command"] in before["events"]


def test_an_older_backup_is_told_by_the_anchors_forgets_whom_it_must_and_work_goes_on(house, tmp_path):
    first, archive = house("first", is_founded=True), tmp_path / "older.tar.gz"
    first.run("backup", str(archive))
    old = first.told(TELL)
    first.shell(CHANGE * 3 + ERASE)
    orphan = first.folder / "media" / "of-later.txt"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_text("later")
    new = first.told(TELL)

    refused = first.run("restore", str(archive), status=1)
    assert "There are records here already" in refused and first.told(TELL) == new
    said = first.run("restore", str(archive), "--yes")

    lost = new["size"] - old["size"]
    assert f"ends at version {old['size']}; the anchors know {new['size']}: {lost} versions are missing" in said
    lines = [json.loads(line) for line in first.anchors.read_text().splitlines()]
    (restored,) = [line for line in lines if "restored" in line]
    assert (restored["size"], restored["lost_from"], restored["lost_to"]) == (old["size"], old["size"] + 1, new["size"])
    after = first.told(TELL)
    assert after["rev"] == old["rev"] and not orphan.exists()
    assert "1 erasures of after the backup were made again" in said
    assert "ada@halden.example" in str(old["versions"]) and "ada@halden.example" not in str(after["versions"])

    first.shell(CHANGE)
    lines = [json.loads(line) for line in first.anchors.read_text().splitlines()]
    assert "root" in lines[-1] and lines[-1]["size"] > old["size"], "new checkpoints are written down again"
    first.run("verify_trail")


def test_with_keys_sealing_goes_on_at_another_place(house):
    first = house("first", is_founded=True)
    said = first.run("backup", "--with-keys")
    (archive,) = (first.folder / "backups").iterdir()
    assert re.fullmatch(r"heed-20\d{6}T\d{6}Z\.tar\.gz", archive.name)
    assert "is there already" in first.run("backup", str(archive), status=1)
    assert "The keys ARE in it" in said and {"keys/secret-key", "keys/seal-key.pem"} <= set(names_in(archive))

    second = house("second")
    (second.folder / "secret-key").write_text("a key of its own, which stays where it is")
    said = second.run("restore", str(archive))
    second.shell(SEAL)

    assert "The key secret-key of the backup is another than the one here" in said
    assert (second.folder / "secret-key").read_text().startswith("a key of its own")
    assert second.told(TELL)["size"] == first.told(TELL)["size"] + 1, "the restoring itself is sealed"


MANIFEST = {"format": 1, "heed": "0.1", "database": "sqlite", "migrations": ["trail.0001_initial"]}
ONE_FILE = {"database": b"as it was", "media/imports/a.csv": b"a;b"}
BAD = {
    "changed": {"database": b"as it was not"},
    "with more": {"media/other.csv": b"smuggled in"},
    "with less": {"media/imports/a.csv": None},
    "without a database": {"database": None},
    "leading elsewhere": {"../outside.txt": b"x"},
    "leading to the root": {"/tmp/outside.txt": b"x"},
    "without a manifest": {"manifest.json": None},
    "with a manifest that is none": {"manifest.json": b"[]"},
    "with a manifest of another kind": {"manifest.json": b'{"format": 2}'},
    "with a manifest that cannot be read": {"manifest.json": b"{"},
}


def packed(members=(), **facts):
    """The bytes of an archive that is whole but for `members` (None: left out) and facts of its manifest."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in ONE_FILE.items()}
    manifest = json.dumps(MANIFEST | {"members": digests} | facts).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in (ONE_FILE | {"manifest.json": manifest} | dict(members)).items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def taken_out(content, folder):
    (folder / "one.tar.gz").write_bytes(content)
    return reading.taken_out(folder / "one.tar.gz", folder / "out")


def test_a_whole_archive_is_taken_out(tmp_path):
    assert taken_out(packed(), tmp_path)["migrations"] == ["trail.0001_initial"]
    assert (tmp_path / "out/media/imports/a.csv").read_bytes() == b"a;b"


@pytest.mark.parametrize("how", BAD)
def test_an_archive_that_is_amiss_is_refused(tmp_path, how):
    with pytest.raises(CommandError, match=r"is damaged|is no whole backup|has no manifest"):
        taken_out(packed(BAD[how]), tmp_path)
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", packed()[:150], packed()[: len(packed()) // 2]])
def test_a_file_that_is_cut_or_no_archive_is_refused(tmp_path, content):
    with pytest.raises(CommandError, match="is no whole backup|has no manifest"):
        taken_out(content, tmp_path)


def test_a_link_in_an_archive_is_refused(tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(CommandError, match="does not belong in a backup"):
        taken_out(made.getvalue(), tmp_path)


def test_a_backup_of_a_later_heed_or_of_another_database_does_not_fit():
    kind = connection.vendor
    reading.must_fit(MANIFEST | {"database": kind})
    with pytest.raises(CommandError, match="made by a later Heed"):
        reading.must_fit(MANIFEST | {"database": kind, "migrations": ["trail.9999_later"]})
    with pytest.raises(CommandError, match="This is a backup of oracle"):
        reading.must_fit(MANIFEST | {"database": "oracle"})


@pytest.mark.service
def test_without_the_programs_of_postgresql_it_says_what_to_install(postgres_url, tmp_path):
    one = House(tmp_path / "one", postgres_url)
    said = one.run("backup", str(tmp_path / "a.tar.gz"), status=1, PATH=str(Path(sys.executable).parent))

    assert "pg_dump is not installed" in said or "holds nothing yet" in said
    assert not (tmp_path / "a.tar.gz").exists()
