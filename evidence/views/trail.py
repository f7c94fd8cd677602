"""The trail: who did what to which record, when and why (7.5.3)."""

from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from evidence.check_line import check_line
from evidence.filters import TrailFilter
from evidence.reach import sealed_kinds_of, seals_for
from records.pages import Action, Column, Preset, RecordList
from trail.models import Seal, SecurityEvent
from trail.telling import tell


class Trail(RecordList):
    """Every version of every record the person may read, and the security events, newest first."""

    permission_required = "trail.view_seal"
    queryset = Seal.objects.all()
    filterset_class = TrailFilter
    title = _("Trail")
    lead = _("Who did what to which record, when and why. Nothing here can be changed or taken away.")
    template_name = "trail/list.html"
    row_template = "trail/_row.html"
    columns = (
        Column("at", _("When"), by="changed_at"),
        Column("person", _("Person")),
        Column("record", _("Record")),
        Column("verb", _("What was done")),
        Column("changes", _("Before and after")),
        Column("reason", _("Reason")),
        Column("receipt", _("Receipt")),
    )
    sort = "-at"
    actions = (
        Action("trail:changed", _("What changed since…"), "trail.view_seal", icon="history"),
        Action("trail:checks", _("Checks of the trail"), "trail.view_verification", icon="shield-check"),
    )
    empty_icon = "history"
    empty_title = _("Nothing is sealed yet")
    empty_words = _("Every change of a record and every sign-in stands here within seconds, once it is sealed.")
    csv_columns = (
        (_("Number"), "seq"),
        (_("When"), "changed_at"),
        (_("Person"), "line.by.name"),
        (_("E-mail"), "line.by.email"),
        (_("Kind of record"), "line.kind"),
        (_("Record"), "reference"),
        (_("Version"), "rev"),
        (_("What was done"), "line.words"),
        (_("Before"), "line.before"),
        (_("After"), "line.after"),
        (_("Reason"), "line.reason"),
        (_("Way in"), "line.channel"),
        (_("Receipt"), "receipt"),
    )

    def rows(self):
        return seals_for(self.request.user)

    def _count(self, rows):
        return super()._count(self.filterset.filter_queryset(seals_for(self.request.user, to_count=True)))

    def prepare(self, seals):
        tell(seals, with_records=True)
        for seal in seals:
            seal.url = address_of(seal.line.record)

    def get_context(self, **context):
        # htmx swaps the list alone: the line above it stays.
        line = None if self._region_is_wanted() else check_line(self.request.user)
        return super().get_context(check_line=line, **context)

    def get_presets(self):
        presets = [
            Preset(_("All"), ""),
            Preset(_("Today"), f"changed_from={timezone.localdate():%Y-%m-%d}"),
            Preset(_("Voided"), "verb=voided"),
            Preset(_("Mine"), "person=me"),
        ]
        if SecurityEvent in sealed_kinds_of(self.request.user):
            presets.insert(2, Preset(_("Sign-ins and exports"), "kind=trail.securityevent"))
        return presets


def address_of(record):
    """The page of a record, or that of the one it belongs to; "" where there is none."""
    try:
        return record.get_absolute_url()
    except (AttributeError, NoReverseMatch):
        return ""
