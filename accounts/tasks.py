"""Scans of this room: appointments that began or ended, and the organisation's clock for every worker."""

from celery import shared_task
from celery.signals import task_prerun
from django.utils import timezone

from accounts.models import Organisation, User


@shared_task
def apply_appointments():
    """Let everybody's groups follow the appointments in force today."""
    for user in User.objects.filter(appointments__isnull=False).distinct():
        user.set_groups()


@task_prerun.connect
def use_the_organisations_clock(**kwargs):
    """A day is a day where the firm is, in workers too."""
    organisation = Organisation.current()
    if organisation:
        timezone.activate(organisation.zone)
