"""The background work of imports: checking every row, making records of them, taking them back.

Each works in chunks of one transaction. A chunk that is committed is never done again, so that work killed at any
point goes on where it stood and doubles nothing.
"""

from itertools import islice
from time import monotonic

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Count, Min
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.translation import gettext as _

from records import bulk, jobs
from records.importing import declaring, intake, reading
from records.importing.matching import Preparer
from records.importing.reading import Duplicates, Unreadable
from records.inserting import insert
from records.models import Import, ImportRow, Record
from records.notifying import notify

CHUNK = 1_000
PATIENCE = 150  # seconds after which the rest is left to the next task, well within a task's time limit
LISTED = 200  # names and references kept with the result; the rest is counted
Stage, State = Import.Stage, ImportRow.State


class NotWanted(Exception):
    """The import has moved on since this work was asked for."""


def _batch(running, stage):
    """The import, locked until the transaction ends, while it is still at `stage` as when the work was asked for."""
    batch = (
        Import.objects.select_for_update(of=("self",))
        .filter(pk=running.arguments["import"], rev=running.arguments["rev"], stage=stage, voided_at__isnull=True)
        .first()
    )
    if batch is None:
        raise NotWanted
    user = running.asked_by
    importer = declaring.get(batch.register)
    units = user.scope_for("records.add_import")
    in_scope = units is None or batch.unit_id in units
    if not (user.is_active and in_scope and user.has_perm(importer.permission)):
        raise PermissionDenied(_("%(person)s may no longer import here.") % {"person": user})
    return batch


def _may_rest(began):
    if monotonic() - began > PATIENCE:
        raise jobs.GoesOn


# checking


@jobs.job(intake.CHECK)
def check(running):
    """Stage every row of the file with what it would become and what is wrong with it."""
    try:
        with transaction.atomic():
            batch = _batch(running, Stage.CHECKING)
            staged = batch.rows.order_by("-number").values_list("number", flat=True).first() or 0
        with batch.file.open("rb") as stream, timezone.override(declaring.get(batch.register).zone()):
            _stage(running, batch, stream, staged)
        _end_check(running)
    except NotWanted:
        return
    except Unreadable as fault:
        with transaction.atomic():
            batch = _batch(running, Stage.CHECKING)
            batch.rows.all().delete()
            batch.stage, batch.counts = Stage.FAILED, {"unreadable": str(fault)}
            batch.save(by=running.asked_by, verb="found unreadable")
            notify(running.asked_by, text=_("%(file)s cannot be read.") % {"file": batch.filename}, about=batch)


def _stage(running, batch, stream, staged):
    """Stage the rows after number `staged`; those before it only teach what a duplicate is."""
    began = monotonic()
    shape, seen = intake.shape_of(batch), Duplicates()
    preparer = Preparer(declaring.get(batch.register), shape, intake.match_of(batch), timezone.localdate())
    rows = reading.rows(stream, shape)
    done = 0
    while chunk := list(islice(rows, CHUNK)):
        done += len(chunk)
        news = [_staged(batch, row, preparer, seen) for row in chunk]
        news = [one for one in news if one.number > staged]
        if not news:
            continue
        with transaction.atomic():
            _batch(running, Stage.CHECKING)
            insert(ImportRow, news)
            running.progress(done, None, _("Checking"))
        _may_rest(began)


def _staged(batch, row, preparer, seen):
    staged = ImportRow(batch=batch, number=row.number, cells=row.cells, problems=row.problems)
    first = seen.first_of(row)
    if row.is_empty:
        staged.state = State.EMPTY
    elif row.problems:
        staged.cells = [reading.storable(cell) for cell in row.cells]
        staged.state = State.ERROR
    else:
        staged.parsed, errors, warnings = preparer.prepare(row.cells)
        staged.problems = errors or warnings
        staged.state = State.ERROR if errors else State.WARNING if warnings else State.GOOD
    if first and staged.state != State.EMPTY:
        staged.duplicate_of = first
        if staged.state != State.ERROR:
            staged.state = State.DUPLICATE
    return staged


@transaction.atomic
def _end_check(running):
    batch = _batch(running, Stage.CHECKING)
    importer = declaring.get(batch.register)
    if importer.unique:
        _refuse_known(batch, importer.field(importer.unique))
    batch.counts = count_rows(batch) | {"new": {one.key: _new_names(batch, one) for one in importer.lookups}}
    batch.stage = Stage.CHECKED
    batch.save(by=running.asked_by, verb="checked")
    notify(
        running.asked_by,
        text=_("%(file)s is checked: %(good)s rows can be imported, %(bad)s cannot.")
        % {
            "file": batch.filename,
            "good": f"{batch.counts['good'] + batch.counts['warning']:,}",
            "bad": f"{batch.counts['error']:,}",
        },
        about=batch,
    )


def count_rows(batch):
    """{"rows": all of them, "good": …, "warning": …, "duplicate": …, "error": …, "empty": …}"""
    found = dict(batch.rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {"rows": sum(found.values())} | {state.value: found.get(state.value, 0) for state in State}


def _new_names(batch, one):
    """How many names of this field stand for nothing yet, and the first of them: {"count": …, "names": […]}."""
    rows = batch.rows.order_by().filter(state__in=[State.GOOD, State.WARNING])
    named = rows.annotate(name=KT(f"parsed__{one.key}")).values("name").annotate(first=Min("number")).order_by("first")
    new = {}
    names = (row["name"] for row in named.iterator() if row["name"])
    while chunk := list(islice(names, CHUNK)):
        known = one.lookup.found(chunk)
        for name in chunk:
            if (key := one.lookup.key(name)) not in known:
                new.setdefault(key, name)
    return {"count": len(new), "names": list(new.values())[:LISTED]}


def _refuse_known(batch, one):
    """Rows whose name an earlier row has, or a record that exists, become errors."""
    first_with, faulty = {}, []
    rows = batch.rows.filter(state__in=[State.GOOD, State.WARNING]).iterator(CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        known = one.lookup.found(row.parsed[one.key] for row in chunk)
        for row in chunk:
            key = one.lookup.key(row.parsed[one.key])
            first = first_with.setdefault(key, row.number)
            if record := known.get(key):
                words = _("“%(name)s” exists already, as %(reference)s.") % {
                    "name": row.parsed[one.key],
                    "reference": record.reference,
                }
            elif first != row.number:
                words = _("Row %(first)s has the same name.") % {"first": first}
            else:
                continue
            row.state, row.problems = State.ERROR, [*row.problems, words]
            faulty.append(row)
    ImportRow.objects.bulk_update(faulty, ["state", "problems"], batch_size=200)


# making records


@jobs.job(intake.WRITE)
def write(running):
    """Make a record of each row that can be imported."""
    began, last = monotonic(), 0
    try:
        while last is not None:
            last = _write_chunk(running, last)
            _may_rest(began)
    except NotWanted:
        return


@transaction.atomic
def _write_chunk(running, after):
    """Write the next chunk behind row number `after`; the number of its last row, or None when all is done."""
    batch = _batch(running, Stage.IMPORTING)
    importer = declaring.get(batch.register)
    waiting = batch.rows.filter(state__in=importable(batch), record_id__isnull=True)
    fields = ("pk", "number", "cells", "parsed", "problems")
    rows = list(waiting.filter(number__gt=after).order_by("number").values_list(*fields, named=True)[:CHUNK])
    if not rows:
        _end_write(running, batch, importer)
        return None
    with timezone.override(importer.zone()):
        pairs = _build(running, batch, importer, rows)
    made = bulk.create(importer.model_class, [record for _row, record in pairs], by=running.asked_by)
    _link([(row.pk, record.pk) for (row, _unsaved), record in zip(pairs, made, strict=True)])
    done = batch.rows.filter(record_id__isnull=False).count() if after == 0 else running.job.done + len(made)
    running.job.done = done
    running.progress(done, to_import(batch), _("Importing"))
    return rows[-1].number


def importable(batch):
    """States of the rows that are to become records."""
    states = [State.GOOD, State.WARNING]
    return [*states, State.DUPLICATE] if batch.mapping.get("with_duplicates") else states


def to_import(batch):
    return sum(batch.counts.get(state.value, 0) for state in importable(batch))


def _build(running, batch, importer, rows):
    """(row, unsaved record) of each row that can be written; the others are marked as errors."""
    related, pairs = {}, []
    for one in importer.lookups:
        related[one.key] = _related(running, batch, one, rows)
    taken = importer.unique and importer.field(importer.unique).lookup.found(
        row.parsed[importer.unique] for row in rows
    )
    keeper = Preparer(importer, intake.shape_of(batch), intake.match_of(batch), timezone.localdate())
    for row in rows:
        own = {key: found[row.parsed[key]] for key, found in related.items() if row.parsed.get(key)}
        absent = [key for key, record in own.items() if record is None]
        if absent or (taken and importer.field(importer.unique).lookup.key(row.parsed[importer.unique]) in taken):
            says = [
                _("“%(name)s” does not exist, and was not to be made.") % {"name": row.parsed[key]} for key in absent
            ] or [_("A record of that name exists meanwhile.")]
            ImportRow.objects.filter(pk=row.pk).update(state=State.ERROR, problems=[*row.problems, *says])
        else:
            pairs.append((row, importer.build(batch, row, own, keeper.source_cells(row.cells, own))))
    return pairs


def _related(running, batch, one, rows):
    """{name: the record it means} for one field of these rows; what is missing is made, or None."""
    names = {row.parsed[one.key]: None for row in rows if row.parsed.get(one.key)}
    known = one.lookup.found(names)
    if batch.mapping.get("create", True):
        missing = {}
        for name in names:
            if (key := one.lookup.key(name)) not in known:
                missing.setdefault(key, one.lookup.make(name, batch))
        # The reason names the import, by which its undoing finds what it has made.
        for made in bulk.create(one.lookup.model_class, missing.values(), by=running.asked_by, reason=batch.reference):
            known[made.name_key] = made
    return {name: known.get(one.lookup.key(name)) for name in names}


def _link(pairs):
    """Note with each staged row, by primary key, the record that it became."""
    if not pairs:
        return
    values = ", ".join(["(%s, %s)"] * len(pairs))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {ImportRow._meta.db_table} SET record_id = made.column2 "  # noqa: S608 (names and signs only)
            f"FROM (VALUES {values}) AS made WHERE {ImportRow._meta.db_table}.id = made.column1",
            [number for pair in pairs for number in pair],
        )


def _end_write(running, batch, importer):
    imported = batch.rows.filter(record_id__isnull=False).count()
    created = {one.key: made_by(batch, one.lookup.model_class).count() for one in importer.lookups}
    batch.counts = {**batch.counts, **count_rows(batch), "imported": imported, "created": created}
    batch.stage = Stage.DONE
    batch.save(by=running.asked_by, verb="imported")
    running.progress(imported, imported)
    notify(
        running.asked_by,
        text=_("%(file)s is imported: %(count)s records.") % {"file": batch.filename, "count": f"{imported:,}"},
        about=batch,
    )


def made_by(batch, model):
    """Records that this import made on the way and nobody changed since."""
    return model.objects.filter(rev=1, verb="imported", reason=batch.reference)


# taking back


@jobs.job(intake.UNDO)
def undo(running):
    """Void what the import has made, except what was changed since or is in use."""
    began, last = monotonic(), 0
    try:
        while last is not None:
            last = _undo_chunk(running, last)
            _may_rest(began)
    except NotWanted:
        return


@transaction.atomic
def _undo_chunk(running, after):
    batch = _batch(running, Stage.UNDOING)
    importer = declaring.get(batch.register)
    rows = batch.rows.filter(record_id__isnull=False, number__gt=after).order_by("number")
    chunk = list(rows.values_list("number", "record_id")[:CHUNK])
    if not chunk:
        _end_undo(running, batch, importer)
        return None
    ids = [record_id for _number, record_id in chunk]
    _void(running, batch, importer.model_class.objects.filter(pk__in=ids))
    running.job.done = len(chunk) + (running.job.done if after else 0)
    running.progress(running.job.done, batch.counts.get("imported"), _("Undoing"))
    return chunk[-1][0]


def _void(running, batch, records):
    """Void those of `records` that stand as the import left them and that no other record points to."""
    untouched = set(records.filter(rev=1, voided_at__isnull=True).values_list("pk", flat=True))
    untouched -= in_use(records.model, untouched)
    if untouched:
        reason = _("Import %(reference)s undone: %(reason)s") % {
            "reference": batch.reference,
            "reason": batch.counts["undo_reason"],
        }
        records.model.objects.filter(pk__in=untouched).change(
            by=running.asked_by,
            verb="voided",
            reason=reason,
            voided_at=timezone.now(),
            voided_by=running.asked_by,
            void_reason=reason,
        )


def in_use(model, ids):
    """Those of `ids` to which another record in force points."""
    used = set()
    for one in model._meta.get_fields(include_hidden=True):
        if one.auto_created and one.one_to_many and issubclass(one.related_model, Record):
            pointing = one.related_model.objects.in_force().filter(**{f"{one.field.name}__in": ids})
            used.update(pointing.values_list(one.field.attname, flat=True))
    return used


def _end_undo(running, batch, importer):
    for one in importer.lookups:
        made = made_by(batch, one.lookup.model_class).filter(voided_at__isnull=True)
        ids = iter(list(made.values_list("pk", flat=True)))
        while chunk := list(islice(ids, CHUNK)):
            _void(running, batch, one.lookup.model_class.objects.filter(pk__in=chunk))
    own = importer.model_class.objects.filter(pk__in=batch.rows.filter(record_id__isnull=False).values("record_id"))
    kept = own.in_force()
    batch.counts = {
        **batch.counts,
        "voided": own.filter(voided_at__isnull=False).count(),
        "kept": kept.count(),
        "kept_references": list(kept.order_by("pk").values_list("reference", flat=True)[:LISTED]),
    }
    batch.stage, batch.undone_at, batch.undone_by = Stage.UNDONE, timezone.now(), running.asked_by
    batch.save(by=running.asked_by, verb="undone", reason=batch.counts["undo_reason"])
    notify(running.asked_by, text=_("%(file)s is undone.") % {"file": batch.filename}, about=batch)
