"""Database triggers that keep every version and refuse what goes around, for SQLite and PostgreSQL.

An insert or update copies the new row into its history table and queues it for sealing. An insert that does not begin
at `rev` 1, an update that does not raise it by exactly one, or whose `changed_at` is not later, is refused; so is any
delete. Nothing depends on Python.

Kept versions are never changed, but for this: the personal columns of a record that an erasure names may become empty.
"""

from dataclasses import dataclass

from django.core.checks import Warning
from django.db import DEFAULT_DB_ALIAS, connections

from .columns import columns_of, empty_of
from .history import history_of, tracked_models
from .models import Checkpoint, Erased, Erasure, Key, Opening, Pending, Schema, Seal, SecurityEvent

NOT_DELETED = "records are not deleted"
NOT_AROUND = "a record is changed through Heed"
APPEND_ONLY = "the trail is only ever added to"
# Sealed as they are written; and what makes seals checkable.
WRITTEN_ONCE = (SecurityEvent, Erasure, Erased)
GROUNDS = (Seal, Schema, Key, Checkpoint, Opening)
NOT_FIRST = 'NEW."rev" <> 1'
AROUND = 'NEW."id" <> OLD."id" OR NEW."rev" <> OLD."rev" + 1 OR NEW."changed_at" <= OLD."changed_at"'


@dataclass(frozen=True)
class Trigger:
    """One trigger as it should be. On PostgreSQL `body` is that of its function, which has the same name."""

    name: str
    table: str
    when: str
    body: str

    @property
    def minds_truncate(self):
        """PostgreSQL empties a table past its row triggers: what guards rows guards the table too."""
        return "DELETE" in self.when


def install(models=None, using=DEFAULT_DB_ALIAS):
    """Write the triggers of `models` (default: all) and of the trail anew, where their tables exist."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for trigger in _wanted(connection, models):
            for statement in statements(connection, trigger):
                cursor.execute(statement)


def drop(using=DEFAULT_DB_ALIAS):
    """Take every trigger away: for emptying a test database, nothing else."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for trigger in _wanted(connection):
            for statement in _dropping(connection, trigger):
                cursor.execute(statement)


def missing(using=DEFAULT_DB_ALIAS):
    """Names of triggers that are absent or say something else than this module would write."""
    connection = connections[using]
    return lacking(connection, _wanted(connection))


def lacking(connection, wanted):
    """Names of those of the wanted triggers that are absent or say something else."""
    found = dict(_present(connection))
    return sorted(trigger.name for trigger in wanted if found.get(trigger.name) != _told(connection, trigger))


def make_way_for_migrations(sender, using, plan, **kwargs):
    """SQLite renames no table while a trigger names one that is being rebuilt: until `migrate` has ended there is none.

    A migration that changes records writes those it needs (`EnsureTriggers`). One that breaks off leaves the database
    without them, which `doctor`, the verifier and the system check say, and the next `migrate` mends.
    """
    connection = connections[using]
    if plan and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name, _told in _present(connection):
                cursor.execute(f'DROP TRIGGER "{name}"')


def install_after_migrate(sender, using, **kwargs):
    install(using=using)


def check_triggers(app_configs=None, databases=None, **kwargs):
    """System check (database tag): evidence is only as good as its triggers.

    A warning, since `migrate` looks at it before it mends it; `doctor` and the verifier call it wrong.
    """
    return [
        Warning(
            f"The database trigger {name} is missing or out of date.",
            hint="Run `manage.py migrate`: it writes the triggers anew.",
            id="trail.W001",
        )
        for alias in databases or []
        for name in missing(alias)
    ]


def keeping(connection, model, history):
    """The triggers that keep every version of `model` in `history`; both may be as a migration knows them."""
    return (_keep_postgresql if connection.vendor == "postgresql" else _keep_sqlite)(model, history)


def statements(connection, trigger):
    """What writes one trigger anew."""
    yield from _dropping(connection, trigger)
    if connection.vendor != "postgresql":
        yield f'CREATE TRIGGER "{trigger.name}" {_told(connection, trigger)}'
        return
    run = f'EXECUTE FUNCTION "{trigger.name}"()'
    yield (
        f'CREATE OR REPLACE FUNCTION "{trigger.name}"() RETURNS trigger LANGUAGE plpgsql AS $keep${trigger.body}$keep$'
    )
    yield f'CREATE TRIGGER "{trigger.name}" {trigger.when} ON "{trigger.table}" FOR EACH ROW {run}'
    if trigger.minds_truncate:
        yield (
            f'CREATE TRIGGER "{trigger.name}_truncate" BEFORE TRUNCATE ON "{trigger.table}" FOR EACH STATEMENT {run}'
        )


def _dropping(connection, trigger):
    if connection.vendor != "postgresql":
        yield f'DROP TRIGGER IF EXISTS "{trigger.name}"'
        return
    yield f'DROP TRIGGER IF EXISTS "{trigger.name}" ON "{trigger.table}"'
    if trigger.minds_truncate:
        yield f'DROP TRIGGER IF EXISTS "{trigger.name}_truncate" ON "{trigger.table}"'


def _told(connection, trigger):
    """What the database says of a trigger that is as it should be."""
    if connection.vendor == "postgresql":
        return trigger.body
    return f'{trigger.when} ON "{trigger.table}" BEGIN {trigger.body} END'


def _wanted(connection, models=None):
    """Every trigger there should be; before the first migrate there is nothing to guard."""
    models = tracked_models() if models is None else models
    tables = set(connection.introspection.table_names())
    ready = [m for m in models if {m._meta.db_table, history_of(m)._meta.db_table} <= tables]
    return [trigger for trigger in _all(connection, ready) if trigger.table in tables]


def _all(connection, models):
    postgresql = connection.vendor == "postgresql"
    for model in models:
        history = history_of(model)
        yield from keeping(connection, model, history)
        yield from _guard(postgresql, history._meta.db_table, _may_be_emptied(postgresql, model))
    for model in WRITTEN_ONCE:
        yield from _guard(postgresql, model._meta.db_table, _may_be_emptied(postgresql, model))
        yield _queue(postgresql, model)
    for model in GROUNDS:
        yield from _guard(postgresql, model._meta.db_table, _may_lose_its_salt() if model is Opening else "")


def _columns(model, history):
    """Pairs (history column, expression over the new row), in the history table's order."""
    own = {field.column for field in model._meta.concrete_fields}
    pairs = []
    for field in history._meta.concrete_fields:
        if field.column in own:
            pairs.append((field.column, f'NEW."{field.column}"'))
    return [
        *pairs,
        ("history_date", 'NEW."changed_at"'),
        ("history_type", "CASE NEW.\"rev\" WHEN 1 THEN '+' ELSE '~' END"),
        ("history_change_reason", 'NEW."reason"'),
    ]


def _copy(model, history):
    columns = _columns(model, history)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(value for _, value in columns)
    return f'INSERT INTO "{history._meta.db_table}" ({names}) VALUES ({values})'


def _to_queue(rtype, number):
    return f"INSERT INTO \"{Pending._meta.db_table}\" (rtype, history_id) VALUES ('{rtype}', {number})"


def _may_be_emptied(postgresql, model):
    """The condition under which a version's row may be updated: an erasure names it and only empties it. Or ""."""
    columns = columns_of(model)
    if not any(column.is_personal for column in columns):
        return ""
    same = "IS NOT DISTINCT FROM" if postgresql else "IS"
    is_kept = model in tracked_models()
    rev = 'OLD."rev"' if is_kept else "1"
    conditions = [
        f"EXISTS (SELECT 1 FROM \"{Erased._meta.db_table}\" AS named WHERE named.rtype = '{model._meta.label_lower}' "
        f'AND named.rid = OLD."id" AND named.up_to_rev >= {rev})'
    ]
    for column in columns:
        value = f"'{empty_of(column)}'" if column.is_personal else f'OLD."{column.name}"'
        conditions.append(f'NEW."{column.name}" {same} {value}')
    if is_kept:
        conditions += [f'NEW."{name}" {same} OLD."{name}"' for name in ("history_id", "history_date", "history_type")]
    return " AND ".join(conditions)


def _may_lose_its_salt():
    """The commitments take the salt's place; the verifier asks for the erasure that explains it."""
    return (
        'OLD."salt" IS NOT NULL AND NEW."salt" IS NULL AND NEW."commitments" IS NOT NULL AND NEW."id" = OLD."id" '
        'AND NEW."rtype" = OLD."rtype" AND NEW."history_id" = OLD."history_id"'
    )


def _keep_sqlite(model, history):
    table = model._meta.db_table
    keep = f"{_copy(model, history)}; {_to_queue(model._meta.label_lower, 'last_insert_rowid()')};"
    refused = f"SELECT RAISE(ABORT, '{NOT_AROUND}') WHERE {NOT_FIRST};"
    yield Trigger(f"keep_{table}_insert", table, "AFTER INSERT", f"{refused} {keep}")
    refused = f"SELECT RAISE(ABORT, '{NOT_AROUND}') WHERE {AROUND};"
    yield Trigger(f"keep_{table}_update", table, "AFTER UPDATE", f"{refused} {keep}")
    yield Trigger(f"keep_{table}_delete", table, "BEFORE DELETE", f"SELECT RAISE(ABORT, '{NOT_DELETED}');")


def _keep_postgresql(model, history):
    table = model._meta.db_table
    number = f"currval(pg_get_serial_sequence('\"{history._meta.db_table}\"', 'history_id'))"
    body = f"""
BEGIN
  IF tg_op IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '{NOT_DELETED}' USING errcode = '23514';
  END IF;
  IF tg_op = 'INSERT' AND {NOT_FIRST} THEN
    RAISE EXCEPTION '{NOT_AROUND}' USING errcode = '23514';
  END IF;
  IF tg_op = 'UPDATE' AND ({AROUND}) THEN
    RAISE EXCEPTION '{NOT_AROUND}' USING errcode = '23514';
  END IF;
  {_copy(model, history)};
  {_to_queue(model._meta.label_lower, number)};
  RETURN NULL;
END
"""
    yield Trigger(f"keep_{table}", table, "AFTER INSERT OR UPDATE OR DELETE", body)


def _guard(postgresql, table, but_for):
    """Rows are added and neither changed, `but_for` a condition, nor deleted."""
    if not postgresql:
        unless = f" WHERE NOT ({but_for})" if but_for else ""
        for verb, condition in (("UPDATE", unless), ("DELETE", "")):
            refused = f"SELECT RAISE(ABORT, '{APPEND_ONLY}'){condition};"
            yield Trigger(f"keep_{table}_{verb.lower()}", table, f"BEFORE {verb}", refused)
        return
    allowed = f"\n  IF tg_op = 'UPDATE' THEN IF {but_for} THEN RETURN NEW; END IF; END IF;" if but_for else ""
    body = f"""
BEGIN{allowed}
  RAISE EXCEPTION '{APPEND_ONLY}' USING errcode = '23514';
END
"""
    yield Trigger(f"keep_{table}", table, "BEFORE UPDATE OR DELETE", body)


def _queue(postgresql, model):
    """A row that is written once waits to be sealed, as a version does."""
    table, queued = model._meta.db_table, _to_queue(model._meta.label_lower, 'NEW."id"')
    body = f"\nBEGIN\n  {queued};\n  RETURN NULL;\nEND\n" if postgresql else f"{queued};"
    return Trigger(f"keep_{table}_insert", table, "AFTER INSERT", body)


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
