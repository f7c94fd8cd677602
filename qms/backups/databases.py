"""The database of either kind: a consistent copy while people work, and putting such a copy back."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass

from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.backends.postgresql.client import DatabaseClient

BUSY = 60  # seconds to wait for somebody else's transaction

# Everything of Heed's goes before the copy comes, in the same transaction; what the schema grants stays.
_EMPTY = """
SET lock_timeout = '60s';
DO $$
DECLARE one text;
BEGIN
  FOR one IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE 'DROP TABLE ' || one || ' CASCADE';
  END LOOP;
  FOR one IN SELECT p.oid::regprocedure::text FROM pg_proc p
              WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'keep\\_%' LOOP
    EXECUTE 'DROP FUNCTION ' || one || ' CASCADE';
  END LOOP;
END $$;
"""


@dataclass(frozen=True)
class Facts:
    """What a copy holds: its migrations ("app.name"), and size and root of its last checkpoint (0 and "" of none)."""

    migrations: list
    size: int
    root: str


def kind() -> str:
    """ "sqlite" or "postgresql": a copy of one cannot be put into the other."""
    return connection.vendor


def copy_to(path) -> Facts:
    """Copy the database into a new file as it stands at one moment; nobody has to wait. Raises CommandError."""
    return _copy_sqlite(path) if kind() == "sqlite" else _copy_postgresql(path)


def put_back(path):
    """Let the database be what the file holds, all of it or, when that fails, nothing. Raises CommandError."""
    connections.close_all()
    if kind() == "sqlite":
        _put_back_sqlite(path)
    else:
        _put_back_postgresql(path)


def _copy_sqlite(path):
    source = connection.settings_dict["NAME"]
    if not os.path.exists(source):
        raise CommandError(f"There is no database at {source} yet.")
    try:
        with closing(sqlite3.connect(source, timeout=BUSY, isolation_level=None)) as database:
            database.execute("VACUUM INTO ?", [str(path)])
        with closing(sqlite3.connect(path)) as copy:
            if (said := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise CommandError(f"The database is damaged: {said}")
            known = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return _facts(copy.cursor(), known)
    except sqlite3.Error as fault:
        raise CommandError(f"The database cannot be copied: {fault}") from fault


def _put_back_sqlite(path):
    target = connection.settings_dict["NAME"]
    try:
        with closing(sqlite3.connect(path)) as copy, closing(sqlite3.connect(target, timeout=BUSY)) as database:
            copy.backup(database)  # one transaction: whoever has it open sees the old or the new
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as fault:
        raise CommandError(
            f"The database {target} cannot be written: {fault}. Stop Heed first. If the file is damaged, move it and "
            f"its -wal and -shm away."
        ) from fault
    os.chmod(target, 0o600)


def _copy_postgresql(path):
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            facts = _facts(cursor, set(connection.introspection.table_names(cursor)))
            _run("pg_dump", "-Fc", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={path}")
            return facts
    finally:
        own.close()


def _put_back_postgresql(path):
    program = _program("pg_restore")
    settings, environment = _psql_settings("-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", "-")
    with tempfile.TemporaryFile() as said:
        written = subprocess.Popen(
            [program, "--no-owner", "--no-privileges", "-f", "-", str(path)], stdout=subprocess.PIPE, stderr=said
        )
        taken = subprocess.Popen(
            [_program("psql"), *settings],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )  # fmt: skip
        try:
            taken.stdin.write(_EMPTY.encode())
            shutil.copyfileobj(written.stdout, taken.stdin)
            if written.wait():  # half a file must not be committed
                taken.stdin.write(b"\nSELECT 1 / 0;\n")
            taken.stdin.close()
        except BrokenPipeError:
            written.kill()
        if taken.wait() or written.wait():
            said.seek(0)
            raise CommandError(
                f"The database cannot be put back and is as it was: {_first_line(said.read())} "
                "Stop Heed, and run this as the owner of the tables."
            )


def _facts(cursor, tables):
    if "django_migrations" not in tables:
        raise CommandError("The database holds nothing yet. Run: manage.py migrate")
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
    migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
    last = None
    if "trail_checkpoint" in tables:
        cursor.execute("SELECT size, root FROM trail_checkpoint ORDER BY size DESC LIMIT 1")
        last = cursor.fetchone()
    return Facts(migrations, *(last or (0, "")))


def _run(name, *arguments):
    settings, environment = _psql_settings(*arguments)
    ran = subprocess.run([_program(name), *settings], env=environment, capture_output=True)
    if ran.returncode:
        raise CommandError(f"{name} failed: {_first_line(ran.stderr)}")


def _psql_settings(*arguments):
    """(arguments, environment) that lead PostgreSQL's own programs to the database; the password is in the latter."""
    (_psql, *settings), environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, list(arguments))
    return settings, os.environ | (environment or {})


def _program(name):
    if found := shutil.which(name):
        return found
    raise CommandError(
        f"{name} is not installed. On Debian or Ubuntu: apt-get install postgresql-client, of the server's version."
    )


def _first_line(said):
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[0] if lines else "no reason was given."
