"""The organisation: its name, its clock and calendar, and what it promises to people who complain."""

from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from records.models import Record
from records.working_time import CalendarError, public_holidays


def every_weekday():
    return [0, 1, 2, 3, 4]


class Severity(models.TextChoices):
    """How much a complaint weighs; decides the promised days (ISO 10002)."""

    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")


class Organisation(Record):
    """The firm whose system this is. There is one."""

    reference_prefix = "OR"

    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/London")
    calendar = models.CharField(_("public holidays"), max_length=12, default="GB-ENG")
    opens_at = models.TimeField(_("work begins"), default=time(9))
    closes_at = models.TimeField(_("work ends"), default=time(17))
    working_days = models.JSONField(_("working days"), default=every_weekday)

    class Meta(Record.Meta):
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [
            # Also decides who of two that set it up at once was first.
            models.UniqueConstraint(
                Value(1),
                name="accounts_organisation_one",
                violation_error_message=_("The organisation is set up already."),
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("accounts:organisation")

    @property
    def title(self):
        return self.name

    @classmethod
    def current(cls):
        """The organisation, or None before set-up."""
        return cls.objects.order_by("pk").first()

    @property
    def zone(self):
        return ZoneInfo(self.time_zone)

    def clean(self):
        super().clean()
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("Choose a time zone from the list, for example Europe/London.")})
        try:
            public_holidays(self.calendar)
        except CalendarError:
            raise ValidationError({"calendar": _("Heed knows no public holidays of this place.")}) from None
        if self.opens_at and self.closes_at and self.opens_at >= self.closes_at:
            raise ValidationError({"closes_at": _("Work must end after it begins.")})
        if not self.working_days or not set(self.working_days) <= set(range(7)):
            raise ValidationError({"working_days": _("Choose at least one working day.")})


class Closure(Record):
    """A day on which the firm is closed though the calendar says it is open."""

    reference_prefix = "CL"

    on = models.DateField(_("day"))
    name = models.CharField(_("why"), max_length=80)

    class Meta(Record.Meta):
        ordering = ["on", "pk"]
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        constraints = [
            models.UniqueConstraint(
                fields=["on"],
                condition=models.Q(voided_at__isnull=True),
                name="accounts_closure_once",
                violation_error_message=_("That day is a closure already."),
            )
        ]

    def __str__(self):
        return f"{self.on}: {self.name}"

    def get_absolute_url(self):
        return reverse("accounts:organisation")


class Deadline(Record):
    """Within how many working days complaints of one severity are acknowledged and answered (ISO 10002)."""

    reference_prefix = "DL"

    severity = models.CharField(_("severity"), max_length=8, choices=Severity, unique=True)
    acknowledge_days = models.PositiveSmallIntegerField(
        _("acknowledge within"), default=1, validators=[MinValueValidator(0), MaxValueValidator(365)]
    )
    answer_days = models.PositiveSmallIntegerField(
        _("answer within"), default=10, validators=[MinValueValidator(0), MaxValueValidator(365)]
    )

    class Meta(Record.Meta):
        ordering = ["pk"]
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")

    def __str__(self):
        return self.get_severity_display()

    def get_absolute_url(self):
        return reverse("accounts:organisation")

    def clean(self):
        super().clean()
        if (
            self.acknowledge_days is not None
            and self.answer_days is not None
            and self.acknowledge_days > self.answer_days
        ):
            raise ValidationError({"answer_days": _("The answer cannot be due before the acknowledgement.")})
