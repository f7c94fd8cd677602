"""Scans of this room: is a check of the trail due?"""

from celery import shared_task

from evidence import checking


@shared_task
def check_when_due():
    checking.ask_when_due()
