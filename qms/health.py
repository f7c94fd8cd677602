"""Is Heed well? `/health/` and `/health/ready/` for machines; the same checks and more in `manage.py doctor`."""

import os
from dataclasses import dataclass

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.cache import add_never_cache_headers

from qms.celery import app

BROKER_SECONDS = 2  # how long a broker may take to answer


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    is_well: bool
    words: str


def unapplied_migrations():
    """Names of the migrations that the database still lacks."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in steps]


def database():
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding("database", True, f"{connections[DEFAULT_DB_ALIAS].vendor} answers")


def migrations():
    missing = unapplied_migrations()
    words = (
        f"{len(missing)} not applied: {', '.join(missing[:3])}. Run: manage.py migrate" if missing else "all applied"
    )
    return Finding("migrations", not missing, words)


def broker():
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]
        is_well = os.access(folder, os.W_OK | os.X_OK)
        return Finding("broker", is_well, f"folder {folder} {'can' if is_well else 'cannot'} be written")
    with app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)
        return Finding("broker", True, f"{connection.transport.driver_type} answers")


def look(check):
    """The finding of `check`; whatever it stumbles over is the finding."""
    try:
        return check()
    except Exception as error:
        return Finding(
            check.__name__.replace("_", " "), False, f"{type(error).__name__}: {error}".strip().split("\n")[0]
        )


def live():
    """This process answers. Asks nobody else, so that a lost database does not make a supervisor restart us."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready():
    """Requests may be sent here: 200, or 503 naming what is not well. `manage.py doctor` says why."""
    findings = [look(check) for check in (database, migrations, broker)]
    state = {finding.subject: "ok" if finding.is_well else "failing" for finding in findings}
    return JsonResponse(state, status=200 if all(finding.is_well for finding in findings) else 503)


class HealthMiddleware:
    """Answers before anything else does: no sign-in, no session, no redirect to TLS, and any host name.

    Load balancers ask by address, and none of what comes later may decide whether this process is alive.
    """

    PAGES = {"/health/": live, "/health/ready/": ready}

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        page = self.PAGES.get(request.path_info)
        if page is None:
            return self.get_response(request)
        response = page() if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        add_never_cache_headers(response)
        return response
