"""`manage.py doctor`: looks at everything Heed stands on and says in words what is wrong and what to do."""

import os
import shutil
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import Organisation
from evidence import checking
from qms import health
from qms.celery import app
from qms.health import Finding
from records.models import Job
from trail import anchors, keys, triggers
from trail.history import history_of, tracked_models
from trail.models import Checkpoint, Pending

LEAST_FREE = 200_000_000  # bytes
LATE = timedelta(minutes=2)  # sealing and jobs take seconds
UNCHECKED = timedelta(days=2)  # the trail is checked every night


def kept_versions():
    missing = triggers.missing()
    words = (
        f"{len(missing)} missing or out of date, {missing[0]} first. Run: manage.py migrate"
        if missing
        else "all in place"
    )
    return Finding("database triggers", not missing, words)


def worker():
    answers = app.control.ping(timeout=3)
    names = sorted(name for answer in answers for name in answer)
    return Finding(
        "worker", bool(names), ", ".join(names) or "none answers. Start one: make run, or celery -A qms worker"
    )


def jobs():
    dead = Job.objects.filter(state=Job.State.DEAD).count()
    late = Job.objects.due(timezone.now() - LATE).count()
    words = []
    if dead:
        words.append(f"{dead} failed: see /jobs/ for the reason and to retry")
    if late:
        words.append(f"{late} should have run by now: is there a worker, and beat?")
    return Finding("background work", not words, "; ".join(words) or "nothing failed, nothing late")


def seals():
    waiting = Pending.objects.count()
    oldest = Pending.objects.order_by("pk").first()
    if oldest is None:
        return Finding("seals", True, "every version is sealed")
    model = apps.get_model(oldest.rtype)
    kept = history_of(model) if model in tracked_models() else model
    version = kept.objects.get(pk=oldest.history_id)
    is_late = timezone.now() - version.changed_at > LATE
    since = f"{version.changed_at:%Y-%m-%d %H:%M} UTC"
    return Finding("seals", not is_late, f"{waiting} versions wait, the oldest since {since}")


def seal_key():
    keys.check()
    return Finding("seal key", True, f"the trail is signed with {keys.current()}" if keys.current() else "none yet")


def anchors_held():
    behind = anchors.behind()
    words = f"{behind} checkpoints are not in {settings.ANCHOR_FILE}; the worker's log says why"
    return Finding("anchors", not behind, words if behind else "every checkpoint is held outside the database")


def trail_checked():
    last = checking.last_check()
    if last is None:
        is_overdue = Checkpoint.objects.filter(at__lt=timezone.now() - UNCHECKED).exists()
        return Finding("check of the trail", not is_overdue, "never done. Run: manage.py verify_trail")
    when = f"{last.began_at:%Y-%m-%d %H:%M} UTC"
    if not last.is_sound:
        return Finding("check of the trail", False, f"{len(last.findings)} findings on {when}: see /trail/checks/")
    is_old = timezone.now() - last.began_at > UNCHECKED
    return Finding("check of the trail", not is_old, f"sound on {when}{': is there a worker, and beat?' * is_old}")


def folders():
    wanted = {settings.VAR, settings.MEDIA_ROOT}
    closed = [str(folder) for folder in sorted(wanted) if folder.exists() and not os.access(folder, os.W_OK | os.X_OK)]
    free = shutil.disk_usage(settings.VAR).free
    if closed:
        return Finding("folders", False, f"cannot be written: {', '.join(closed)}")
    return Finding("folders", free >= LEAST_FREE, f"{settings.VAR} has {free / 1e9:.1f} GB free")


def time_zones():
    organisation = Organisation.current()
    name = organisation.time_zone if organisation else settings.TIME_ZONE
    ZoneInfo(name)
    return Finding("time zone", True, name)


CHECKS = [
    health.database,
    health.migrations,
    kept_versions,
    health.broker,
    worker,
    jobs,
    seals,
    seal_key,
    anchors_held,
    trail_checked,
    folders,
    time_zones,
]


class Command(BaseCommand):
    help = "Look at everything Heed stands on. Exit code 1 when something needs attention."
    requires_system_checks = []

    def handle(self, **options):
        findings = [health.look(check) for check in CHECKS]
        for finding in findings:
            mark = self.style.SUCCESS("ok   ") if finding.is_well else self.style.ERROR("WRONG")
            self.stdout.write(f"{mark}  {finding.subject:<18}  {finding.words}")
        wrong = sum(not finding.is_well for finding in findings)
        self.stdout.write(f"{wrong} of {len(findings)} need attention." if wrong else "Heed is well.")
        if wrong:
            raise SystemExit(1)
