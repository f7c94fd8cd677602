"""Decisions about what is kept of people: requests to erase somebody, and legal holds that stand against it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.models import Record, RecordQuerySet, set_together
from trail import personal


class AboutAPerson(Record):
    """A decision about a person, who is named by kind and number only: what they are called may be erased."""

    subject_rtype = models.CharField(gettext_lazy("kind of person"), max_length=60, editable=False)
    subject_rid = models.BigIntegerField(gettext_lazy("number of the person"), editable=False)

    class Meta(Record.Meta):
        abstract = True

    @property
    def kind(self):
        return personal.kind_called(self.subject_rtype)

    @cached_property
    def subject(self):
        """The contact, customer or user, whom an erasure has left without a name; None when there is no such row."""
        return self.kind.rows().filter(pk=self.subject_rid).first()

    @property
    def about(self):
        """Who it is about, without a name."""
        return _("%(kind)s %(reference)s") % {
            "kind": self.kind.label,
            "reference": getattr(self.subject, "reference", "") or self.subject_rid,
        }


class ErasureRequestQuerySet(RecordQuerySet):
    def open(self):
        """Neither declined nor carried out."""
        return self.in_force().filter(declined_at__isnull=True, erased_at__isnull=True)

    def waiting(self):
        """Nobody has decided yet."""
        return self.open().filter(confirmed_at__isnull=True)


class ErasureRequest(AboutAPerson):
    """Somebody asks that a person's data be erased; an administrator confirms or declines it (GDPR Art. 17)."""

    reference_prefix = "ER"
    personal_fields = ("words", "why_declined")
    derived_fields = ("subject_rtype", "subject_rid", "spared", "counts")

    class Basis(models.TextChoices):
        ASKED = "asked", gettext_lazy("The person asked for it")
        NO_LONGER_NEEDED = "no_longer_needed", gettext_lazy("We no longer need the data")
        UNLAWFUL = "unlawful", gettext_lazy("We should not have kept them")
        OTHER = "other", gettext_lazy("Another ground, said below")

    basis = models.CharField(gettext_lazy("basis"), max_length=20, choices=Basis)
    words = models.TextField(gettext_lazy("basis in words"), blank=True)
    # Records that name somebody else of that name: keys like "feedback.entry:17".
    spared = models.JSONField(default=list, editable=False)
    confirmed_at = models.DateTimeField(gettext_lazy("confirmed at"), null=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=gettext_lazy("confirmed by"),
    )
    declined_at = models.DateTimeField(gettext_lazy("declined at"), null=True, editable=False)
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=gettext_lazy("declined by"),
    )
    why_declined = models.TextField(gettext_lazy("why it was declined"), blank=True, editable=False)
    erased_at = models.DateTimeField(gettext_lazy("erased at"), null=True, editable=False)
    counts = models.JSONField(gettext_lazy("what was emptied"), default=dict, editable=False)

    objects = ErasureRequestQuerySet.as_manager()

    class Meta(AboutAPerson.Meta):
        ordering = ["-recorded_at", "-pk"]
        verbose_name = gettext_lazy("erasure request")
        verbose_name_plural = gettext_lazy("erasure requests")
        constraints = [
            set_together("confirmed_at", "confirmed_by", name="evidence_erasure_confirmed_together"),
            set_together("declined_at", "declined_by", name="evidence_erasure_declined_together"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(confirmed_at__isnull=False, declined_at__isnull=True),
                name="evidence_erasure_confirmed_before",
            ),
            models.UniqueConstraint(
                fields=["subject_rtype", "subject_rid"],
                condition=Q(declined_at__isnull=True, erased_at__isnull=True, voided_at__isnull=True),
                name="evidence_erasure_one_open",
                violation_error_message=gettext_lazy("There is a request for this person already."),
            ),
        ]

    def get_absolute_url(self):
        return reverse("privacy:request", args=[self.reference])

    @property
    def state(self):
        """ "asked", "confirmed" (Heed is at it), "erased" or "declined"."""
        if self.declined_at:
            return "declined"
        if self.erased_at:
            return "erased"
        return "confirmed" if self.confirmed_at else "asked"

    @property
    def state_words(self):
        return {
            "asked": _("waits for an administrator"),
            "confirmed": _("being erased"),
            "erased": _("erased"),
            "declined": _("declined"),
        }[self.state]


class LegalHoldQuerySet(RecordQuerySet):
    def standing_on(self, day):
        return self.in_force().filter(Q(to_on__isnull=True) | Q(to_on__gte=day), from_on__lte=day)


class LegalHold(AboutAPerson):
    """A recorded decision that a person's data are kept for now, whoever asks: a claim is pending, for example."""

    reference_prefix = "LH"
    personal_fields = ("why",)
    derived_fields = ("subject_rtype", "subject_rid")

    why = models.TextField(gettext_lazy("why they are kept"))
    from_on = models.DateField(gettext_lazy("from"), default=timezone.localdate)
    to_on = models.DateField(
        gettext_lazy("to"), null=True, blank=True, help_text=gettext_lazy("The last day. Empty: until it is ended.")
    )

    objects = LegalHoldQuerySet.as_manager()

    class Meta(AboutAPerson.Meta):
        ordering = ["-from_on", "-pk"]
        verbose_name = gettext_lazy("legal hold")
        verbose_name_plural = gettext_lazy("legal holds")
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=models.F("from_on")),
                name="evidence_hold_order",
                violation_error_message=gettext_lazy("The last day cannot be before the first."),
            )
        ]
        indexes = [models.Index(fields=["subject_rtype", "subject_rid"], name="evidence_hold_person")]

    def get_absolute_url(self):
        return reverse("privacy:hold", args=[self.reference])

    @property
    def stands(self):
        today = timezone.localdate()
        return not self.is_voided and self.from_on <= today and (self.to_on is None or self.to_on >= today)
