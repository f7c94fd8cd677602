"""KPI definitions and their readings, and the daily buckets that the roll-up keeps (9.1.1, 9.1.3)."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kpis.slices import UnknownSlice, slice_of
from records import measures
from records.models import Record, RecordQuerySet
from trail import as_of


class KpiQuerySet(RecordQuerySet):
    def for_dashboard(self):
        """Those shown on Home, in order."""
        return self.in_force().filter(on_home=True).order_by("position", "pk")


class Kpi(Record):
    """A performance indicator: a measure, perhaps of a part of the records, watched at a cadence (9.1.1).

    Each change is a new version of the definition; a reading names the version that made it.
    """

    reference_prefix = "KP"

    class Cadence(models.TextChoices):
        WEEK = "week", _("weekly")
        MONTH = "month", _("monthly")
        QUARTER = "quarter", _("quarterly")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("in words"), blank=True)
    measure = models.CharField(_("measure"), max_length=60)
    filters = models.JSONField(_("only records with"), default=dict, blank=True)
    cadence = models.CharField(_("cadence"), max_length=8, choices=Cadence, default=Cadence.MONTH)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    target = models.DecimalField(_("target"), max_digits=12, decimal_places=3, null=True, blank=True)
    minimum_n = models.PositiveIntegerField(
        _("too few below"), default=1, help_text=_("Fewer records than this are shown, but not judged.")
    )
    baseline_until = models.DateField(
        _("limits fixed on the points until"), null=True, blank=True, help_text=_("Empty: on all points.")
    )
    on_home = models.BooleanField(_("on Home"), default=True)
    position = models.PositiveSmallIntegerField(_("place"), default=100)

    objects = KpiQuerySet.as_manager()

    class Meta(Record.Meta):
        ordering = ["position", "pk"]
        verbose_name = _("KPI")
        verbose_name_plural = _("KPIs")

    def __str__(self):
        return self.name

    @property
    def title(self):
        return self.name

    def get_absolute_url(self):
        return reverse("kpis:detail", args=[self.code])

    def clean(self):
        super().clean()
        try:
            source = measures.get(self.measure).source
        except LookupError:
            raise ValidationError({"measure": _("There is no such measure.")}) from None
        if not isinstance(self.filters, dict) or len(self.filters) > 1:
            raise ValidationError({"filters": _("A KPI is of all records or of one part of them.")})
        for dimension, value in self.filters.items():
            if dimension not in source.dimensions:
                raise ValidationError({"filters": _("This measure cannot be told by that.")})
            try:
                slice_of(source, dimension, str(value))
            except UnknownSlice as error:
                raise ValidationError({"filters": str(error)}) from error


class KpiNote(Record):
    """What somebody noted about a day on a KPI's chart: a change of carrier, a holiday week (9.1.3)."""

    reference_prefix = "KN"

    kpi = models.ForeignKey(Kpi, models.PROTECT, related_name="notes", verbose_name=_("KPI"))
    on = models.DateField(_("day"))
    text = models.CharField(_("note"), max_length=160)

    class Meta(Record.Meta):
        ordering = ["-on", "-pk"]
        verbose_name = _("chart note")
        verbose_name_plural = _("chart notes")

    def __str__(self):
        return f"{self.on}: {self.text}"

    def get_absolute_url(self):
        return self.kpi.get_absolute_url()


class SeriesQuerySet(models.QuerySet):
    def live(self, source, dimension=""):
        """The one that figures are read from."""
        return self.filter(source=source, dimension=dimension, is_live=True)


class Series(models.Model):
    """A source of records, whole ("") or by the members of one dimension ("product"); its buckets are kept by day.

    A rebuild writes a new build beside the live one and takes its place at once.
    """

    source = models.CharField(max_length=60)
    dimension = models.CharField(max_length=40, blank=True)
    build = models.PositiveIntegerField(default=1)
    is_live = models.BooleanField(default=False)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [
            models.UniqueConstraint(fields=["source", "dimension", "build"], name="kpis_series_once"),
            models.UniqueConstraint(
                fields=["source", "dimension"], condition=Q(is_live=True), name="kpis_series_one_live"
            ),
        ]

    def __str__(self):
        return f"{self.source} {self.dimension} ({self.build})"


class Bucket(models.Model):
    """One additive part of one day: a count, a sum, or a histogram cell such as "days:17". Never 0.

    `member` is the id of the product, customer … in the series' dimension, or the code of a choice; "" in the whole
    series, and in the others for records without one.
    """

    pk = models.CompositePrimaryKey("series_id", "member", "day", "part")
    # Written only by the roll-up and by the hundred thousand: one look-up for each row would double a rebuild.
    series = models.ForeignKey(Series, models.DO_NOTHING, related_name="buckets", db_constraint=False, db_index=False)
    member = models.CharField(max_length=60, blank=True)
    day = models.DateField()
    part = models.CharField(max_length=40)
    value = models.BigIntegerField()

    class Meta:
        verbose_name = _("bucket")
        verbose_name_plural = _("buckets")
        indexes = [
            # Finds what a change has brought to 0, to be taken away; empty at all other times.
            models.Index(fields=["series"], condition=Q(value=0), name="kpis_bucket_empty")
        ]

    def __str__(self):
        return f"{self.series_id} {self.member} {self.day} {self.part} = {self.value}"


class Watermark(models.Model):
    """How far the buckets of one source have followed the sealed feed, and when they last did.

    `definition` is a fingerprint of what was counted: a source that is declared otherwise is built anew. `built_at`
    tells when it last was.
    A rebuild under way counts the records as they stood at `next_seq`, into the series of `next_build`.
    """

    source = models.CharField(max_length=60, unique=True)
    seq = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)
    definition = models.CharField(max_length=32)
    built_at = models.DateTimeField(null=True)
    next_build = models.PositiveIntegerField(null=True)
    next_seq = models.BigIntegerField(null=True)
    next_definition = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = _("watermark")
        verbose_name_plural = _("watermarks")

    def __str__(self):
        return f"{self.source} at {self.seq}"


class ReadingQuerySet(models.QuerySet):
    def latest_known(self):
        """The newest revision of each reading, of those that were known at the moment that is looked at."""
        moment = as_of.moment()
        known = self if moment is None else self.filter(recorded_at__lte=moment)
        newer = Reading.objects.filter(
            kpi=models.OuterRef("kpi"),
            start_on=models.OuterRef("start_on"),
            end_on=models.OuterRef("end_on"),
            revision__gt=models.OuterRef("revision"),
        )
        if moment is not None:
            newer = newer.filter(recorded_at__lte=moment)
        return known.filter(~models.Exists(newer))


class Reading(models.Model):
    """One value of one KPI for one period, as known at a moment. Revisions are added, never changed (9.1.1)."""

    kpi = models.ForeignKey(Kpi, models.PROTECT, related_name="readings")
    kpi_rev = models.PositiveIntegerField(_("version of the definition"))
    start_on = models.DateField(_("from"))
    end_on = models.DateField(_("to, exclusive"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    value = models.DecimalField(_("value"), max_digits=15, decimal_places=6, null=True)
    numerator = models.BigIntegerField(null=True)
    denominator = models.BigIntegerField(null=True)
    n = models.BigIntegerField(_("records"), default=0)
    is_final = models.BooleanField(_("final"), default=False)
    seq = models.BigIntegerField(_("place in the trail up to which records were read"))
    recorded_at = models.DateTimeField(_("recorded at"), default=timezone.now)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["kpi", "start_on", "-revision"]
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            # With the end: a KPI that was read monthly and is read weekly now has two periods with one beginning.
            models.UniqueConstraint(fields=["kpi", "start_on", "end_on", "revision"], name="kpis_reading_revision"),
            models.CheckConstraint(condition=Q(end_on__gt=F("start_on")), name="kpis_reading_period"),
        ]

    def __str__(self):
        return f"{self.kpi} {self.start_on}: {self.value}"
