"""Where rights come from: appointments, by the groups they set, and nowhere else."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission


class AppointmentBackend(AuthenticationBackend):
    def _get_user_permissions(self, user_obj):
        # Nobody is given a right by hand: so there is nothing to ask the database.
        return Permission.objects.none()
