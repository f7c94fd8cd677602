#!/usr/bin/env python
"""Heed's command line."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qms.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.is_overridden("SECRET_KEY")  # any question makes Django read the environment
    except ImproperlyConfigured as error:
        sys.exit(f"Heed cannot start: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
