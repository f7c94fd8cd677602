"""`manage.py rollup`: bring the figures up to date now, build them anew, or check them against the records."""

import sys

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Organisation
from kpis import reconciling, rollup, tasks
from trail.context import acting_as_system
from trail.keys import KeyMissing
from trail.sealing import seal


class Command(BaseCommand):
    help = "Seal what was saved and fold it into the figures now; with --rebuild count every record anew."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--rebuild", action="store_true", help="count all records anew, in place of what was counted"
        )
        which.add_argument(
            "--check", action="store_true", help="count all records and compare; exit 1 when a figure differs"
        )

    def handle(self, *, rebuild, check, **options):
        organisation = Organisation.current()
        if organisation:
            timezone.activate(organisation.zone)
        with acting_as_system("command"):
            if check:
                self._check()
            elif rebuild:
                rollup.rebuild(self._report)
                self.stdout.write("All figures are built anew.")
            else:
                sealed, folded = self._seal(), rollup.fold_in(self._report)
                self.stdout.write(f"{sealed} versions sealed, {folded} folded in.")

    def _seal(self):
        try:
            return seal()
        except KeyMissing as fault:
            raise CommandError(str(fault)) from fault

    def _check(self):
        drifts = reconciling.check(report=self._report)
        if drifts:
            tasks.report_drift(drifts)
            lines = [str(drift) for drift in drifts[:20]]
            raise CommandError("\n".join([f"{len(drifts)} figures differ from their records:", *lines]))
        self.stdout.write("Every figure is what its records give.")

    def _report(self, done, total, message):
        """Progress, on a terminal only: in a log it would be noise."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done}/{total} {message:<60}", ending="\n" if done >= total else "")
