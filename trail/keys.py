"""The key that signs checkpoints: a file that the sealing process reads, never in the database. And its successors."""

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .models import Key
from .verifier import canonical, fingerprint_of, key_bytes

NAME = "seal-key.pem"


class KeyMissing(Exception):
    """The key that signed the last checkpoint is not here: another process seals, or it is lost."""


def signing_key() -> tuple[Ed25519PrivateKey, Key]:
    """The private key and its row; both are made when the log is begun. Raises KeyMissing."""
    current = Key.objects.order_by("-began_at").first()
    path = settings.SEAL_KEYS / NAME
    if current is None:
        _make(path)
        private = _read(path)
        return private, _written_down(private, None)
    private = _read(path) if path.exists() else None
    if private is None or fingerprint_of(public_of(private)) != current.fingerprint:
        raise KeyMissing(f"The key {current} is not in {settings.SEAL_KEYS}; nothing can be sealed without it.")
    return private, current


@transaction.atomic
def rotate() -> Key:
    """Begin a new key, signed by the one before it and by itself; the old file is kept beside it. Raises KeyMissing."""
    old, replaced = signing_key()
    path = settings.SEAL_KEYS / NAME
    waiting = path.with_name(f"{NAME}.new")
    waiting.unlink(missing_ok=True)
    _make(waiting)
    key = _written_down(_read(waiting), replaced, old)
    path.replace(path.with_name(f"seal-key-{replaced}.pem"))
    waiting.replace(path)
    return key


def public_of(private) -> str:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


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


def _make(path: Path):
    """A new key file for its owner only; one that is there already stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(made, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(made, path)  # of two that make one at once, the first wins
    except FileExistsError:
        pass
    made.unlink()


def _read(path):
    return _parsed(path.read_bytes())


@lru_cache(maxsize=4)
def _parsed(pem):
    return load(pem, password=None)
