"""What a worker runs for this room."""

from celery import shared_task

from . import jobs, submissions


@shared_task
def run_job(pk):
    jobs.run(pk)


@shared_task
def run_due_jobs():
    """The safety net behind lost messages and killed workers."""
    jobs.run_due(is_limited=True)


@shared_task
def forget_sent_forms():
    """What was sent days ago is not sent a second time by mistake."""
    submissions.forget_old()
