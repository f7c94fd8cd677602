"""`manage.py run_jobs`: background work without Celery, for a terminal or cron."""

import signal
from threading import Event

from django.core.management.base import BaseCommand

from records import jobs


class Command(BaseCommand):
    help = "Run the background work that is due, then end. Safe beside workers: each job is taken by one of them."

    def add_arguments(self, parser):
        parser.add_argument("--forever", action="store_true", help="Keep looking for work until stopped.")
        parser.add_argument("--every", type=float, default=5, metavar="SECONDS", help="How often to look (default 5).")

    def handle(self, *, forever, every, **options):
        total = self._run()
        if forever:
            stop = Event()
            for stopping in (signal.SIGTERM, signal.SIGINT):
                signal.signal(stopping, lambda *_caught: stop.set())
            while not stop.wait(max(0.1, every)):
                total += self._run()
        self.stdout.write(f"{total} {'job' if total == 1 else 'jobs'} run.")

    @staticmethod
    def _run():
        total = 0
        while ran := jobs.run_due():
            total += ran
        return total
