"""The queue of versions to be sealed, and the seals: the trail itself, one gapless sequence over all records."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Pending(models.Model):
    """A version that waits for its place in the sequence; written by trigger, removed by the sealer."""

    rtype = models.CharField(max_length=60)
    history_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("version to be sealed")
        verbose_name_plural = _("versions to be sealed")

    def __str__(self):
        return f"{self.rtype} {self.history_id}"


class Seal(models.Model):
    """One version in its place: who did what to which record, when (7.5.3).

    `seq` is contiguous from 1; roll-ups and search read from a watermark without gaps.
    """

    seq = models.BigIntegerField(primary_key=True)
    rtype = models.CharField(max_length=60)
    rid = models.BigIntegerField()
    rev = models.PositiveIntegerField()
    history_id = models.BigIntegerField()
    reference = models.CharField(max_length=24)
    verb = models.CharField(max_length=40)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_constraint=False, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [models.UniqueConstraint(fields=["rtype", "rid", "rev"], name="trail_seal_once")]
        # The feed of one kind of record, from a watermark on.
        indexes = [models.Index(fields=["rtype", "seq"], name="trail_seal_feed")]

    def __str__(self):
        return f"{self.seq} {self.reference} {self.verb}"
