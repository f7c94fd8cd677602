"""`manage.py verify_trail`: prove that the trail says what it said when it was sealed."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from trail import checking


class Command(BaseCommand):
    help = (
        "Check every version, the log, its signatures, the anchors, the triggers and the records as they are. "
        "Exit code 0 when the trail is sound, 1 when not."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--anchors", type=Path, metavar="FILE", help="anchors from elsewhere, in place of the configured file"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, anchors, json, **options):
        _kept, report = checking.run(anchors=anchors, progress=self._progress)
        self.stdout.write(report.as_json() if json else report.as_text())
        if not report.is_sound:
            sys.exit(1)

    def _progress(self, done, total):
        """On a terminal only."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,}\r", ending="")
