"""An import from the command line: the same steps and the same background work as in the browser, one after another."""

import time

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from records import jobs
from records.importing import declaring, intake, reading
from records.models import Import, ImportRow, Job
from records.text import parse_json
from trail.context import acting_as

Stage, State = Import.Stage, ImportRow.State


class Refused(Exception):
    """The import cannot be begun or ended; the message says why."""


def bring(register, path, *, source, mapping, email, unit="", dry_run=False):
    """Import the file at `path` and return the summary as a dict fit for JSON. Raises Refused or ValidationError."""
    user = get_user_model().objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise Refused(_("Nobody with the e-mail %(email)s may sign in.") % {"email": email})
    importer = declaring.get(register)
    if importer not in declaring.importers_for(user):
        raise Refused(_("%(person)s may not import this.") % {"person": user})
    given = _read_mapping(mapping)
    with acting_as(user, channel="command"):
        batch = _take_in(register, path, user, source, _unit(user, unit), given["file"])
        try:
            _finish(intake.check(batch, by=user, match=given))
        except BaseException:
            _forget(batch, user)
            raise
        batch.refresh_from_db()
        if batch.stage == Stage.FAILED:
            raise Refused(batch.counts["unreadable"])
        if dry_run:
            summary = _summary(batch, dry_run=True)
            _forget(batch, user)
            return summary
        if batch.counts["good"] + batch.counts["warning"]:
            with_duplicates = given.get("duplicates", "skip") == "import"
            job = intake.write(batch, by=user, with_duplicates=with_duplicates, create=given.get("create", True))
            _finish(job)
            batch.refresh_from_db()
            return _summary(batch)
        summary = _summary(batch)
        _forget(batch, user)
        return summary


def _forget(batch, user):
    """Let the file be brought again: nothing came of it."""
    batch.refresh_from_db()
    if batch.stage == Stage.CHECKING:
        intake.stop(batch, by=user)
    if batch.stage in (Stage.UPLOADED, Stage.CHECKED):
        intake.discard(batch, by=user, reason=_("Checked from the command line; nothing was imported."))


def _read_mapping(path):
    try:
        given = parse_json(path.read_bytes())
    except OSError as fault:
        raise Refused(_("The mapping cannot be read: %(fault)s") % {"fault": fault.strerror}) from None
    if not isinstance(given, dict):
        raise Refused(_("The mapping must be a JSON object."))
    if unknown := given.keys() - {"columns", "dates", "for_all", "options", "file", "duplicates", "create"}:
        raise Refused(_("The mapping has unknown parts: %(parts)s.") % {"parts": ", ".join(sorted(unknown))})
    as_read = given.setdefault("file", {})
    if not isinstance(as_read, dict) or as_read.keys() - {"encoding", "delimiter", "has_header"}:
        raise Refused(_("“file” may say encoding, delimiter and has_header."))
    if given.get("duplicates", "skip") not in ("skip", "import"):
        raise Refused(_("“duplicates” is “skip” or “import”."))
    return given


def _unit(user, reference):
    """The unit the records belong to: the one named, else the person's own, else the whole firm."""
    unit_class = Import._meta.get_field("unit").related_model
    units = user.scope_for("records.add_import")
    allowed = unit_class.objects.in_force() if units is None else unit_class.objects.in_force().filter(pk__in=units)
    if reference:
        if unit := allowed.filter(reference=reference).first():
            return unit
        raise Refused(_("%(person)s may not import for a unit %(unit)s.") % {"person": user, "unit": reference})
    if units is None:
        return None
    if len(allowed) == 1:
        return allowed[0]
    raise Refused(
        _("Say for which unit: --unit with one of %(units)s.")
        % {"units": ", ".join(f"{unit.reference} ({unit})" for unit in allowed)}
    )


def _take_in(register, path, user, source, unit, as_read):
    try:
        with path.open("rb") as stream:
            found = intake.look_over(stream, register, **as_read)
            return intake.keep(found, by=user, stream=stream, filename=path.name, source=source, unit=unit)
    except OSError as fault:
        raise Refused(_("%(file)s cannot be read: %(fault)s") % {"file": path, "fault": fault.strerror}) from None
    except (reading.Unreadable, intake.AlreadyHere) as fault:
        raise Refused(str(fault)) from None


def _finish(job):
    """Run the job here, or wait for the worker that took it. Raises Refused when it fails for good."""
    while not job.is_over:
        if not jobs.run(job.pk):
            time.sleep(0.5)
        job.refresh_from_db()
    if job.state != Job.State.DONE:
        raise Refused(job.last_error or _("The work was stopped."))


def _summary(batch, dry_run=False):
    """What came of it. Row numbers count as a spreadsheet does: the headings are row 1."""
    rows = batch.rows.order_by("number")

    def listed(state):
        return [
            {"row": number, "problems": problems}
            for number, problems in rows.filter(state=state).values_list("number", "problems")
        ]

    counts = batch.counts
    return {
        "import": batch.reference,
        "file": batch.filename,
        "sha256": batch.sha256,
        "source": batch.source,
        "dry_run": dry_run,
        "rows": counts["rows"],
        "imported": counts.get("imported", 0),
        "importable": counts["good"] + counts["warning"],
        "duplicates": counts["duplicate"],
        "warnings": counts["warning"],
        "empty": counts["empty"],
        "errors": listed(State.ERROR),
        "duplicate_rows": [
            {"row": number, "first": first}
            for number, first in rows.filter(state=State.DUPLICATE).values_list("number", "duplicate_of")
        ],
        "warning_rows": listed(State.WARNING),
        "created": counts.get("created", {}),
        "new": {key: names["count"] for key, names in counts.get("new", {}).items()},
    }
