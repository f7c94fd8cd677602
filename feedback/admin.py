"""Feedback and its story in the admin site. What a promise hangs on is changed on the record's own page only."""

from django.contrib import admin

from feedback.models import Entry, Feedback
from records.admin import RecordAdmin, StandingFilter


@admin.register(Feedback)
class FeedbackAdmin(RecordAdmin):
    list_display = (
        "reference",
        "kind",
        "customer",
        "title",
        "received_on",
        "severity",
        "owner",
        "answer_due_on",
        "closed_on",
    )
    list_filter = ("kind", "severity", "came_by", "is_historic", "unit", StandingFilter)
    list_select_related = ("customer", "owner")
    search_fields = (
        "reference__iexact",
        "subject__icontains",
        "words__icontains",
        "customer__name__icontains",
        "order_number__iexact",
    )
    date_hierarchy = "received_on"
    sortable_by = ("reference", "received_on")
    changeable = ("said_by", "words", "subject", "came_by", "product", "order_number", "owner")


@admin.register(Entry)
class EntryAdmin(RecordAdmin):
    list_display = ("reference", "feedback", "audience", "happened_at", "recorded_by", "changed_at")
    list_filter = ("audience", StandingFilter)
    list_select_related = ("feedback", "recorded_by")
    search_fields = ("reference__iexact", "feedback__reference__iexact", "text__icontains")
    date_hierarchy = "happened_at"
