"""Who did what, when and why: the database keeps every version, the sealer puts them in order."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class TrailConfig(AppConfig):
    name = "trail"
    verbose_name = _("Trail")

    def ready(self):
        from . import columns, triggers

        # SQLite's table rebuilds drop triggers, and PostgreSQL's functions name columns: write them anew each time.
        pre_migrate.connect(triggers.make_way_for_migrations, sender=self)
        post_migrate.connect(triggers.install_after_migrate, sender=self)
        register(triggers.check_triggers, Tags.database)
        register(columns.check_columns, Tags.models)
