"""Forms of customers, their people, products and segments: the few things that matter first."""

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from records.forms import RecordForm
from records.text import CleanTextMixin

from .models import Contact, Customer, CustomerProduct, Product, Segment, name_key


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class NamedForm(RecordForm):
    """A form of a record known by its name, of which there is one in force."""

    taken = _("There is one of that name already: %(reference)s.")

    def clean_name(self):
        name = self.cleaned_data["name"]
        same = type(self.instance).objects.in_force().filter(name_key=name_key(name)).exclude(pk=self.instance.pk)
        if other := same.first():
            raise ValidationError(self.taken, params={"reference": other.reference}, code="taken")
        return name


class CustomerForm(NamedForm):
    taken = _("There is a customer of that name already: %(reference)s.")
    more = ("is_person", "since_on", "about", "unit")

    class Meta:
        model = Customer
        fields = ["name", "segment", "relationship_owner", "is_key", "is_person", "since_on", "about", "unit"]
        widgets = {"since_on": DayInput, "about": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        people = Q(is_active=True)
        if self.instance.relationship_owner_id:
            people |= Q(pk=self.instance.relationship_owner_id)
        self.fields["relationship_owner"].queryset = get_user_model().objects.filter(people)


class ContactForm(RecordForm):
    class Meta:
        model = Contact
        fields = ["name", "position", "email", "phone"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["email"].widget.attrs["autocomplete"] = "off"
        self.fields["phone"].widget.input_type = "tel"


class SupplyForm(RecordForm):
    """Adds a product or service to what a customer uses."""

    class Meta:
        model = CustomerProduct
        fields = ["product"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        used = CustomerProduct.objects.in_force().filter(customer=self.instance.customer).values("product")
        products = self.fields["product"].queryset.exclude(pk__in=used)
        self.fields["product"].queryset = products.filter(retired_on__isnull=True)


class ProductForm(NamedForm):
    taken = _("There is a product or service of that name already: %(reference)s.")
    more = ("retired_on", "unit")

    class Meta:
        model = Product
        fields = ["name", "code", "is_service", "retired_on", "unit"]
        widgets = {"retired_on": DayInput}


class RetireForm(CleanTextMixin, forms.Form):
    """Since when a product or service is no longer supplied."""

    retired_on = forms.DateField(label=_("No longer supplied since"), widget=DayInput, initial=timezone.localdate)


class SegmentForm(NamedForm):
    taken = _("There is a segment of that name already: %(reference)s.")
    more = ("unit",)

    class Meta:
        model = Segment
        fields = ["name", "unit"]
