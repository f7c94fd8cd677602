"""Customers, their people, and what we supply to them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self):
        from . import (
            erasing,
            importing,  # noqa: F401  (what can be imported)
        )

        erasing.register()
