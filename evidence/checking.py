"""Checks of the trail: on demand, and whenever the last one is a day old. What is not sound is told at once."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Appointment, Organisation, User
from accounts.roles import Role
from records.jobs import Cancelled, Job, enqueue, job
from records.notifying import notify
from trail import checking
from trail.models import Verification

log = logging.getLogger("heed.check")

KIND = "check of the trail"  # as people read it among the background work
INTERVAL = timedelta(days=1)
TOLD = 20  # findings in a mail; the page has all


def ask(by=None) -> Job:
    """Ask for a check. While one waits, a second request is the same one."""
    return enqueue(KIND, by=by, dedupe_key=KIND)


def ask_when_due():
    """Ask for a check when the last one is a day old: the nightly round, made good whenever it was missed."""
    last = last_check()
    if last is None or timezone.now() - last.began_at >= INTERVAL:
        if not Job.objects.filter(kind=KIND, state__in=[Job.State.PENDING, Job.State.RUNNING]).exists():
            ask()


def last_check() -> Verification | None:
    """The latest check that ended."""
    return Verification.objects.filter(ended_at__isnull=False).order_by("-began_at", "-pk").first()


def run_check(asked_by=None, progress=None) -> Verification:
    """Check the configured database now; tell those who must know when the trail is not sound."""
    stopped = (Cancelled, SoftTimeLimitExceeded)
    check, _report = checking.run(asked_by=asked_by, progress=progress, passing=stopped)
    if not check.is_sound:
        _tell(check)
    return check


@job(KIND, minutes=120)
def work(running):
    run_check(running.asked_by, running.progress)


def _tell(check):
    """A notification to every quality manager and administrator, and a mail with the first findings."""
    log.error("the trail is not sound: %s findings, the first: %s", len(check.findings), check.findings[0])
    text = ngettext(
        "The trail is not sound: %(count)s finding.", "The trail is not sound: %(count)s findings.", len(check.findings)
    ) % {"count": len(check.findings)}
    people = _who_must_know()
    for person in people:
        notify(person, text=text, url=reverse("trail:checks"))
    told = {"check": check, "findings": check.findings[:TOLD], "organisation": Organisation.current()}
    body = render_to_string("trail/mail/not_sound.txt", told)
    for person in people:
        try:
            send_mail(_("Heed: the trail is not sound"), body, None, [person.email])
        except (SMTPException, OSError) as fault:
            log.error("that the trail is not sound could not be mailed: %s", fault)


def _who_must_know():
    roles = [Role.QUALITY_MANAGER, Role.ADMINISTRATOR]
    appointed = Appointment.objects.in_force_on(timezone.localdate()).filter(role__in=roles)
    return User.objects.filter(pk__in=appointed.values("user"), is_active=True).order_by("pk")
