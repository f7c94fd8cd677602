"""The key that signs checkpoints: a file that the sealing process reads, never in the database. And its successors."""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from .models import Key, SecurityEvent
from .verifier import canonical, fingerprint_of, key_bytes

FIRST = "seal-key.pem"
# Any constant: only who seals or begins a key takes it.
ADVISORY_LOCK = 712_0753


class KeyMissing(Exception):
    """The key that signed the last checkpoint is not here: another process seals, or it is lost."""


def take_turn():
    """Until the transaction ends nobody else numbers versions or begins a key. On SQLite one transaction writes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])


def current() -> Key | None:
    """The key that signs now: the one that no other has replaced, whatever the clock said; None before the first."""
    return Key.objects.exclude(pk__in=Key.objects.exclude(replaces=None).values("replaces")).first()


def signing_key() -> tuple[Ed25519PrivateKey, Key]:
    """The private key and its row; both are made when the log is begun. Raises KeyMissing.

    Call it in the transaction that signs, after `take_turn`.
    """
    key = current()
    if key is not None:
        return _private(key), key
    path = _folder() / FIRST
    try:
        if not path.exists():
            _make(path)
        private = _parsed(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise KeyMissing(f"The first seal key cannot be made in {path.parent}: {fault}") from fault
    return private, _written_down(private, None)


def check():
    """Raise KeyMissing, with words for whoever runs Heed, when the current key cannot be read here."""
    key = current()
    if key is not None:
        _private(key)


@transaction.atomic
def rotate(is_lost=False) -> Key:
    """Begin a new key, signed by the one before it and by itself. Raises KeyMissing.

    When the one before it is lost, it is signed by itself only: the verifier says so, and asks for an anchor that bears
    it. Raises ValueError when what is said to be lost is here, or there is nothing to lose.

    Every key has a file of its own, which is written before its row and never replaced: whenever this is killed, the
    row that stands finds its file. A file without a row is a key that never began, and does no harm.
    """
    take_turn()
    if is_lost:
        old, replaced = None, _lost()
    else:
        old, replaced = signing_key()
    private = Ed25519PrivateKey.generate()
    _keep(private, _folder() / f"seal-key-{fingerprint_of(public_of(private))[:16]}.pem")
    key = _written_down(private, replaced, old)
    verb = "seal key lost" if is_lost else "seal key rotated"
    SecurityEvent.objects.create(verb=verb, changed_by=None, channel="command", detail=f"{replaced} gave way to {key}")
    return key


def _lost():
    """The current key, of which the private half is not to be had."""
    key = current()
    if key is None:
        raise ValueError("No key was begun yet: the first is made when the first version is sealed.")
    _folder()
    try:
        _private(key)
    except KeyMissing:
        return key
    raise ValueError(f"The key {key} is here: leave --lost away, and it signs the new one.")


def public_of(private) -> str:
    """The public key in hex."""
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _folder() -> Path:
    if settings.SEAL_KEYS is None:
        raise KeyMissing("This process does not seal (HEED_SEAL_KEYS=none).")
    return settings.SEAL_KEYS


def _private(key):
    """The private half of `key`, from whichever file in the folder holds it."""
    folder = _folder()
    try:
        likely = [folder / f"seal-key-{key}.pem", folder / FIRST]
        for path in dict.fromkeys([*likely, *sorted(folder.glob("*.pem"))]):
            private = _readable(path)
            if private is not None and fingerprint_of(public_of(private)) == key.fingerprint:
                return private
    except OSError as fault:
        raise KeyMissing(f"The seal keys in {folder} cannot be read: {fault}") from fault
    raise KeyMissing(
        f"The seal key {key} is not in {folder}; nothing can be sealed without it. "
        "Bring it back, or run rotate_seal_key --lost."
    )


def _readable(path):
    """The key in a file; None where there is none."""
    try:
        private = _parsed(path.read_bytes())
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return private if isinstance(private, Ed25519PrivateKey) else None


def _written_down(private, replaced, old=None):
    public, now = public_of(private), timezone.now()
    told = key_bytes(public, replaced.fingerprint if replaced else "", canonical("moment", 0, now))
    return Key.objects.create(
        fingerprint=fingerprint_of(public),
        public_key=public,
        began_at=now,
        replaces=replaced,
        signed_by_old=old.sign(told).hex() if old else "",
        signed_by_itself=private.sign(told).hex(),
    )


def _make(path):
    _keep(Ed25519PrivateKey.generate(), path)


def _keep(private, path):
    """Write a key for its owner only. The file has its name only once it is whole; one that is there already stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(made, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    made.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@lru_cache(maxsize=8)
def _parsed(pem):
    return load(pem, password=None)
