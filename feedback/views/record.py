"""One piece of feedback: its page, and what people do with it."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.calendar import working_calendar
from feedback import icons, services
from feedback.clock import clock_state
from feedback.forms import AcknowledgeForm, AnswerForm, AssignForm, NoteForm, ReopenForm
from feedback.models import Feedback
from feedback.steps import steps_of
from feedback.timeline import SHOWN, WAYS, story_of
from records.pages import RecordDetail, RecordVerb, RecordVoid
from trail import as_of

CHANGE = ("feedback.change_feedback", "feedback.change_own_feedback")


@dataclass(frozen=True)
class Verb:
    """A button above the record. With a `form` it opens first, with `title` above and `does` on its button."""

    name: str
    label: str
    url: str
    title: str = ""
    does: str = ""
    form: object = None
    is_main: bool = False


class FeedbackDetail(RecordDetail):
    permission_required = "feedback.view_feedback"
    queryset = Feedback.objects.select_related(
        "customer", "contact", "product", "segment", "owner", "unit", "batch", "recorded_by", "voided_by"
    )
    template_name = "feedback/detail.html"
    edit_url_name = "feedback:edit"
    void_url_name = "feedback:void"

    def get_context(self, **context):
        record, now, calendar = self.record, as_of.now(), working_calendar()
        show = self.request.GET.get("show", "")
        show = show if show in SHOWN else ""
        may_change = self.may("change")
        return super().get_context(
            icon=icons.KIND[record.kind],
            clock=clock_state(record, now, calendar),
            steps=steps_of(record, now, calendar),
            source=source_words(record),
            taken=taken_words(record),
            story=story_of(record, now, show),
            shown=[
                {"label": label, "url": f"?show={name}#story", "is_current": name == show}
                for name, label in SHOWN.items()
            ],
            verbs=list(self._verbs()) if may_change else [],
            note_form=NoteForm(may_send=may_change, auto_id="note_%s") if self._may_note() else None,
            import_url=record.batch.get_absolute_url() if self._may_see_import() else "",
            **self._heard_before(),
            **context,
        )

    @property
    def crumbs(self):
        if self.record.is_complaint:
            return (("feedback:complaints", _("Complaints")),)
        return (("feedback:list", _("Feedback")),)

    def here(self, record):
        return self.record.reference

    def may(self, action):
        return not self.record.is_voided and {"change": self._may_change, "void": self._may_void}[action]

    @cached_property
    def _may_change(self):
        return Feedback.objects.changeable_by(self.request.user).filter(pk=self.record.pk).exists()

    @cached_property
    def _may_void(self):
        return Feedback.objects.voidable_by(self.request.user).filter(pk=self.record.pk).exists()

    def _may_note(self):
        return not self.record.is_voided and self.request.user.has_perm("feedback.add_entry")

    def _may_see_import(self):
        return self.record.batch_id and self.request.user.has_perm("records.view_import")

    def _verbs(self):
        """What can be done with the record as it stands; the one that is due is the main one, and comes last."""
        record = self.record
        if record.is_closed:
            yield self._verb("reopen", _("Reopen"), FeedbackReopen)
            return
        yield self._verb("assign", _("Assign"), FeedbackAssign)
        if record.answered_on:
            yield self._verb("close", _("Close"), FeedbackClose, is_main=True)
            return
        is_owed = record.is_complaint and not record.acknowledged_at
        if not record.is_complaint:
            yield self._verb("close", _("Close"), FeedbackClose)
        if is_owed:
            yield self._verb("answer", _("Answer the customer"), FeedbackAnswer)
            yield self._verb("acknowledge", _("Acknowledge"), FeedbackAcknowledge, is_main=True)
        else:
            yield self._verb("answer", _("Answer the customer"), FeedbackAnswer, is_main=record.is_complaint)

    def _verb(self, name, label, page, is_main=False):
        url = reverse(f"feedback:{name}", args=[self.record.reference])
        form = page.form_class(auto_id=f"{name}_%s") if page.form_class else None
        return Verb(name, label, url, page.title, page.label, form, is_main)

    def _heard_before(self):
        """How many complaints we had from this customer in the last 12 months, and the list of them."""
        record, user = self.record, self.request.user
        since = as_of.today() - timedelta(days=365)
        complaints = Feedback.objects.visible_to(user).in_force().complaints()
        heard = complaints.filter(customer=record.customer_id, received_on__gte=since).count()
        query = urlencode({"kind": "complaint", "customer": record.customer.reference, "received_from": since})
        return {"heard_before": heard, "heard_before_url": f"{reverse('feedback:list')}?{query}"}


def source_words(record):
    """Who said it, for the line under their words."""
    speaker = record.speaker
    if record.contact_id and record.contact.position:
        speaker = f"{speaker}, {record.contact.position}"
    said_by = f"{speaker}, {record.customer}" if speaker else str(record.customer)
    order = gettext("order %(number)s") % {"number": record.order_number} if record.order_number else ""
    return " · ".join(part for part in (said_by, order) if part)


def taken_words(record):
    """How it reached us and who wrote it down: "by phone, taken by Lena Sund"."""
    taker = gettext("taken by %(name)s") % {"name": record.recorded_by} if record.recorded_by else ""
    if record.batch_id:
        taker = gettext("imported")
    return ", ".join(str(part) for part in (WAYS.get(record.came_by), taker) if part)


class FeedbackVerb(RecordVerb):
    """Staff may do it to what they recorded or own, the others within their scope."""

    permission_required = CHANGE
    queryset = Feedback.objects.all()


class FeedbackAcknowledge(FeedbackVerb):
    form_class = AcknowledgeForm
    title = _("Acknowledge this complaint")
    label = _("Acknowledge it")
    message = _("%(reference)s is acknowledged.")

    def act(self, record, form):
        services.acknowledge(by=self.request.user, feedback=record, text=form.cleaned_data["text"])


class FeedbackAnswer(FeedbackVerb):
    form_class = AnswerForm
    title = _("Answer the customer")
    label = _("Keep the answer")
    message = _("%(reference)s is answered.")

    def act(self, record, form):
        services.answer(by=self.request.user, feedback=record, outcome=form.cleaned_data["outcome"])


class FeedbackClose(FeedbackVerb):
    title = _("Close this record")
    message = _("%(reference)s is closed.")

    def act(self, record, form):
        services.close(by=self.request.user, feedback=record)


class FeedbackReopen(FeedbackVerb):
    form_class = ReopenForm
    title = _("Take it up again")
    label = _("Reopen it")
    message = _("%(reference)s is open again.")

    def act(self, record, form):
        services.reopen(by=self.request.user, feedback=record, reason=form.cleaned_data["reason"])


class FeedbackAssign(FeedbackVerb):
    form_class = AssignForm
    title = _("Give it to somebody")
    label = _("Assign it")

    def act(self, record, form):
        self.owner = form.cleaned_data["owner"]
        _record, self.told = services.assign(by=self.request.user, feedback=record, owner=self.owner)

    def tell(self, record):
        words = gettext("%(name)s owns %(reference)s and has been told.")
        if self.told is None:
            words = gettext("You own %(reference)s.")
        messages.success(self.request, words % {"name": self.owner, "reference": record.reference})


class FeedbackNote(RecordVerb):
    """Whoever reads a record may add to its story; what went to the customer is written by who may change it."""

    permission_required = "feedback.add_entry"
    queryset = Feedback.objects.all()
    is_for_change = False
    form_class = NoteForm
    title = _("Add to the record")
    label = _("Add")
    message = _("Added to %(reference)s.")

    def get_form(self):
        return NoteForm(self.request.POST, may_send=self._may_send())

    def _may_send(self):
        mine = Feedback.objects.changeable_by(self.request.user)
        return mine.filter(reference=self.kwargs["reference"].upper()).exists()

    def act(self, record, form):
        services.add_note(by=self.request.user, feedback=record, **form.cleaned_data)


class FeedbackVoid(RecordVoid):
    permission_required = "feedback.void_feedback"
    queryset = Feedback.objects.all()

    def rows(self):
        return self.get_queryset().voidable_by(self.request.user)

    def act(self, record, form):
        services.void(by=self.request.user, feedback=record, reason=form.cleaned_data["reason"])


class FeedbackUndo(RecordVerb):
    """Takes back what one has just recorded; by the button in the message."""

    permission_required = "feedback.add_feedback"
    queryset = Feedback.objects.all()
    works_on_void = True
    title = _("Undo")
    message = _("%(reference)s is taken back.")

    def act(self, record, form):
        services.undo(by=self.request.user, feedback=record)

    def get_success_url(self, record):
        return reverse("feedback:list")
