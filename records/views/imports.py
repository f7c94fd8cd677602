"""Imports: the list, the file, and one import from its columns to its result."""

from itertools import islice

import django_filters
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.csv_export import exported
from records.filters import RecordFilter
from records.forms import ReasonForm
from records.importing import declaring, intake, mending, reading, work
from records.importing.encoding import ENCODINGS
from records.importing.forms import SEPARATORS, MatchForm, ReadingForm, UploadForm, WriteForm
from records.importing.guessing import DATE_FORMATS
from records.importing.intake import Stage
from records.models import Import, ImportRow
from records.pages import Action, Column, RecordCreate, RecordDetail, RecordList, RecordPage, RecordVerb
from trail import as_of
from trail.changes import changes_of

CRUMBS = (("imports:list", _("Imports")),)
SHOWN = 50  # rows listed on the page; the file of rows to mend holds all
State = ImportRow.State


class ImportFilter(RecordFilter):
    stage = django_filters.ChoiceFilter(label=_("Stage"), choices=Stage.choices)
    source = django_filters.CharFilter(label=_("Source"), lookup_expr="icontains", max_length=80)

    class Meta(RecordFilter.Meta):
        model = Import
        fields = []


class ImportList(RecordList):
    permission_required = "records.view_import"
    queryset = Import.objects.select_related("recorded_by")
    filterset_class = ImportFilter
    title = _("Imports")
    lead = _("Files brought in, what came of them, and the way to take one back.")
    columns = (
        Column("file", _("File"), by="filename"),
        Column("source", _("Source"), by="source"),
        Column("register", _("Holds")),
        Column("stage", _("Stage"), by="stage"),
        Column("records", _("Records"), is_number=True),
        Column("brought", _("Brought"), by="recorded_at"),
    )
    sort = "-brought"
    row_template = "imports/_row.html"
    csv_columns = (
        (_("Reference"), "reference"),
        (_("File"), "filename"),
        (_("Source"), "source"),
        (_("Stage"), "get_stage_display"),
        (_("Rows"), lambda batch: batch.counts.get("rows")),
        (_("Records"), lambda batch: batch.counts.get("imported")),
        (_("Brought"), "recorded_at"),
        (_("By"), "recorded_by.name"),
        ("SHA-256", "sha256"),
    )
    actions = (Action("imports:create", _("Import a file"), "records.add_import", icon="upload", is_main=True),)
    empty_icon = "upload"
    empty_title = _("Nothing imported yet")
    empty_words = _("Bring last year's complaints as a CSV file: every row is checked before anything is recorded.")

    def prepare(self, records):
        for batch in records:
            batch.label = declaring.get(batch.register).label


class ImportCreate(RecordCreate):
    permission_required = "records.add_import"
    queryset = Import.objects
    template_name = "imports/create.html"
    title = _("Import a file")
    crumbs = CRUMBS
    save_label = _("Look at the file")

    def get_form(self, data=None, files=None, **options):
        form = UploadForm(data, files, user=self.request.user, **options)
        form.is_valid()  # reads the file, which must not happen inside the transaction that follows
        return form

    def get_initial(self):
        return {"register": self.request.GET.get("register", "feedback")}

    def get_context(self, **context):
        first = context["form"].first
        visible = first and Import.objects.visible_to(self.request.user).filter(pk=first.pk).exists()
        return super().get_context(first=first if visible else None, **context)

    def make(self, form):
        given = form.cleaned_data
        try:
            return intake.keep(
                form.found, by=self.request.user, stream=given["file"], filename=given["file"].name,
                source=given["source"], unit=given["unit"],
            )  # fmt: skip
        except intake.AlreadyHere as fault:
            form.first = fault.first
            raise ValidationError({"file": str(fault)}) from None

    def tell(self, record):
        """The page that follows says it all."""


class ImportDetail(RecordDetail):
    """One import at its stage. htmx asks for its progress alone, and for the whole page once that is over."""

    permission_required = "records.view_import"
    queryset = Import.objects.select_related("recorded_by", "unit", "undone_by")
    template_name = "imports/detail.html"
    crumbs = CRUMBS

    def get(self, request, reference):
        self.record = self.get_record()
        if request.htmx and not request.htmx.history_restore_request:
            return self._progress(request)
        response = self.render(record=self.record)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _progress(self, request):
        response = render(request, "imports/_progress.html", {"record": self.record, **progress_of(self.record)})
        patch_vary_headers(response, ["HX-Request"])
        if not intake.is_at_work(self.record):
            response["HX-Refresh"] = "true"
        return response

    def get_context(self, **context):
        may_import = self.request.user.has_perm("records.add_import") and self.may("change")
        return super().get_context(may_import=may_import, **panel_of(self.record, may_import), **context)


def panel_of(batch, may_import=True, match_form=None):
    """What the page of an import shows at its stage."""
    importer, shape = declaring.get(batch.register), intake.shape_of(batch)
    context = {"importer": importer, "shape": shape, "counts": batch.counts, "steps": steps_of(batch)}
    context |= {"read_as": words_of(shape), "matched": matched_of(batch, importer)}
    if batch.stage in intake.WORK_OF:
        return context | progress_of(batch)
    if batch.stage in (Stage.UPLOADED, Stage.CHECKED) and may_import and not batch.is_voided:
        context |= {"sample": sample_of(batch, shape), "reading_form": ReadingForm.of(shape)}
        context["match_form"] = match_form or MatchForm(
            importer=importer, shape=shape, match=batch.mapping, looks=batch.reading["looks"]
        )
    if batch.stage in (Stage.CHECKED, Stage.DONE, Stage.UNDONE):
        for state in (State.ERROR, State.WARNING, State.DUPLICATE):
            context[f"{state}_rows"] = batch.rows.filter(state=state)[:SHOWN]
        context["write_form"] = WriteForm(importer=importer, counts=batch.counts)
        context["new"] = [
            {"label": importer.field(key).label, **new, "more": new["count"] - len(new["names"])}
            for key, new in batch.counts.get("new", {}).items()
            if new["count"]
        ]
        context["created"] = [
            {"label": importer.field(key).label, "count": count}
            for key, count in batch.counts.get("created", {}).items()
            if count
        ]
        context["good_count"] = batch.counts["good"] + batch.counts["warning"]
        context["list_url"] = importer.list_url(batch)
    if batch.stage == Stage.UNDONE:
        context["kept_records"] = importer.model_class.objects.filter(reference__in=batch.counts["kept_references"])
    return context


def words_of(shape):
    """How the file is read, in a sentence."""
    separators = dict(SEPARATORS)
    first = gettext("headings in the first row") if shape.has_header else gettext("no headings")
    return gettext("Read as %(encoding)s, columns separated by %(separator)s, %(first)s.") % {
        "encoding": ENCODINGS.get(shape.encoding, shape.encoding),
        "separator": str(separators.get(shape.delimiter, shape.delimiter)).lower(),
        "first": first,
    }


def matched_of(batch, importer):
    """Field by field, the column it comes from or the value given for all rows."""
    match = batch.mapping
    return [
        {
            "label": one.label,
            "column": match["columns"].get(one.key, ""),
            "dates": DATE_FORMATS[match["dates"][one.key]].label if one.key in match["dates"] else "",
            "value": one.choices.get(match["for_all"].get(one.key), match["for_all"].get(one.key, "")),
        }
        for one in importer.fields
        if one.key in match["columns"] or one.key in match["for_all"]
    ]


def sample_of(batch, shape):
    """The first rows as they stand in the file."""
    with batch.file.open("rb") as stream:
        return [[reading.storable(cell) for cell in row.cells] for row in islice(reading.rows(stream, shape), 5)]


def progress_of(batch):
    """The job under way and how far it is, in words. Of work that is past it is only known that it was under way."""
    if as_of.moment() is not None:
        return {"was_at_work": True}
    job = intake.work_of(batch)
    total = work.to_import(batch) if batch.stage == Stage.IMPORTING else batch.counts.get("imported")
    return {
        "job": job,
        "total": total if batch.stage != Stage.CHECKING else None,
        "is_at_work": intake.is_at_work(batch),
    }


def steps_of(batch):
    """The way of an import, for the stepper."""
    order = [
        (_("File"), ()),
        (_("Columns"), (Stage.UPLOADED,)),
        (_("Check"), (Stage.CHECKING, Stage.FAILED, Stage.CHECKED)),
        (_("Import"), (Stage.IMPORTING,)),
        (_("Result"), (Stage.DONE, Stage.UNDOING, Stage.UNDONE)),
    ]
    current = next(place for place, (_label, stages) in enumerate(order) if batch.stage in stages)
    if batch.stage in (Stage.DONE, Stage.UNDONE):
        current += 1
    return [
        {"label": label, "state": "done" if place < current else "current" if place == current else "todo"}
        for place, (label, _stages) in enumerate(order)
    ]


class ImportVerb(RecordVerb):
    """A step of an import. What it refuses is shown on the import's own page."""

    permission_required = "records.add_import"
    queryset = Import.objects.all()
    title = _("Import")

    def has_permission(self):
        return self.request.user.has_perm("records.add_import")

    def get_success_url(self, record):
        return record.get_absolute_url()


class ImportRead(ImportVerb):
    """Read the file in another way."""

    form_class = ReadingForm
    title = label = _("Read the file again")

    def act(self, record, form):
        try:
            intake.read_again(record, by=self.request.user, **form.cleaned_data)
        except reading.Unreadable as fault:
            raise ValidationError(str(fault)) from None


class ImportMatch(ImportVerb):
    """Match the columns and have every row checked. What is wrong stands beside what was chosen."""

    template_name = "imports/detail.html"
    crumbs = CRUMBS

    def get_form(self):
        batch = self.get_record()
        return MatchForm(
            self.request.POST,
            importer=declaring.get(batch.register),
            shape=intake.shape_of(batch),
            match=batch.mapping,
            looks=batch.reading["looks"],
        )

    def act(self, record, form):
        try:
            intake.check(record, by=self.request.user, match=form.match)
        except ValidationError as fault:
            if not hasattr(fault, "error_dict"):
                raise
            raise ValidationError(
                {f"column-{key}" if key != NON_FIELD_ERRORS else key: says for key, says in fault.message_dict.items()}
            ) from None

    def _show(self, form, status, **context):
        record = self.get_record()
        if record.stage not in (Stage.UPLOADED, Stage.CHECKED):
            return self.render(
                status, "records/verb.html", record=record, faults=form.non_field_errors(), action=self.request.path
            )
        versions, older = changes_of(record)
        return self.render(
            status=status, record=record, form=form, may_import=True, versions=versions, older_versions=older,
            **panel_of(record, match_form=form),
        )  # fmt: skip


class ImportWrite(ImportVerb):
    title = _("Import the rows")
    label = _("Import")

    def get_form(self):
        batch = self.get_record()
        return WriteForm(self.request.POST, importer=declaring.get(batch.register), counts=batch.counts)

    def act(self, record, form):
        intake.write(record, by=self.request.user, **form.wishes)


class ImportUndo(ImportVerb):
    form_class = ReasonForm
    title = label = _("Undo the import")

    def act(self, record, form):
        intake.undo(record, by=self.request.user, reason=form.cleaned_data["reason"])


class ImportResume(ImportVerb):
    title = _("Go on")

    def act(self, record, form):
        intake.resume(record, by=self.request.user)


class ImportStop(ImportVerb):
    title = _("Stop")
    message = _("%(reference)s is stopped. What was recorded so far stays until it is undone.")

    def act(self, record, form):
        intake.stop(record, by=self.request.user)


class ImportDiscard(ImportVerb):
    title = _("Discard the file")
    message = _("%(reference)s is discarded. Nothing was imported.")

    def act(self, record, form):
        intake.discard(record, by=self.request.user, reason=str(_("Discarded before anything was imported.")))


class ImportErrors(RecordPage):
    """The rows that could not be imported, as a CSV file to mend and to bring again."""

    permission_required = "records.view_import"
    queryset = Import.objects.all()

    def get(self, request, reference):
        batch = self.get_record()
        faulty = batch.rows.filter(state=State.ERROR).values_list("number", "problems", "cells").iterator(1_000)
        exported(request, batch.rows.filter(state=State.ERROR).count())
        lines = mending.error_file(intake.shape_of(batch).columns, faulty)
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Cache-Control"] = "private, no-store"
        response["Content-Disposition"] = f'attachment; filename="{batch.reference}-to-mend.csv"'
        return response
