"""Background work: what waits, runs, failed and ended, for administrators."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from records import jobs
from records.keyset import BadCursor, Order, Page, page_of
from records.models import Job

SHOWN = 25


@require_safe
@permission_required("records.view_job", raise_exception=True)
def job_list(request):
    """The newest first; `?state=` narrows. While something runs, the page asks again by itself."""
    state = request.GET.get("state", "")
    counts = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
    rows, fault = Job.objects.select_related("asked_by"), ""
    if state in Job.State.values:
        rows = rows.filter(state=state)
    elif state:
        rows, fault = rows.none(), _("There is no such state.")
    try:
        page = page_of(rows, Order("asked_at", descending=True), SHOWN, request.GET.get("page", ""))
    except BadCursor:
        page, fault = Page(), _("This page of the list cannot be found: its address is damaged or out of date.")
    is_part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(
        request,
        "records/_jobs.html" if is_part else "records/jobs.html",
        {
            "jobs": page.rows,
            "page": page,
            "state": state,
            "states": [
                {
                    "label": label,
                    "url": f"?state={value}" if value else request.path,
                    "is_current": value == state,
                    "count": counts.get(value, 0) if value else sum(counts.values()),
                }
                for value, label in [("", _("All")), *Job.State.choices]
            ],
            "fault": fault,
            "goes_on": bool(counts.get(Job.State.PENDING) or counts.get(Job.State.RUNNING)),
            "may_change": request.user.has_perm("records.change_job"),
        },
        status=400 if fault else 200,
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@permission_required("records.change_job", raise_exception=True)
def retry_job(request, pk):
    job = get_object_or_404(Job, pk=pk)
    if jobs.retry(job):
        messages.success(request, _("“%(kind)s” is tried again.") % {"kind": job.kind})
    else:
        messages.error(request, _("Only work that has failed or was cancelled can be tried again."))
    return HttpResponseRedirect(reverse("jobs:list"))


@require_POST
@permission_required("records.change_job", raise_exception=True)
def cancel_job(request, pk):
    job = get_object_or_404(Job, pk=pk)
    if jobs.cancel(job):
        messages.success(request, _("“%(kind)s” is cancelled. What it had done so far stays.") % {"kind": job.kind})
    else:
        messages.error(request, _("This work has ended already."))
    return HttpResponseRedirect(reverse("jobs:list"))
