"""What a worker runs for this room."""

from celery import shared_task

from . import jobs


@shared_task
def run_job(pk):
    jobs.run(pk)


@shared_task
def run_due_jobs():
    """The safety net behind lost messages and killed workers."""
    jobs.run_due()
