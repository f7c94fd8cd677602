"""The key that signs checkpoints: made once, handed on by signature, found again wherever a rotation was killed."""

import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from django.db import transaction

from trail import keys
from trail.models import Checkpoint, Key, Pending, Seal, SecurityEvent
from trail.sealing import seal, seal_if_possible
from trail.tests.makers import make_event
from trail.verifier import canonical, checkpoint_bytes, key_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.SEAL_KEYS = tmp_path / "keys"
    return settings.SEAL_KEYS


def is_signed(signature, by, told):
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(by.public_key)).verify(bytes.fromhex(signature), told)
    return True


def told_of(key):
    return key_bytes(key.public_key, key.replaces_id or "", canonical("moment", 0, key.began_at))


def test_the_first_seal_makes_a_key_that_only_its_owner_reads(folder):
    make_event()
    waiting = Pending.objects.count()
    assert seal() == waiting

    [key], [checkpoint] = Key.objects.all(), Checkpoint.objects.all()
    assert (folder.stat().st_mode & 0o777, (folder / "seal-key.pem").stat().st_mode & 0o777) == (0o700, 0o600)
    assert is_signed(key.signed_by_itself, key, told_of(key)) and not key.signed_by_old
    at = canonical("moment", 0, checkpoint.at)
    assert is_signed(checkpoint.signature, key, checkpoint_bytes(waiting, checkpoint.root, "", at, key.fingerprint))


def test_a_key_that_lies_there_before_the_first_seal_is_taken(folder):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        private, key = keys.signing_key()
        raise ZeroDivisionError

    again, row = keys.signing_key()
    assert (again.private_bytes_raw(), row.fingerprint) == (private.private_bytes_raw(), key.fingerprint)
    assert [path.name for path in folder.iterdir()] == ["seal-key.pem"]


def test_nothing_private_is_in_the_database(folder):
    private, _key = keys.signing_key()
    keys.rotate()

    kept = repr([list(Key.objects.values()), list(SecurityEvent.objects.values())])
    assert private.private_bytes_raw().hex() not in kept


def test_a_new_key_is_signed_by_the_one_before_it_and_by_itself():
    _private, old = keys.signing_key()
    new = keys.rotate()

    assert new.replaces == old
    assert is_signed(new.signed_by_old, old, told_of(new)) and is_signed(new.signed_by_itself, new, told_of(new))
    make_event()
    seal()
    assert Checkpoint.objects.get().key == new
    [event] = SecurityEvent.objects.filter(verb="seal key rotated")
    assert event.changed_by is None and Seal.objects.filter(verb="seal key rotated").count() == 1


def test_the_newest_key_is_told_by_what_it_replaces_and_not_by_the_clock(monkeypatch):
    _private, old = keys.signing_key()
    with monkeypatch.context() as clock:
        clock.setattr("django.utils.timezone.now", lambda: old.began_at - timedelta(days=3))
        new = keys.rotate()

    assert new.began_at < old.began_at
    assert keys.signing_key()[1] == keys.current() == new


def test_a_rotation_that_is_undone_leaves_the_old_key_in_force(folder):
    _private, old = keys.signing_key()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        keys.rotate()
        raise ZeroDivisionError

    assert len(list(folder.iterdir())) == 2, "the file was written first"
    assert keys.signing_key()[1] == old
    assert keys.rotate().replaces == old


def test_a_key_is_found_under_whatever_name_its_file_has(folder):
    keys.signing_key()
    new = keys.rotate()
    (folder / f"seal-key-{new}.pem").rename(folder / "brought back from the safe.pem")
    (folder / "a-broken.pem").write_text("no key at all")

    assert keys.signing_key()[1] == new


@pytest.mark.parametrize("loss", ["gone", "another", "no folder", "not told"])
def test_without_its_key_nothing_is_sealed_and_what_waits_goes_on_waiting(loss, folder, settings, caplog):
    keys.signing_key()
    path = folder / "seal-key.pem"
    kept = path.read_bytes()
    if loss == "another":
        path.unlink()
        keys._make(path)
    elif loss == "not told":
        settings.SEAL_KEYS = None
    else:
        path.unlink()
        if loss == "no folder":
            folder.rmdir()
    make_event()
    waiting = Pending.objects.count()

    with pytest.raises(keys.KeyMissing):
        seal()
    with pytest.raises(keys.KeyMissing):
        keys.check()
    assert seal_if_possible() == 0
    assert (Pending.objects.count(), Seal.objects.count(), Checkpoint.objects.count()) == (waiting, 0, 0)

    settings.SEAL_KEYS = folder
    folder.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(kept)
    assert seal_if_possible() == waiting


def test_that_the_key_is_missing_is_said_in_the_log_but_not_every_five_seconds(settings, caplog, monkeypatch):
    monkeypatch.setattr("trail.sealing._said_until", 0.0)
    settings.SEAL_KEYS = None
    make_event()
    for _turn in range(3):
        seal_if_possible()

    assert [record.message for record in caplog.records if record.name == "heed.seal"] == [
        "nothing is sealed: This process does not seal (HEED_SEAL_KEYS=none)."
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_folder_that_may_not_be_read_is_a_missing_key(folder):
    keys.signing_key()
    folder.chmod(0)
    try:
        with pytest.raises(keys.KeyMissing, match="cannot be read"):
            keys.signing_key()
    finally:
        folder.chmod(0o700)


def test_the_command_begins_a_new_key_or_says_why_not(capsys, settings):
    call_command("rotate_seal_key")
    assert str(keys.current()) in capsys.readouterr().out

    settings.SEAL_KEYS = None
    with pytest.raises(CommandError, match="does not seal"):
        call_command("rotate_seal_key")
