"""The people at a customer, and the products and services a customer uses."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.forms import ContactForm, SupplyForm
from customers.models import Contact, Customer, CustomerProduct
from records.pages import RecordCreate, RecordEdit, RecordVerb, RecordVoid

from .customers import CRUMBS


class OfCustomer:
    """Records that belong to a customer are in reach when the customer is."""

    def rows(self):
        reach = Customer.objects.changeable_by(self.request.user)
        return self.get_queryset().filter(customer__in=reach)


class NotErased:
    """Who was erased stays so: nothing is written into what was emptied."""

    def must_stand(self, record):
        super().must_stand(record)
        if record.is_erased:
            raise PermissionDenied(gettext("%(reference)s was erased and stays so.") % {"reference": record.reference})


class NewOfCustomer(RecordCreate):
    """A form for something of the customer that the address names."""

    crumbs = CRUMBS

    @cached_property
    def customer(self):
        reach = Customer.objects.in_force().changeable_by(self.request.user)
        customer = reach.filter(reference=self.kwargs["reference"].upper()).first()
        if customer is None:
            raise Http404
        return customer

    def get_form(self, data=None, files=None, **options):
        blank = self.model(customer=self.customer, unit_id=self.customer.unit_id)
        return super().get_form(data, files, instance=blank, **options)

    def get_cancel_url(self):
        return self.customer.get_absolute_url()

    def get_success_url(self, record):
        return self.customer.get_absolute_url()


class ContactCreate(NewOfCustomer):
    permission_required = "customers.add_contact"
    queryset = Contact.objects.all()
    form_class = ContactForm
    title = _("Add a person")
    save_label = _("Save person")


class ContactEdit(NotErased, OfCustomer, RecordEdit):
    permission_required = "customers.change_contact"
    queryset = Contact.objects.select_related("customer")
    form_class = ContactForm
    title = _("Edit person")
    crumbs = CRUMBS


class ContactVoid(OfCustomer, RecordVoid):
    permission_required = "customers.void_contact"
    queryset = Contact.objects.select_related("customer")


class SupplyAdd(NewOfCustomer):
    permission_required = "customers.add_customerproduct"
    queryset = CustomerProduct.objects.all()
    form_class = SupplyForm
    title = _("Add a product or service they use")
    save_label = _("Add")

    def tell(self, record):
        words = {"customer": self.customer, "product": record.product}
        messages.success(self.request, gettext("%(customer)s uses %(product)s.") % words)


class SupplyRemove(OfCustomer, RecordVerb):
    """They do not use it any more: the line leaves the page, the history stays."""

    permission_required = "customers.void_customerproduct"
    queryset = CustomerProduct.objects.select_related("customer")
    title = _("Remove a product or service")
    message = _("Removed. The history keeps that they used it.")

    def act(self, record, form):
        record.void(by=self.request.user, reason=gettext("They do not use it any more."))
