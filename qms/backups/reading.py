"""Reads a backup: looks at all of it first, then puts the database, the files, the anchors and the keys back."""

import hashlib
import json
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.models import User
from qms.backups import databases
from qms.backups.writing import ANCHORS, CHUNK, DATABASE, FORMAT, KEYS, MANIFEST, MEDIA, files_below


def taken_out(path: Path, folder: Path) -> dict:
    """Take everything out into `folder` and return the manifest. Raises CommandError when anything is amiss."""
    found, manifest = {}, None
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name == MANIFEST:
                    manifest = json.loads(archive.extractfile(member).read())
                else:
                    found[member.name] = _take_out(archive, member, folder)
    except FileNotFoundError as fault:
        raise CommandError(f"There is no {path}.") from fault
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OSError) as fault:
        raise CommandError(f"{path} is no whole backup: {fault}") from fault
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise CommandError(f"{path} has no manifest that this Heed understands.")
    wrong = sorted(
        name for name in found.keys() | manifest["members"].keys() if found.get(name) != manifest["members"].get(name)
    )
    if wrong or DATABASE not in found:
        raise CommandError(f"{path} is damaged: {', '.join(wrong[:3]) or DATABASE} is not as it was. Nothing was done.")
    return manifest


def must_fit(manifest):
    """Raise CommandError where this Heed or its database cannot take the backup."""
    if manifest["database"] != databases.kind():
        raise CommandError(
            f"This is a backup of {manifest['database']}; Heed is set to {databases.kind()} (DATABASE_URL)."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if later := [name for name in manifest["migrations"] if name not in known]:
        raise CommandError(
            f"The backup was made by a later Heed ({manifest['heed']}), which knows {later[-1]}: install that one."
        )


def has_records() -> bool:
    """Whether there is somebody in the database already."""
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def put_back(folder: Path, manifest) -> list:
    """Replace what is here by what was taken out; files that the backup does not know go. Returns notes in words."""
    databases.put_back(folder / DATABASE)
    names = manifest["members"]
    wanted = {settings.MEDIA_ROOT / name.removeprefix(MEDIA): folder / name for name in names if name.startswith(MEDIA)}
    for target, source in wanted.items():
        _moved(source, target)
    for path in list(files_below(settings.MEDIA_ROOT)):
        if path not in wanted:
            path.unlink()
    notes = []
    if ANCHORS in names and settings.ANCHOR_FILE and not settings.ANCHOR_FILE.exists():
        _moved(folder / ANCHORS, settings.ANCHOR_FILE)
        notes.append("There were no anchors here: those of the backup were put in their place.")
    for name in names:
        if name.startswith(KEYS):
            notes += _key_put_back(folder / name, name)
    return notes


def _key_put_back(source, name):
    """A key that is here stays."""
    own = name.removeprefix(KEYS)
    target = settings.VAR / own if own == "secret-key" else settings.SEAL_KEYS and settings.SEAL_KEYS / own
    if target is None:
        return [f"The key {own} was left out: this machine does not seal (HEED_SEAL_KEYS=none)."]
    if not target.exists():
        _moved(source, target)
        return [f"The key {own} was put back."]
    if target.read_bytes() != source.read_bytes():
        return [f"The key {own} of the backup is another than the one here, which was left: {target}"]
    return []


def _take_out(archive, member, folder):
    """Write one member to its place; returns its SHA-256 in hex. ValueError for a name that leads elsewhere."""
    name = PurePosixPath(member.name)
    if not member.isreg() or name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{member.name!r:.80} does not belong in a backup")
    target = folder / name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    content = archive.extractfile(member)
    with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _moved(source, target):
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(source, target)
