"""Checks of the trail: what each found, and one on demand."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evidence import checking
from evidence.check_line import check_line
from evidence.filters import CheckFilter
from records.models import Job
from records.pages import Column, RecordList, RecordPage
from trail.models import Verification


class Checks(RecordList):
    """Every run of the verifier, the last one first."""

    permission_required = "trail.view_verification"
    queryset = Verification.objects.select_related("asked_by")
    filterset_class = CheckFilter
    title = _("Checks of the trail")
    lead = _("Each night, and on demand, every version is worked out anew and compared with what was sealed.")
    template_name = "trail/checks.html"
    row_template = "trail/_check_row.html"
    columns = (
        Column("began", _("Began"), by="began_at"),
        Column("result", _("Result")),
        Column("size", _("Versions"), is_number=True),
        Column("root", _("Root")),
        Column("anchors", _("Anchors compared"), is_number=True),
        Column("by", _("Asked for by")),
    )
    sort = "-began"
    crumbs = (("trail:list", _("Trail")),)
    empty_icon = "shield-check"
    empty_title = _("The trail was not checked yet")
    empty_words = _("A check runs every night. It can also be asked for at any time.")
    csv_columns = (
        (_("Began"), "began_at"),
        (_("Ended"), "ended_at"),
        (_("Sound"), "is_sound"),
        (_("Findings"), lambda check: "\n".join(check.findings)),
        (_("Versions"), "size"),
        (_("Root"), "root"),
        (_("Anchors compared"), "anchors"),
        (_("Asked for by"), "asked_by.name"),
    )

    def rows(self):
        return self.get_queryset()

    def get_context(self, **context):
        jobs = Job.objects.filter(kind=checking.KIND, state__in=[Job.State.PENDING, Job.State.RUNNING])
        return super().get_context(
            check_line=check_line(self.request.user),
            at_work=jobs.order_by("pk").first(),
            may_check=self.request.user.has_perm("trail.add_verification"),
            **context,
        )


class CheckNow(RecordPage):
    """Asks for a check. One that waits already is the one."""

    permission_required = "trail.add_verification"
    queryset = Verification.objects.all()
    http_method_names = ("post", "options")

    def post(self, request):
        checking.ask(by=request.user)
        messages.success(request, gettext("A check is asked for. What it finds will stand here."))
        return HttpResponseRedirect(reverse("trail:checks"))
