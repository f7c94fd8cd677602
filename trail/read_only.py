"""Admin pages that only show: quick on long tables, within the reader's scope, without any way to change a thing."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

COUNTED = 10_000  # counting further costs more than the number tells


class CappedPaginator(Paginator):
    """Counts to just past 10,000: the page then says "more than", and filters lead to the rest."""

    @cached_property
    def count(self):
        return self.object_list.order_by()[: COUNTED + 1].count()


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows one kind of row, quickly and within the reader's scope. Nothing is added, changed or deleted here.

    `view_permission` names the right that opens it; empty means the model's own.
    """

    actions = None
    list_per_page = 50
    list_max_show_all = 200
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    paginator = CappedPaginator
    view_permission = ""

    def has_view_permission(self, request, obj=None):
        opts = self.model._meta
        return request.user.has_perm(self.view_permission or f"{opts.app_label}.view_{opts.model_name}")

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404(_("There is no such record, or it is not yours to see."))

    def changelist_view(self, request, extra_context=None):
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context |= {"title": str(obj), "subtitle": None}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request, object_id, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        raise Http404(_("Only records have a history."))

    def view_on_site(self, obj):
        """Its page outside the admin site, where it has one."""
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def log_change(self, request, obj, message):
        """The trail keeps it; Django's own log would only tell it a second time."""
