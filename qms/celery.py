"""The Celery application. Work itself lives in the `Job` table; messages only wake a worker."""

import os

import structlog
from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qms.settings")

app = Celery("heed")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs):
    """Django has configured the log already; that somebody listens here keeps Celery from doing it anew."""


@task_prerun.connect
def name_the_task_in_the_log(task_id, task, **kwargs):
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect
def forget_the_task_in_the_log(**kwargs):
    structlog.contextvars.unbind_contextvars("task", "task_id")
