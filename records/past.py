"""Looking at the past in the browser: `?as_of=` on any page, carried on by its links and forms (7.5.3).

Views do not know of it: inside, every query answers as of the moment, and nobody holds a right to change anything.
"""

import re

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from records.middleware import bad_request
from trail import as_of

PARAMETER = "as_of"
SAFE = ("GET", "HEAD", "OPTIONS")
# What has no past, or one's own account, is shown as it is and left without the date.
WITHOUT_PAST = (
    "/admin/",
    "/accounts/",
    "/me/",
    "/static/",
    "/health/",
    "/setup/",
    "/notifications/",
    "/jobs/",
    "/trail/",
)
_LINK = re.compile(r'(<(?:a|form)\b[^>]*?\s(?:href|action)=")([/?][^"#]*)(#[^"]*)?(")')
_GET_FORM = re.compile(r"<form\b(?![^>]*\bmethod=\"post\")[^>]*>", re.IGNORECASE)


class PastMiddleware:
    """Sets `request.as_of` (a moment or None) and answers from the past. What is sent to the past is refused."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.as_of = None
        text = request.GET.get(PARAMETER, "")
        if not text or request.path.startswith(WITHOUT_PAST) or not request.user.is_authenticated:
            return self.get_response(request)
        try:
            request.as_of = as_of.parsed(text)
        except ValidationError as fault:
            return bad_request(" ".join(fault.messages))
        if request.method not in SAFE:
            raise PermissionDenied(_("What is past cannot be changed. Go back to today first."))
        with as_of.as_of(request.as_of):
            response = self.get_response(request)
        if response.streaming:
            response.streaming_content = _read_in_the_past(request.as_of, response.streaming_content)
        elif response.get("Content-Type", "").startswith("text/html"):
            response.content = carried_on(response.content.decode(response.charset), text)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        elif 300 <= response.status_code < 400 and response.get("Location", "").startswith("/"):
            response["Location"] = _with_date(response["Location"], text, "&")
        return response


def _read_in_the_past(moment, content):
    with as_of.as_of(moment):
        yield from content


def carried_on(html, text):
    """The page with the date in every link to a page of ours that has a past, and in every form that asks."""
    html = _LINK.sub(lambda found: _linked(found, text), html)
    hidden = f'<input type="hidden" name="{PARAMETER}" value="{escape(text)}">'
    return _GET_FORM.sub(lambda found: found.group() + hidden, html)


def _linked(found, text):
    before, address, fragment, after = found.groups()
    if address.startswith(("//", *WITHOUT_PAST)) or "data-present" in before:
        return found.group()
    return f"{before}{_with_date(address, text, '&amp;')}{fragment or ''}{after}"


def _with_date(address, text, join):
    if f"{PARAMETER}=" in address:
        return address
    return f"{address}{join if '?' in address else '?'}{urlencode({PARAMETER: text})}"
