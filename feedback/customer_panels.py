"""What feedback adds to the pages of customers: a finding, their latest words, what is open, counts, two columns.

Every count opens the register with the same filters, so that the list behind it has as many records.
"""

from datetime import timedelta
from urllib.parse import urlencode

import django_filters
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.calendar import working_calendar
from customers.panels import ASIDE, Extra, Finding, Panel, add_extra, add_filter, add_finder, add_panel
from records.pages import Preset
from records.templatetags.heed import day
from trail import as_of

from . import icons
from .clock import clock_state
from .models import Feedback

QUOTED, OPEN_SHOWN = 3, 5
YEAR = timedelta(days=365)


def register():
    add_finder(findings)
    add_panel(Panel("feedback/_customer_open.html", open_complaints, order=10))
    add_panel(Panel("feedback/_customer_counts.html", counts_by_kind, order=20))
    add_panel(Panel("feedback/_customer_latest.html", latest_words, ASIDE, order=10))
    add_filter("quiet", Quiet(), Preset(gettext_lazy("Gone quiet"), "quiet=90"))
    add_extra(Extra("heard_on", gettext_lazy("Last heard"), _last_heard, listing))
    add_extra(
        Extra(
            "open_complaints",
            gettext_lazy("Open complaints"),
            _open_complaints,
            lambda customer: listing(customer, kind="complaint", state="open"),
            is_number=True,
        )
    )


class Quiet(django_filters.ChoiceFilter):
    """Customers that have not been heard for some days, or never, as far as the person may know."""

    def __init__(self):
        days = (("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")), ("180", gettext_lazy("180 days")))
        super().__init__(label=gettext_lazy("Not heard for"), choices=days)

    def filter(self, queryset, value):
        if not value:
            return queryset
        since = as_of.today() - timedelta(days=int(value))
        heard = _said(self.parent.request.user, received_on__gt=since)
        return queryset.exclude(pk__in=heard.values("customer"))


def listing(customer, **filters):
    """The register of feedback, narrowed to this customer and further."""
    return f"{reverse('feedback:list')}?{urlencode({'customer': customer.reference, **filters})}"


def _said(user, **narrowed):
    return Feedback.objects.visible_to(user).in_force().filter(**narrowed)


def findings(customer, user):
    """How their complaints stand, and when we last heard of them."""
    if not user.has_perm("feedback.view_feedback"):
        return
    said = _said(user, customer=customer)
    complaints = said.complaints().open().count()
    overdue = said.overdue(as_of.now()).count()
    last = said.order_by("-received_on").values_list("received_on", flat=True).first()
    if complaints:
        words = ngettext("%(count)s complaint is open", "%(count)s complaints are open", complaints)
        parts = [(words % {"count": complaints}, listing(customer, kind="complaint", state="open"), False)]
        if overdue:
            words = ngettext("%(count)s is overdue", "%(count)s are overdue", overdue) % {"count": overdue}
            parts += [(", ", "", False), (words, listing(customer, kind="complaint", state="overdue"), True)]
        yield Finding((*parts, (".", "", False)), gravity=3 if overdue else 2)
    elif last:
        yield Finding(((_("No complaint is open."), "", False),), gravity=1)
    if last:
        yield Finding(((_("Last heard %(day)s.") % {"day": day(last, "short")}, "", False),))
    else:
        yield Finding(((_("Nothing heard from them yet."), "", False),))


def open_complaints(customer, user):
    """The open complaints, the next promise first."""
    if not user.has_perm("feedback.view_feedback"):
        return None
    rows = _said(user, customer=customer).complaints().open()
    total = rows.count()
    if not total:
        return None
    shown = list(rows.with_next_due().select_related("owner").order_by("next_due_at", "pk")[:OPEN_SHOWN])
    now, calendar = as_of.now(), working_calendar()
    for complaint in shown:
        complaint.clock = clock_state(complaint, now, calendar)
    return {"complaints": shown, "total": total, "url": listing(customer, kind="complaint", state="open")}


def counts_by_kind(customer, user):
    """How much they told us, by kind: in the last year and in all."""
    if not user.has_perm("feedback.view_feedback"):
        return None
    since = as_of.today() - YEAR
    counted = (
        _said(user, customer=customer)
        .order_by()
        .values("kind")
        .annotate(total=Count("pk"), recent=Count("pk", filter=Q(received_on__gte=since)))
    )
    found = {row["kind"]: row for row in counted}
    kinds = [
        {
            "label": label,
            "icon": icons.KIND[kind],
            "recent": found[kind]["recent"],
            "recent_url": listing(customer, kind=kind, received_from=since.isoformat()),
            "total": found[kind]["total"],
            "url": listing(customer, kind=kind),
        }
        for kind, label in Feedback.Kind.choices
        if kind in found
    ]
    return {"kinds": kinds} if kinds else None


def latest_words(customer, user):
    """Their latest words, as they said them."""
    if not user.has_perm("feedback.view_feedback"):
        return None
    said = _said(user, customer=customer)
    latest = said.exclude(words="").select_related("contact").order_by("-received_on", "-pk")[:QUOTED]
    return {"latest": list(latest), "total": said.count(), "url": listing(customer)}


def _last_heard(user):
    said = _said(user, customer=OuterRef("pk")).order_by("-received_on")
    return Subquery(said.values("received_on")[:1])


def _open_complaints(user):
    said = _said(user, customer=OuterRef("pk")).complaints().open().order_by()
    return Coalesce(Subquery(said.values("customer").annotate(count=Count("pk")).values("count")), 0)
