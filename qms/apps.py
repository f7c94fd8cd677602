"""The roof's own configuration, and Heed's admin site in the place of Django's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class QmsConfig(AppConfig):
    default = True
    name = "qms"
    verbose_name = "Heed"


class HeedAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "qms.admin.HeedAdminSite"
