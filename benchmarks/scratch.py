"""A database of its own for a benchmark, beside the real one and gone afterwards."""

import os
import signal
import sys
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def scratch_database():
    """Inside, the default connection leads to a new and empty database; the real one is never touched.

    Nor are its anchors: what is sealed inside is held in a file of its own.
    """
    real, given = connection.settings_dict["NAME"], dict(connection.settings_dict["TEST"])
    name = f"heed_bench_{os.getpid()}"
    if connection.vendor == "sqlite":
        name = str(settings.VAR / f"{name}.sqlite3")
    connection.settings_dict["TEST"] |= {"NAME": name, "MIGRATE": False}
    anchors, settings.ANCHOR_FILE = settings.ANCHOR_FILE, settings.VAR / f"heed_bench_{os.getpid()}.jsonl"
    before = signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))  # so that what is below still happens
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        yield
    finally:
        if connection.settings_dict["NAME"] != real:
            connection.creation.destroy_test_db(real, verbosity=0)
        connection.settings_dict["TEST"] = given
        settings.ANCHOR_FILE.unlink(missing_ok=True)
        settings.ANCHOR_FILE = anchors
        signal.signal(signal.SIGTERM, before)


def analyse():
    """Let the database look at what it holds, as it would have by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
