"""Parcels of before get the size that their weight says."""

import os

from django.db import migrations

from trail.migration_operations import EnsureTriggers, migrate_records


def fill(apps, schema_editor):
    parcels = apps.get_model("growing", "Parcel").objects.using(schema_editor.connection.alias)
    for size, least, most in (("small", 0, 999), ("large", 1_000, 2**31 - 1)):
        migrate_records(parcels.filter(grams__range=(least, most)), size=size, reason="Sizes are kept from now on")


class Migration(migrations.Migration):
    dependencies = [("growing", "0002_size")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
    if not os.environ.get("WITHOUT_TRIGGERS"):  # a control run, which must be stopped
        operations.insert(0, EnsureTriggers("Parcel"))
