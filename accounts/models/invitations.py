"""The way in for a person who has no password yet: a link that serves once."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LASTS = timedelta(days=14)


def hash_of(token):
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet):
    def open(self, at):
        """Those that still let somebody in."""
        return self.filter(used_at__isnull=True, expires_at__gt=at, user__is_active=True)


class Invitation(models.Model):
    """Lets one invited person choose a password. Only a hash of the link's 256-bit token is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations", verbose_name=_("person")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField(_("invited at"), default=timezone.now, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("invited by")
    )
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at", "-pk"]
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self):
        return f"{self.user}: {self.invited_at:%Y-%m-%d}"

    @classmethod
    def issue(cls, *, by, user):
        """A new invitation and its token, which is not kept; earlier ones for this person end."""
        now, token = timezone.now(), secrets.token_urlsafe(32)
        cls.objects.filter(user=user, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
        made = cls.objects.create(
            user=user, token_hash=hash_of(token), invited_at=now, invited_by=by, expires_at=now + LASTS
        )
        return made, token
