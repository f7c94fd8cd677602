"""What is kept of people here: contacts, and customers that are persons."""

from django.utils.translation import gettext_lazy as _

from trail import personal

from .models import Contact, Customer, CustomerProduct

CONTACT = personal.Kind(
    label=_("contact"),
    model_label="customers.Contact",
    names=("name",),
    addresses=("email", "phone"),
    view_permission="customers.view_contact",
)
CUSTOMER = personal.Kind(
    label=_("customer who is a person"),
    model_label="customers.Customer",
    names=("name",),
    view_permission="customers.view_customer",
    where={"is_person": True},
)


def records_of_contact(person):
    yield Contact.objects.filter(pk=person.row.pk)


def records_of_customer(person):
    """A person who is a customer: all that is kept of the customer is about them."""
    yield Customer.objects.filter(pk=person.row.pk)
    yield Contact.objects.filter(customer=person.row.pk)
    yield CustomerProduct.objects.filter(customer=person.row.pk)


def register():
    personal.add_kind(CONTACT)
    personal.add_kind(CUSTOMER)
    personal.add_records(CONTACT.rtype, records_of_contact)
    personal.add_records(CUSTOMER.rtype, records_of_customer)
