"""Requests that cannot be kept are answered with a page that says so, never with a server error."""

import logging
from urllib.parse import unquote_to_bytes

from django.db import DataError
from django.http import HttpResponseBadRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from records.text import UNSTORABLE, unstorable_words

log = logging.getLogger("heed.input")

REFUSED_BY_STORAGE = (DataError, OverflowError, RecursionError, UnicodeError)


class BadInputMiddleware:
    """Answers 400 to NUL, damaged characters and text that is not UTF-8 in address, cookies and field names.

    It stands before sessions and sign-in, which look up what the cookies say. Values of form fields are left to the
    forms, which can name the field and keep what was typed. What storage still refuses while a view runs is
    answered 400 too, with a line in the log, since it may be a fault of ours.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        reason = self._fault_in_address(request)
        return bad_request(reason) if reason else self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        reason = self._fault_in_form(request)
        return bad_request(reason) if reason else None

    def process_exception(self, request, exception):
        if isinstance(exception, REFUSED_BY_STORAGE) or _is_nul_refused_by_driver(exception):
            log.warning("input refused at %s %s", request.method, ascii(request.path), exc_info=exception)
            return bad_request(
                _("Something in this request cannot be kept: a value is too large, too deep or damaged.")
            )
        return None

    @staticmethod
    def _fault_in_address(request):
        for text in (request.path, *request.COOKIES, *request.COOKIES.values()):
            if fault := UNSTORABLE.search(text):
                return unstorable_words(fault)
        return _fault_in_encoded(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))

    @staticmethod
    def _fault_in_form(request):
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        if request.content_type == "application/x-www-form-urlencoded":
            # Django would put a replacement sign where bytes are not UTF-8: a silent change.
            try:
                unquote_to_bytes(request.body.replace(b"+", b" ")).decode()
            except UnicodeDecodeError:
                return _("The form was not sent as UTF-8, so its characters cannot be read.")
        for name in (*request.POST, *request.FILES):
            if fault := UNSTORABLE.search(name):
                return unstorable_words(fault)
        return None


def _fault_in_encoded(query):
    try:
        text = unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return _("The address holds characters that are not UTF-8.")
    fault = UNSTORABLE.search(text)
    return unstorable_words(fault) if fault else ""


def _is_nul_refused_by_driver(exception):
    """psycopg2 says a NUL in a text with a bare ValueError."""
    return type(exception) is ValueError and "NUL (0x00)" in str(exception)


def bad_request(message):
    """The 400 page. Rendered without the request: this may run before sessions and sign-in."""
    return HttpResponseBadRequest(render_to_string("400.html", {"message": message}))
