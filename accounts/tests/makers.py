"""Makes people, units and the organisation for tests."""

from datetime import date, time

from accounts.models import Appointment, Deadline, Organisation, Severity, Unit, User

PASSWORD = "correct horse battery"


def make_organisation(**given):
    organisation = Organisation.current()
    if organisation:
        return organisation
    organisation = Organisation(
        **{
            "name": "Calder Instruments",
            "time_zone": "Europe/London",
            "calendar": "GB-ENG",
            "opens_at": time(9),
            "closes_at": time(17),
            **given,
        }
    )
    organisation.save()
    for severity, acknowledge, answer in ((Severity.MINOR, 2, 15), (Severity.MAJOR, 1, 10), (Severity.CRITICAL, 1, 5)):
        Deadline(severity=severity, acknowledge_days=acknowledge, answer_days=answer).save()
    return organisation


def make_unit(name="Service", parent=None, **given):
    unit = Unit(name=name, parent=parent, **given)
    unit.save()
    return unit


def make_person(name="Pat Example", role=None, unit=None, **given):
    email = given.pop("email", f"{name.lower().replace(' ', '.')}@example.com")
    user = User.objects.create_user(email, PASSWORD, name=name, **given)
    if role:
        appoint(user, role, unit)
    return user


def appoint(user, role, unit=None, from_on=date(2020, 1, 1), to_on=None):
    appointment = Appointment(user=user, role=role, unit=unit, from_on=from_on, to_on=to_on)
    appointment.save()
    user.set_groups()
    return appointment
