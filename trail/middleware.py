"""Puts the person, the way in and the request's id where every save reads them."""

import uuid

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
        with acting_as(person, channel=channel, request_id=request.trail_id):
            return self.get_response(request)
