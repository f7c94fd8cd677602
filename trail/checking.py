"""Runs the verifier over the configured database and keeps what it found; `trail/verifier.py` does the work."""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone

from . import triggers, verifier
from .models import Verification


def run(*, asked_by=None, anchors=None, progress=None, passing=()) -> tuple[Verification, verifier.Report]:
    """Check the trail as it stands. `anchors` is the path of an anchor file, by default the configured one.

    `progress(done, total)` is called now and then. Exceptions in `passing` end the check, of which nothing is kept;
    any other is a finding.
    """
    began_at = timezone.now()
    report = verifier.verify(address(), anchors or settings.ANCHOR_FILE, progress=progress, passing=passing)
    told = " ".join(report.findings)
    for name in report.attempt("What the triggers say", triggers.missing) or ():
        if f"trigger {name} " not in told:  # present and on, but not as this version of Heed writes it
            report.find(f"The trigger {name} is not as Heed writes it.")
    more = [f"… and {report.more} findings more."] if report.more else []
    kept = Verification.objects.create(
        began_at=began_at,
        ended_at=timezone.now(),
        asked_by=asked_by,
        size=report.size,
        root=report.root,
        anchors=report.anchors,
        is_sound=report.is_sound,
        findings=report.findings + more,
    )
    return kept, report


def address() -> str:
    """The configured database as the verifier takes it: a path, or what PostgreSQL connects with."""
    connection = connections[DEFAULT_DB_ALIAS]
    told = connection.settings_dict
    if connection.vendor != "postgresql":
        return str(told["NAME"])
    from psycopg2.extensions import make_dsn

    wanted = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parts = {name: told[key] for name, key in wanted.items() if told.get(key)}
    safe = {name: value for name, value in told["OPTIONS"].items() if name.startswith("ssl")}
    return make_dsn(**parts, **safe)
