"""KPIs: what is measured, rolled up from the records, judged by control charts."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = _("KPIs")

    def ready(self):
        from trail import sealing

        from . import tasks  # (registers its kind of job)
        from .catalogue import install_after_migrate

        post_migrate.connect(install_after_migrate, sender=self)
        sealing.on_waiting(tasks.wake)
