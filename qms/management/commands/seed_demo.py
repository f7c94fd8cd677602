"""Fill an empty database with Calder Instruments, the demo company."""

from datetime import date, time, timedelta

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.calendar import working_calendar
from accounts.models import Appointment, Closure, Deadline, Organisation, Severity, Unit, User
from accounts.roles import Role
from kpis import rollup
from qms.demo import cast, figures, story
from trail import anchors, triggers
from trail.context import acting_as_system
from trail.sealing import seal


class Command(BaseCommand):
    help = "Fill an empty database with Calder Instruments, the demo company: two years, the same on every machine."

    def add_arguments(self, parser):
        parser.add_argument("--until", type=date.fromisoformat, help="the story ends before this day (default: today)")
        parser.add_argument(
            "--reset", action="store_true", help="first empty a database that holds only the demo company"
        )

    def handle(self, *, until, reset, **options):
        until = until or timezone.localdate()
        if User.objects.exists():
            if not reset:
                raise CommandError(
                    "There are people in this database already. --reset empties it, if it is the demo's."
                )
            self._empty()
        with transaction.atomic(), acting_as_system("command"):
            # In one piece, so that no worker takes a reading of today before those of the two years are there.
            self._fill(until)
        rollup.rebuild()
        self.stdout.write(f"Calder Instruments is there, up to {until}.")

    def _empty(self):
        """Only ever a database in which nobody but the demo's people has an account."""
        if User.objects.exclude(email__endswith="@calder.example").exists():
            raise CommandError("This database holds people who are not the demo's. It is left alone.")
        if not settings.EMBEDDED:
            raise CommandError("--reset is for a machine of one's own, not for production.")
        triggers.drop()
        call_command("flush", interactive=False, verbosity=0)
        if known := anchors.known_size():
            anchors.restored(0, known)  # or the anchors would go on vouching for what is gone

    def _fill(self, until):
        founded = timezone.make_aware(
            timezone.datetime.combine(until - timedelta(days=story.DAYS + 4), time(9)), timezone.get_default_timezone()
        )
        self._organisation(founded)
        organisation = Organisation.current()
        with timezone.override(organisation.zone):
            figures.propose(founded)
            units, people = self._people(founded, until)
            Closure(on=date(until.year, 12, 24), name="Christmas Eve").save(at=founded)
            told = story.Story(until, people, units, working_calendar(organisation))
            figures.tell(told)
            told.play()
            seal()
            figures.remember(told.begins, until)

    def _organisation(self, at):
        Organisation(
            name="Calder Instruments",
            time_zone="Europe/London",
            calendar="GB-ENG",
            opens_at=time(9),
            closes_at=time(17),
        ).save(at=at)
        for severity, acknowledge, answer in (
            (Severity.MINOR, 1, 15),
            (Severity.MAJOR, 1, 10),
            (Severity.CRITICAL, 1, 5),
        ):
            Deadline(severity=severity, acknowledge_days=acknowledge, answer_days=answer).save(at=at)

    def _people(self, at, until):
        units = {}
        for name, parent, level in cast.UNITS:
            units[name] = Unit(name=name, level=level, parent=units.get(parent))
            units[name].save(at=at)
        people = {}
        first = User(email="")
        first.set_password(cast.PASSWORD)  # hashed once: a strong hash takes its time
        for role, name, email in cast.CAST:
            user = User.objects.create(email=email, name=name, password=first.password)
            people[name] = user
            appointment = Appointment(
                user=user,
                role=Role(role.replace(" ", "_")),
                unit=units.get(cast.UNIT_OF.get(name)),
                from_on=at.date(),
                to_on=until + timedelta(days=365) if role == "auditor" else None,
            )
            appointment.save(at=at)
            user.set_groups()
        return units, people
