"""What is kept here of a person at a customer: what they said, and what was written about it."""

from customers.erasing import CONTACT, CUSTOMER
from customers.models import name_key
from trail import personal
from trail.history import history_of

from .models import Entry, Feedback


def feedback_of_contact(person):
    """What they said, also where only their name was written down, and the story of each."""
    yield from _with_entries(
        Feedback.objects.filter(contact=person.row.pk)
        | Feedback.objects.filter(pk__in=_said_by_name(person), contact__isnull=True)
    )


def feedback_of_customer(person):
    yield from _with_entries(Feedback.objects.filter(customer=person.row.pk))


def _said_by_name(person):
    """Feedback of the same customer that bears their name as a text, in any version."""
    keys = {name_key(name) for name in person.names}
    versions = history_of(Feedback).objects.filter(customer=person.row.customer_id).exclude(said_by="")
    said = versions.order_by().values_list("id", "said_by").distinct()
    return {pk for pk, name in said.iterator() if name_key(name) in keys}


def _with_entries(feedback):
    yield feedback
    yield Entry.objects.filter(feedback__in=feedback.values("pk"))


def register():
    personal.add_records(CONTACT.rtype, feedback_of_contact)
    personal.add_records(CUSTOMER.rtype, feedback_of_customer)
