"""What a person does with an import: bring the file, match its columns, let it be imported, take it back."""

from dataclasses import dataclass
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from records import jobs
from records.importing import declaring, matching, reading
from records.importing.reading import Shape
from records.models import Import, Job
from records.text import clean_text

Stage = Import.Stage
CHECK, WRITE, UNDO = "check import", "write import", "undo import"
WORK_OF = {Stage.CHECKING: CHECK, Stage.IMPORTING: WRITE, Stage.UNDOING: UNDO}


class AlreadyHere(Exception):
    """The same bytes were brought into this register before and have not been undone."""

    def __init__(self, first):
        self.first = first
        super().__init__(_("This very file is here already, as %(reference)s.") % {"reference": first.reference})


def first_of(register, sha256):
    """The import that holds these bytes for this register, unless it failed or was undone."""
    standing = Import.objects.in_force().exclude(stage__in=[Stage.UNDONE, Stage.FAILED])
    return standing.filter(register=register, sha256=sha256).first()


@dataclass(frozen=True)
class Found:
    """What a look at a file has found: how it is read, what its columns hold, which bytes it is."""

    register: str
    shape: Shape
    looks: dict
    match: dict
    sha256: str
    size: int


def look_over(stream, register, **as_read):
    """Everything that can be said of a file before it is kept. Raises Unreadable or AlreadyHere; writes nothing.

    `as_read` may say encoding, delimiter and has_header, which are found out otherwise.
    """
    shape = reading.examine(stream, **as_read)
    sha256, size = reading.fingerprint(stream)
    if first := first_of(register, sha256):
        raise AlreadyHere(first)
    looks = matching.look_at_columns(stream, shape)
    match = matching.guess_match(declaring.get(register), shape, looks)
    return Found(register, shape, looks, match, sha256, size)


def keep(found, *, by, stream, filename, source="", unit=None):
    """Keep the file as a new Import with the guessed match. Raises AlreadyHere when another was quicker."""
    batch = Import(
        register=found.register,
        source=clean_text(source.strip(), max_length=80, multiline=False),
        filename=clean_text(PurePath(filename).name, max_length=200, multiline=False) or "file.csv",
        sha256=found.sha256,
        size=found.size,
        unit=unit,
        reading={"shape": found.shape.as_json(), "looks": found.looks},
        mapping=found.match,
    )
    with reading.opened(stream) as content:
        batch.file = File(content, name="upload.csv")
        try:
            with transaction.atomic():
                batch.save(by=by, verb="uploaded")
        except BaseException as fault:
            if batch.file.name != "upload.csv":
                batch.file.storage.delete(batch.file.name)
            if isinstance(fault, IntegrityError) and (first := first_of(found.register, found.sha256)):
                raise AlreadyHere(first) from None
            raise
    return batch


def shape_of(batch):
    return Shape(**batch.reading["shape"])


def match_of(batch):
    """The import's Match. Raises ValidationError while something is open."""
    return matching.read_match(declaring.get(batch.register), shape_of(batch), batch.mapping, batch.reading["looks"])


def read_again(batch, *, by, encoding=None, delimiter=None, has_header=None):
    """Read the file in another way than was found out, and match anew. Raises Unreadable."""
    _must_be(batch, Stage.UPLOADED, Stage.CHECKED)
    with batch.file.open("rb") as stream:
        shape = reading.examine(stream, encoding=encoding, delimiter=delimiter, has_header=has_header)
        looks = matching.look_at_columns(stream, shape)
    batch.reading = {"shape": shape.as_json(), "looks": looks}
    batch.mapping = matching.guess_match(declaring.get(batch.register), shape, looks)
    batch.stage, batch.counts = Stage.UPLOADED, {}
    with transaction.atomic():
        batch.save(by=by, verb="read again")
        batch.rows.all().delete()


def check(batch, *, by, match):
    """Match the columns and let every row be checked in the background. Raises ValidationError. Returns the Job."""
    _must_be(batch, Stage.UPLOADED, Stage.CHECKED)
    found = matching.read_match(declaring.get(batch.register), shape_of(batch), match, batch.reading["looks"])
    batch.mapping, batch.counts = found.as_json(), {}
    with transaction.atomic():
        batch.rows.all().delete()
        return _go(batch, Stage.CHECKING, by=by, verb="matched")


def write(batch, *, by, with_duplicates=False, create=True):
    """Let the good rows become records in the background. Returns the Job.

    `create` says whether customers and the like that are named and missing are made; otherwise their rows stay out.
    """
    _must_be(batch, Stage.CHECKED)
    if not batch.counts["good"] + batch.counts["warning"]:
        raise ValidationError(_("There is no row that can be imported."))
    batch.mapping = {**batch.mapping, "with_duplicates": bool(with_duplicates), "create": bool(create)}
    with transaction.atomic():
        return _go(batch, Stage.IMPORTING, by=by, verb="import begun")


def undo(batch, *, by, reason):
    """Take a whole import back: its records are voided. Returns the Job."""
    _must_be(batch, Stage.DONE, Stage.IMPORTING)
    if batch.stage == Stage.IMPORTING and is_at_work(batch):
        raise ValidationError(_("It is still being imported. Stop that first."))
    if not reason.strip():
        raise ValidationError(_("Say why it is undone."))
    batch.counts = {**batch.counts, "undo_reason": clean_text(reason.strip(), max_length=1_000)}
    with transaction.atomic():
        return _go(batch, Stage.UNDOING, by=by, verb="undo begun", reason=reason)


def resume(batch, *, by):
    """Take up work that stopped: it goes on after the last committed chunk. Returns the Job."""
    _must_be(batch, *WORK_OF)
    if is_at_work(batch):
        return work_of(batch)
    with transaction.atomic():
        return _go(batch, batch.stage, by=by, verb="taken up again")


def stop(batch, *, by):
    """Stop the work under way. What is imported already stays, until it is undone."""
    if job := work_of(batch):
        jobs.cancel(job)
    if batch.stage == Stage.CHECKING:
        batch.stage = Stage.UPLOADED
        batch.save(by=by, verb="check stopped")


def discard(batch, *, by, reason):
    """Void an import that has made no record, so that its file may be brought again."""
    _must_be(batch, Stage.UPLOADED, Stage.CHECKED)
    with transaction.atomic():
        batch.rows.all().delete()
        batch.void(by=by, reason=reason)


def _go(batch, stage, *, by, verb, reason=""):
    batch.stage = stage
    batch.save(by=by, verb=verb, reason=reason)
    # The revision tells a job of an earlier match, or one that was stopped, that it is no longer wanted.
    return jobs.enqueue(WORK_OF[stage], {"import": batch.pk, "rev": batch.rev}, by=by, dedupe_key=_key(batch))


def _key(batch):
    return f"import {batch.pk} {batch.rev}"


def work_of(batch):
    """The latest Job of the stage the import is in, or None."""
    if batch.stage not in WORK_OF:
        return None
    return Job.objects.filter(kind=WORK_OF[batch.stage], dedupe_key=_key(batch)).order_by("pk").last()


def is_at_work(batch):
    job = work_of(batch)
    return job is not None and not job.is_over


def _must_be(batch, *stages):
    if batch.is_voided or batch.stage not in stages:
        raise ValidationError(
            _("%(reference)s is at the stage “%(stage)s”, where this cannot be done.")
            % {"reference": batch.reference, "stage": batch.get_stage_display()}
        )
