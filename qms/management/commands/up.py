"""`manage.py up`: the web server, one Celery worker and beat on this machine, in one window."""

import json
import os
import sys

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from qms import env, supervisor
from qms.health import unapplied_migrations

SEALS_NOTHING = {"HEED_SEAL_KEYS": "none"}


def plan():
    """What runs, in the order in which it is stopped: no new requests, no new work, then the running job.

    Only the worker is told where the seal key lies. All three are the same user of this machine, so that whoever runs
    a program of theirs in one of them can still read the file; in production the web server's unit cannot see it.
    """
    python = [sys.executable, "-m"]
    web = ["gunicorn", "qms.wsgi", "--bind", "fd://{fd}", "--worker-class", "gthread", "--preload"]
    web += ["--workers", str(env.whole("WEB_WORKERS", 2)), "--threads", str(env.whole("WEB_THREADS", 4))]
    web += ["--graceful-timeout", "10", "--timeout", "120", "--no-control-socket"]
    worker = [
        "celery",
        "-A",
        "qms",
        "--quiet",
        "worker",
        "--queues",
        "default,rollup,mail",
        "--loglevel",
        settings.LOG_LEVEL,
    ]
    worker += ["--concurrency", str(env.whole("WORKER_PROCESSES", 2))]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    beat = ["celery", "-A", "qms", "--quiet", "beat", "--loglevel", "WARNING", "--pidfile="]
    return [
        {"name": "web", "command": python + web, "patience": 15, "environment": SEALS_NOTHING},
        {"name": "beat", "command": python + beat, "patience": 5, "environment": SEALS_NOTHING},
        {"name": "worker", "command": python + worker, "patience": 40},
    ]


class Command(BaseCommand):
    help = "Run Heed on this machine: web server, background worker and schedule, restarted when they fall."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="on 127.0.0.1 (8000)")
        parser.add_argument(
            "--prepare", action="store_true", help="first bring the database up to date, and fill it when it is empty"
        )
        parser.add_argument(
            "--demo", choices=["yes", "no"], default="yes", help="with --prepare: fill an empty database with the demo"
        )

    def handle(self, *, port, prepare, demo, **options):
        if not 1 <= port <= 65_535:
            raise CommandError(f"{port} is not a port. Ports go from 1 to 65535.")
        try:
            processes = json.dumps(plan())
        except ImproperlyConfigured as error:
            raise CommandError(error) from error
        supervisor.listen(port).close()  # said before the minute that preparing may take
        if prepare:
            self.prepare(demo == "yes")
        elif unapplied_migrations():
            raise CommandError("The database is not up to date. Run: manage.py migrate")
        welcome = self.welcome(port)
        connections.close_all()
        sys.stdout.flush()
        command = [sys.executable, "-P", supervisor.__file__, "--port", str(port)]
        command += ["--log-folder", str(settings.VAR / "log"), "--welcome", welcome, processes]
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, command)  # the supervisor needs none of Django: let its memory go

    def prepare(self, with_demo):
        call_command("migrate", verbosity=0, interactive=False)
        if get_user_model().objects.exists():
            return
        if not with_demo:
            self.stdout.write("The database is empty and DEMO=no: the first page asks for an administrator.")
            return
        self.stdout.write("The database is empty: filling it with Calder Instruments, the demo company ...")
        call_command("seed_demo")

    def welcome(self, port):
        """What a newcomer needs to know, printed once the first page has answered."""
        lines = [
            f"Heed is ready:  http://127.0.0.1:{port}/",
            f"Data and log:   {settings.VAR}",
            "Stop:           Ctrl+C",
        ]
        return "\n".join(lines + self.sign_ins())

    def sign_ins(self):
        """The demo people who can sign in; none in a database of one's own."""
        from qms.demo.cast import CAST, PASSWORD

        known = set(get_user_model().objects.filter(is_active=True).values_list("email", flat=True))
        people = [(role, name, email) for role, name, email in CAST if email in known]
        if not people:
            return []
        wide = max(len(email) for _, _, email in people)
        return ["", f"Sign in with the password  {PASSWORD}"] + [
            f"  {email:<{wide}}  {name}, {role}" for role, name, email in people
        ]
