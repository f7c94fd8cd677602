"""People, units, roles and the organisation itself."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and organisation")

    def ready(self):
        from .roles import write_groups

        post_migrate.connect(write_groups, sender=self)
