"""What is left to do before Heed is of use, after set-up: each step says why, whether it is done, and leads there."""

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Deadline, User
from customers.models import Customer
from feedback.models import Feedback
from records.models import Import


@dataclass(frozen=True)
class Step:
    label: str
    why: str
    url_name: str
    permission: str
    is_done: bool


def steps(organisation):
    """In the order in which a firm of any size gets on best. Each can be left out and done later."""
    return [
        Step(
            _("Look through working hours and public holidays"),
            _("Promises to customers are counted in your own working days."),
            "accounts:organisation_edit",
            "accounts.change_organisation",
            organisation.rev > 1,
        ),
        Step(
            _("Settle within how many days complaints are answered"),
            _("1 working day to acknowledge and 10 to answer are proposed, whatever the severity."),
            "accounts:deadlines",
            "accounts.change_deadline",
            Deadline.objects.filter(rev__gt=1).exists(),
        ),
        Step(
            _("Invite the people who hear from customers, and those who decide"),
            _("By mail, or by a link that you pass on. Say who is top management."),
            "accounts:invite",
            "accounts.add_user",
            User.objects.count() > 1,
        ),
        Step(
            _("Add a customer"),
            _("What is said belongs to somebody; one name is enough to begin."),
            "customers:create",
            "customers.add_customer",
            Customer.objects.exists(),
        ),
        Step(
            _("Import the complaints you have"),
            _("A spreadsheet of past complaints gives charts within a minute; nothing is sent and no clock starts."),
            "imports:create",
            "records.add_import",
            Import.objects.exists(),
        ),
        Step(
            _("Record what a customer said"),
            _("Most teams start with last week's phone calls."),
            "feedback:create",
            "feedback.add_feedback",
            Feedback.objects.exists(),
        ),
    ]


@require_safe
@permission_required("accounts.view_organisation", raise_exception=True)
def first_steps(request):
    shown = [
        {"step": step, "url": reverse(step.url_name) if request.user.has_perm(step.permission) else ""}
        for step in steps(request.organisation)
    ]
    return render(
        request,
        "first_steps.html",
        {"steps": shown, "done": sum(entry["step"].is_done for entry in shown)},
    )
