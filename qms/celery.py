"""The Celery application. Work itself lives in the `Job` table; messages only wake a worker."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qms.settings")

app = Celery("heed")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs):
    """Django has configured the log already; that somebody listens here keeps Celery from doing it anew."""
