"""The organisation's working calendar, made from its settings and closures."""

from accounts.models import Closure, Organisation
from records.working_time import Calendar, public_holidays


def working_calendar(organisation=None) -> Calendar:
    """Hours, public holidays and closures of the firm."""
    organisation = organisation or Organisation.current() or Organisation()
    hours = dict.fromkeys(organisation.working_days, (organisation.opens_at, organisation.closes_at))
    return Calendar(
        time_zone=organisation.time_zone,
        hours=hours,
        holidays=public_holidays(organisation.calendar),
        closures=frozenset(Closure.objects.in_force().values_list("on", flat=True)),
    )
