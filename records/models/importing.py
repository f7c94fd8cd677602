"""A file that was brought in, and its rows as staged."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .record import Record, set_together


def upload_path(instance, filename):
    """A stored name that tells nothing and cannot be guessed; the file's own name is a field."""
    import secrets

    return f"imports/{secrets.token_hex(16)}.csv"


class Import(Record):
    """One file with many records: where they came from and how its columns were read (7.5.3)."""

    reference_prefix = "IM"
    derived_fields = ("file", "sha256", "size", "reading", "mapping", "counts")  # its page shows them in words

    class Stage(models.TextChoices):
        UPLOADED = "uploaded", _("Columns to match")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Cannot be read")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    register = models.CharField(_("register"), max_length=20)
    source = models.CharField(
        _("source"), max_length=80, blank=True, help_text=_("Where the file comes from, for example CRM.")
    )
    filename = models.CharField(_("file"), max_length=200, editable=False)
    file = models.FileField(upload_to=upload_path, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), editable=False)
    reading = models.JSONField(_("how the file is read"), default=dict, editable=False)
    mapping = models.JSONField(_("how columns are matched"), default=dict)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.UPLOADED, editable=False)
    counts = models.JSONField(_("result"), default=dict, editable=False)
    undone_at = models.DateTimeField(_("undone at"), null=True, editable=False)
    undone_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("undone by")
    )

    class Meta(Record.Meta):
        ordering = ["-recorded_at", "-pk"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        permissions = [("export_records", "Can export lists")]
        constraints = [
            set_together("undone_at", "undone_by", name="records_import_undone_together"),
            models.UniqueConstraint(
                fields=["register", "sha256"],
                condition=~Q(stage__in=["undone", "failed"]) & Q(voided_at__isnull=True),
                name="records_import_file_once",
            ),
        ]

    def __str__(self):
        return f"{self.reference} {self.filename}"

    def get_absolute_url(self):
        return reverse("imports:detail", args=[self.reference])


class ImportRow(models.Model):
    """One row of the file as it stands there, what it would become, and what is wrong with it."""

    class State(models.TextChoices):
        GOOD = "good", _("Good")
        WARNING = "warning", _("Good, with a warning")
        DUPLICATE = "duplicate", _("Exact duplicate")
        ERROR = "error", _("Cannot be imported")
        EMPTY = "empty", _("Empty row")

    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    cells = models.JSONField()
    parsed = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State)
    problems = models.JSONField(default=list)
    duplicate_of = models.PositiveIntegerField(null=True)
    record_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="records_import_row_once")]
        indexes = [models.Index(fields=["batch", "state", "number"], name="records_import_row_state")]

    def __str__(self):
        return f"{self.batch_id} · {self.number}"
