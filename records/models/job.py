"""Background work as the database knows it. The row is the truth; a message to a worker is only a wake-up."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_ATTEMPTS = 3


class JobQuerySet(models.QuerySet):
    def due(self, at):
        """Waiting and due, or left behind by a worker whose lease ran out."""
        return self.filter(Q(state=Job.State.PENDING, due_at__lte=at) | Q(state=Job.State.RUNNING, leased_until__lt=at))


class Job(models.Model):
    """A piece of work that takes longer than a request or must survive a crash."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=40)
    dedupe_key = models.CharField(max_length=100, blank=True)
    arguments = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    message = models.CharField(_("message"), max_length=200, blank=True)
    last_error = models.TextField(_("what went wrong"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    request_id = models.CharField(max_length=36, blank=True)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = _("background job")
        verbose_name_plural = _("background work")
        constraints = [
            # One may wait behind one that runs: what came after its start is not missed.
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=Q(state="pending") & ~Q(dedupe_key=""),
                name="records_job_one_waiting",
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="records_job_due")]

    def __str__(self):
        return f"{self.kind} ({self.get_state_display()})"

    @property
    def percent(self):
        """0 to 100, or None while the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def is_over(self):
        return self.state in (self.State.DONE, self.State.DEAD, self.State.CANCELLED)
