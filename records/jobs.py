"""Background work: ask for it inside the business transaction, run it in a worker, survive a crash of either.

The `Job` row is the truth. A message only wakes a worker; when it is lost, the dispatcher finds the row.
"""

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from trail.context import acting_as

from .models.job import MAX_ATTEMPTS, Job

log = logging.getLogger("heed.jobs")

# Renewed every HEARTBEAT seconds by the process that works: when it is killed, another takes over within the lease.
LEASE = timedelta(seconds=20)
HEARTBEAT = 5
_kinds, _minutes = {}, {}


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
        """Report how far it is. Raises Cancelled when the job was cancelled, or given to another worker, meanwhile."""
        changed = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, attempts=self.job.attempts).update(
            done=done, total=total, message=message[:200]
        )
        if not changed:
            raise Cancelled


def job(kind, *, minutes=None):
    """Register the decorated function as the work of jobs of this kind. It is called with a `Running`.

    It must be safe to run again after a crash at any point. `minutes`: how long a worker may be at it, where that is
    more than the usual limit and the work cannot be done in parts (`GoesOn`).
    """

    def register(work):
        if kind in _kinds:
            raise ValueError(f"there is a job kind {kind!r} already")
        _kinds[kind] = work
        if minutes:
            _minutes[kind] = minutes
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
    transaction.on_commit(lambda: _wake(asked), robust=True)
    return asked


def _wake(job):
    from .tasks import run_job

    seconds = 60 * _minutes[job.kind] if job.kind in _minutes else None
    limits = {"soft_time_limit": seconds, "time_limit": seconds + 60} if seconds else {}
    try:
        run_job.apply_async((job.pk,), **limits)
    except Exception:
        # A broker that is down must not fail the request: the dispatcher finds the row.
        log.warning("no broker to wake a worker for job %s; the dispatcher will find it", job.pk)


def run_due(limit=20, *, is_limited=False):
    """Run what is due, oldest first, each at most once, and return how many jobs ran.

    `is_limited`: this process may not take longer than usual; for work that may, another is woken.
    """
    ran, seen = 0, set()
    while ran < limit:
        job = Job.objects.due(timezone.now()).exclude(pk__in=seen).order_by("due_at", "pk").first()
        if job is None:
            break
        seen.add(job.pk)  # another worker may hold it: then the next is tried
        if is_limited and job.kind in _minutes:
            _wake(job)
        else:
            ran += run(job.pk)
    return ran


def run(pk):
    """Run job `pk` if it is due and nobody else does. Returns whether it was taken."""
    taken = _take(pk)
    if taken is None:
        return False
    try:
        with acting_as(taken.asked_by, channel="job", request_id=taken.request_id), _heartbeat(taken):
            _kinds[taken.kind](Running(taken))
    except GoesOn:
        _end(taken, Job.State.PENDING, attempts=F("attempts") - 1, ended_at=None)
        _wake(taken)
    except Cancelled:
        log.info("job %s was cancelled", taken.pk)
    except Exception as error:
        log.exception("job %s (%s) failed", taken.pk, taken.kind)
        _fail(taken, f"{type(error).__name__}: {error}")
    else:
        _end(taken, Job.State.DONE, last_error="")
    return True


@contextmanager
def _heartbeat(job):
    """Renew the lease for as long as the work takes; a killed process stops renewing."""
    over = Event()

    def renew():
        try:
            while not over.wait(HEARTBEAT):
                mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
                mine.update(leased_until=timezone.now() + LEASE)
        finally:
            connection.close()

    thread = Thread(target=renew, name=f"job-{job.pk}-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


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
    if _end(job, Job.State.DEAD, last_error=error):
        job.last_error = error
        for listener in _on_dead:
            listener(job)


def _end(job, state, **facts):
    """Let the job leave the hands of this worker. False when it is not in its hands any more.

    A job that would wait behind its like, asked for meanwhile, is cancelled: that one does the work.
    """
    facts.setdefault("ended_at", timezone.now() if state in (Job.State.DONE, Job.State.DEAD) else None)
    if "last_error" in facts:
        facts["last_error"] = _storable(facts["last_error"])
    # `attempts` tells the workers apart: one whose lease ran out ends nothing that another has taken over.
    held = Job.objects.filter(pk=job.pk, attempts=job.attempts).exclude(state=Job.State.CANCELLED)
    try:
        with transaction.atomic():
            return bool(held.update(state=state, leased_until=None, **facts))
    except IntegrityError:
        replaced = {"state": Job.State.CANCELLED, "ended_at": timezone.now()}
        return bool(held.update(leased_until=None, **(facts | replaced)))


def _storable(error):
    """Any text as it can be kept: an error may quote what no database takes."""
    return error.replace("\0", "␀").encode("utf-8", "replace").decode()[:4_000]


_on_dead = []


def on_dead(listener):
    """Register a function called with each job that has failed for good."""
    _on_dead.append(listener)
    return listener


def retry(job):
    """Let a job that failed or was cancelled try again from its last committed step. Returns whether it waits now."""
    over = Job.objects.filter(pk=job.pk, state__in=[Job.State.DEAD, Job.State.CANCELLED])
    try:
        with transaction.atomic():
            waits = over.update(state=Job.State.PENDING, attempts=0, due_at=timezone.now(), ended_at=None)
    except IntegrityError:
        return True  # its like waits already and will do the work
    if waits:
        transaction.on_commit(lambda: _wake(job), robust=True)
    return bool(waits)


def cancel(job):
    """Stop a job that waits or runs; what it has committed stays. Returns whether there was anything to stop."""
    return bool(
        Job.objects.filter(pk=job.pk, state__in=[Job.State.PENDING, Job.State.RUNNING]).update(
            state=Job.State.CANCELLED, leased_until=None, ended_at=timezone.now()
        )
    )
