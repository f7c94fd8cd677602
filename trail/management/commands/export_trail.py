"""`manage.py export_trail`: the whole trail in one file, for whoever wants to check it elsewhere."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from trail import events, exporting
from trail.context import acting_as_system
from trail.sealing import seal_if_possible


class Command(BaseCommand):
    help = (
        "Write every version, the log, its signatures and the verifier into one ZIP. It holds personal data: "
        "hand it on as you would a copy of the database."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE.zip")

    def handle(self, *, file, **options):
        if file.is_dir() or not file.parent.is_dir():
            raise CommandError(f"{file} must name a file in a folder that exists.")
        with acting_as_system("command"):
            events.tell("exported", detail=f"the whole trail: {file.name}")
        seal_if_possible()  # so that the export tells of itself
        try:
            count = exporting.export(file)
        except OSError as fault:
            raise CommandError(f"{file} cannot be written: {fault}") from fault
        self.stdout.write(f"{count:,} versions are in {file}. Check them with: python trail/verifier.py {file}")
