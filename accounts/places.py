"""Time zones, and the countries and regions whose public holidays are known: what set-up lets people choose from."""

from functools import lru_cache
from importlib.resources import files

from django.utils.translation import gettext_lazy as _

NO_HOLIDAYS = "NONE"


@lru_cache(maxsize=1)
def _zones():
    """{time zone: its country's code}."""
    lines = _table("zone.tab")
    return {zone: country for country, _coordinates, zone, *_comment in lines}


@lru_cache(maxsize=1)
def _countries():
    """{code: name} of countries whose public holidays are known, by name."""
    from holidays.registry import COUNTRIES  # slow to import

    known = {codes[1] for codes in COUNTRIES.values()}
    named = {code: name for code, name in _table("iso3166.tab") if code in known}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def _table(name):
    text = (files("tzdata") / "zoneinfo" / name).read_text()
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def time_zones():
    """Choices grouped by continent: [("Europe", [("Europe/London", "London"), …]), …]."""
    groups = {}
    for zone in sorted(_zones()):
        area, _slash, place = zone.partition("/")
        groups.setdefault(area, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    return [*groups.items(), (_("Other"), [("UTC", "UTC")])]


def countries():
    """Choices (code, name)."""
    return [(NO_HOLIDAYS, _("No public holidays")), *_countries().items()]


def regions(country):
    """Choices (code, name) of the parts of a country that have public holidays of their own."""
    if country not in _countries():
        return []
    import holidays

    place = holidays.country_holidays(country)
    names = place.get_subdivision_aliases()
    # A code that is not in capitals is a town: calendars are kept by codes in capitals.
    named = [(code, (names.get(code) or [code])[0]) for code in place.subdivisions if code == code.upper()]
    return sorted(named, key=lambda pair: pair[1].casefold())


def calendar_for(time_zone):
    """The calendar to propose for a time zone: its country's, else none."""
    country = _zones().get(time_zone, "")
    return country if country in _countries() else NO_HOLIDAYS
