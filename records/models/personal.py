"""What belongs to one person and is no evidence: drafts, forms that were sent, notifications."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Draft(models.Model):
    """What somebody typed and has not saved yet."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["user", "form"], name="records_draft_once")]

    def __str__(self):
        return f"{self.form} ({self.user})"


class Submission(models.Model):
    """A form that was sent and what came of it, so that a second press of Save finds the record of the first."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, unique=True)
    url = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("form that was sent")
        verbose_name_plural = _("forms that were sent")

    def __str__(self):
        return f"{self.user}: {self.url}"


class Notification(models.Model):
    """Something one person has been told."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    text = models.CharField(_("text"), max_length=300)
    url = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=24, blank=True)
    told_at = models.DateTimeField(_("told at"), default=timezone.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        ordering = ["-told_at", "-pk"]
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [models.Index(fields=["user", "read_at"], name="records_note_unread")]

    def __str__(self):
        return self.text
