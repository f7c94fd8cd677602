"""`manage.py restore`: puts a backup back, and says what it does not hold."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from qms.backups import reading
from trail import anchors, erasing
from trail.context import acting_as_system
from trail.events import tell
from trail.keys import KeyMissing


class Command(BaseCommand):
    help = (
        "Put a backup back in the place of what is here, then verify the trail. Stop Heed first. "
        "Exit code 1 when the trail does not verify."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="also when there are records here, which are then gone")

    def handle(self, *, file, yes, **options):
        with tempfile.TemporaryDirectory(prefix=".heed-restore-", dir=settings.VAR) as folder:
            manifest = reading.taken_out(file, Path(folder))
            reading.must_fit(manifest)
            if reading.has_records() and not yes:
                raise CommandError(
                    "There are records here already. Restoring puts the backup in their place: add --yes to do so."
                )
            notes = reading.put_back(Path(folder), manifest)
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write(f"{file.name} is back, as of {manifest['made_at']}.")
        for note in [*notes, *self._missing(manifest["checkpoint"]["size"])]:
            self.stdout.write(note)
        Session.objects.all().delete()  # whoever signed out or was let go since does not come back in
        with acting_as_system("command", reason="Restored from a backup"):
            tell("restored", detail=file.name)
            self._forget_again()
        call_command("verify_trail", stdout=self.stdout)

    def _forget_again(self):
        try:
            if erased := erasing.reapply_journal():
                self.stdout.write(f"{erased} erasures of after the backup were made again.")
        except (KeyMissing, erasing.CannotErase) as fault:
            raise CommandError(
                f"Everything is back, but the erasures of the journal were not made again: {fault} Mend this and "
                "restore once more before anybody works with it."
            ) from fault

    def _missing(self, size):
        """What the anchors knew and the backup does not hold; written down among them, for the verifier."""
        known = anchors.known_size()
        if known <= size:
            return []
        anchors.restored(size, known)
        return [
            f"This backup ends at version {size:,}; the anchors know {known:,}: {known - size:,} versions are missing."
        ]
