"""The roof's own configuration, and Heed's admin site in the place of Django's."""

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate

from accounts.roles import write_groups


class QmsConfig(AppConfig):
    default = True
    name = "qms"
    verbose_name = "Heed"

    def ready(self):
        # After auth, which comes after all our rooms: by then their permissions exist. (The roof has no model, so
        # the signal is never sent for it.)
        post_migrate.connect(write_groups, sender=apps.get_app_config("auth"))
        from qms import notices, owned
        from records import jobs

        owned.register()
        jobs.on_dead(notices.tell_administrators)


class HeedAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "qms.admin.HeedAdminSite"
