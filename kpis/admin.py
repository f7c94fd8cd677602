"""KPI definitions, chart notes and every revision of every reading in the admin site."""

from django.contrib import admin

from kpis.models import Kpi, KpiNote, Reading
from records.admin import RecordAdmin, StandingFilter
from trail.read_only import ReadOnlyAdmin


@admin.register(Kpi)
class KpiAdmin(RecordAdmin):
    list_display = ("reference", "name", "measure", "cadence", "target", "owner", "on_home", "changed_at", "verb")
    list_filter = ("cadence", "on_home", StandingFilter)
    list_select_related = ("owner",)
    search_fields = ("reference__iexact", "code__iexact", "name__icontains")
    changeable = ("name", "description", "owner", "target", "minimum_n", "on_home", "position")


@admin.register(KpiNote)
class KpiNoteAdmin(RecordAdmin):
    list_display = ("reference", "kpi", "on", "text", "recorded_by", "changed_at")
    list_filter = ("kpi", StandingFilter)
    list_select_related = ("kpi", "recorded_by")
    search_fields = ("reference__iexact", "text__icontains")
    date_hierarchy = "on"


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    """What each KPI said, and since when it was known: revisions are added, never changed (9.1.1)."""

    view_permission = "kpis.view_kpi"
    list_display = ("kpi", "start_on", "end_on", "revision", "value", "n", "is_final", "recorded_at")
    list_display_links = ("start_on",)
    list_filter = ("kpi", "is_final")
    list_select_related = ("kpi",)
    search_fields = ("kpi__code__iexact", "kpi__name__icontains")
    date_hierarchy = "start_on"
    sortable_by = ("start_on", "recorded_at")
    ordering = ("-start_on", "kpi", "-revision")
    fields = (
        "kpi",
        "kpi_rev",
        "start_on",
        "end_on",
        "revision",
        "value",
        "numerator",
        "denominator",
        "n",
        "is_final",
        "seq",
        "recorded_at",
    )
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).filter(kpi__in=Kpi.objects.visible_to(request.user))
