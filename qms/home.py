"""Home: how our customers are, what needs us, what they said. Reads every room below; scans no raw records.

Of a day in the past (`?as_of=`) it shows what was known then, and what waited then.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.calendar import working_calendar
from customers.models import Customer
from feedback.clock import clock_state
from feedback.models import Feedback
from kpis import dashboard, findings, readings
from kpis.models import Kpi
from kpis.slices import UnknownSlice, members_named, slice_from
from records import charts, measures
from trail import as_of

NEEDS_SHOWN = 4
VOICES_SHOWN = 3
BARS_SHOWN = 5
TALK_DAYS = 90
QUIET_DAYS = 90
SOURCE = "feedback_received"


@dataclass(frozen=True)
class Need:
    """Something that waits for us: a complaint with its clock."""

    feedback: Feedback
    clock: object

    @property
    def verb(self):
        return "answer" if self.feedback.acknowledged_at else "acknowledge"


@require_GET
def home(request):
    """The five-minute read. Who may see no figures (administrators) is led to what is theirs."""
    if not request.user.has_perm("kpis.view_kpi"):
        return redirect("accounts:people" if request.user.has_perm("accounts.view_user") else "accounts:preferences")
    return _home(request)


@permission_required("kpis.view_kpi", raise_exception=True)
def _home(request):
    user = request.user
    source = measures.get_source(SOURCE)
    try:
        chosen = slice_from(request.GET, source, user)
    except UnknownSlice as error:
        raise Http404(str(error)) from error
    rows = dashboard.rows(Kpi.objects.for_dashboard().visible_to(user), user, slice=chosen)
    with_figures = [row for row in rows if row.latest]
    return render(
        request,
        "home.html",
        {
            "rows": with_figures,
            "slice": chosen,
            "finding": findings.finding_sentence(
                findings.Judged(row.kpi.name, row.kpi.get_absolute_url(), row.variation, row.assurance)
                for row in with_figures
            ),
            "needs": needs(user, working_calendar(request.organisation), NEEDS_SHOWN),
            "quiet": quiet_key_customers(user),
            "quiet_days": QUIET_DAYS,
            "voices": voices(user, chosen),
            "talk": talk(user, chosen),
            "as_of_moment": readings.figures_as_of(),
        },
    )


def needs(user, calendar, most):
    """The complaints whose promised moment comes first, of those that this person may see."""
    waiting = Feedback.objects.visible_to(user).in_force().with_open_clock().select_related("customer", "owner")
    now = as_of.now()
    return [
        Need(feedback, clock_state(feedback, now, calendar))
        for feedback in waiting.order_by("next_due_at", "pk")[:most]
    ]


def quiet_key_customers(user):
    """Key customers from whom nothing has been heard for QUIET_DAYS, though they spoke before."""
    heard = Feedback.objects.in_force().filter(customer=OuterRef("pk"))
    since = as_of.today() - timedelta(days=QUIET_DAYS)
    return list(
        Customer.objects.visible_to(user)
        .in_force()
        .filter(Exists(heard), ~Exists(heard.filter(received_on__gte=since)), is_key=True)
        .order_by("name_key")[:NEEDS_SHOWN]
    )


def voices(user, chosen):
    """The latest words of customers."""
    spoken = Feedback.objects.visible_to(user).in_force().exclude(words="").select_related("customer")
    if chosen:
        spoken = spoken.filter(**{_column(chosen): chosen.member})
    return spoken.order_by("-received_on", "-pk")[:VOICES_SHOWN]


@dataclass(frozen=True)
class Talk:
    """What customers talk about: records by product in the latest days, beside the same number of days before."""

    bars: object
    total: int
    first_day: object
    last_day: object


def talk(user, chosen):
    """The products most spoken of in the 90 days up to the last record; None without any."""
    if chosen:
        return None  # buckets hold one dimension at a time
    units = user.scope_for("kpis.view_kpi")
    last = readings.last_day(SOURCE)
    if last is None:
        return None
    last = min(last, as_of.today())
    first = last - timedelta(days=TALK_DAYS - 1)
    day_before = first - timedelta(days=1)
    ranges = [(first, last), (first - timedelta(days=TALK_DAYS), day_before)]
    now, before = readings.counts_by_member(SOURCE, "n", "product", ranges, units)
    most = [item for item in now.items() if item[0]][:BARS_SHOWN]
    if not most:
        return None
    named = members_named(measures.get_source(SOURCE), "product", [member for member, _count in most])
    page = reverse("feedback:list")
    days = {"received_from": first.isoformat(), "received_to": last.isoformat()}
    bars = charts.bars(
        [
            (
                named[member][1],
                count,
                before.get(member, 0),
                "",
                f"{page}?{urlencode({'product': named[member][0], **days})}",
            )
            for member, count in most
            if member in named
        ]
    )
    return Talk(bars, sum(now.values()), first, last)


def _column(chosen):
    return measures.get_source(SOURCE).dimensions[chosen.dimension]
