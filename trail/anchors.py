"""Puts checkpoints where who can change the database cannot: a file that is only added to, and the log."""

import fcntl
import json
import logging
import os

from django.conf import settings

from .models import Checkpoint
from .verifier import canonical

log = logging.getLogger("heed.anchor")
TAIL = 4_096  # more than two lines


def hold():
    """Write down every checkpoint that is not in the anchor file yet. A failure is logged and made up for next time."""
    if not settings.ANCHOR_FILE:
        return
    try:
        settings.ANCHOR_FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with settings.ANCHOR_FILE.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for checkpoint in Checkpoint.objects.filter(size__gt=_last_size(file)).select_related("key"):
                line = line_of(checkpoint)
                file.write(json.dumps(line).encode() + b"\n")
                log.info("checkpoint %s %s", line["size"], line["root"])
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        log.error("the anchor file cannot be written: %s", fault)


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


def _last_size(file):
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - TAIL))
    lines = file.read().splitlines()
    return json.loads(lines[-1])["size"] if lines else 0
