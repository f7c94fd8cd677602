"""What a migration needs so that records changed by it leave versions (docs/migrations.md).

While `migrate` runs there are no triggers on SQLite, and on PostgreSQL they know the columns of before. All are written
anew at its end, which is too late for a data migration: it begins with `EnsureTriggers`.
"""

from datetime import timedelta

from django.db import connections
from django.db.migrations.operations.base import Operation
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from . import triggers

TICK = timedelta(microseconds=1)


class EnsureTriggers(Operation):
    """Write the triggers that keep the versions of these models of the migration's app, as their tables stand now.

    On SQLite they go again when the migration ends, so that the next one can rebuild the tables.
    """

    reversible = True
    reduces_to_sql = False

    def __init__(self, *models):
        self.models = models

    def deconstruct(self):
        return (self.__class__.__name__, self.models, {})

    def state_forwards(self, app_label, state):
        """Models stay as they are."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        for name in self.models:
            for trigger in _keeping(connection, to_state.apps.get_model(app_label, name)):
                for statement in triggers.statements(connection, trigger):
                    schema_editor.execute(statement, params=None)
                if connection.vendor == "sqlite":
                    schema_editor.deferred_sql.append(f'DROP TRIGGER "{trigger.name}"')

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Nothing: triggers are written anew after every migrate."""

    def describe(self):
        return f"Keep every version of {', '.join(self.models)}"


def migrate_records(queryset, *, reason, **fields) -> int:
    """Change the rows of a model that a migration knows, each with a version of its own; returns how many.

    `fields` are values or expressions. Raises RuntimeError where the change would leave no version.
    """
    model, connection = queryset.model, connections[queryset.db]
    if lacking := triggers.lacking(connection, _keeping(connection, model)):
        raise RuntimeError(
            f"{', '.join(lacking)} is missing or out of date: begin the migration with "
            f"EnsureTriggers({model.__name__!r})."
        )
    return queryset.update(
        rev=F("rev") + 1,
        changed_at=Greatest(Value(timezone.now(), DateTimeField()), F("changed_at") + TICK),
        changed_by=None,
        verb="migrated",
        reason=reason,
        channel="command",
        request_id="",
        **fields,
    )


def _keeping(connection, model):
    """The triggers of a model as a migration knows it."""
    history = model._meta.apps.get_model(model._meta.app_label, f"Historical{model.__name__}")
    return list(triggers.keeping(connection, model, history))
