"""The trail in the admin site: every version of every record, in its place in the sequence."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .events import VERBS
from .history import tracked_models
from .models import Seal, SecurityEvent
from .read_only import ReadOnlyAdmin
from .triggers import WRITTEN_ONCE


def kinds():
    """Pairs (label, name) of every kind of record, and of what is written once and sealed."""
    return [(model._meta.label_lower, model._meta.verbose_name) for model in (*tracked_models(), *WRITTEN_ONCE)]


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
        if not seal.reference:
            return f"{self.kind(seal)} {seal.rid}"
        try:
            url = reverse(f"admin:{seal.rtype.replace('.', '_')}_history", args=[seal.reference])
        except NoReverseMatch:  # a kind that has no pages in the admin site
            return seal.reference
        return format_html('<a href="{}">{}</a>', url, seal.reference)

    @admin.display(description=gettext_lazy("kind of record"))
    def kind(self, seal):
        return dict(kinds()).get(seal.rtype, seal.rtype)

    @admin.display(description=gettext_lazy("version"))
    def version(self, seal):
        return seal.rev

    @admin.display(description=gettext_lazy("what was done"))
    def verb(self, seal):
        return _(seal.verb)


class VerbFilter(admin.SimpleListFilter):
    """By what was done, out of all that can be."""

    title = gettext_lazy("what was done")
    parameter_name = "verb"

    def lookups(self, request, model_admin):
        return [(verb, _(verb)) for verb in VERBS]

    def queryset(self, request, queryset):
        return queryset.filter(verb=self.value()) if self.value() else queryset


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    """Who came in, was refused, took something out, and what auditors opened (7.5.3)."""

    list_display = ("changed_at", "what", "changed_by", "path", "detail", "address", "channel")
    list_filter = (("changed_at", admin.DateFieldListFilter), VerbFilter)
    list_select_related = ("changed_by",)
    search_fields = ("verb__iexact", "path__startswith", "detail__icontains", "changed_by__email__iexact")
    search_help_text = gettext_lazy("What was done, a page, an e-mail that was tried, or the e-mail of who did it.")
    sortable_by = ("changed_at",)
    ordering = ("-pk",)
    fields = ("changed_at", "what", "changed_by", "path", "detail", "address", "channel", "request_id")
    readonly_fields = fields

    def get_queryset(self, request):
        """A reader of a part of the firm sees what its people did."""
        rows = super().get_queryset(request)
        if request.user.scope_for("trail.view_securityevent") is None:
            return rows
        return rows.filter(changed_by__in=get_user_model().objects.visible_to(request.user))

    @admin.display(description=gettext_lazy("what was done"), ordering="verb")
    def what(self, event):
        return _(event.verb)
