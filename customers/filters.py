"""Filters of the lists of customers, products and segments."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from records.filters import PersonFilter, RecordChoiceFilter, RecordFilter

from .models import Customer, CustomerProduct, Product, Segment

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


def named_or_numbered(queryset, name, value):
    """Whose name contains the words, or whose reference they are."""
    return queryset.filter(Q(pk__in=queryset.model.objects.named(value)) | Q(reference=value.strip().upper()))


class CustomerFilter(RecordFilter):
    q = django_filters.CharFilter(label=_("Name or reference"), method="find", max_length=200)
    segment = RecordChoiceFilter(queryset=Segment.objects.in_force(), label=_("Segment"))
    owner = PersonFilter(field_name="relationship_owner", label=_("Relationship owner"))
    key = django_filters.ChoiceFilter(label=_("Key customer"), choices=YES_NO, method="of_key")
    product = RecordChoiceFilter(
        queryset=Product.objects.in_force(), label=_("Uses product or service"), method="with_product"
    )
    unit = RecordChoiceFilter(queryset=Unit.objects.in_force(), label=_("Unit"))

    class Meta(RecordFilter.Meta):
        model = Customer
        fields = []

    def find(self, queryset, name, value):
        return named_or_numbered(queryset, name, value)

    def of_key(self, queryset, name, value):
        return queryset.filter(is_key=value == "yes")

    def with_product(self, queryset, name, value):
        used = CustomerProduct.objects.in_force().filter(product=value)
        return queryset.filter(pk__in=used.values("customer"))


class ProductFilter(RecordFilter):
    q = django_filters.CharFilter(label=_("Name, code or reference"), method="find", max_length=200)
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=[("product", _("Product")), ("service", _("Service"))], method="of_kind"
    )
    supplied = django_filters.ChoiceFilter(label=_("Still supplied"), choices=YES_NO, method="still_supplied")

    class Meta(RecordFilter.Meta):
        model = Product
        fields = []

    def find(self, queryset, name, value):
        code = Q(code__iexact=value.strip())
        return queryset.filter(code | Q(pk__in=Product.objects.named(value)) | Q(reference=value.strip().upper()))

    def of_kind(self, queryset, name, value):
        return queryset.filter(is_service=value == "service")

    def still_supplied(self, queryset, name, value):
        return queryset.filter(retired_on__isnull=value == "yes")


class SegmentFilter(RecordFilter):
    q = django_filters.CharFilter(label=_("Name or reference"), method="find", max_length=200)

    class Meta(RecordFilter.Meta):
        model = Segment
        fields = []

    def find(self, queryset, name, value):
        return named_or_numbered(queryset, name, value)
