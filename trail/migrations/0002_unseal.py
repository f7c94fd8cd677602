"""Puts every sealed version back into the queue, in its order: seals had no leaves yet, and get the same numbers again.

What waited already comes after them, as it would have. There is no way back but to seal again, which happens by itself.
"""

from django.db import migrations

BATCH = 2_000


def unseal(apps, schema_editor):
    Seal, Pending = apps.get_model("trail", "Seal"), apps.get_model("trail", "Pending")
    using = schema_editor.connection.alias
    if not Seal.objects.using(using).exists():
        return
    _without_triggers(schema_editor)
    waiting = list(Pending.objects.using(using).order_by("pk").values_list("rtype", "history_id"))
    Pending.objects.using(using).all().delete()
    sealed = Seal.objects.using(using).order_by("seq").values_list("rtype", "history_id")
    batch = []
    for rtype, history_id in [*sealed.iterator(chunk_size=BATCH), *waiting]:
        batch.append(Pending(rtype=rtype, history_id=history_id))
        if len(batch) == BATCH:
            Pending.objects.using(using).bulk_create(batch)
            batch = []
    Pending.objects.using(using).bulk_create(batch)
    Seal.objects.using(using).all().delete()


def _without_triggers(schema_editor):
    """They come back after the migration, as after every one."""
    on = " ON trail_seal" if schema_editor.connection.vendor == "postgresql" else ""
    names = ("", "_truncate") if on else ("_update", "_delete")
    for name in names:
        schema_editor.execute(f'DROP TRIGGER IF EXISTS "keep_trail_seal{name}"{on}')


class Migration(migrations.Migration):
    dependencies = [("trail", "0001_initial")]

    operations = [migrations.RunPython(unseal, migrations.RunPython.noop)]
