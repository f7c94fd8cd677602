"""Recording feedback and correcting it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View

from accounts.models import Severity
from feedback import services
from feedback.forms import FeedbackEditForm, FeedbackForm
from feedback.intake import own_unit, record_feedback
from feedback.models import Feedback
from feedback.preview import preview_of, promise_in_general
from records.drafts import draft_of
from records.pages import RecordCreate, RecordEdit
from records.submissions import new_token
from records.text import clean_query

DRAFT = "feedback"
ASKED = ("kind", "customer_name", "customer_reference", *FeedbackForm.more)


class FeedbackCreate(RecordCreate):
    """One short page: customer, kind, words, save. What else there is to say unfolds."""

    permission_required = "feedback.add_feedback"
    queryset = Feedback.objects.all()
    form_class = FeedbackForm
    template_name = "feedback/new.html"
    title = _("Record feedback")
    crumbs = (("feedback:list", _("Feedback")),)
    draft = DRAFT

    def get_form(self, data=None, files=None, **options):
        options.setdefault("initial", {"came_by": self.request.session.get("came_by", "")})
        return super().get_form(data, files, **options)

    def get(self, request, **names):
        """The person's draft, unless a link says that this is about another customer."""
        draft, wanted = draft_of(request.user, DRAFT), self._wanted_customer()
        is_of_another = bool(draft and wanted and draft.get("customer_reference") != wanted)
        initial = {"came_by": request.session.get("came_by", ""), **({} if is_of_another else draft)}
        if wanted:
            initial["customer_reference"] = wanted
        return self.show(
            self.get_form(initial=initial),
            token=new_token(),
            has_draft=bool(draft) and not is_of_another,
            other_draft=draft.get("customer_name", "") if is_of_another else "",
        )

    def _wanted_customer(self):
        try:
            return clean_query(self.request.GET).get("customer", "")[:24].upper()
        except ValidationError:
            return ""

    def get_context(self, form, **context):
        return super().get_context(
            form=form,
            **answers(form, self.request.user),
            promise_in_general=promise_in_general(),
            **context,
        )

    def make(self, form):
        by, facts = self.request.user, dict(form.cleaned_data)
        for asked in ("customer_name", "customer_reference", "customer_meant"):
            facts.pop(asked)
        customer = facts["customer"]
        if customer.pk is None:
            customer.unit = own_unit(by)
            customer.save(by=by)
        self.recorded = record_feedback(by=by, **facts)
        self.request.session["came_by"] = facts["came_by"]
        return self.recorded.feedback

    def tell(self, record):
        told = gettext("%(name)s has been told.") % {"name": self.recorded.told} if self.recorded.told else ""
        page, saved = record.get_absolute_url(), gettext("Saved as")
        link = format_html('{} <a href="{}">{}</a>. {}', saved, page, record.reference, told)
        link += format_html(' <a href="{}#receipt">{}</a>', page, gettext("Receipt"))
        undo = reverse("feedback:undo", args=[record.reference])
        messages.success(self.request, link, extra_tags=f"undo:{undo}")


class FeedbackPreview(View):
    """What the form answers while it is being filled in: the promise, and who may have spoken. Changes nothing."""

    http_method_names = ["post", "options"]

    def post(self, request):
        if not request.user.has_perm("feedback.add_feedback"):
            raise PermissionDenied(gettext("Your roles do not include this."))
        said = {name: request.POST.get(name, "") for name in ASKED}
        form = FeedbackForm(initial=said, user=request.user)
        context = {"form": form, "may_have_spoken": request.GET.get("part") != "promise"}
        return render(request, "feedback/_answers.html", context | answers(form, request.user))


def answers(form, user):
    """What the form says back: `preview` of the promise, and `speaker`, who is taken to have spoken."""
    source = form.data if form.is_bound else form.initial
    said = {name: source.get(name) or "" for name in ASKED}
    speaker = None
    if form.customer is not None and form.customer.pk and not said["said_by"]:
        contacts = list(form.fields["contact"].queryset[:2])
        chosen = next((contact for contact in contacts if str(contact.pk) == str(said["contact"])), None)
        speaker = chosen or (contacts[0] if len(contacts) == 1 else None)
        if speaker is not None and not form.is_bound:
            form.initial["contact"] = speaker.pk
    preview = preview_of(
        by=user,
        kind=said["kind"],
        customer=form.customer,
        severity=said["severity"] if said["severity"] in Severity.values else "",
        received_on=_day_or_none(form, said["received_on"]),
        unit=_unit_or_none(form, said["unit"]),
    )
    return {"preview": preview, "speaker": speaker}


def _day_or_none(form, said):
    try:
        return form.fields["received_on"].clean(said)
    except ValidationError:
        return None


def _unit_or_none(form, said):
    try:
        return form.fields["unit"].clean(said)
    except ValidationError:
        return None


class FeedbackEdit(RecordEdit):
    permission_required = ("feedback.change_feedback", "feedback.change_own_feedback")
    queryset = Feedback.objects.select_related("customer", "segment")
    form_class = FeedbackEditForm
    title = _("Correct this record")
    crumbs = (("feedback:list", _("Feedback")),)

    def change(self, form):
        record = form.save(commit=False)
        customer = form.cleaned_data["customer"]
        if customer.pk is None:
            customer.unit = record.unit
            customer.save(by=self.request.user)
            record.customer = customer
        services.edit(by=self.request.user, feedback=record, reason=form.cleaned_data["reason"])
        return record
