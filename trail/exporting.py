"""Writes the trail as a ZIP that anybody can check without a database and without Heed.

Everything is read by the verifier's own readers, in one snapshot, so that an export shows what a check would have seen.
`docs/security/trail.md` describes the files.
"""

import json
import os
import tempfile
import zipfile
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from . import checking, verifier
from .columns import columns_of
from .history import history_of, tracked_models
from .models import Checkpoint, Key, Opening, Pending, Schema, Seal
from .triggers import WRITTEN_ONCE

GROUNDS = (Schema, Key, Checkpoint, Opening, Seal, Pending)
# What a history table has beside the record's own columns.
OF_HISTORY = {
    "history_id": ("integer", 0),
    "history_date": ("moment", 0),
    "history_type": ("text", 0),
    "history_change_reason": ("text", 0),
}
README = """\
This is a trail of Heed: every version of every record, as it was sealed.

    python verifier.py .            (or the ZIP itself)
    python verifier.py . --anchors checkpoints.jsonl

needs Python 3.11 and `pip install cryptography`. Exit code 0: sound. Take the verifier and the anchors from somewhere
else than this file if you do not trust whoever handed it to you: what lies in here was made by the same hand.

It holds personal data, in versions/ and live/, and the salts that open their commitments, in grounds/.
"""


def export(target: Path) -> int:
    """Write the export to `target` and return how many versions it holds. The file has its name once it is whole.

    Raises OSError when it cannot be written, and what the database raises.
    """
    report = verifier.Report()
    source = verifier.opened(checking.address(), report)
    made = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as made:
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                count = _write(archive, source)
        os.chmod(made.name, 0o600)
        os.replace(made.name, target)
    except BaseException:
        if made is not None:
            Path(made.name).unlink(missing_ok=True)
        raise
    finally:
        source.close()
    return count


def _write(archive, source):
    tables = {}
    for model in GROUNDS:
        tables |= _table(archive, source, "grounds", model._meta.db_table, _kinds(model))
    for model in tracked_models():
        versions = _sealed(source, model) | _kinds(model)
        tables |= _table(archive, source, "versions", history_of(model)._meta.db_table, versions | OF_HISTORY)
        tables |= _table(archive, source, "live", model._meta.db_table, _kinds(model))
    for model in WRITTEN_ONCE:
        tables |= _table(archive, source, "versions", model._meta.db_table, _sealed(source, model) | _kinds(model))
    manifest = {"format": verifier.EXPORT, "made_at": timezone.now().isoformat(), "tables": tables}
    archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    archive.writestr("README.txt", README)
    archive.write(verifier.__file__, "verifier.py")
    if settings.ANCHOR_FILE and settings.ANCHOR_FILE.exists():
        archive.write(settings.ANCHOR_FILE, "anchors.jsonl")
    return sum(told["rows"] for told in tables.values() if told["file"].startswith("versions/"))


def _kinds(model):
    """{column: (kind, scale)} of a model as it is now."""
    return {column.name: (column.kind, column.scale) for column in columns_of(model)}


def _sealed(source, model):
    """The same, of all columns that versions of it ever had."""
    found = {}
    for (columns,) in source.rows("SELECT columns FROM trail_schema WHERE rtype = ?", model._meta.label_lower):
        found |= {column["name"]: (column["kind"], column["scale"]) for column in json.loads(columns)}
    return found


def _table(archive, source, folder, table, kinds):
    """Write one table, a JSON list to a line, and return its part of the manifest."""
    if table not in source.tables:  # before its first migration there is nothing in it
        return {}
    columns = [(name, *told) for name, told in kinds.items() if name in source.tables[table]]
    wanted, file, count = ", ".join(f'"{name}"' for name, *_told in columns), f"{folder}/{table}.jsonl", 0
    with archive.open(file, "w", force_zip64=True) as lines:
        for row in source.rows(f'SELECT {wanted} FROM "{table}"'):  # noqa: S608 (names of our own tables)
            values = [_told(source, *told, value) for (_name, *told), value in zip(columns, row, strict=True)]
            lines.write(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
            count += 1
    return {table: {"file": file, "rows": count, "columns": [(name, kind) for name, kind, _scale in columns]}}


def _told(source, kind, scale, value):
    """A value as text, whole numbers as such; what is not of its kind as it is, so that the check finds it again."""
    if value is None or (kind == "integer" and type(value) is int):
        return value
    try:
        return source.readers[kind](value, scale)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return repr(value)
