"""Requests to erase and legal holds in the admin site: to read. They are decided on their own pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from evidence.models import ErasureRequest, LegalHold
from records.admin import RecordAdmin, StandingFilter


class AboutAPersonAdmin(RecordAdmin):
    list_filter = (StandingFilter,)
    list_select_related = ("recorded_by",)
    search_fields = ("reference__iexact",)

    @admin.display(description=_("about"))
    def about(self, decision):
        return decision.about


@admin.register(ErasureRequest)
class ErasureRequestAdmin(AboutAPersonAdmin):
    list_display = ("reference", "about", "basis", "recorded_by", "confirmed_at", "declined_at", "erased_at")
    list_filter = ("basis", StandingFilter)


@admin.register(LegalHold)
class LegalHoldAdmin(AboutAPersonAdmin):
    list_display = ("reference", "about", "from_on", "to_on", "recorded_by", "changed_at", "verb")
