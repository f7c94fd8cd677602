"""What the house tells people of its own accord: administrators, when background work has failed for good."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Appointment, Role, User
from records.notifying import notify


def tell_administrators(job):
    """Every administrator in office, with a link to what failed."""
    appointed = Appointment.objects.in_force_on(timezone.localdate()).filter(role=Role.ADMINISTRATOR)
    text = _("Background work failed for good: %(kind)s (%(number)s). See what went wrong, then retry it.")
    for user in User.objects.filter(pk__in=appointed.values("user"), is_active=True):
        notify(user, text=text % {"kind": job.kind, "number": job.pk}, url=f"{reverse('jobs:list')}?state=dead")
