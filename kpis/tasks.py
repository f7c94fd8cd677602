"""What a worker runs for this room: keeping the figures up to date, checking them, building them anew."""

import fcntl
import logging
import time
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.roles import Role
from kpis import reconciling, rollup
from records.jobs import GoesOn, job
from records.notifying import notify
from trail.context import acting_as_system
from trail.sealing import seal_if_possible

log = logging.getLogger("heed.rollup")

REBUILD = "rebuild of figures"  # as people read it among the background work
SLICE = 120  # seconds that one task of a rebuild takes; then it goes on in the next
DAYS_CHECKED = 20
CALM, PATIENCE = 1.0, 30.0  # seconds between two wake-ups from one process; after one that found no broker

_quiet_until = 0.0


@shared_task
def keep_up():
    """Seal what was saved and fold it into the figures; at once nothing when another process does.

    Without the key nothing is sealed, and so nothing new is counted: what waits goes on waiting, and all else goes on.
    """
    with _alone() as alone:
        if alone:
            seal_if_possible()
            rollup.fold_in()


@shared_task
def reconcile():
    """Count a sample of days again from the records, and say so if the buckets hold anything else."""
    with acting_as_system("job"):
        report_drift(reconciling.check(days=DAYS_CHECKED))


@job(REBUILD)
def rebuild(running):
    """Build all figures anew; what is counted stays counted when the task ends before the work does."""
    started = time.monotonic()

    def report(done, total, message):
        running.progress(done, total, message)
        if done < total and time.monotonic() - started > SLICE:
            raise GoesOn

    rollup.rebuild(report, since=running.job.asked_at)


def wake():
    """Ask a worker to keep up, soon after a commit. A wake-up that is lost or left out is made good by the schedule."""
    global _quiet_until
    now = time.monotonic()
    if now < _quiet_until:
        return
    _quiet_until = now + CALM
    try:
        keep_up.apply_async(expires=5, retry=False)
    except Exception:
        # Whoever saved something must not fail or wait because the broker is down.
        _quiet_until = now + PATIENCE
        log.warning("no broker to wake a worker; the figures follow with the schedule")


def report_drift(drifts):
    """Log each difference and tell the administrators that there are some."""
    for drift in drifts:
        log.error("figures have drifted: %s", drift)
    if not drifts:
        return
    text = ngettext(
        "%(count)s figure differs from its records. Build the figures anew (manage.py rollup --rebuild).",
        "%(count)s figures differ from their records. Build the figures anew (manage.py rollup --rebuild).",
        len(drifts),
    ) % {"count": len(drifts)}
    for administrator in User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR):
        notify(administrator, text=_("Nightly check: %(finding)s") % {"finding": text})


@contextmanager
def _alone():
    """Whether no other process of this machine is at it. The lock goes with the process, however that ends.

    Two machines do no harm to each other, since the roll-up has a lock of its own; this one only keeps the workers of
    a machine from queueing behind it.
    """
    with open(settings.VAR / "keep-up.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
