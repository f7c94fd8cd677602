"""What the tests of killed processes run inside a Heed of their own, by `manage.py shell`."""

import os
import random
import signal
import time
from datetime import date

from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import Client

from accounts.tests.makers import make_organisation, make_person
from customers.tests.makers import make_customer
from feedback.models import Feedback
from trail import sealing
from trail.context import acting_as_system
from trail.models import Pending

FACTS = {"kind": "compliment", "received_on": date(2026, 3, 2)}


def forked(work):
    """Run `work` in a child with a connection of its own; its pid."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        connections.close_all()
        os._exit(0)
    except BaseException as fault:
        os.write(2, f"{type(fault).__name__}: {fault}\n".encode())
        os._exit(1)


def storm(writers, writes, folder):
    """`writers` processes save at once, half new records, half changes, while a sealer is killed every second.

    Each writer notes in a file of its own what was saved, after it was; returns how often the sealer was killed.
    """
    with acting_as_system("command"):
        customer = make_customer()

        def write(place):
            with open(f"{folder}/{place}", "w") as told:
                for number in range(writes // 2):
                    record = Feedback(customer=customer, words=f"{place} {number}", **FACTS)
                    record.save()
                    told.write(f"{record.pk} 1\n")
                    record.subject = "Changed"
                    record.save()
                    told.write(f"{record.pk} 2\n")

        running = {forked(lambda place=place: write(place)) for place in range(writers)}
        failed = kills = 0
        while running:
            sealer = forked(seal_on_and_on)
            time.sleep(0.5 + random.random())
            os.kill(sealer, signal.SIGKILL)
            os.waitpid(sealer, 0)
            kills += 1
            for pid in list(running):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    running.remove(pid)
                    failed += bool(status)
    connections.close_all()
    left = Pending.objects.count()
    sealing.seal()
    return {"kills": kills, "failed": failed, "left": left}


def seal_on_and_on():
    while True:
        sealing.seal(limit=50)


def die_at_every_statement(is_whole):
    """A sealer ends itself by SIGKILL before its first statement, another before its second, and so on; then one lives.

    With `is_whole` off a batch is no transaction: the control. Returns how many were killed, and what the last one met.
    """
    batch = sealing._seal_batch
    if not is_whole:
        sealing._seal_batch = batch.__wrapped__
    with acting_as_system("command"):
        customer, kills, point = make_customer(), 0, 0
        while True:
            Feedback(customer=customer, words=f"Before statement {point}", **FACTS).save()
            if not _ends_at(point):
                break
            kills, point = kills + 1, point + 1
    try:
        sealing.seal()
        met = ""
    except Exception as fault:
        met = type(fault).__name__
    return {"kills": kills, "met": met}


def _ends_at(point):
    """Whether a sealer that is to end before its statement `point` got as far."""

    def work():
        done = 0

        def count(execute, *args):
            nonlocal done
            if done == point:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return execute(*args)

        with connection.execute_wrapper(count):
            try:
                sealing.seal()
            except Exception:  # what the control leaves behind may not even let the next one begin
                os._exit(0)

    _pid, status = os.waitpid(forked(work), 0)
    return os.WIFSIGNALED(status)


def prepare_for_the_web():
    """An organisation, a member of staff and a customer; returns the staff's session and the customer's reference."""
    with acting_as_system("command"):
        make_organisation()
        make_person("Stefan Adler", "staff")
        customer = make_customer("Halden Water")
    client = Client()
    client.force_login(get_user_model().objects.get(name="Stefan Adler"), "accounts.backends.AppointmentBackend")
    return {"session": client.cookies["sessionid"].value, "customer": customer.reference}
