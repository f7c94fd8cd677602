"""Evidence: the trail to read, what changed since, checks of it, and the erasure of a person's data."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvidenceConfig(AppConfig):
    name = "evidence"
    verbose_name = _("Evidence")

    def ready(self):
        from . import checking, erasing  # noqa: F401 (checking registers its kind of job)

        erasing.register()
