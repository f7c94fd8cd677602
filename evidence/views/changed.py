"""What changed in a register between two days (7.5.3)."""

from datetime import date, timedelta
from itertools import islice
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evidence.filters import HOW, ChangedFilter, start_of
from evidence.reach import kinds_of
from records.pages import Column, Preset, RecordList
from records.pages.lists import CHUNK
from records.text import clean_day
from trail.as_of import as_of, present
from trail.changed import changed_rows, told
from trail.history import tracked_models

from .trail import address_of

LAST_DAYS = 30
USUAL = "feedback.feedback"


class WhatChanged(RecordList):
    """The records of one kind that were added, changed or removed from view from the first day to the last.

    They are read as they stood at the end of the last day; `kind`, `since` and `until` say which and when.
    """

    filterset_class = ChangedFilter
    title = _("What changed since")
    lead = _("From the beginning of the first day to the end of the last, each record once.")
    template_name = "trail/changed.html"
    row_template = "trail/_changed_row.html"
    filters_stand_open = True  # the question itself
    columns = (
        Column("record", _("Record"), by="reference"),
        Column("how", _("What happened")),
        Column("changes", _("Before and after")),
        Column("last", _("Last change"), by="changed_at"),
        Column("reason", _("Reason")),
    )
    sort = "-last"
    empty_icon = "history"
    empty_title = _("Nothing changed in these days")
    csv_columns = (
        (_("Reference"), "reference"),
        (_("What happened"), "told.how_words"),
        (_("Versions in between"), "told.versions"),
        (_("Before"), "told.before"),
        (_("After"), "told.after"),
        (_("Last changed at"), "told.at"),
        (_("By"), "told.by.name"),
        (_("What was done"), "told.words"),
        (_("Reason"), "told.reason"),
    )

    def has_permission(self):
        return bool(kinds_of(self.request.user))

    def get(self, request, **names):
        today = timezone.localdate()
        request.GET = request.GET.copy()
        for name, value in self._defaults(today).items():
            if not request.GET.get(name):
                request.GET[name] = value
        self.kind = self._kind(request.GET["kind"])
        self.queryset = self.kind._base_manager.all()
        self.first, self.last = (_day(request.GET[name]) or today for name in ("since", "until"))
        self.since = start_of(self.first) - timedelta(microseconds=1)
        self.until = min(start_of(self.last + timedelta(days=1)) - timedelta(microseconds=1), timezone.now())
        with as_of(self.until):
            return super().get(request, **names)

    def _defaults(self, today):
        """What is shown to somebody who has not said yet: the register they know best, and the last days."""
        kinds = [model._meta.label_lower for model in kinds_of(self.request.user)]
        return {
            "kind": USUAL if USUAL in kinds else kinds[0],
            "since": (today - timedelta(days=LAST_DAYS)).isoformat(),
            "until": today.isoformat(),
        }

    def _kind(self, name):
        """The kind that is asked for. Of one that there is not the filter speaks."""
        theirs = kinds_of(self.request.user)
        kind = next((model for model in tracked_models() if model._meta.label_lower == name), theirs[0])
        if kind not in theirs:
            raise PermissionDenied(gettext("Your roles do not include this."))
        return kind

    def rows(self):
        rows = self.kind.objects.visible_to(self.request.user)
        return changed_rows(rows, self.since, self.until)

    def prepare(self, records):
        lines = told(records, self.since, self.until)
        with present():  # a page is found where it is now
            now = self.kind._base_manager.select_related().in_bulk([record.pk for record in records])
        for record, line in zip(records, lines, strict=True):
            record.told, record.url = line, address_of(now.get(record.pk))
            record.called = getattr(now.get(record.pk), "title", "")

    def in_file(self, rows):
        stream = rows.iterator(chunk_size=CHUNK)
        while True:
            with as_of(self.until):
                chunk = list(islice(stream, CHUNK))
                lines = told(chunk, self.since, self.until)
            if not chunk:
                return
            for record, line in zip(chunk, lines, strict=True):
                record.told = line
                yield record

    def render(self, status=200, template=None, **context):
        with present():  # the frame of the page is today's
            return super().render(status, template, **context)

    def get_presets(self):
        """Everything and each of the three kinds of change, with how many there are."""
        counts = dict.fromkeys(HOW)
        if not self.faults and self.filterset.is_valid():
            counts = self.rows().aggregate(**{how: Count("pk", filter=Q(how=how)) for how in HOW})
        window = urlencode({name: self.params[name] for name in ("kind", "since", "until")})
        total = None if None in counts.values() else sum(counts.values())
        some = [Preset(words, f"{window}&show={how}", counts[how]) for how, words in HOW.items()]
        return [Preset(gettext("All"), window, total), *some]

    def _chips(self):
        return []  # what is asked stands in the form

    def get_context(self, **context):
        return super().get_context(register=capfirst(self.kind._meta.verbose_name_plural), **context)


def _day(text):
    """The day that is written, or None where the filter will refuse it."""
    try:
        return clean_day(date.fromisoformat(text))
    except (ValueError, ValidationError):
        return None
