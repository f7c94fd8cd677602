"""The register of feedback, and complaints with their clocks in order."""

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.calendar import working_calendar
from feedback import icons
from feedback.clock import clock_state
from feedback.filters import ComplaintFilter, FeedbackFilter
from feedback.models import Feedback
from records.pages import Action, Column, Preset, RecordList
from records.templatetags.heed import day
from trail import as_of

RECORD = Action("feedback:create", _("Record feedback"), "feedback.add_feedback", is_main=True)

CSV_COLUMNS = (
    (_("Reference"), "reference"),
    (_("Kind"), "get_kind_display"),
    (_("Customer"), "customer.name"),
    (_("Customer’s reference"), "customer.reference"),
    (_("Segment"), "segment.name"),
    (_("Who spoke"), "speaker"),
    (_("About"), "subject"),
    (_("In their words"), "words"),
    (_("Product or service"), "product.name"),
    (_("Order"), "order_number"),
    (_("How it reached us"), "get_came_by_display"),
    (_("Received on"), "received_on"),
    (_("Received at"), "received_at"),
    (_("Recorded at"), "recorded_at"),
    (_("Recorded by"), "recorded_by.name"),
    (_("Severity"), "get_severity_display"),
    (_("Owner"), "owner.name"),
    (_("Unit"), "unit.name"),
    (_("Acknowledge by"), "acknowledge_due_at"),
    (_("Acknowledged at"), "acknowledged_at"),
    (_("Answer promised by"), "answer_due_at"),
    (_("Answered on"), "answered_on"),
    (_("What came of it"), "outcome"),
    (_("Closed on"), "closed_on"),
    (_("Days to close"), "days_to_close"),
    (_("Times reopened"), "times_reopened"),
    (_("Import"), "batch.reference"),
    (_("Brought in as history"), "is_historic"),
    (_("On time as stated by the source"), "stated_timely"),
    (_("Disputed by the customer"), "disputed"),
    (_("Void"), "is_voided"),
    (_("Why it was voided"), "void_reason"),
)
JOINED = ("customer", "segment", "contact", "product", "owner", "unit", "batch", "recorded_by")


class FeedbackList(RecordList):
    permission_required = "feedback.view_feedback"
    queryset = Feedback.objects.all()
    filterset_class = FeedbackFilter
    title = _("Feedback")
    lead = _("What customers told us, newest first.")
    columns = (
        Column("reference", _("Record"), by="reference"),
        Column("customer", _("Customer"), by="customer__name_key"),
        Column("kind", _("Kind"), by="kind"),
        Column("words", _("In their words")),
        Column("owner", _("Owner"), by="owner__name"),
        Column("clock", _("Clock"), by="next_due_at"),
        Column("received", _("Received"), by="received_on"),
        Column("recorded", _("Recorded")),  # in the order of references
    )
    sort = "-received"
    template_name = "feedback/list.html"
    row_template = "feedback/_row.html"
    shows_kind = True
    csv_columns = CSV_COLUMNS
    actions = (RECORD,)
    empty_title = _("No feedback yet")
    empty_words = _(
        "Everything customers say belongs here: praise, ideas, questions, complaints. "
        "Most teams start with last week’s phone calls."
    )

    def get_queryset(self):
        rows = self.queryset.with_next_due()
        if self.params.get("format") == "csv":
            return rows.select_related(*JOINED)
        return rows.select_related("customer", "owner")

    def get_presets(self):
        today = as_of.today()
        month = f"kind=compliment&received_from={today:%Y-%m}-01&received_to={today:%Y-%m-%d}"
        return (
            Preset(_("All"), ""),
            Preset(_("Open and mine"), "state=mine"),
            Preset(_("Unassigned"), "state=unassigned"),
            Preset(_("Overdue"), "state=overdue"),
            Preset(_("Praise this month"), month),
        )

    def prepare(self, records):
        now, calendar = as_of.now(), working_calendar()
        Feedback.mark_erased(records)
        for record in records:
            record.icon = icons.KIND[record.kind]
            record.clock = clock_state(record, now, calendar)
            record.received_words = received_words(record, calendar.day_of(now))


class ComplaintList(FeedbackList):
    """The same register, narrowed to complaints and in the order of their clocks."""

    filterset_class = ComplaintFilter
    title = _("Complaints")
    lead = _("Those that are open, by the promise that comes first.")
    empty_icon = "flag"
    empty_title = _("No complaint is open")
    shows_kind = False
    columns = tuple(column for column in FeedbackList.columns if column.name != "kind")

    def get_presets(self):
        return (
            Preset(_("Open"), ""),
            Preset(_("Open and mine"), "state=mine"),
            Preset(_("Unassigned"), "state=unassigned"),
            Preset(_("Overdue"), "state=overdue"),
            Preset(_("Closed"), "state=closed"),
            Preset(_("Open and closed"), "state=all"),
        )

    @property
    def sort(self):
        """What is closed has no clock to be sorted by."""
        return "-received" if self.params.get("state") in ("closed", "all") else "clock"

    @property
    def empty_words(self):
        """When the last one was closed: an empty list should not look like a list that is not kept."""
        closed = Feedback.objects.visible_to(self.request.user).in_force().complaints().closed()
        last = closed.order_by("-closed_on", "-pk").first()
        if last is None:
            return gettext("A complaint starts a clock: when it is recorded, its owner is told and it stands here.")
        return gettext("Last closed: %(title)s, on %(day)s.") % {"title": last.title, "day": day(last.closed_on)}


def received_words(feedback, today):
    """ "Today 14:02", "Yesterday", "16 Nov", "16 Nov 2025": when it was received, as a list says it."""
    if feedback.received_on == today:
        hour = feedback.received_at and timezone.localtime(feedback.received_at).strftime("%H:%M")
        return gettext("Today %(hour)s") % {"hour": hour} if hour else gettext("Today")
    if (today - feedback.received_on).days == 1:
        return gettext("Yesterday")
    return day(feedback.received_on, "short")
