"""The admin pages of records: found by reference, shown with every version, changed only with a reason."""

from datetime import date
from functools import partial

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.filters import ReferenceField
from records.forms import WholeRecordMixin
from records.models import Conflict, Import, Job, Record
from records.text import CleanTextMixin
from trail.changes import changes_of
from trail.history import KEPT_BY_HEED
from trail.read_only import ReadOnlyAdmin

CHANGE_IN_ADMIN = "accounts.change_in_admin"
VERB = "changed in the admin site"
VERSIONS = 50  # per page of a history
FACTS = ("rev", "unit", "recorded_at", "recorded_by", "changed_at", "changed_by", "verb", "reason", "channel")
VOID = ("voided_at", "voided_by", "void_reason")


class AdminReferenceField(ReferenceField):
    """A related record, written as its reference: quick and plain however many there are."""

    def prepare_value(self, value):
        if isinstance(value, int):
            return self.queryset.filter(pk=value).values_list("reference", flat=True).first()
        return value

    def has_changed(self, initial, data):
        return (self.prepare_value(initial) or "") != (data or "").strip().upper()


class RecordAdminForm(WholeRecordMixin, CleanTextMixin, forms.ModelForm):
    """Says which version it changes and why."""

    seen_rev = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    why = forms.CharField(
        label=gettext_lazy("Why is this changed?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text=gettext_lazy("It stays in the record's history."),
    )

    is_stale = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "seen_rev" in self.fields:
            self.initial["seen_rev"] = self.instance.rev
        if self.is_bound and self.instance.pk and "seen_rev" in self.fields:
            self._notice_others_changes()

    def _notice_others_changes(self):
        """Should the record stand at another version, take that one for the next try and say what changed."""
        sent = self.data.get(self.add_prefix("seen_rev"), "")
        if sent.isascii() and sent.isdigit() and int(sent[:10]) != self.instance.rev:
            self.is_stale = True
            self.since = [v for v in changes_of(self.instance, limit=20)[0] if v.rev > int(sent[:10])]
            self.data = self.data.copy()
            self.data[self.add_prefix("seen_rev")] = str(self.instance.rev)

    def clean(self):
        cleaned = super().clean()
        if self.is_stale:
            raise ValidationError(
                [
                    _("Somebody else changed this meanwhile. Nothing is saved yet: look, and save again."),
                    *[_told(version) for version in self.since],
                ]
            )
        return cleaned


def _told(version):
    """One version in a line: who did what, and each field before and after."""
    changes = "; ".join(f"{c.label}: {c.before or '–'} → {c.after or '–'}" for c in version.changes)
    return f"{version.by or 'Heed'}, {version.words}. {changes}"


class StandingFilter(admin.SimpleListFilter):
    """In force or void."""

    title = gettext_lazy("standing")
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return [("in force", _("In force")), ("void", _("Void"))]

    def queryset(self, request, queryset):
        if self.value() in ("in force", "void"):
            return queryset.filter(voided_at__isnull=self.value() == "in force")
        return queryset


def _periods(rows, ask, field, kind, *args, **options):
    """What `rows.dates` or `rows.datetimes` says; for years all from the first to the last, empty ones too."""
    if kind != "year":
        return ask(field, kind, *args, **options)
    ends = rows.aggregate(first=models.Min(field), last=models.Max(field))
    if ends["first"] is None:
        return []
    return [date(year, 1, 1) for year in range(ends["first"].year, ends["last"].year + 1)]


class RecordChangeList(ChangeList):
    """Leads to records by their references, and through the years without reading every row for them."""

    def get_queryset(self, request, **options):
        rows = super().get_queryset(request, **options)
        rows.dates, rows.datetimes = partial(_periods, rows, rows.dates), partial(_periods, rows, rows.datetimes)
        return rows

    def url_for_result(self, result):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[result.reference])


class RecordAdmin(ReadOnlyAdmin):
    """Every record of one kind. `changeable` names what may be mended here, with a reason and through the trail.

    Rights are those of the pages, and besides only for who may change things in the admin site at all.
    """

    list_display = ("reference", "title", "recorded_at", "changed_at", "changed_by", "verb")
    list_filter = (StandingFilter, "channel")
    list_select_related = ("changed_by",)
    search_fields = ("reference__iexact",)
    date_hierarchy = "recorded_at"
    ordering = ("-pk",)
    sortable_by = ("reference",)
    form = RecordAdminForm
    changeable = ()

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def get_object(self, request, object_id, from_field=None):
        return self.get_queryset(request).filter(reference=object_id.upper()).first()

    def get_changelist(self, request, **kwargs):
        return RecordChangeList

    def has_change_permission(self, request, obj=None):
        """Decides on showing the form; a void record stays as it is."""
        if not self.changeable or (obj is not None and obj.is_voided):
            return False
        return request.user.has_perm(CHANGE_IN_ADMIN) and request.user.has_perm(self.model.permission("change"))

    # What is shown

    def get_fieldsets(self, request, obj=None):
        may_change = self.has_change_permission(request, obj)
        fieldsets = [
            (None, {"fields": self._own_fields(may_change)}),
            (_("Its latest change"), {"fields": self._facts(FACTS)}),
        ]
        if obj is not None and obj.is_voided:
            fieldsets.insert(0, (_("This record is void"), {"fields": self._facts(VOID)}))
        if may_change:
            fieldsets.insert(1, (_("Reason"), {"fields": ["why", "seen_rev"]}))
        return fieldsets

    def get_readonly_fields(self, request, obj=None):
        changed = self.changeable if self.has_change_permission(request, obj) else ()
        own = [field for field in self._own_fields(bool(changed)) if field not in changed]
        return ["reference", *own, *self._facts(FACTS), *self._facts(VOID)]

    def _own_fields(self, may_change):
        """The record's own fields in the model's order; those that point elsewhere as links unless they are changed."""
        names = ["reference"]
        for field in self.model._meta.concrete_fields:
            if field.name in KEPT_BY_HEED or field.name == "unit" or isinstance(field, models.FileField):
                continue
            names.append(field.name if may_change and field.name in self.changeable else shown(field))
        return names

    def _facts(self, names):
        return [shown(self.model._meta.get_field(name)) for name in names]

    # Changing

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, models.ForeignKey):
            return self._field_for_relation(db_field, request)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def _field_for_relation(self, db_field, request):
        given = {
            "label": capfirst(db_field.verbose_name),
            "required": not db_field.blank,
            "help_text": db_field.help_text or _("Its reference."),
        }
        related = db_field.related_model
        if issubclass(related, Record):
            return AdminReferenceField(related.objects.in_force(), get_user=lambda: request.user, **given)
        given["help_text"] = db_field.help_text
        return forms.ModelChoiceField(related._default_manager.filter(is_active=True), **given)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Conflict, IntegrityError):
            # Others wrote between our reading and our writing: the second look finds what the first could not.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context["history_url"] = self._url("history", obj.reference) if obj is not None else ""
        response = super().render_change_form(request, context, add, change, form_url, obj)
        form = context["adminform"].form
        if form.is_bound and form.errors:
            response.status_code = 409 if form.is_stale else 400
        return response

    def save_model(self, request, obj, form, change):
        obj.save(by=request.user, verb=VERB, reason=form.cleaned_data["why"])

    # History

    def history_view(self, request, object_id, extra_context=None):
        """Every version, newest first, 50 to a page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, object_id)
        if record is None:
            raise Http404(_("There is no such record, or it is not yours to see."))
        before = request.GET.get("before", "")
        before = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
        versions, older = changes_of(record, before=before, limit=VERSIONS)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(reference)s") % {"reference": record.reference},
            "subtitle": record.title if record.title != record.reference else None,
            "versions": versions,
            "older_versions": older,
            "opts": self.model._meta,
            "record": record,
            "record_url": self._url("change", record.reference),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/record_history.html", context)

    def _url(self, page, reference):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=[reference])


_shown = {}


def shown(field):
    """What shows a field: itself, or for one that points to a record a link to that record's page here."""
    if not isinstance(field, models.ForeignKey) or field.related_model is get_user_model():
        return field.name
    if field not in _shown:

        @admin.display(description=field.verbose_name)
        def show(record):
            target = getattr(record, field.name)
            if target is None:
                return None
            try:
                opts = target._meta
                url = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[target.reference])
            except NoReverseMatch:
                return str(target)
            return format_html('<a href="{}">{}</a>', url, target)

        _shown[field] = show
    return _shown[field]


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    list_display = ("reference", "register", "filename", "source", "stage", "recorded_at", "recorded_by")
    list_filter = ("stage", "register", StandingFilter)
    list_select_related = ("recorded_by",)
    search_fields = ("reference__iexact", "filename__icontains", "source__icontains", "sha256__iexact")


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("kind", "state", "attempts", "message", "asked_by", "asked_at", "ended_at")
    list_filter = ("state", "kind")
    list_select_related = ("asked_by",)
    search_fields = ("kind__iexact", "request_id__iexact", "last_error__icontains")
    date_hierarchy = "asked_at"
    ordering = ("-pk",)
    sortable_by = ("asked_at",)
    fields = (
        "kind",
        "state",
        "attempts",
        "message",
        "last_error",
        "asked_by",
        "asked_at",
        "due_at",
        "ended_at",
        "done",
        "total",
        "request_id",
    )
    readonly_fields = fields
