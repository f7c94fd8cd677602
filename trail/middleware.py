"""Puts the person, the way in, the address and the request's id where every save reads them."""

import uuid

from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

from .context import acting_as


class TrailMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.trail_id = uuid.uuid4().hex
        channel = "admin" if request.path.startswith("/admin/") else "form"
        # Lazy: a page that saves nothing need not load the person.
        person = SimpleLazyObject(lambda: request.user if request.user.is_authenticated else None)
        with acting_as(person, channel=channel, request_id=request.trail_id, address=address_of(request)):
            return self.get_response(request)


def address_of(request) -> str:
    """The visitor's network address as the lock-out counts it; empty where it cannot be told."""
    try:
        return get_client_ip(request) or ""
    except ImproperlyConfigured:  # fewer proxies wrote down an address than are believed
        return ""
