"""What people answer for, in the rooms that know: shown on their page and before they are deactivated."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import owned
from customers.models import Customer
from feedback.models import Feedback
from kpis.models import Kpi


def _list(name, **filters):
    return lambda person: f"{reverse(name)}?{urlencode(filters | {'owner': person.email})}"


def register():
    owned.register(
        _("Open feedback"),
        rows=lambda person: Feedback.objects.in_force().open().filter(owner=person),
        url=_list("feedback:list", state="open"),
    )
    owned.register(
        _("Customers whose relationship they own"),
        rows=lambda person: Customer.objects.in_force().filter(relationship_owner=person),
        url=_list("customers:list"),
    )
    owned.register(
        _("KPIs"),
        rows=lambda person: Kpi.objects.in_force().filter(owner=person),
        url=lambda person: reverse("kpis:list"),
    )
