"""People and the organisation in the admin site. People and appointments are changed on their own pages, by rules."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import Appointment, Closure, Deadline, Organisation, Unit, User
from records.admin import RecordAdmin, StandingFilter
from trail.read_only import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("name", "email", "is_active", "roles_today", "joined_at", "last_login")
    list_filter = ("is_active",)
    search_fields = ("name__icontains", "email__icontains")
    sortable_by = ("name", "email")
    ordering = ("name", "pk")
    fields = ("name", "email", "is_active", "roles_today", "joined_at", "last_login")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    @admin.display(description=_("roles today"))
    def roles_today(self, person):
        return ", ".join(appointment.get_role_display() for appointment in person.current_appointments)


@admin.register(Appointment)
class AppointmentAdmin(RecordAdmin):
    list_display = ("reference", "user", "role", "unit", "from_on", "to_on", "recorded_by", "changed_at", "verb")
    list_filter = ("role", "unit", StandingFilter)
    list_select_related = ("user", "unit", "recorded_by")
    search_fields = ("reference__iexact", "user__name__icontains", "user__email__icontains")
    date_hierarchy = "from_on"


@admin.register(Unit)
class UnitAdmin(RecordAdmin):
    list_display = ("reference", "name", "level", "parent", "changed_at", "changed_by", "verb")
    list_filter = ("level", StandingFilter)
    list_select_related = ("parent", "changed_by")
    search_fields = ("reference__iexact", "name__icontains")
    changeable = ("name", "level", "parent")


@admin.register(Organisation)
class OrganisationAdmin(RecordAdmin):
    list_display = ("reference", "name", "time_zone", "calendar", "changed_at", "changed_by", "verb")
    changeable = ("name", "opens_at", "closes_at")


@admin.register(Closure)
class ClosureAdmin(RecordAdmin):
    list_display = ("reference", "on", "name", "changed_at", "changed_by", "verb")
    search_fields = ("reference__iexact", "name__icontains")
    date_hierarchy = "on"


@admin.register(Deadline)
class DeadlineAdmin(RecordAdmin):
    list_display = ("reference", "severity", "acknowledge_days", "answer_days", "changed_at", "changed_by", "verb")
    changeable = ("acknowledge_days", "answer_days")
