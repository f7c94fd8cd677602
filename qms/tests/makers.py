"""One small firm for the tests over the whole house: a person for every role and scope, a record of every kind."""

from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from types import SimpleNamespace

from django.contrib.auth.hashers import make_password
from django.test import override_settings
from django.utils import timezone

from accounts.models import Appointment, Closure, Deadline, Invitation, User
from accounts.roles import Role
from accounts.tests.makers import make_organisation, make_person, make_unit
from customers.tests.makers import make_contact, make_customer, make_product, make_segment, make_supply
from evidence import erasing
from feedback import services
from feedback.models import Entry
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from kpis import rollup
from kpis.models import Kpi, KpiNote, Reading
from records import jobs
from records.importing import intake
from records.models import Draft, Job
from records.notifying import notify
from trail.context import acting_as
from trail.events import tell
from trail.models import Seal
from trail.sealing import seal

FILE = (
    "Date,Company,Type,Product,Description,Closed,Timely\n"
    "2026-03-02,Halden Water,Complaint,Flow meter,The meter reads high,2026-03-09,Yes\n"
    "2026-03-03,Halden Water,Complaint,Flow meter,It came a week late,2026-03-20,No\n"
    "2026-04-07,Brenta Foods,Praise,Calibration,Clear quote and no surprises,,Yes\n"
    "2026-02-30,Brenta Foods,Complaint,Calibration,On a day that never was,,\n"
)


@contextmanager
def media_in(folder):
    """Files that are brought in go to `folder`, and mails into memory."""
    with override_settings(MEDIA_ROOT=folder):
        yield


def make_world():
    """Everything that the pages of the house show, each piece under a name. Runs in one transaction or in none."""
    world = SimpleNamespace(people={})
    _firm(world)
    _people(world)
    with acting_as(world.people["quinn"], channel="form"):
        _customers(world)
        _feedback(world)
        _figures(world)
        _imports(world)
        _personal(world)
        _privacy(world)
    world.event = tell("exported", user=world.people["quinn"], path="/complaints/", detail="2 rows: format=csv")
    seal()
    rollup.fold_in()
    world.seal, world.reading = Seal.objects.first(), Reading.objects.filter(kpi=world.kpi).last()
    return world


def _firm(world):
    world.organisation = make_organisation()
    world.deadline = Deadline.objects.first()
    world.north = make_unit("North")
    world.north_team = make_unit("North team", parent=world.north)
    world.south = make_unit("South")
    world.closure = Closure(on=date(2027, 1, 4), name="Stocktaking")
    world.closure.save()


def _people(world):
    """The cast, who see the whole firm; three who see the north alone; one in the south; one invited; one gone."""
    people = world.people
    for name, role, unit in (
        ("Stefan Adler", Role.STAFF, None),
        ("Mira Castellan", Role.MANAGER, None),
        ("Tomas Okafor", Role.TOP_MANAGEMENT, None),
        ("Quinn Lindqvist", Role.QUALITY_MANAGER, None),
        ("Aude Marchand", Role.AUDITOR, None),
        ("Adam Brandt", Role.ADMINISTRATOR, None),
        ("Nora Falk", Role.STAFF, world.north),
        ("Marc Webb", Role.MANAGER, world.north),
        ("Anna Lindgren", Role.AUDITOR, world.north),
        ("Sven Holt", Role.STAFF, world.south),
    ):
        people[name.split()[0].lower()] = make_person(name, role, unit)
    world.sven = people["sven"]
    world.ivy = User.objects.create(email="ivy@example.com", name="Ivy Ross", password=make_password(None))
    _invitation, world.token = Invitation.issue(by=people["adam"], user=world.ivy)
    world.gus = make_person("Gus Farrow", is_active=False)
    world.appointment = Appointment.objects.get(user=world.sven)


def _customers(world):
    world.segment, world.other_segment = make_segment("Water utilities"), make_segment("Trial segment")
    world.product = make_product("Flow meter", code="FM200", unit=world.north)
    world.service = make_product("Calibration", is_service=True)
    world.unused_product = make_product("Drip tray", unit=world.south)
    common = {"segment": world.segment, "is_key": True}
    world.customer = make_customer("Halden Water", unit=world.north, relationship_owner=world.people["nora"], **common)
    world.customer_south = make_customer("Brenta Foods", unit=world.south)
    world.customer_firm = make_customer("Sorrel Pharma", about="They make vaccines.")
    world.contact = make_contact("Jo Brandt", world.customer, unit=world.north, email="jo@halden.example")
    world.contact_south = make_contact("Petra Conti", world.customer_south, unit=world.south)
    world.supply = make_supply(world.customer, world.product, unit=world.north)
    world.supply_south = make_supply(world.customer_south, world.product, unit=world.south)


def _feedback(world):
    people, today = world.people, timezone.localdate()
    quinn, stefan, nora = people["quinn"], people["stefan"], people["nora"]
    north = {"customer": world.customer, "segment": world.segment, "unit": world.north, "product": world.product}
    south = {"customer": world.customer_south, "unit": world.south}
    firm = {"customer": world.customer_firm}
    world.complaint = make_complaint(
        by=quinn, owner=people["mira"], subject="Delivered late", contact=world.contact, came_by="phone", **north
    )
    world.entry = make_entry(world.complaint, by=quinn)
    make_entry(world.complaint, by=quinn, audience=Entry.Audience.SENT, text="We are looking into it.")
    world.complaint_south = make_complaint(
        by=quinn, owner=people["sven"], received_on=today - timedelta(days=2), **south
    )
    world.complaint_firm = make_complaint(by=quinn, owner=quinn, severity="critical", **firm)
    world.complaint_of_stefan = make_complaint(by=stefan, owner=stefan, received_on=today, **firm)
    world.complaint_of_nora = make_complaint(by=nora, owner=nora, received_on=today, **north)
    world.answered = make_complaint(by=quinn, subject="Certificate missing", **north)
    services.answer(by=quinn, feedback=world.answered, outcome="The certificate is on its way.")
    world.closed = make_complaint(by=quinn, received_on=date(2026, 5, 4), **north)
    services.answer(by=quinn, feedback=world.closed, outcome="Sent by courier.")
    services.close(by=quinn, feedback=world.closed)
    world.praise = make_feedback(by=quinn, words="Your engineer stayed until it ran again.", **north)
    world.idea = make_feedback(by=quinn, kind="suggestion", received_on=today, said_by="The porter", **south)
    world.void = make_complaint(by=quinn, subject="Written down twice", **north)
    services.void(by=quinn, feedback=world.void, reason="The same call, written down twice.")
    for months_ago in range(1, 9):  # enough points for a chart
        for number in range(2 + months_ago % 3):
            day = (today.replace(day=1) - timedelta(days=30 * months_ago)).replace(day=3 + number)
            make_complaint(by=quinn, received_on=day, **(north if number else firm))


def _figures(world):
    world.kpi = Kpi.objects.get(code="answered-on-time")
    world.note = KpiNote(kpi=world.kpi, on=date(2026, 8, 12), text="New carrier")
    world.note.save()


def _imports(world):
    """One import done, one checked, one whose columns are to be matched, one that is at work, and one of the south."""
    quinn = world.people["quinn"]
    world.done = _brought(FILE, by=quinn, unit=world.north)
    _check(world.done, by=quinn)
    intake.write(world.done, by=quinn)
    jobs.run_due()
    world.done.refresh_from_db()
    world.checked = _brought(FILE.replace("late", "too late"), by=quinn, unit=world.north)
    _check(world.checked, by=quinn)
    world.uploaded = _brought(FILE.replace("high", "low"), by=quinn, unit=world.north)
    world.uploaded_south = _brought(FILE.replace("high", "wrong"), by=quinn, unit=world.south)
    world.at_work = _brought(FILE.replace("high", "twice as high"), by=quinn, unit=world.north)
    world.waiting_job = intake.check(world.at_work, by=quinn, match=world.at_work.mapping)


def _brought(text, *, by, unit):
    stream = BytesIO(text.encode())
    found = intake.look_over(stream, "feedback")
    return intake.keep(found, by=by, stream=stream, filename="complaints.csv", source="CRM", unit=unit)


def _check(batch, *, by):
    intake.check(batch, by=by, match=batch.mapping)
    jobs.run_due()
    batch.refresh_from_db()


def _personal(world):
    for person in world.people.values():
        text = f"Complaint from Halden Water: you own {world.complaint.reference}."
        notify(person, text=text, about=world.complaint)
    world.notification = world.people["quinn"].notifications.latest("pk")
    Draft.objects.create(user=world.people["quinn"], form="feedback", data={"words": "They rang about"})
    world.job = Job.objects.create(kind="check import", state=Job.State.DEAD, last_error="The disk is full.")


def _privacy(world):
    """Somebody is to be erased, and somebody's data are on hold."""
    quinn = world.people["quinn"]
    world.erasure = erasing.ask(by=quinn, row=world.contact_south, basis="asked", words="By letter of 3 March.")
    world.hold = erasing.hold(by=quinn, row=world.contact, why="A claim is pending.", from_on=date(2026, 1, 2))
