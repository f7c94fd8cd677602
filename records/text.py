"""One sanitising layer for everything that comes in: forms, file cells, query strings.

What comes in is kept as it was written (apart from Unicode composition, NFC) or refused with a reason.
Nothing is shortened, trimmed or replaced here.
"""

import json
import math
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

LONG_TEXT = 32_000  # characters in one free text or file cell
QUERY_TEXT = 1_000  # characters in one value of a query string
QUERY_VALUES = 300  # values in one query string
JSON_BYTES = 1_000_000
JSON_DEPTH = 20
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LINE_BREAK = re.compile("[\r\n]")


def clean_text(value, *, max_length=LONG_TEXT, multiline=True):
    """`value` in NFC, or ValidationError when it cannot be kept whole.

    Refused: NUL, half a surrogate pair, more than `max_length` characters and, unless `multiline`, line breaks.
    """
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if fault := UNSTORABLE.search(value):
        raise ValidationError(unstorable_words(fault), code="unstorable")
    if max_length is not None and len(value) > max_length:
        raise ValidationError(
            _("This has %(length)s characters; at most %(limit)s can be kept. Please shorten it."),
            code="too_long",
            params={"length": f"{len(value):,}", "limit": f"{max_length:,}"},
        )
    if not multiline and LINE_BREAK.search(value):
        raise ValidationError(_("This must be on one line."), code="line_break")
    return value


def unstorable_words(fault):
    """What a match of UNSTORABLE is, and where, for the person who sent it."""
    place = {"position": fault.start() + 1}
    if fault.group() == "\0":
        return _("There is a NUL character at position %(position)s. Remove it; it cannot be kept.") % place
    return _("The character at position %(position)s is damaged (half of a pair). Type it again.") % place


def clean_query(params):
    """A QueryDict of the same keys and values, each cleaned; ValidationError when one is refused."""
    cleaned = QueryDict(mutable=True)
    for key, values in params.lists():
        cleaned.setlist(
            clean_text(key, max_length=QUERY_TEXT),
            [clean_text(value, max_length=QUERY_TEXT) for value in values],
        )
    if sum(len(values) for _key, values in cleaned.lists()) > QUERY_VALUES:
        raise ValidationError(_("The address carries too many values."), code="too_many")
    cleaned._mutable = False
    return cleaned


def clean_day(value):
    """The same date or moment, when its day lies within 1900–2200."""
    day = value.date() if isinstance(value, datetime) else value
    if not EARLIEST <= day <= LATEST:
        raise ValidationError(_("The year must lie between 1900 and 2200."), code="out_of_range")
    return value


def clean_number(value, *, whole_digits=15):
    """`value` as a finite Decimal with at most `whole_digits` digits before the point."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValidationError(_("This is not a number."), code="invalid") from None
    if not number.is_finite():
        raise ValidationError(_("This is not a finite number."), code="not_finite")
    if number and number.adjusted() >= whole_digits:
        raise ValidationError(
            _("This number is too large; at most %(digits)s digits can be kept."),
            code="too_large",
            params={"digits": whole_digits},
        )
    return number


def parse_json(text, *, max_bytes=JSON_BYTES, max_depth=JSON_DEPTH):
    """The value of a JSON text from outside. ValidationError when it is too large, too deep or cannot be kept."""
    if len(text) > max_bytes:
        raise ValidationError(_("The JSON is larger than %(limit)s bytes."), params={"limit": f"{max_bytes:,}"})
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        return _clean_json(value, max_depth)
    except RecursionError:
        raise ValidationError(_("The JSON is nested too deeply."), code="too_deep") from None
    except UnicodeDecodeError:
        raise ValidationError(_("The JSON is not in UTF-8."), code="encoding") from None
    except ValueError as fault:
        raise ValidationError(_("This is not JSON: %(fault)s"), code="invalid", params={"fault": fault}) from None


def _refuse_constant(word):
    raise ValidationError(_("%(word)s is not a number."), code="not_finite", params={"word": word})


def _clean_json(value, depth):
    if depth < 0:
        raise ValidationError(_("The JSON is nested too deeply."), code="too_deep")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(_("A number in the JSON is not finite."), code="not_finite")
    if isinstance(value, list):
        return [_clean_json(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _clean_json(item, depth - 1) for key, item in value.items()}
    return value


class CleanTextMixin:
    """A form whose texts, dates and moments pass through this module before any other cleaning.

    Long texts keep their outer spaces and have the browser's line ends (CR LF) put back to those typed (LF);
    one-line fields drop outer spaces, as Django's do, and refuse line breaks.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            self._name_what_is_missing(field)
            if isinstance(field, forms.CharField):
                self._guard_text(field)
            elif isinstance(field, (forms.DateField, forms.DateTimeField)):
                self._guard_day(field)
            elif isinstance(field, forms.SplitDateTimeField):
                field.validators.append(clean_day)

    @staticmethod
    def _name_what_is_missing(field):
        """An error summary of five times "This field is required" helps nobody."""
        if field.label and field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = _("%(field)s is missing.") % {"field": field.label}

    @staticmethod
    def _guard_text(field):
        multiline = isinstance(field.widget, forms.Textarea)
        if multiline:
            field.strip = False
        # JSONField is a CharField too, and has limits of its own.
        read = field.to_python
        if isinstance(field, forms.JSONField):
            field.to_python = lambda value: parse_json(value) if isinstance(value, str) and value else read(value)
            return
        limit = LONG_TEXT if field.max_length is None else field.max_length

        def to_python(value):
            value = read(value)
            if not isinstance(value, str):
                return value
            if multiline:
                value = value.replace("\r\n", "\n")
                if not value.strip():
                    return field.empty_value
            return clean_text(value, max_length=limit, multiline=multiline)

        field.to_python = to_python

    @staticmethod
    def _guard_day(field):
        read = field.to_python

        def to_python(value):
            try:
                return read(value)
            except ValidationError as fault:
                if getattr(fault, "code", None) == "ambiguous_timezone":
                    raise ValidationError(
                        _(
                            "The clocks change at this hour, so the time does not exist or comes twice. "
                            "Give a time one hour earlier or later."
                        ),
                        code="ambiguous_timezone",
                    ) from None
                raise

        field.to_python = to_python
        field.validators.append(clean_day)
