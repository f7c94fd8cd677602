"""The one rule of the house: a room imports only from rooms to its left (docs/decisions/0001)."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import call_command


def test_no_room_imports_from_a_room_above_it():
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=settings.BASE_DIR, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
