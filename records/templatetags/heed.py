"""Tags and filters every template may use: icons, avatars, links that keep the filters, days and numbers."""

import datetime
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from trail import as_of

register = template.Library()

SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"
# Parameters that say which page of a list is shown.
PLACES = ("after", "before", "page")
SIZES = {"": "i", "s": "i i-s", "big": "i i-big"}


@cache
def icon_names():
    """Names of all icons in the sprite."""
    with open(finders.find(SPRITE), encoding="utf-8") as sprite:
        return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite.read()))


@register.simple_tag
def icon(name, size=""):
    """A decorative icon of the sprite; `size` is "", "s" or "big". Words beside it carry the meaning."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        SIZES[size],
        static(SPRITE),
        name,
    )


@register.simple_tag
def avatar(person, look=""):
    """Initials in a circle, beside a written name. `look`: "s" is small, "o" an outline, "s o" both."""
    classes = f"avatar {look}".strip()
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, getattr(person, "initials", "") or "–")


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """The query string of this page with some parameters changed: None or "" drops one, a list repeats it.

    A link that changes anything else starts again at the first page.
    """
    parameters = context["request"].GET.copy()
    for place in PLACES:
        parameters.pop(place, None)
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        elif isinstance(value, (list, tuple)):
            parameters.setlist(name, [str(one) for one in value])
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


def _in_local_time(value):
    return timezone.localtime(value) if isinstance(value, datetime.datetime) and timezone.is_aware(value) else value


@register.filter
def day(value, look=""):
    """A date or moment as "Wed 18 Nov 2026"; `day:"short"` as "18 Nov", with the year when it is not this one."""
    if not isinstance(value, datetime.date):
        return ""
    value = _in_local_time(value)
    if look == "short":
        this_year = value.year == as_of.today().year
        wording = pgettext("date format", "j M") if this_year else pgettext("date format", "j M Y")
    else:
        wording = pgettext("date format", "D j M Y")
    return formats.date_format(value, wording)


@register.filter
def moment(value):
    """A moment in the reader's time as "Wed 18 Nov 2026, 10:12"; a date alone as its day."""
    if not isinstance(value, datetime.datetime):
        return day(value)
    return formats.date_format(_in_local_time(value), pgettext("date format", "D j M Y, H:i"))


@register.filter
def past(at):
    """The moment that a page of the past shows: "the end of Tue 31 Mar 2026" or "Tue 31 Mar 2026, 14:30"."""
    if at and _in_local_time(at).time() == datetime.time.max:
        return _("the end of %(day)s") % {"day": day(at)}
    return moment(at)


@register.simple_tag(takes_context=True)
def date_bar(context, typed=""):
    """What `components/date_bar.html` needs to ask for this page as of another day; `typed` could not be read."""
    request = context["request"]
    at = getattr(request, "as_of", None)
    left_out = (as_of.PARAMETER, *PLACES)
    return {
        "day": _in_local_time(at).date().isoformat() if at else "",
        "typed": typed,
        "last": timezone.localdate().isoformat(),
        "kept": [
            (name, value) for name, values in request.GET.lists() if name not in left_out for value in values if value
        ],
        "present_url": query(context, **{as_of.PARAMETER: None}),
    }


@register.filter
def number(value, places=None):
    """A number with separators for thousands: "12,171"; `number:1` rounded to one decimal. "" for None."""
    if value is None or value == "" or isinstance(value, bool):
        return ""
    if isinstance(value, float):
        value = Decimal(str(value))
    if places is not None:  # Django's own formatting cuts off instead of rounding
        value = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return formats.number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


@register.filter
def undo_url(message):
    """Where a message's Undo button posts to: its extra tags say "undo:/some/path/"."""
    for word in (message.extra_tags or "").split():
        if word.startswith("undo:/") and not word.startswith("undo://"):
            return word.removeprefix("undo:")
    return ""


@register.filter
def widget_attribute(field, name):
    """An attribute of a form field's widget, such as "data-look", whose hyphen a template cannot spell."""
    return field.field.widget.attrs.get(name, "")


@register.filter
def choice_icon(field, value):
    """The icon a segmented choice shows: the widget's `icons` maps values to names of icons."""
    return getattr(field.field.widget, "icons", {}).get(str(value), "")
