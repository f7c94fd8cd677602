"""After an erasure nothing of the person is left: looked for in the bytes of database, files, mail, logs, exports."""

import logging
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from django.core.mail import send_mail
from django.db import connection
from django.urls import reverse

from evidence import erasing
from feedback.models import Feedback
from kpis import rollup
from kpis.models import Bucket
from records import jobs
from records.models import ImportRow, Job
from trail import events, verifier
from trail.as_of import as_of
from trail.models import Checkpoint, Erased, Erasure, Seal
from trail.sealing import seal

from .makers import EMAIL, NAME, PHONE, make_known, traces_in, traces_under

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("organisation")]


@pytest.fixture
def house(settings, tmp_path):
    """Folders of its own for everything that is written outside the database, and a log that is a file."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.ANCHOR_FILE = tmp_path / "anchors.jsonl"
    settings.ERASURE_JOURNAL = tmp_path / "erasures" / "journal.jsonl"
    (tmp_path / "logs").mkdir()
    handler = logging.FileHandler(tmp_path / "logs" / "heed.log")
    logging.getLogger().addHandler(handler)
    yield tmp_path
    logging.getLogger().removeHandler(handler)
    handler.close()


def database_address():
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(given["NAME"])
    where = f"{given['HOST'] or '127.0.0.1'}:{given['PORT'] or 5432}"
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{where}/{given['NAME']}".replace(":@", "@")


def database_bytes():
    """What lies in the files of SQLite, its write-ahead log included; what pg_dump writes of PostgreSQL."""
    address = database_address()
    if connection.vendor == "sqlite":
        return b"".join(path.read_bytes() for end in ("", "-wal") if (path := Path(address + end)).exists())
    return subprocess.run(["pg_dump", address], check=True, capture_output=True, env=os.environ).stdout


def carried_out(asked, by):
    erasing.confirm(by=by, asked=asked)
    jobs.run(Job.objects.get(kind=erasing.WORK).pk)
    asked.refresh_from_db()
    assert asked.state == "erased", Job.objects.get(kind=erasing.WORK).last_error
    return asked


def test_no_trace_of_a_contact_is_left_and_the_trail_stands(house, quinn, adam, client, acting):
    with acting(quinn):
        contact, feedback, others, batch = make_known(quinn)
    send_mail("About your call", f"Dear {NAME}, we call you back at {PHONE}.", None, [EMAIL])
    events.tell("opened", user=quinn, detail=f"q={NAME}")
    seal()
    rollup.fold_in()
    assert traces_in(database_bytes()) and traces_under(house), "the search finds what is there"
    before = list(Seal.objects.order_by("seq").values_list("seq", "leaf", "changed_at"))
    roots, figures = list(Checkpoint.objects.values_list("size", "root", "signature")), numbers()

    asked = carried_out(erasing.ask(by=quinn, row=contact, basis="asked"), adam)

    assert traces_in(database_bytes()) == []
    assert traces_under(house) == {}
    client.force_login(quinn)
    for path in (reverse("feedback:list"), reverse("customers:list")):
        response = client.get(path, {"format": "csv"})
        assert traces_in(b"".join(response.streaming_content)) == []
    assert not batch.file.storage.exists(batch.file.name)
    # The trail stands as it was, and says what was done.
    after = list(Seal.objects.filter(seq__lte=before[-1][0]).order_by("seq").values_list("seq", "leaf", "changed_at"))
    assert [bytes(one[1]) for one in before] == [bytes(one[1]) for one in after]
    assert roots == list(Checkpoint.objects.values_list("size", "root", "signature")[: len(roots)])
    seal()
    rollup.fold_in()
    assert numbers() == figures
    report = verifier.verify(database_address(), anchors=house / "anchors.jsonl")
    assert report.is_sound, report.as_text()
    assert Seal.objects.filter(verb="erased", rtype="trail.erasure").count() == 1
    # 50 pieces of feedback and the imported one are theirs; two records of others and the customer named them.
    assert asked.counts["feedback.feedback"] == 52
    assert Erasure.objects.get().counts == asked.counts
    assert ImportRow.objects.get(batch=batch, number=2).cells == [""] * 5
    assert ImportRow.objects.get(batch=batch, number=3).cells[2] == "Somebody Else"
    others.refresh_from_db()
    assert others.words == "Ask (erased) at Northwind about it."
    page = client.get(feedback.get_absolute_url())
    assert "(erased)" in page.text
    with as_of(before[-1][2]):
        assert Feedback.objects.get(pk=feedback.pk).title == "(erased)"
    page = client.get(feedback.get_absolute_url(), {"as_of": before[-1][2].isoformat().replace("+00:00", "Z")})
    assert page.status_code == 200 and "(erased)" in page.text and traces_in(page.content) == []


def numbers():
    """All figures that are kept, and how many records of each kind and state there are."""
    buckets = Bucket.objects.order_by("series", "member", "day", "part").values_list("member", "day", "part", "value")
    facts = Feedback.objects.order_by("pk").values_list("kind", "received_on", "severity", "closed_on", "answered_on")
    return list(buckets), list(facts)


def test_an_export_made_afterwards_holds_no_trace_and_is_sound(house, quinn, adam, acting, tmp_path):
    from trail.exporting import export

    with acting(quinn):
        contact, *_rest = make_known(quinn, records=3)
    carried_out(erasing.ask(by=quinn, row=contact, basis="asked"), adam)
    seal()
    export(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        assert [name for name in archive.namelist() if traces_in(archive.read(name))] == []
    report = verifier.verify(tmp_path / "export.zip", anchors=house / "anchors.jsonl")
    assert report.is_sound, report.as_text()


def test_the_preview_tells_what_the_erasure_then_does(house, quinn, adam, acting):
    from trail.erasing import plan_for

    with acting(quinn):
        contact, *_rest = make_known(quinn, records=4)
    asked = erasing.ask(by=quinn, row=contact, basis="asked")
    foretold = plan_for(contact).counts
    assert carried_out(asked, adam).counts == foretold
    assert plan_for(contact).counts == {}


def test_a_job_that_was_killed_after_the_erasure_sweeps_when_it_runs_again(house, quinn, adam, acting):
    with acting(quinn):
        contact, *_rest = make_known(quinn, records=2)
    asked = carried_out(erasing.ask(by=quinn, row=contact, basis="asked"), adam)
    erased = Erased.objects.count()
    job = Job.objects.get(kind=erasing.WORK)
    Job.objects.filter(pk=job.pk).update(state="pending", attempts=1)
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, Erased.objects.count()) == ("done", erased)
    assert asked.erased_at is not None
