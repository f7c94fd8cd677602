"""What every record and page shares."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = _("Records")

    def ready(self):
        from . import erasing
        from .importing import work  # noqa: F401  (registers its kinds of job)

        erasing.register()
