"""Search over all rooms: a reference leads straight to its record; words find customers, feedback, products, people."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from customers.models import Contact, Customer
from records.middleware import bad_request
from records.models import Record
from records.text import clean_query

REFERENCE = re.compile(r"([A-Z]{2})[- ]?(\d{4})[- ](\d{1,9})", re.IGNORECASE)
SHOWN = 6  # of each kind
COUNTED = 100
SHORTEST, LONGEST = 2, 200  # characters worth searching for


@dataclass(frozen=True)
class Searcher:
    """Finds one kind of record: those that `listing` shows for `?q=`, or what `find(user, words)` gives."""

    label: str
    permission: str
    hint: Callable
    listing: str = ""
    find: Callable | None = None
    is_voice: Callable = lambda record: False  # whether its title is a customer's own words

    def found(self, request, words):
        if self.find is not None:
            return self.find(request.user, words)
        return resolve(reverse(self.listing)).func.view_class.filtered(request, q=words)


@dataclass(frozen=True)
class Found:
    """The records of one kind: the first few, and how many there are."""

    searcher: Searcher
    records: list
    count: int
    url: str

    @property
    def has_others(self):
        return self.count > len(self.records)

    @property
    def is_more(self):
        return self.count > COUNTED


def _contacts(user, words):
    """People at customers; they have no list of their own."""
    reach = Customer.objects.visible_to(user).in_force()
    named = Q(pk__in=Contact.objects.named(words)) | Q(email__iexact=words)
    return Contact.objects.in_force().filter(named, customer__in=reach).select_related("customer")


SEARCHERS = (
    Searcher(
        gettext_lazy("Customers"),
        "customers.view_customer",
        lambda customer: customer.segment.name if customer.segment else "",
        "customers:list",
    ),
    Searcher(
        gettext_lazy("Feedback"),
        "feedback.view_feedback",
        lambda feedback: f"{feedback.reference} · {feedback.get_kind_display()} · {feedback.customer}",
        "feedback:list",
        is_voice=lambda feedback: not feedback.subject and bool(feedback.words),
    ),
    Searcher(
        gettext_lazy("Products and services"),
        "customers.view_product",
        lambda product: product.code,
        "customers:products",
    ),
    Searcher(
        gettext_lazy("People at customers"),
        "customers.view_contact",
        lambda contact: " · ".join(filter(None, [contact.position, contact.customer.name])),
        find=_contacts,
    ),
    Searcher(gettext_lazy("Colleagues"), "accounts.view_user", lambda person: person.email, "accounts:people"),
)


@require_safe
def search(request):
    """`?q=`: to the record when it is a reference, else what was found, by kind."""
    try:
        words = " ".join(clean_query(request.GET).get("q", "").split())
    except ValidationError as fault:
        return bad_request(" ".join(fault.messages))
    if len(words) > LONGEST:
        return bad_request(_("Search for at most %(limit)s characters.") % {"limit": LONGEST})
    reference = reference_in(words)
    if reference and (record := record_called(reference, request.user)):
        return HttpResponseRedirect(record.get_absolute_url())
    found = everything(request, words) if len(words) >= SHORTEST else []
    context = {"words": words, "searched": words, "reference": reference, "found": found}
    return render(request, "search.html", {**context, "is_short": len(words) < SHORTEST})


def reference_in(words):
    """ "FB-2026-0001" for "fb 2026 1" and the like; "" when the words are no reference."""
    match = REFERENCE.fullmatch(words)
    return f"{match[1].upper()}-{match[2]}-{int(match[3]):04d}" if match else ""


def record_called(reference, user):
    """The record of this reference that `user` may see and that has a page of its own, or None."""
    model = _kinds().get(reference[:2])
    if model is None or not user.has_perm(model.permission("view")):
        return None
    return model.objects.visible_to(user).filter(reference=reference).first()


def _kinds():
    """{prefix: model} of the records that have a page."""
    return {
        model.reference_prefix: model
        for model in apps.get_models()
        if issubclass(model, Record) and model.reference_prefix and hasattr(model, "get_absolute_url")
    }


def everything(request, words):
    """What was found, by kind; kinds without any are left out."""
    groups = []
    for searcher in SEARCHERS:
        if not request.user.has_perm(searcher.permission):
            continue
        rows = searcher.found(request, words)
        first = list(rows[:SHOWN])
        if not first:
            continue
        count = len(first) if len(first) < SHOWN else rows.order_by().values("pk")[: COUNTED + 1].count()
        for record in first:
            record.found_hint = searcher.hint(record)
            record.found_voice = searcher.is_voice(record)
            record.found_title = getattr(record, "title", None) or str(record)
        groups.append(Found(searcher, first, count, _all_of(searcher, words)))
    return groups


def _all_of(searcher, words):
    return f"{reverse(searcher.listing)}?{urlencode({'q': words})}" if searcher.listing else ""
