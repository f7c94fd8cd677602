"""`manage.py bench`: how fast Heed is on this machine, as ratios within one run, in a database of its own."""

import logging

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from benchmarks import looking_back, results, rolling, verifying
from benchmarks.generator import Firm, Manifest
from benchmarks.loading import Ground
from benchmarks.saving import Saving
from benchmarks.scratch import scratch_database
from trail.context import acting_as_system

LEAST = 100


class Command(BaseCommand):
    help = (
        "Measure saving, bulk import, sealing, roll-up and lists as of a moment in a scratch database of the "
        "configured kind (DATABASE_URL); the real data are not touched. Prints a table and keeps it as JSON."
    )

    def add_arguments(self, parser):
        parser.add_argument("--records", type=int, default=100_000, help="how many to roll up (100,000)")
        parser.add_argument("--saves", type=int, default=400, help="how many to save one by one (400)")
        parser.add_argument(
            "--verify", type=int, default=0, metavar="N", help="seal up to N versions and verify them all (0: none)"
        )
        parser.add_argument("--seed", type=int, default=7, help="of the generator (7)")

    def handle(self, *, records, saves, verify, seed, **options):
        if records < LEAST or saves < 1 or verify < 0 or seed < 0:
            raise CommandError(f"--records from {LEAST}, --saves from 1, --verify and --seed from 0.")
        logging.getLogger("heed").setLevel(logging.WARNING)
        found = []
        with scratch_database(), acting_as_system("command"):
            firm, by = Firm(records, seed), User.objects.create_user("bench@example.com", name="Benchmark")
            ground = Ground(firm, by)
            try:
                found += rolling.measured(firm, ground, Manifest(), self._report)
                found += looking_back.measured(records)
                found += Saving(firm, ground).measured(saves)
                if verify:
                    found += verifying.measured(verify, firm, ground, self._report)
            except (rolling.WrongTotals, verifying.NotSound) as error:
                raise CommandError(str(error)) from error
            path = settings.VAR / "benchmarks" / f"{connection.vendor}.json"
            results.write(path, found, records)
        self._report("")
        self.stdout.write(f"{connection.display_name}, {records:,} records\n\n{results.table(found)}\n\nKept in {path}")

    def _report(self, message):
        """Progress, on a terminal only."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{message:<60}\r", ending="")
