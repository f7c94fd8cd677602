"""`manage.py run_jobs`: background work without Celery, for a terminal or cron."""

from django.core.management.base import BaseCommand

from records import jobs


class Command(BaseCommand):
    help = "Run the background work that is due, then end. Safe beside workers: each job is taken by one of them."

    def handle(self, **options):
        total = 0
        while ran := jobs.run_due():
            total += ran
        self.stdout.write(f"{total} {'job' if total == 1 else 'jobs'} run.")
