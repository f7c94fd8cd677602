"""Database triggers that keep every version and refuse what goes around, for SQLite and PostgreSQL.

An insert or update copies the new row into its history table and queues it for sealing. An update that does not raise
`rev` by exactly one, or whose `changed_at` is not later, is refused; so is any delete. Nothing depends on Python.
"""

from django.core.checks import Error
from django.db import DEFAULT_DB_ALIAS, connections

from .history import history_of, tracked_models
from .models import Pending, Seal

NOT_DELETED = "records are not deleted"
NOT_AROUND = "a record is changed through Heed"
APPEND_ONLY = "the trail is only ever added to"
AROUND = 'NEW."id" <> OLD."id" OR NEW."rev" <> OLD."rev" + 1 OR NEW."changed_at" <= OLD."changed_at"'


def install(models=None, using=DEFAULT_DB_ALIAS):
    """Write the triggers of `models` (default: all) anew."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statements in _written(connection, models).values():
            for statement in statements:
                cursor.execute(statement)


def drop(using=DEFAULT_DB_ALIAS):
    """Take every trigger away: for emptying a test database, nothing else."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table in _names(connection):
            if connection.vendor == "postgresql":
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')
            else:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')


def missing(using=DEFAULT_DB_ALIAS):
    """Names of triggers that are absent or say something else than this module would write."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    wanted = {
        name: body
        for name, table, body in _bodies(connection)
        if table in tables  # before the first migrate there is nothing to guard
    }
    found = dict(_present(connection))
    return sorted(name for name, body in wanted.items() if found.get(name) != body)


def install_after_migrate(sender, using, **kwargs):
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    ready = [m for m in tracked_models() if m._meta.db_table in tables and history_of(m)._meta.db_table in tables]
    install(ready, using)


def check_triggers(app_configs=None, databases=None, **kwargs):
    """System check (database tag): evidence is only as good as its triggers."""
    errors = []
    for alias in databases or []:
        for name in missing(alias):
            errors.append(
                Error(
                    f"The database trigger {name} is missing or out of date.",
                    hint="Run `manage.py migrate`: it writes the triggers anew.",
                    id="trail.E001",
                )
            )
    return errors


def _written(connection, models):
    writer = _postgresql if connection.vendor == "postgresql" else _sqlite
    written = {model._meta.label: writer(model) for model in (tracked_models() if models is None else models)}
    written["trail"] = _guard_postgresql() if connection.vendor == "postgresql" else _guard_sqlite()
    return written


def _columns(model):
    """Pairs (history column, expression over the new row), in the history table's order."""
    own = {field.column for field in model._meta.concrete_fields}
    pairs = []
    for field in history_of(model)._meta.concrete_fields:
        if field.column in own:
            pairs.append((field.column, f'NEW."{field.column}"'))
    return [
        *pairs,
        ("history_date", 'NEW."changed_at"'),
        ("history_type", "CASE NEW.\"rev\" WHEN 1 THEN '+' ELSE '~' END"),
        ("history_change_reason", 'NEW."reason"'),
    ]


def _copy(model):
    columns = _columns(model)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(value for _, value in columns)
    return f'INSERT INTO "{history_of(model)._meta.db_table}" ({names}) VALUES ({values})'


def _append_only_tables(models=None):
    return [history_of(model)._meta.db_table for model in tracked_models()] + [Seal._meta.db_table]


def _sqlite_bodies(model):
    table, pending = model._meta.db_table, Pending._meta.db_table
    keep = (
        f'{_copy(model)}; INSERT INTO "{pending}" (rtype, history_id) '
        f"VALUES ('{model._meta.label_lower}', last_insert_rowid());"
    )
    return {
        f"keep_{table}_insert": f'AFTER INSERT ON "{table}" BEGIN {keep} END',
        f"keep_{table}_update": (
            f"AFTER UPDATE ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{NOT_AROUND}') WHERE {AROUND}; {keep} END"
        ),
        f"keep_{table}_delete": f"BEFORE DELETE ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{NOT_DELETED}'); END",
    }


def _sqlite_append_only(table):
    return {
        f"keep_{table}_{verb.lower()}": (
            f"BEFORE {verb} ON \"{table}\" BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
        )
        for verb in ("UPDATE", "DELETE")
    }


def _sqlite(model):
    bodies = _sqlite_bodies(model) | _sqlite_append_only(history_of(model)._meta.db_table)
    return _sqlite_statements(bodies)


def _guard_sqlite():
    return _sqlite_statements(_sqlite_append_only(Seal._meta.db_table))


def _sqlite_statements(bodies):
    statements = []
    for name, body in bodies.items():
        statements += [f'DROP TRIGGER IF EXISTS "{name}"', f'CREATE TRIGGER "{name}" {body}']
    return statements


def _postgresql_bodies(model):
    table, history, pending = model._meta.db_table, history_of(model)._meta.db_table, Pending._meta.db_table
    return {
        f"keep_{table}": f"""
BEGIN
  IF tg_op IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '{NOT_DELETED}' USING errcode = '23514';
  END IF;
  IF tg_op = 'UPDATE' AND ({AROUND}) THEN
    RAISE EXCEPTION '{NOT_AROUND}' USING errcode = '23514';
  END IF;
  {_copy(model)};
  INSERT INTO "{pending}" (rtype, history_id)
    VALUES ('{model._meta.label_lower}', currval(pg_get_serial_sequence('"{history}"', 'history_id')));
  RETURN NULL;
END
""",
    }


_REFUSE = f"""
BEGIN
  RAISE EXCEPTION '{APPEND_ONLY}' USING errcode = '23514';
END
"""


def _postgresql(model):
    table = model._meta.db_table
    ((name, body),) = _postgresql_bodies(model).items()
    statements = [
        f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $keep${body}$keep$',
        f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"',
        f'CREATE TRIGGER "{name}" AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
        f'FOR EACH ROW EXECUTE FUNCTION "{name}"()',
        f'DROP TRIGGER IF EXISTS "{name}_truncate" ON "{table}"',
        f'CREATE TRIGGER "{name}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()',
    ]
    return statements + _postgresql_append_only(history_of(model)._meta.db_table)


def _postgresql_append_only(table):
    name = f"keep_{table}"
    return [
        f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $keep${_REFUSE}$keep$',
        f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"',
        f'CREATE TRIGGER "{name}" BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()',
        f'DROP TRIGGER IF EXISTS "{name}_truncate" ON "{table}"',
        f'CREATE TRIGGER "{name}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()',
    ]


def _guard_postgresql():
    return _postgresql_append_only(Seal._meta.db_table)


def _names(connection):
    """Pairs (trigger name, its table) of all that this module writes."""
    names = []
    for name, table, _body in _bodies(connection):
        names.append((name, table))
        if connection.vendor == "postgresql":
            names.append((f"{name}_truncate", table))
    return names


def _bodies(connection):
    """Triples (trigger name, table, what it should say)."""
    for model in tracked_models():
        bodies = _postgresql_bodies(model) if connection.vendor == "postgresql" else _sqlite_bodies(model)
        for name, body in bodies.items():
            yield name, model._meta.db_table, body
    for table in _append_only_tables():
        if connection.vendor == "postgresql":
            yield f"keep_{table}", table, _REFUSE
        else:
            for name, body in _sqlite_append_only(table).items():
                yield name, table, body


def _present(connection):
    """Pairs (trigger name, what it says) as the database has them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgname LIKE 'keep\\_%%'"
            )
            return cursor.fetchall()
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'keep\\_%' ESCAPE '\\'"
        )
        return [(name, sql.removeprefix(f'CREATE TRIGGER "{name}" ')) for name, sql in cursor.fetchall()]
