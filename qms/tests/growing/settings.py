"""Heed's settings with the room that grows."""

from qms.settings import *  # noqa: F403
from qms.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "qms.tests.growing"]
