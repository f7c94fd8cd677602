"""What customers told us (8.2.1, 9.1.2) and, for a complaint, the life it leads (ISO 10002)."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Severity
from records.models import Record, RecordQuerySet, set_together
from trail.erasing import erased_among


class FeedbackQuerySet(RecordQuerySet):
    def complaints(self):
        return self.filter(kind=Feedback.Kind.COMPLAINT)

    def open(self):
        return self.filter(closed_on__isnull=True)

    def awaiting_answer(self):
        return self.complaints().open().filter(answer_due_at__isnull=False, answered_on__isnull=True)

    def closed(self):
        return self.filter(closed_on__isnull=False)

    def unassigned(self):
        """Open, and nobody owns it."""
        return self.open().filter(owner__isnull=True)

    def owned_by(self, user):
        """Open, and theirs to see through."""
        return self.open().filter(owner=user)

    def overdue(self, at):
        """Open complaints past a promised moment: acknowledgement or answer."""
        return (
            self.complaints()
            .open()
            .filter(
                Q(acknowledged_at__isnull=True, acknowledge_due_at__lt=at)
                | Q(answered_on__isnull=True, answer_due_at__lt=at)
            )
        )

    def with_next_due(self):
        """Annotates `next_due_at`, the promise that is to be kept next; None where no clock runs."""
        is_owed = Q(kind=Feedback.Kind.COMPLAINT, closed_on__isnull=True, answered_on__isnull=True, is_historic=False)
        return self.annotate(
            next_due_at=Case(
                When(is_owed & Q(acknowledged_at__isnull=True), then=F("acknowledge_due_at")),
                When(is_owed, then=F("answer_due_at")),
            )
        )

    def with_open_clock(self):
        """Open complaints with a promise still to keep, with `next_due_at`."""
        return self.awaiting_answer().with_next_due()

    def visible_to(self, user):
        """Those within the person's scope, and their own: who recorded or owns it must be able to follow it."""
        units = user.scope_for("feedback.view_feedback")
        if units is None:
            return self
        # No units are no right at all, not a right to what belongs to the whole firm.
        in_scope = Q(unit__in=units) | Q(unit__isnull=True) if units else Q(unit__in=units)
        return self.allowed(in_scope | self._own(user))

    def changeable_by(self, user):
        """Those of the person's units, and their own: recorded by them or assigned to them."""
        units = user.scope_for("feedback.change_feedback")
        if units is None:
            return self
        in_scope = Q(unit__in=units)
        return self.filter(in_scope | self._own(user) if user.has_perm("feedback.change_own_feedback") else in_scope)

    def voidable_by(self, user):
        """Those of the person's units: one's own is not enough."""
        units = user.scope_for("feedback.void_feedback")
        return self if units is None else self.filter(unit__in=units)

    @staticmethod
    def _own(user):
        return Q(owner=user) | Q(recorded_by=user)


class Feedback(Record):
    """What a customer told us: a complaint, praise, an idea, a question, an observation.

    A complaint is open until it is closed, and only a complaint has promises to keep. The first promise,
    `answer_due_at`, is never overwritten: not by another severity, day or kind, nor by reopening. What turns out to be
    no complaint keeps it out of sight, and has it back when it turns out to be one after all. Historic records,
    imported, start no clock.
    """

    reference_prefix = "FB"
    personal_fields = ("said_by", "words", "subject", "order_number", "outcome", "source_cells")
    derived_fields = ("acknowledge_due_on", "answer_due_on", "answered_on")
    settled_when = Q(closed_on__isnull=False)

    class Kind(models.TextChoices):
        COMPLIMENT = "compliment", _("Praise")
        SUGGESTION = "suggestion", _("Idea")
        ENQUIRY = "enquiry", _("Question")
        COMPLAINT = "complaint", _("Complaint")
        OBSERVATION = "observation", _("Observation")

    class CameBy(models.TextChoices):
        PHONE = "phone", _("Phone")
        EMAIL = "email", _("E-mail")
        VISIT = "visit", _("Visit or meeting")
        WEB = "web", _("Web")
        LETTER = "letter", _("Letter or fax")
        REFERRAL = "referral", _("Passed on by others")
        OTHER = "other", _("Other")

    # What was said, by whom
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="feedback", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        "customers.Contact", models.PROTECT, null=True, blank=True, related_name="feedback", verbose_name=_("who spoke")
    )
    said_by = models.CharField(_("someone else"), max_length=120, blank=True)
    words = models.TextField(_("their words"), blank=True)
    subject = models.CharField(_("about"), max_length=200, blank=True)
    came_by = models.CharField(_("how it reached us"), max_length=10, choices=CameBy, blank=True)
    product = models.ForeignKey(
        "customers.Product",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="feedback",
        verbose_name=_("product or service"),
    )
    segment = models.ForeignKey(
        "customers.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("segment"),
        help_text=_("The customer's when it was recorded."),
    )
    order_number = models.CharField(_("order"), max_length=60, blank=True)
    received_on = models.DateField(_("received on"))
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)

    # The promise
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    acknowledge_due_at = models.DateTimeField(_("acknowledge by"), null=True, editable=False)
    acknowledge_due_on = models.DateField(_("acknowledge by (day)"), null=True, editable=False)
    answer_due_at = models.DateTimeField(_("answer promised by"), null=True, editable=False)
    answer_due_on = models.DateField(_("answer promised by (day)"), null=True, editable=False)

    # What was done
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, editable=False)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_on = models.DateField(_("answered on"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_on = models.DateField(_("closed on"), null=True, editable=False)
    outcome = models.TextField(_("what came of it"), blank=True, editable=False)
    days_to_close = models.PositiveIntegerField(
        _("days to close"), null=True, editable=False, help_text=_("Working days; calendar days for historic records.")
    )
    times_reopened = models.PositiveSmallIntegerField(_("times reopened"), default=0, editable=False)

    # What an imported source says
    batch = models.ForeignKey(
        "records.Import", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("import")
    )
    is_historic = models.BooleanField(_("historic"), default=False, editable=False)
    stated_timely = models.BooleanField(_("on time as stated by the source"), null=True, editable=False)
    disputed = models.BooleanField(_("disputed by the customer"), null=True, editable=False)
    source_cells = models.JSONField(_("other cells of the source"), default=dict, blank=True, editable=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta(Record.Meta):
        ordering = ["-received_on", "-pk"]
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        permissions = [("change_own_feedback", "Can change feedback recorded by or assigned to oneself")]
        constraints = [
            set_together("acknowledged_at", "acknowledged_by", name="feedback_acknowledged_together"),
            set_together("answered_at", "answered_by", name="feedback_answered_together"),
            set_together("closed_at", "closed_by", name="feedback_closed_together"),
            set_together("acknowledge_due_at", "acknowledge_due_on", name="feedback_acknowledge_due_together"),
            set_together("answer_due_at", "answer_due_on", name="feedback_answer_due_together"),
            models.CheckConstraint(
                condition=Q(kind="complaint") | Q(severity=""),
                name="feedback_severity_only_on_complaint",
                violation_error_message=_("Only a complaint has a severity."),
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_on__isnull=False),
                name="feedback_answered_has_day",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_on__isnull=False), name="feedback_closed_has_day"
            ),
        ]
        indexes = [
            models.Index(fields=["-received_on", "-id"], name="feedback_received"),
            models.Index(fields=["kind", "-received_on", "-id"], name="feedback_kind_received"),
            models.Index(fields=["customer", "-received_on"], name="feedback_customer_received"),
            models.Index(fields=["answer_due_on"], name="feedback_answer_due"),
            models.Index(fields=["acknowledge_due_on"], name="feedback_acknowledge_due"),
            models.Index(fields=["closed_on"], name="feedback_closed_on"),
            models.Index(
                fields=["owner", "answer_due_at"], condition=Q(closed_on__isnull=True), name="feedback_open_by_owner"
            ),
            models.Index(
                fields=["answer_due_at"],
                condition=Q(closed_on__isnull=True, answer_due_at__isnull=False),
                name="feedback_open_clock",
            ),
        ]

    def __str__(self):
        return f"{self.reference} {self.title}"

    def get_absolute_url(self):
        return reverse("feedback:detail", args=[self.reference])

    @property
    def title(self):
        """Its subject, or the first of the customer's words."""
        if self.subject:
            return self.subject
        first = " ".join(self.words.split())
        if not first and self.is_erased:
            return gettext("(erased)")
        return first if len(first) <= 70 else f"{first[:70].rpartition(' ')[0] or first[:69]}…"

    @property
    def speaker(self):
        """Who said it, as far as we know: a contact, a name, or nobody in particular."""
        return self.contact.title if self.contact_id else self.said_by

    @cached_property
    def is_erased(self):
        """Whether what was said here is gone. Lists say it of all their rows at once, with `mark_erased`."""
        if self.words or self.subject or self.pk is None:
            return False
        return self.verb == "erased" or self.pk in erased_among(self._meta.label_lower, [self.pk])

    @staticmethod
    def mark_erased(records):
        """Find out `is_erased` of many in one query, or in none where all have words."""
        silent = [one for one in records if not (one.words or one.subject)]
        gone = erased_among(Feedback._meta.label_lower, [one.pk for one in silent]) if silent else ()
        for one in silent:
            one.is_erased = one.pk in gone

    @property
    def is_complaint(self):
        return self.kind == self.Kind.COMPLAINT

    @property
    def is_closed(self):
        return self.closed_on is not None

    @property
    def is_settled(self):
        return self.is_closed

    def clean(self):
        super().clean()
        if self.contact_id and self.customer_id and self.contact.customer_id != self.customer_id:
            raise ValidationError({"contact": _("That person belongs to another customer.")})
        if self.received_on and not self.is_historic and self.received_on > timezone.localdate():
            raise ValidationError({"received_on": _("It cannot have been received after today.")})

    # Each verb is called on a record that its caller has locked (services.py): it decides on what it sees.

    def acknowledge(self, *, by, at=None):
        """Say that the customer was told we have it (ISO 10002). Raises ValidationError when that is done or moot."""
        self._must_be_open_complaint()
        if self.acknowledged_at:
            raise ValidationError(_("This complaint is acknowledged already."))
        self.acknowledged_at, self.acknowledged_by = at or timezone.now(), by
        self.save(by=by, verb="acknowledged", at=at)

    def answer(self, *, by, outcome, at=None):
        """Give the customer our answer. Counts as acknowledgement where that was still owed."""
        self._must_be_open()
        if self.answered_on:
            raise ValidationError(_("This is answered already."))
        if not outcome.strip():
            raise ValidationError({"outcome": _("Say what you told the customer.")})
        moment = at or timezone.now()
        if self.is_complaint and not self.acknowledged_at:
            self.acknowledged_at, self.acknowledged_by = moment, by
        self.answered_at, self.answered_by, self.answered_on = moment, by, timezone.localdate(moment)
        self.outcome = outcome
        self.save(by=by, verb="answered", at=at)

    def close(self, *, by, days, at=None, reason=""):
        """End its life. `days` it took, in working days, or None when not known."""
        self._must_be_in_force()
        if self.is_closed:
            raise ValidationError(_("This is closed already."))
        if self.is_complaint and not self.answered_on:
            raise ValidationError(_("Answer the customer before you close the complaint."))
        moment = at or timezone.now()
        self.closed_at, self.closed_by, self.closed_on = moment, by, timezone.localdate(moment)
        self.days_to_close = days
        self.save(by=by, verb="closed", reason=reason, at=at)

    def reopen(self, *, by, reason, at=None):
        """Take it up again: an answer is owed once more. The first promise stands; history has the earlier answer."""
        self._must_be_in_force()
        if not self.is_closed:
            raise ValidationError(_("This is open already."))
        if not reason.strip():
            raise ValidationError({"reason": _("Say why it is taken up again.")})
        self.closed_at = self.closed_by = self.closed_on = self.days_to_close = None
        self.answered_at = self.answered_by = self.answered_on = None
        self.times_reopened += 1
        self.save(by=by, verb="reopened", reason=reason, at=at)

    def assign(self, *, by, owner, at=None):
        """Give it to `owner`, who answers for it from now on."""
        self._must_be_open()
        if owner.pk == self.owner_id:
            raise ValidationError({"owner": _("%(name)s owns it already.") % {"name": owner}})
        self.owner = owner
        self.save(by=by, verb="assigned", at=at)

    def _must_be_in_force(self):
        if self.is_voided:
            raise ValidationError(_("This is void; it stays as it is."))

    def _must_be_open(self):
        self._must_be_in_force()
        if self.is_closed:
            raise ValidationError(_("This is closed. Reopen it first."))

    def _must_be_open_complaint(self):
        self._must_be_open()
        if not self.is_complaint:
            raise ValidationError(_("Only a complaint is acknowledged."))


class Entry(Record):
    """A line in the story of one piece of feedback: a note among us, or what went to or came from the customer."""

    reference_prefix = "EN"
    personal_fields = ("text",)

    class Audience(models.TextChoices):
        INTERNAL = "internal", _("Internal note")
        SENT = "sent", _("Sent to the customer")
        RECEIVED = "received", _("From the customer")

    feedback = models.ForeignKey(Feedback, models.PROTECT, related_name="entries", verbose_name=_("feedback"))
    audience = models.CharField(_("goes to"), max_length=8, choices=Audience, default=Audience.INTERNAL)
    happened_at = models.DateTimeField(_("happened at"), default=timezone.now)
    text = models.TextField(_("text"))

    class Meta(Record.Meta):
        ordering = ["-happened_at", "-pk"]
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")

    def __str__(self):
        return f"{self.feedback.reference}: {self.get_audience_display()}"

    def get_absolute_url(self):
        return self.feedback.get_absolute_url()
