"""After an erasure: what the database has left behind in its files of rows that were emptied."""

from time import monotonic, sleep

from django.db import connection

from . import personal
from .history import history_of, tracked_models
from .models import Opening, SecurityEvent

PATIENCE = 20  # seconds for which readers may hold the old pages


class NotSwept(Exception):
    """Somebody reads the old pages still; sweep again later."""


def sweep():
    """Let no copy of what was emptied be left in the database's files. Outside any transaction; may be run again.

    SQLite: the file is written anew and the write-ahead log is cut to nothing. PostgreSQL: dead rows are removed, as
    far as the role may do that; autovacuum does the rest. Raises NotSwept.
    """
    if connection.vendor == "sqlite":
        _rewrite()
    else:
        _vacuum()


def _rewrite():
    with connection.cursor() as cursor:
        # Rows that moved between pages leave copies in the gaps, which overwriting on deletion does not reach.
        cursor.execute("VACUUM")
        began = monotonic()
        while True:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, _pages, _moved = cursor.fetchone()
            if not is_busy:
                return
            if monotonic() - began > PATIENCE:
                raise NotSwept("The write-ahead log is in use.")
            sleep(0.1)


def _vacuum():
    models = {Opening, SecurityEvent, *tracked_models(), *map(history_of, tracked_models())}
    models |= {kind.model for kind in personal.kinds()} | {store.model for store in personal.stores() if store.model}
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in models}):
            cursor.execute(f"VACUUM {connection.ops.quote_name(table)}")
