"""Background work: ask for it inside the business transaction, run it in a worker, survive a crash of either.

The `Job` row is the truth. A message only wakes a worker; when it is lost, the dispatcher finds the row.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from trail.context import acting_as

from .models.job import MAX_ATTEMPTS, Job

log = logging.getLogger("heed.jobs")

LEASE = timedelta(minutes=6)  # longer than the hard time limit of a task: no second worker while the first may live
_kinds = {}


class Cancelled(Exception):
    """Somebody cancelled the job while it ran."""


class GoesOn(Exception):
    """Raised by work that has more to do than fits one task: the job waits again and is not counted as an attempt."""


@dataclass
class Running:
    """What the work sees of its job."""

    job: Job

    @property
    def arguments(self):
        return self.job.arguments

    @property
    def asked_by(self):
        return self.job.asked_by

    def progress(self, done, total=None, message=""):
        """Report how far it is and renew the lease. Raises Cancelled when the job was cancelled meanwhile."""
        changed = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, attempts=self.job.attempts).update(
            done=done, total=total, message=message[:200], leased_until=timezone.now() + LEASE
        )
        if not changed:
            raise Cancelled


def job(kind):
    """Register the decorated function as the work of jobs of this kind. It is called with a `Running`.

    It must be safe to run again after a crash at any point.
    """

    def register(work):
        if kind in _kinds:
            raise ValueError(f"there is a job kind {kind!r} already")
        _kinds[kind] = work
        return work

    return register


def enqueue(kind, arguments=None, *, by=None, dedupe_key="", request_id=""):
    """Ask for work. Returns the Job: a new one, or the one that waits already under the same `dedupe_key`.

    The row commits with the business transaction; the wake-up follows it, and its loss costs seconds only.
    """
    if kind not in _kinds:
        raise LookupError(f"there is no job kind {kind!r}")
    try:
        with transaction.atomic():
            asked = Job.objects.create(
                kind=kind, arguments=arguments or {}, asked_by=by, dedupe_key=dedupe_key, request_id=request_id
            )
    except IntegrityError:
        waiting = Job.objects.filter(dedupe_key=dedupe_key, state=Job.State.PENDING).first()
        return waiting or enqueue(kind, arguments, by=by, dedupe_key=dedupe_key, request_id=request_id)
    transaction.on_commit(lambda: _wake(asked.pk), robust=True)
    return asked


def _wake(pk):
    from .tasks import run_job

    try:
        run_job.delay(pk)
    except Exception:
        # A broker that is down must not fail the request: the dispatcher finds the row.
        log.warning("no broker to wake a worker for job %s; the dispatcher will find it", pk)


def run_due(limit=20):
    """Run what is due, oldest first, and return how many jobs ran."""
    ran = 0
    while ran < limit:
        pk = Job.objects.due(timezone.now()).order_by("due_at", "pk").values_list("pk", flat=True).first()
        if pk is None or not run(pk):
            break
        ran += 1
    return ran


def run(pk):
    """Run job `pk` if it is due and nobody else does. Returns whether it was taken."""
    taken = _take(pk)
    if taken is None:
        return False
    try:
        with acting_as(taken.asked_by, channel="job", request_id=taken.request_id):
            _kinds[taken.kind](Running(taken))
    except GoesOn:
        _end(taken, Job.State.PENDING, attempts=F("attempts") - 1, ended_at=None)
        _wake(taken.pk)
    except Cancelled:
        log.info("job %s was cancelled", taken.pk)
    except Exception as error:
        log.exception("job %s (%s) failed", taken.pk, taken.kind)
        _fail(taken, f"{type(error).__name__}: {error}")
    else:
        _end(taken, Job.State.DONE, last_error="")
    return True


@transaction.atomic
def _take(pk):
    rows = Job.objects.due(timezone.now()).filter(pk=pk)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    taken = rows.select_related("asked_by").first()
    if taken is None:
        return None
    if taken.attempts >= MAX_ATTEMPTS:
        # It ran out of attempts without saying why: its workers were killed.
        _fail(taken, taken.last_error or _("The worker was stopped each time it tried."))
        return None
    if taken.kind not in _kinds:
        _fail(taken, _("This version of Heed does not know work of the kind “%(kind)s”.") % {"kind": taken.kind})
        return None
    taken.attempts += 1
    taken.state, taken.leased_until = Job.State.RUNNING, timezone.now() + LEASE
    taken.save(update_fields=["attempts", "state", "leased_until"])
    return taken


def _fail(job, error):
    """Try again later, a little later each time; after the last attempt say so to the administrators."""
    if job.attempts < MAX_ATTEMPTS:
        _end(job, Job.State.PENDING, last_error=error, due_at=timezone.now() + timedelta(seconds=10 * 3**job.attempts))
        return
    _end(job, Job.State.DEAD, last_error=error)
    for listener in _on_dead:
        listener(job)


def _end(job, state, **facts):
    facts.setdefault("ended_at", timezone.now() if state in (Job.State.DONE, Job.State.DEAD) else None)
    Job.objects.filter(pk=job.pk).exclude(state=Job.State.CANCELLED).update(state=state, leased_until=None, **facts)


_on_dead = []


def on_dead(listener):
    """Register a function called with each job that has failed for good."""
    _on_dead.append(listener)
    return listener


def retry(job):
    """Let a failed job try again from its last committed step."""
    Job.objects.filter(pk=job.pk, state=Job.State.DEAD).update(
        state=Job.State.PENDING, attempts=0, due_at=timezone.now(), ended_at=None
    )
    transaction.on_commit(lambda: _wake(job.pk), robust=True)


def cancel(job):
    """Stop a job that waits or runs; what it has committed stays."""
    Job.objects.filter(pk=job.pk, state__in=[Job.State.PENDING, Job.State.RUNNING]).update(
        state=Job.State.CANCELLED, leased_until=None, ended_at=timezone.now()
    )
