"""Customers, their people, products and segments in the admin site."""

from django.contrib import admin

from customers.models import Contact, Customer, CustomerProduct, Product, Segment
from records.admin import RecordAdmin, StandingFilter


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    list_display = ("reference", "name", "segment", "relationship_owner", "is_key", "unit", "changed_at", "verb")
    list_filter = ("segment", "is_key", "unit", StandingFilter)
    list_select_related = ("segment", "relationship_owner", "unit")
    search_fields = ("reference__iexact", "name__icontains")
    changeable = ("name", "is_person", "is_key", "segment", "relationship_owner", "since_on", "about")


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    list_display = ("reference", "name", "customer", "position", "email", "changed_at", "verb")
    list_filter = (StandingFilter,)
    list_select_related = ("customer",)
    search_fields = ("reference__iexact", "name__icontains", "email__icontains", "customer__name__icontains")
    changeable = ("name", "position", "email", "phone")


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    list_display = ("reference", "name", "code", "is_service", "retired_on", "changed_at", "verb")
    list_filter = ("is_service", StandingFilter)
    search_fields = ("reference__iexact", "name__icontains", "code__iexact")
    changeable = ("name", "code", "is_service", "retired_on")


@admin.register(Segment)
class SegmentAdmin(RecordAdmin):
    list_display = ("reference", "name", "changed_at", "changed_by", "verb")
    search_fields = ("reference__iexact", "name__icontains")
    changeable = ("name",)


@admin.register(CustomerProduct)
class CustomerProductAdmin(RecordAdmin):
    list_display = ("reference", "customer", "product", "changed_at", "changed_by", "verb")
    list_filter = (StandingFilter,)
    list_select_related = ("customer", "product", "changed_by")
    search_fields = ("reference__iexact", "customer__name__icontains", "product__name__icontains")
