"""The roof: settings, URLs, background work, navigation, Home and the demo company."""

from .celery import app as celery_app

__all__ = ["__version__", "celery_app"]
__version__ = "0.1.dev"
