"""The erasure journal: a file outside the database and every backup, so that a restored database forgets them again.

One JSON object a line: whose data (kind, number and the moment they came in), why, what was spared, which rows were
emptied. No personal data.
"""

import json
import os

from django.conf import settings


def append(line):
    """Write one line and wait until it is on the disk. Does nothing where no journal is kept (settings)."""
    if settings.ERASURE_JOURNAL is None:
        return
    settings.ERASURE_JOURNAL.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(settings.ERASURE_JOURNAL, "a", encoding="utf-8") as journal:
        journal.write(json.dumps(line, sort_keys=True) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def lines():
    """The lines, oldest first. One that was cut short by a crash is left out: its erasure was not committed."""
    if settings.ERASURE_JOURNAL is None or not settings.ERASURE_JOURNAL.exists():
        return
    with open(settings.ERASURE_JOURNAL, encoding="utf-8") as journal:
        for text in journal:
            try:
                yield json.loads(text)
            except ValueError:
                continue
