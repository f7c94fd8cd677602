"""Puts checkpoints where who can change the database cannot: a file that is only added to, and the log.

The file has one JSON object to a line. A process that was killed while it wrote leaves a line that is the beginning of
the next one: nothing in the file is ever taken back, so that the file system may forbid it (`chattr +a`).
"""

import fcntl
import json
import logging
import os

from django.conf import settings
from django.utils import timezone

from .models import Checkpoint
from .verifier import canonical

log = logging.getLogger("heed.anchor")
TAIL = 4_096  # more than two lines


def tell(checkpoint):
    """Write a checkpoint into the log: the anchor for whoever sends logs to another machine."""
    log.info("checkpoint %s %s", checkpoint.size, checkpoint.root)


def hold():
    """Write down every checkpoint that is not in the anchor file yet. A failure is logged and made up for next time."""
    if not settings.ANCHOR_FILE:
        return
    try:
        settings.ANCHOR_FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with settings.ANCHOR_FILE.open("ab+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size, is_torn = _end_of(file)
            lines = [json.dumps(line_of(one)).encode() + b"\n" for one in _since(size)]
            if lines:
                _write(file, (b"\n" if is_torn else b"") + b"".join(lines))
    except OSError as fault:
        log.error("the anchor file cannot be written: %s", fault)


def behind() -> int:
    """How many checkpoints are not in the anchor file. Raises OSError when it cannot be read."""
    if not settings.ANCHOR_FILE:
        return 0
    try:
        with settings.ANCHOR_FILE.open("rb") as file:
            size, _is_torn = _end_of(file)
    except FileNotFoundError:
        size = 0
    return _since(size).count()


def known_size() -> int:
    """The size of the last checkpoint that was written down; 0 before the first. Raises OSError."""
    if not settings.ANCHOR_FILE or not settings.ANCHOR_FILE.exists():
        return 0
    with settings.ANCHOR_FILE.open("rb") as file:
        return _end_of(file)[0]


def restored(size, known):
    """Write down that a backup of `size` versions took the place of `known`: what follows goes on from `size`.

    The verifier then knows why later anchors contradict earlier ones, and tells what was lost. Raises OSError.
    """
    line = {"restored": canonical("moment", 0, timezone.now()), "size": size, "lost_from": size + 1, "lost_to": known}
    with settings.ANCHOR_FILE.open("ab+", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _size, is_torn = _end_of(file)
        _write(file, (b"\n" if is_torn else b"") + json.dumps(line).encode() + b"\n")


def line_of(checkpoint):
    """A checkpoint as the anchor file has it."""
    return {
        "size": checkpoint.size,
        "root": checkpoint.root,
        "prev_root": checkpoint.prev_root,
        "at": canonical("moment", 0, checkpoint.at),
        "key": checkpoint.key_id,
        "public_key": checkpoint.key.public_key,
        "signature": checkpoint.signature,
    }


def _since(size):
    return Checkpoint.objects.filter(size__gt=size).order_by("size").select_related("key")


def _write(file, content):
    while content:
        content = content[file.write(content) :]
    os.fsync(file.fileno())


def _end_of(file):
    """(the size in the last whole line, whether the file ends within a line). An empty file holds size 0."""
    end = file.seek(0, os.SEEK_END)
    length = min(TAIL, end)
    while True:
        file.seek(end - length)
        tail = file.read(length)
        for line in reversed(tail.splitlines()):
            if (size := _size_in(line)) is not None:
                return size, not tail.endswith(b"\n")
        if length == end:
            return 0, bool(tail) and not tail.endswith(b"\n")
        length = min(length * 16, end)


def _size_in(line):
    """What a line says; None when it is torn."""
    try:
        size = json.loads(line)["size"]
    except (ValueError, TypeError, KeyError):
        return None
    return size if type(size) is int else None
