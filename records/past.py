"""Looking at the past in the browser: `?as_of=` on any page, carried on by its links and forms (7.5.3).

Views do not know of it: inside, every query answers as of the moment, and nobody holds a right to change anything.
"""

import re
from html import escape, unescape
from urllib.parse import parse_qsl, urldefrag

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from trail import as_of
from trail.as_of import PARAMETER

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
    "/drafts/",
    "/jobs/",
    "/trail/",
    "/privacy/",
)
# Text that only looks like tags is passed over whole.
_PIECE = re.compile(
    r"<!--.*?-->|<(?P<raw>script|style|textarea|title)\b.*?</(?P=raw)\s*>"
    r"|<(?P<tag>[a-z][a-z0-9-]*)\b(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
# What leads on by GET: links, and what htmx and the type-ahead fetch. Forms have a field of their own for the date;
# those that send are left alone, since nothing is sent to the past.
_LINKS = ("a", "area")
_FETCHES = ("hx-get", "data-url")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class PastMiddleware:
    """Sets `request.as_of` (a moment or None) and answers from the past. What is sent to the past is refused."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.as_of = None
        request.has_past = not request.path.startswith(WITHOUT_PAST)
        text = request.GET.get(PARAMETER, "").strip()
        if not text or not request.has_past or not request.user.is_authenticated:
            return self.get_response(request)
        try:
            request.as_of = as_of.parsed(text)
        except ValidationError as fault:
            return self._asked_wrongly(request, text, fault)
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
        if 300 <= response.status_code < 400 and response.has_header("Location"):
            response["Location"] = dated(response["Location"], text)
        return response

    @staticmethod
    def _asked_wrongly(request, text, fault):
        """The date bar again, with what was typed and what is wrong with it."""
        return render(request, "past.html", {"faults": fault.messages, "typed": text}, status=400)


def not_there(request, rows, came="recorded_at", **which):
    """Raise Http404. When `rows()` hold it today, the page says when it came: later than the day that is looked at."""
    if request.as_of is not None:
        with as_of.present():
            request.came_at = rows().filter(**which).values_list(came, flat=True).first()
    raise Http404(_("There is no such record, or it is not yours to see."))


def _read_in_the_past(moment, content):
    """The chunks, each read as of the moment; between them, and when nobody reads on, nothing is left behind."""
    chunks = iter(content)
    try:
        while True:
            with as_of.as_of(moment):
                try:
                    chunk = next(chunks)
                except StopIteration:
                    return
            yield chunk
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def carried_on(html, text):
    """The page with the date in every link to a page of ours that has a past, and in every form that asks.

    A tag marked `data-present` leads to today.
    """
    hidden = f'<input type="hidden" name="{PARAMETER}" value="{escape(text)}">'
    return _PIECE.sub(lambda piece: _carried(piece, text, hidden), html)


def _carried(piece, text, hidden):
    tag, rest = (piece["tag"] or "").lower(), piece["rest"] or ""
    if tag not in (*_LINKS, "form") and not any(name in rest for name in _FETCHES):
        return piece[0]
    given = {found[1].lower(): _unquoted(found[3]) for found in _ATTRIBUTE.finditer(rest)}
    if "data-present" in given:
        return piece[0]
    rest = _ATTRIBUTE.sub(lambda found: _linked(found, tag, text), rest)
    asks = tag == "form" and given.get("method", "get").lower() == "get" and has_past(given.get("action", ""))
    return f"<{piece['tag']}{rest}>{hidden if asks else ''}"


def _linked(found, tag, text):
    """An attribute, with the date when it leads on."""
    name, equals, value = found.groups()
    if not value or not (name.lower() in _FETCHES or (tag in _LINKS and name.lower() in ("href", "xlink:href"))):
        return found[0]
    address = _unquoted(value)
    carried = dated(address, text)
    return found[0] if carried == address else f'{name}{equals}"{escape(carried)}"'


def _unquoted(value):
    value = value or ""
    return unescape(value[1:-1] if value[:1] in ("'", '"') else value)


def has_past(path):
    """Whether this is a page of ours, named from its root or from the page it stands on, that has a past."""
    return not path.startswith(("//", *WITHOUT_PAST)) and not _SCHEME.match(path)


def dated(address, text):
    """The address with the date, unless it has one, lies elsewhere, has no past or only names a place on the page."""
    path, fragment = urldefrag(address)
    if not path or not has_past(path):
        return address
    query = path.partition("?")[2]
    if any(name == PARAMETER for name, _value in parse_qsl(query, keep_blank_values=True)):
        return address
    join = "" if path.endswith(("?", "&")) else "&" if "?" in path else "?"
    return f"{path}{join}{urlencode({PARAMETER: text})}{f'#{fragment}' if fragment else ''}"
