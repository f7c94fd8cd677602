"""The roof's own configuration, and Heed's admin site in the place of Django's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate

from accounts.roles import write_groups


class QmsConfig(AppConfig):
    default = True
    name = "qms"
    verbose_name = "Heed"

    def ready(self):
        # Last of our rooms: by now the permissions of all the others exist.
        post_migrate.connect(write_groups, sender=self)


class HeedAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "qms.admin.HeedAdminSite"
