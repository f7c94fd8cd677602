"""What the working tables of the house hold of a person, and its files: drafts, notices, imports, mail."""

import re
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trail import personal
from trail.mentions import erased_word

from .importing import declaring
from .models import Draft, Import, ImportRow, Job, Notification, Submission

USER = settings.AUTH_USER_MODEL.lower()
OVER = (Import.Stage.DONE, Import.Stage.UNDONE, Import.Stage.FAILED)
PIECE = 1_000_000  # characters of a file that are looked at together
OVERLAP = 1_000
BETWEEN_MAILS = re.compile(rb"^-{79}\n", re.MULTILINE)


def register():
    for store in (
        personal.Store("drafts", gettext_lazy("drafts"), drafts, _delete, _told_draft, Draft),
        personal.Store("notifications", gettext_lazy("notices"), notices, _clean_notices, _told_notice, Notification),
        personal.Store("submissions", gettext_lazy("sent forms"), submissions, _delete, _told_submission, Submission),
        personal.Store("jobs", gettext_lazy("background jobs"), jobs, _clean_jobs, _told_job, Job),
        personal.Store("import rows", gettext_lazy("rows of imports"), import_rows, _clean_rows, _told_row, ImportRow),
        personal.Store(
            "import files", gettext_lazy("files of imports"), import_files, _remove_files, _told_file, is_outside=True
        ),
        personal.Store(
            "mails", gettext_lazy("mails on this machine"), mails, _remove_mails, _told_mail, is_outside=True
        ),
    ):
        personal.add_store(store)
    personal.add_hindrance(unfinished_imports)


# Drafts, notices, sent forms, jobs


def drafts(person):
    """Their own; and what others began to write about them."""
    return [
        one for one in Draft.objects.all() if _is_theirs(one, person) or _speaks_of(person, one.form, str(one.data))
    ]


def notices(person):
    found = Notification.objects.filter(_holds("text", person) | Q(reference__in=person.references))
    rows = {one.pk: one for one in found if one.text != _emptied(one)}
    if person.kind.rtype == USER:
        rows |= {one.pk: one for one in Notification.objects.filter(user=person.row.pk)}
    return list(rows.values())


def submissions(person):
    return list(Submission.objects.filter(user=person.row.pk)) if person.kind.rtype == USER else []


def jobs(person):
    return list(Job.objects.filter(_holds("last_error", person) | _holds("message", person)))


def _clean_notices(found, person):
    for one in found:
        if _is_theirs(one, person):
            one.delete()
        else:
            Notification.objects.filter(pk=one.pk).update(text=_emptied(one))


def _clean_jobs(found, person):
    Job.objects.filter(pk__in=[one.pk for one in found]).update(last_error="", message="")


def _delete(found, person):
    for one in found:
        one.delete()


def _emptied(notice):
    return f"{notice.reference} {erased_word()}".strip()


def _is_theirs(one, person):
    return person.kind.rtype == USER and one.user_id == person.row.pk


def _speaks_of(person, *texts):
    return any(person.is_named_in(text) or any(ref in text for ref in person.references) for text in texts)


def _holds(name, person):
    wanted = Q(pk__in=[])
    for needle in person.needles:
        wanted |= Q(**{f"{name}__icontains": needle})
    return wanted


# Imports


def import_rows(person):
    """Rows that became one of their records, or name them."""
    became = Q(pk__in=[])
    for importer in declaring.every():
        if ids := person.own.get(importer.model_class):
            became |= Q(batch__register=importer.register, record_id__in=ids)
    rows = ImportRow.objects.annotate(as_text=Cast("cells", TextField())).select_related("batch")
    return [one for one in rows.filter(became | _holds("as_text", person)) if any(one.cells) or one.parsed]


def import_files(person):
    """Imports whose kept file holds a row of theirs."""
    with_rows = {one.batch_id for one in import_rows(person)}
    return [
        batch
        for batch in Import.objects.order_by("pk")
        if batch.file.storage.exists(batch.file.name) and (batch.pk in with_rows or _file_names(batch, person))
    ]


def unfinished_imports(person):
    """What is still to be imported cannot lose its file."""
    for batch in import_files(person):
        if not batch.is_voided and batch.stage not in OVER:
            yield _("%(reference)s holds their data and is not finished. Import or discard it first.") % {
                "reference": batch.reference
            }


def _file_names(batch, person):
    encoding = batch.reading.get("shape", {}).get("encoding", "utf-8")
    kept = ""
    with open(batch.file.path, encoding=encoding, errors="replace") as stream:
        while piece := stream.read(PIECE):
            if person.is_named_in(kept + piece):
                return True
            kept = piece[-OVERLAP:]
    return False


def _clean_rows(found, person):
    for one in found:
        one.cells, one.parsed, one.problems = [""] * len(one.cells), {}, []
        one.save(update_fields=["cells", "parsed", "problems"])


def _remove_files(found, person):
    for batch in found:
        batch.file.storage.delete(batch.file.name)


# Mail that was written to files because no mail server is set


def mails(person):
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    files = sorted(Path(folder).glob("*.log")) if folder else []
    return [str(path) for path in files if any(person.is_named_in(text) for text in _texts_of(path))]


def _texts_of(path):
    for part in BETWEEN_MAILS.split(path.read_bytes()):
        message = message_from_bytes(part, policy=policy.default)
        yield "\n".join(str(value) for value in message.values())
        for piece in message.walk():
            if piece.get_content_maintype() == "text":
                yield piece.get_content()


def _remove_mails(found, person):
    for path in found:
        Path(path).unlink(missing_ok=True)


# For an access request


def _told_draft(one):
    return {"form": one.form, "saved_at": one.saved_at, "data": one.data}


def _told_notice(one):
    return {"to": str(one.user), "told_at": one.told_at, "reference": one.reference, "text": one.text}


def _told_submission(one):
    return {"sent_at": one.sent_at, "url": one.url}


def _told_job(one):
    return {"kind": one.kind, "asked_at": one.asked_at, "message": one.message, "error": one.last_error}


def _told_row(one):
    return {"import": one.batch.reference, "row": one.number, "cells": one.cells}


def _told_file(batch):
    return {"import": batch.reference, "file": batch.filename, "sha256": batch.sha256}


def _told_mail(path):
    return {"text": "\n".join(_texts_of(Path(path)))}
