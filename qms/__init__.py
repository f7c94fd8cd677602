"""The roof: settings, URLs, background work, navigation, Home and the demo company."""

from .celery import app as celery_app

__all__ = ["celery_app"]
