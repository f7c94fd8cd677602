"""Feedback and complaints: what customers told us and what became of it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self):
        from . import (
            customer_panels,
            erasing,
            importing,  # noqa: F401  (what can be imported)
            measures,  # noqa: F401  (what KPIs can be made of)
        )

        customer_panels.register()
        erasing.register()
