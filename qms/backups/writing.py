"""Writes a backup: the anchors, then the database, then the files, so that each knows no more than the one after it.

So every checkpoint that the anchors name is in the database, and every file that the database names is among the files.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

import qms
from qms.backups import databases

FORMAT = 1
MANIFEST, DATABASE, ANCHORS = "manifest.json", "database", "anchors.jsonl"
MEDIA, KEYS = "media/", "keys/"
SUFFIX = ".tar.gz"
CHUNK = 1 << 20


def default_name() -> str:
    """ "heed-20261122T053000Z.tar.gz": dated, and sorted as time goes."""
    return f"heed-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


def write(path: Path, with_keys=False) -> dict:
    """Write an archive for its owner only and return its manifest; at `path` stands a whole one or none.

    Raises CommandError where something is in the way.
    """
    if path.exists():
        raise CommandError(f"{path} is there already. Nothing was written.")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".heed-backup-", dir=path.parent) as folder:
            made = Path(folder) / "archive"
            manifest = _write(made, Path(folder), with_keys)
            os.link(made, path)  # of two at once under one name the first stays
        _synced(path.parent)
    except FileExistsError as fault:
        raise CommandError(f"{path} is there already. Nothing was written.") from fault
    except OSError as fault:
        raise CommandError(f"The backup cannot be written: {fault}") from fault
    return manifest


def _write(made, folder, with_keys):
    with open(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            members = {}
            if settings.ANCHOR_FILE and settings.ANCHOR_FILE.exists():
                whole = settings.ANCHOR_FILE.read_bytes()
                (folder / ANCHORS).write_bytes(whole[: whole.rfind(b"\n") + 1])
                members[ANCHORS] = _add(archive, folder / ANCHORS, ANCHORS)
            facts = databases.copy_to(folder / DATABASE)
            members[DATABASE] = _add(archive, folder / DATABASE, DATABASE)
            (folder / DATABASE).unlink()
            for source in files_below(settings.MEDIA_ROOT):
                name = MEDIA + source.relative_to(settings.MEDIA_ROOT).as_posix()
                try:
                    members[name] = _add(archive, source, name)
                except FileNotFoundError:
                    continue  # taken away meanwhile, as an erasure does: the database no longer wants it either
            for name, source in keys().items() if with_keys else ():
                members[name] = _add(archive, source, name)
            manifest = {
                "format": FORMAT,
                "heed": qms.__version__,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "database": databases.kind(),
                "migrations": facts.migrations,
                "checkpoint": {"size": facts.size, "root": facts.root},
                "has_keys": with_keys,
                "members": members,
            }
            _add_bytes(archive, json.dumps(manifest, indent=1).encode(), MANIFEST)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def keys() -> dict:
    """{name in an archive: file} of the keys that are here: those that seal, and the one that signs sessions."""
    sealing = sorted(settings.SEAL_KEYS.glob("*.pem")) if settings.SEAL_KEYS else []
    found = {f"{KEYS}{path.name}": path for path in sealing}
    secret = settings.VAR / "secret-key"
    return found | ({f"{KEYS}{secret.name}": secret} if secret.exists() else {})


def files_below(folder):
    """Paths of the files in a folder and below; what is linked from elsewhere is not ours."""
    for where, _folders, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if (path := Path(where) / name).is_file() and not path.is_symlink():
                yield path


class _Hashed:
    """Exactly `size` bytes of a file, and their SHA-256 as they are read: what grows meanwhile is cut."""

    def __init__(self, file, size):
        self.file, self.left, self.digest = file, size, hashlib.sha256()

    def read(self, most=-1):
        content = self.file.read(self.left if most < 0 else min(most, self.left))
        self.left -= len(content)
        self.digest.update(content)
        return content


def _add(archive, source, name):
    """Put a file into the archive; returns its SHA-256 in hex."""
    with source.open("rb") as file:
        facts = os.fstat(file.fileno())
        return _put(archive, file, name, facts.st_size, facts.st_mtime)


def _add_bytes(archive, content, name):
    return _put(archive, io.BytesIO(content), name, len(content), datetime.now(UTC).timestamp())


def _put(archive, file, name, size, changed_at):
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = size, int(changed_at), 0o600
    hashed = _Hashed(file, size)
    archive.addfile(member, hashed)
    return hashed.digest.hexdigest()


def _synced(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
