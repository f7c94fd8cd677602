"""`manage.py backup`: one archive with all that Heed keeps, written while people work."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from qms.backups import writing
from trail.context import acting_as_system
from trail.events import tell


class Command(BaseCommand):
    help = (
        "Write a backup of the database, the files and the anchors into one archive, as they stand at one moment. "
        "Heed may go on meanwhile. docs/backup.md says what is not in it."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "to",
            nargs="?",
            type=Path,
            default=settings.BACKUPS,
            help=f"a folder, or a file that ends in {writing.SUFFIX} ({settings.BACKUPS})",
        )
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="with the keys that seal and sign: whoever has the archive can then forge the trail",
        )

    def handle(self, *, to, with_keys, **options):
        path = to if to.name.endswith(writing.SUFFIX) else to / writing.default_name()
        manifest = writing.write(path, with_keys)
        with acting_as_system("command"):
            tell("backed up", detail=path.name)
        size = manifest["checkpoint"]["size"]
        files = sum(name.startswith(writing.MEDIA) for name in manifest["members"])
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes, {size:,} sealed versions, {files:,} files.")
        if with_keys:
            self.stdout.write("The keys ARE in it: whoever has this file can sign in as anybody and forge the trail.")
        else:
            self.stdout.write("The keys are not in it (--with-keys). Keep them somewhere else: docs/backup.md.")
