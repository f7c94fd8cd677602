"""`manage.py rotate_seal_key`: a new key signs the trail from now on."""

from django.core.management.base import BaseCommand, CommandError

from trail import keys


class Command(BaseCommand):
    help = (
        "Begin a new key for signing the trail, signed by the one before it. Run it as the user who seals (the "
        "worker's), with its HEED_SEAL_KEYS; nothing has to stop meanwhile. The old file stays: a backup from before "
        "this moment needs it."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--lost",
            action="store_true",
            help="the key before it is lost for good: the trail goes on, and every check says that this was so",
        )

    def handle(self, *, lost, **options):
        try:
            key = keys.rotate(is_lost=lost)
        except (keys.KeyMissing, ValueError, OSError) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(f"The trail is signed with the key {key} from now on.")
