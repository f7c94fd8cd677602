"""Which customer is meant by what somebody typed."""

from difflib import SequenceMatcher

from django.db.models import Q

from .models import Customer, name_key

CLOSE_ENOUGH = 0.6  # likeness of two names, 0 to 1
WEIGHED = 500  # candidates that are compared letter by letter


def customer_called(text, user):
    """The customer in force of exactly this name, or reference, that `user` may see; None without one."""
    rows = Customer.objects.visible_to(user).in_force()
    return rows.filter(Q(name_key=name_key(text)) | Q(reference=text.strip().upper())).first()


def customers_like(text, user, most=5):
    """Customers whose names come close to `text`, the closest first: for a slip of the keyboard."""
    key = name_key(text)
    words = [word for word in key.split() if len(word) > 2] or [key]
    begins = Q(name_key__startswith=key[:2])
    for word in words[:6]:
        begins |= Q(name_key__contains=word)
    rows = Customer.objects.visible_to(user).in_force().filter(begins).order_by("name_key", "pk")[:WEIGHED]
    weighed = [(_likeness(key, customer.name_key), customer) for customer in rows]
    close = [pair for pair in weighed if pair[0] >= CLOSE_ENOUGH]
    return [customer for _likeness, customer in sorted(close, key=lambda pair: -pair[0])[:most]]


def _likeness(typed, name):
    """0 to 1: of the whole names, or of what was typed with the beginning of the name."""
    if typed in name:
        return 1.0
    whole = SequenceMatcher(None, typed, name).ratio()
    return max(whole, SequenceMatcher(None, typed, name[: len(typed)]).ratio())
