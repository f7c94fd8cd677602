"""Brings files through the importer for tests, as the pages do."""

import io
import json

from records import jobs
from records.importing import intake
from trail.context import acting_as

CFPB = {
    "columns": {
        "customer": "Company",
        "product": "Product",
        "subject": "Issue",
        "received": "Date received",
        "answered": "Date sent to company",
        "stated_timely": "Timely response?",
        "disputed": "Consumer disputed?",
        "came_by": "Submitted via",
    },
    "dates": {"received": "mdy", "answered": "mdy"},
    "for_all": {"kind": "complaint"},
}
NYCC = {
    "columns": {"received": "opendate", "closed": "closedate", "product": "complaint_type", "subject": "descriptor"},
    "for_all": {"kind": "complaint", "customer": "Constituents"},
}
SIMPLE = {
    "columns": {"customer": "customer", "received": "received", "words": "words"},
    "for_all": {"kind": "complaint"},
}


def bring(by, content, register="feedback", filename="feedback.csv", unit=None, source="Old system"):
    """An Import of this content (text, bytes or a path), at its first stage."""
    content = content.read_bytes() if hasattr(content, "read_bytes") else content
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    with acting_as(by, channel="form"):
        found = intake.look_over(stream, register)
        return intake.keep(found, by=by, stream=stream, filename=filename, source=source, unit=unit)


def run(job):
    """Run a job to its end in this process."""
    while not job.is_over and jobs.run(job.pk):
        job.refresh_from_db()
    return job


def checked(by, content, match=None, **given):
    """An Import whose rows are all checked."""
    batch = bring(by, content, **given)
    with acting_as(by, channel="form"):
        job = run(intake.check(batch, by=by, match=match or SIMPLE))
    assert job.state == "done", job.last_error
    batch.refresh_from_db()
    return batch


def imported(by, content, match=None, wishes=None, **given):
    """An Import whose rows have become records."""
    batch = checked(by, content, match, **given)
    with acting_as(by, channel="form"):
        job = run(intake.write(batch, by=by, **(wishes or {})))
    assert job.state == "done", job.last_error
    batch.refresh_from_db()
    return batch


def undone(batch, by, reason="The wrong file"):
    with acting_as(by, channel="form"):
        job = run(intake.undo(batch, by=by, reason=reason))
    assert job.state == "done", job.last_error
    batch.refresh_from_db()
    return batch


def rows_of(batch, state):
    return {row.number: row.problems for row in batch.rows.filter(state=state)}


def as_file(folder, match, name="match.json"):
    path = folder / name
    path.write_text(json.dumps(match), encoding="utf-8")
    return path
