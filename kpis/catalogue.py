"""The KPIs a new firm starts with: what every complaint and feedback register can show from its first day."""

from django.db import connections
from django.utils.translation import gettext_lazy as _

from trail.context import acting_as_system

# code, name, measure, cadence, target, on Home
STARTING = [
    ("answered-on-time", _("Complaints answered on time"), "answered_on_time", "month", 95, True),
    ("acknowledged-on-time", _("Complaints acknowledged on time"), "acknowledged_on_time", "month", 95, True),
    ("time-to-resolve", _("Time to resolve a complaint"), "time_to_resolve", "month", 10, True),
    ("complaints-received", _("Complaints received"), "complaints_received", "month", None, True),
    ("feedback-received", _("Feedback received"), "feedback_received", "month", None, True),
    ("praise-received", _("Praise received"), "praise_received", "month", None, True),
    ("stated-on-time", _("On time as stated by the source"), "stated_on_time", "month", None, True),
    ("share-disputed", _("Answers disputed by the customer"), "share_disputed", "month", None, False),
    ("ideas-received", _("Ideas received"), "ideas_received", "month", None, False),
    ("questions-received", _("Questions received"), "questions_received", "month", None, False),
    ("time-to-resolve-p90", _("Time to resolve nine in ten complaints"), "time_to_resolve_p90", "month", None, False),
]


def install(at=None):
    """Record the starting KPIs that are not there. Returns how many were. Only the demo back-dates them with `at`."""
    from kpis.models import Kpi

    there = set(Kpi.objects.values_list("code", flat=True))
    made = 0
    with acting_as_system("command"):
        for position, (code, name, measure, cadence, target, on_home) in enumerate(STARTING, start=1):
            if code not in there:
                Kpi(
                    code=code,
                    name=str(name),
                    measure=measure,
                    cadence=cadence,
                    target=target,
                    on_home=on_home,
                    position=position * 10,
                ).save(verb="proposed", at=at)
                made += 1
    return made


def install_after_migrate(sender, using="default", **kwargs):
    """Only where no KPI was ever recorded: a firm that drops one is not given it back."""
    from kpis.models import Kpi

    tables = connections[using].introspection.table_names()
    if Kpi._meta.db_table in tables and not Kpi.objects.using(using).exists():
        install()
