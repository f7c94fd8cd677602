"""What the trail is made of: the queue, the seals with their leaves, signed checkpoints, and what makes them checkable.

Tables that are `WrittenOnce` are sealed like versions of records; the database refuses to change or delete their rows.
"""

from django.conf import settings
from django.db import models
from django.utils import timezone
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


class Schema(models.Model):
    """Which columns the versions of one kind had when they were sealed: a later column is not in earlier leaves.

    `columns` is a list of {"name", "kind", "scale", "is_personal"}, sorted by name (`trail/verifier.py` says what the
    kinds mean). Every leaf holds the digest of its schema, so that this row cannot be changed unseen.
    """

    rtype = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    columns = models.JSONField()
    described_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("description of a table")
        verbose_name_plural = _("descriptions of tables")

    def __str__(self):
        return f"{self.rtype} {self.digest[:16]}"


class Seal(models.Model):
    """One version in its place: who did what to which record, when (7.5.3).

    `seq` is contiguous from 1; roll-ups and search read from a watermark without gaps. `leaf` is what the Merkle log
    holds of the version (32 bytes).
    """

    seq = models.BigIntegerField(primary_key=True)
    rtype = models.CharField(max_length=60)
    rid = models.BigIntegerField()
    rev = models.PositiveIntegerField()
    history_id = models.BigIntegerField()
    reference = models.CharField(max_length=24)
    verb = models.CharField(max_length=40)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("person"),
    )
    changed_at = models.DateTimeField()
    schema = models.ForeignKey(Schema, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    leaf = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["seq"]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [models.UniqueConstraint(fields=["rtype", "rid", "rev"], name="trail_seal_once")]
        indexes = [
            # The feed of one kind of record, from a watermark on.
            models.Index(fields=["rtype", "seq"], name="trail_seal_feed"),
            # The trail page: by time, of one person, of one kind, of one verb.
            models.Index(fields=["-changed_at", "-seq"], name="trail_seal_time"),
            models.Index(fields=["changed_by", "-changed_at", "-seq"], name="trail_seal_person"),
            models.Index(fields=["rtype", "-changed_at", "-seq"], name="trail_seal_kind"),
            models.Index(fields=["verb", "-changed_at", "-seq"], name="trail_seal_verb"),
        ]

    def __str__(self):
        return f"{self.seq} {self.reference} {self.verb}"

    @property
    def receipt(self):
        """What a person may write down: it proves later that this version stood in the log."""
        return bytes(self.leaf).hex()[:16]


class Opening(models.Model):
    """The salt behind the personal fields of one sealed version; without it their commitments say nothing.

    Erasing deletes the salt and keeps the commitments {column: hex}, so that the leaf can still be worked out.
    """

    rtype = models.CharField(max_length=60)
    history_id = models.BigIntegerField()
    salt = models.BinaryField(max_length=32, null=True)
    commitments = models.JSONField(null=True)

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        constraints = [
            models.UniqueConstraint(fields=["rtype", "history_id"], name="trail_opening_once"),
            models.CheckConstraint(
                condition=models.Q(salt__isnull=False, commitments__isnull=True)
                | models.Q(salt__isnull=True, commitments__isnull=False),
                name="trail_opening_salt_or_commitments",
            ),
        ]

    def __str__(self):
        return f"{self.rtype} {self.history_id}"


class Key(models.Model):
    """A public key that signs checkpoints. A later one is signed by the one before it and by itself."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    public_key = models.CharField(max_length=64)
    began_at = models.DateTimeField()
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    signed_by_old = models.CharField(max_length=128, blank=True)
    signed_by_itself = models.CharField(max_length=128)

    class Meta:
        ordering = ["began_at"]
        verbose_name = _("seal key")
        verbose_name_plural = _("seal keys")

    def __str__(self):
        return self.fingerprint[:16]


class Checkpoint(models.Model):
    """The state of the log at one size: its root, signed. `frontier` lets the next batch go on without the leaves."""

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    prev_root = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    key = models.ForeignKey(Key, models.PROTECT, related_name="+")
    signature = models.CharField(max_length=128)
    frontier = models.JSONField()

    class Meta:
        ordering = ["size"]
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")

    def __str__(self):
        return f"{self.size} {self.root[:16]}"


class WrittenOnce(models.Model):
    """A row that is written once and sealed, with the facts that every seal tells."""

    # What a seal takes over, under the names that a record has.
    reference = models.CharField(_("reference"), max_length=24, blank=True)
    verb = models.CharField(_("what was done"), max_length=40)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("person"),
    )
    changed_at = models.DateTimeField(_("at"), default=timezone.now)

    personal_fields = ()

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.changed_at:%Y-%m-%d %H:%M} {self.verb} {self.reference}".strip()


class SecurityEvent(WrittenOnce):
    """Who came in, was refused, took something out, or what an auditor opened (7.5.3)."""

    personal_fields = ("address", "detail")

    path = models.CharField(_("page"), max_length=300, blank=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    channel = models.CharField(_("way in"), max_length=12, blank=True)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")


class Erasure(WrittenOnce):
    """A person's data were blanked: on what basis, who asked, who confirmed. Never who it was."""

    subject_rtype = models.CharField(max_length=60)
    subject_rid = models.BigIntegerField()
    basis = models.CharField(_("basis"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    counts = models.JSONField(_("what was blanked"), default=dict)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")


class Erased(WrittenOnce):
    """One record whose personal columns an erasure blanks, in its versions up to `up_to_rev`.

    While such a row exists the database lets exactly these columns of these versions become empty.
    """

    erasure = models.ForeignKey(Erasure, models.PROTECT, related_name="records")
    rtype = models.CharField(max_length=60)
    rid = models.BigIntegerField()
    up_to_rev = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("erased record")
        verbose_name_plural = _("erased records")
        indexes = [models.Index(fields=["rtype", "rid"], name="trail_erased_record")]


class Verification(models.Model):
    """One run of the verifier: what it looked at and what it found."""

    began_at = models.DateTimeField(_("began"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    size = models.BigIntegerField(_("versions in the log"), default=0)
    root = models.CharField(max_length=64, blank=True)
    anchors = models.PositiveIntegerField(_("anchors compared"), default=0)
    is_sound = models.BooleanField(_("sound"), null=True)
    findings = models.JSONField(_("findings"), default=list)

    class Meta:
        ordering = ["-began_at", "-pk"]
        verbose_name = _("check of the trail")
        verbose_name_plural = _("checks of the trail")

    def __str__(self):
        return f"{self.began_at:%Y-%m-%d %H:%M}"
