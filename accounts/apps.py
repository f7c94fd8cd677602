"""People, units, roles and the organisation itself."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and organisation")

    def ready(self):
        from . import erasing, mails, security  # noqa: F401  (mails registers its kind of job)

        security.connect()
        erasing.register()
