"""The organisation: its clock and calendar, closures, and what it promises to people who complain."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts import places
from accounts.forms.organisation import ClosureForm, DeadlineForm, OrganisationForm
from accounts.models import Closure, Deadline, Organisation, Severity
from records.models import Conflict
from records.pages import RecordCreate, RecordEdit, RecordVoid
from records.past import not_there

ORGANISATION = (("accounts:organisation", gettext_lazy("Organisation")),)


@require_safe
@permission_required("accounts.view_organisation", raise_exception=True)
def organisation(request):
    """Everything that stands, on one page, with a way to change what one may change."""
    firm, may = (Organisation.current() if request.as_of else request.organisation), request.user.has_perm
    if firm is None:
        not_there(request, Organisation.objects.all)
    country, _dash, region = firm.calendar.partition("-")
    return render(
        request,
        "accounts/organisation.html",
        {
            "firm": firm,
            "working_days": [WEEKDAYS[day] for day in sorted(firm.working_days)],
            "country": dict(places.countries()).get(country, country),
            "region": dict(places.regions(country)).get(region, region),
            "deadlines": _deadlines() if may("accounts.view_deadline") else [],
            "closures": Closure.objects.in_force().order_by("-on") if may("accounts.view_closure") else [],
            "shows_closures": may("accounts.view_closure"),
            "may_change": may("accounts.change_organisation"),
            "may_change_deadlines": may("accounts.change_deadline"),
            "may_add_closure": may("accounts.add_closure"),
            "may_void_closure": may("accounts.void_closure"),
        },
    )


class OrganisationEdit(RecordEdit):
    permission_required = "accounts.change_organisation"
    queryset = Organisation.objects.all()
    form_class = OrganisationForm
    title = gettext_lazy("Clock and calendar")

    def get(self, request):
        return super().get(request, None)

    def post(self, request):
        return super().post(request, None)

    def get_record(self, lock=False):
        rows = self.rows().select_for_update() if lock else self.rows()
        return rows.first()

    def get_success_url(self, record):
        """After the first look at what set-up proposed: on to the other first steps."""
        return reverse("first_steps") if record.rev <= 2 else super().get_success_url(record)

    def tell(self, record):
        messages.success(self.request, _("Clock and calendar are saved."))


class ClosureCreate(RecordCreate):
    permission_required = "accounts.add_closure"
    queryset = Closure.objects.all()
    form_class = ClosureForm
    title = gettext_lazy("Add a closure")
    crumbs = ORGANISATION

    def tell(self, record):
        messages.success(self.request, _("The closure is saved. Promises made before stay as they are."))


class ClosureVoid(RecordVoid):
    permission_required = "accounts.void_closure"
    queryset = Closure.objects.all()
    title = gettext_lazy("Take back this closure")
    label = gettext_lazy("Take it back")


def _deadlines():
    """One for each severity, in their order; what the table has no row for is as the model proposes."""
    kept = {deadline.severity: deadline for deadline in Deadline.objects.in_force()}
    return [kept.get(severity) or Deadline(severity=severity) for severity in Severity]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("accounts.change_deadline", raise_exception=True)
def deadlines(request):
    """The promise for each severity on one page. Somebody else's change meanwhile: 409, what was typed stands."""
    forms = _deadline_forms(request)
    if request.method != "POST":
        return _show_deadlines(request, forms, 200)
    if sum(form.is_valid() for form in forms) == len(forms):
        try:
            _save_deadlines(request, forms)
        except (Conflict, IntegrityError):
            forms = _deadline_forms(request)  # read anew: they say themselves what is out of date
        else:
            return redirect("accounts:organisation")
    return _show_deadlines(request, forms, 409 if any(form.is_stale for form in forms) else 400)


def _deadline_forms(request):
    sent = request.POST if request.method == "POST" else None
    return [
        DeadlineForm(sent, instance=deadline, prefix=deadline.severity, user=request.user) for deadline in _deadlines()
    ]


def _show_deadlines(request, forms, status):
    return render(request, "accounts/deadlines.html", {"forms": forms, "has_errors": status != 200}, status=status)


@transaction.atomic
def _save_deadlines(request, forms):
    changed = [form for form in forms if form.has_changed()]
    for form in changed:
        form.save(commit=False).save(by=request.user)
    if changed:
        messages.success(request, _("The deadlines are saved. They count for complaints recorded from now on."))
    else:
        messages.info(request, _("Nothing was changed."))
