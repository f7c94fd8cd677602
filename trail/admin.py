"""The trail in the admin site: every version of every record, in its place in the sequence."""

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .history import tracked_models
from .models import Seal
from .read_only import ReadOnlyAdmin


def kinds():
    """Pairs (label, name) of every kind of record."""
    return [(model._meta.label_lower, model._meta.verbose_name) for model in tracked_models()]


class KindFilter(admin.SimpleListFilter):
    """By kind of record, without asking a long table which kinds it holds."""

    title = gettext_lazy("kind of record")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return kinds()

    def queryset(self, request, queryset):
        return queryset.filter(rtype=self.value()) if self.value() else queryset


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """The trail itself: one line per version of any record, in one gapless sequence (7.5.3)."""

    list_display = ("seq", "record", "kind", "verb", "version", "changed_by", "changed_at")
    list_display_links = ("seq",)
    list_filter = (KindFilter, ("changed_at", admin.DateFieldListFilter))
    list_select_related = ("changed_by",)
    search_fields = ("reference__istartswith", "verb__iexact", "changed_by__email__iexact")
    search_help_text = gettext_lazy("A reference or its beginning, what was done, or the e-mail of who did it.")
    sortable_by = ("seq",)
    ordering = ("-seq",)
    fields = ("seq", "record", "kind", "version", "verb", "changed_by", "changed_at")
    readonly_fields = fields

    def get_queryset(self, request):
        """A reader of a part of the firm sees the seals of the records of that part."""
        rows = super().get_queryset(request)
        if request.user.scope_for("trail.view_seal") is None:
            return rows
        within = Q(pk__in=[])
        for model in tracked_models():
            within |= Q(rtype=model._meta.label_lower, rid__in=model.objects.visible_to(request.user).values("pk"))
        return rows.filter(within)

    @admin.display(description=gettext_lazy("record"))
    def record(self, seal):
        url = f"admin:{seal.rtype.replace('.', '_')}_history"
        return format_html('<a href="{}">{}</a>', reverse(url, args=[seal.reference]), seal.reference)

    @admin.display(description=gettext_lazy("kind of record"))
    def kind(self, seal):
        return dict(kinds()).get(seal.rtype, seal.rtype)

    @admin.display(description=gettext_lazy("version"))
    def version(self, seal):
        return seal.rev

    @admin.display(description=gettext_lazy("what was done"))
    def verb(self, seal):
        return _(seal.verb)
