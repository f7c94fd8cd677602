"""What a person has been told, and what of it they have read. Reading changes something, so it is a POST."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from records.keyset import BadCursor, Order, Page, page_of
from records.models import Notification

SHOWN = 25


@require_safe
def notification_list(request):
    """A person's own, newest first; `?unread=yes` leaves out what was read."""
    mine = Notification.objects.filter(user=request.user)
    unread = mine.filter(read_at__isnull=True)
    only_unread, fault = request.GET.get("unread") == "yes", ""
    try:
        rows = unread if only_unread else mine
        page = page_of(rows, Order("told_at", descending=True), SHOWN, request.GET.get("page", ""))
    except BadCursor:
        page, fault = Page(), _("This page of the list cannot be found: its address is damaged or out of date.")
    views = [
        {"label": _("All"), "url": request.path, "is_current": not only_unread, "count": None},
        {"label": _("Not read"), "url": "?unread=yes", "is_current": only_unread, "count": unread.count()},
    ]
    context = {"page": page, "views": views, "only_unread": only_unread, "fault": fault}
    return render(request, "records/notifications.html", context, status=400 if fault else 200)


@require_POST
def open_notification(request, pk):
    """Mark it read and go where it leads."""
    notification = _mine(request, pk)
    _read(Notification.objects.filter(pk=pk))
    if url_has_allowed_host_and_scheme(notification.url, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(notification.url)
    return HttpResponseRedirect(reverse("notifications"))


@require_POST
def read_notification(request, pk):
    _mine(request, pk)
    _read(Notification.objects.filter(pk=pk))
    return HttpResponseRedirect(reverse("notifications"))


@require_POST
def read_all(request):
    count = _read(Notification.objects.filter(user=request.user))
    words = ngettext("%(count)s notification is marked as read.", "%(count)s notifications are marked as read.", count)
    messages.success(request, words % {"count": count})
    return HttpResponseRedirect(reverse("notifications"))


def _mine(request, pk):
    return get_object_or_404(Notification, pk=pk, user=request.user)


def _read(notifications):
    return notifications.filter(read_at__isnull=True).update(read_at=timezone.now())
