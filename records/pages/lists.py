"""A list of records: filters, views, sorting, keyset pages, count, CSV, and the same region for htmx."""

import logging
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from records.csv_export import csv_response, exported
from records.filters import PAGE_PARAMETERS
from records.keyset import BadCursor, Order, Page, page_of
from records.middleware import bad_request
from records.text import clean_query

from .page import RecordPage

log = logging.getLogger("heed.export")

SIZES = (25, 50, 100)
COUNTED = 10_000  # counting further costs more than the number tells
CHUNK = 2_000  # rows of a file that are read at a time


@dataclass(frozen=True)
class Column:
    """A column: its name in `?sort=`, its heading and, when the list can be sorted by it, the field path."""

    name: str
    label: str
    by: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Action:
    """A button above the list, and in its empty state: where it leads and who may go there."""

    url_name: str
    label: str
    permission: str
    icon: str = "plus"
    is_main: bool = False


@dataclass(frozen=True)
class Preset:
    """A view of the list that people often want: a label, the query that makes it and, if told, how many it holds."""

    label: str
    query: str
    count: int | None = None


class RecordList(RecordPage):
    """Declare queryset, filterset_class, columns, default sort, row_template, csv_columns; the rest is here.

    `sort` is a column's name, with "-" for falling. `csv_columns` are pairs (heading, dotted path or function).
    `empty_title` and `empty_words` teach when there is no record yet.
    """

    template_name = "records/list.html"
    filters_stand_open = False
    region_template = "records/_list.html"
    row_template = None
    filterset_class = None
    lead = ""
    columns = ()
    sort = ""
    csv_columns = ()
    presets = ()
    empty_icon = "inbox"
    empty_title = gettext_lazy("Nothing here yet")
    empty_words = ""
    actions = ()

    def get(self, request, **names):
        try:
            self.params = clean_query(request.GET)
        except ValidationError as fault:
            return bad_request(" ".join(fault.messages))
        self.faults = []
        self.filterset = self.filterset_class(self.params, queryset=self.rows(), request=request)
        self.order = self._order()
        size = self._size()
        if self.faults or not self.filterset.is_valid():
            return self._answer(self.rows().none(), size, status=400)
        rows = self.filterset.qs
        if self.params.get("format") == "csv":
            return self._csv(rows)
        return self._answer(rows, size)

    @classmethod
    def filtered(cls, request, **params):
        """What this list shows to the person under these parameters, in its own order: for what leads to it."""
        page = cls()
        page.setup(request)
        page.params = QueryDict(mutable=True)
        page.params.update(params)
        by = next(column.by for column in page.get_columns() if column.name == page.sort.removeprefix("-"))
        way = "-" if page.sort.startswith("-") else ""
        rows = cls.filterset_class(page.params, queryset=page.rows(), request=request).qs
        return rows.order_by(f"{way}{by}", f"{way}pk")

    @classmethod
    def excerpt(cls, request, params, most):
        """The first `most` of them, ready for the row template, and the list itself, for a page that quotes it."""
        page = cls()
        page.setup(request)
        page.params = QueryDict()
        shown = list(cls.filtered(request, **params)[:most])
        page.prepare(shown)
        return page, shown

    def _order(self):
        wanted = self.params.get("sort") or self.sort
        by_name = {column.name: column.by for column in self.get_columns() if column.by}
        if wanted.removeprefix("-") not in by_name:
            self.faults.append(_("The list cannot be sorted by “%(column)s”.") % {"column": wanted[:60]})
            wanted = self.sort
        self.sorted_by = wanted
        return Order(by_name[wanted.removeprefix("-")], wanted.startswith("-"))

    def _size(self):
        wanted = self.params.get("size", "")
        return int(wanted) if wanted.isascii() and wanted.isdigit() and int(wanted[:4]) in SIZES else SIZES[0]

    def _csv(self, rows):
        if not self.may_export:
            raise PermissionDenied(_("Your roles do not include exports."))
        way = "-" if self.order.descending else ""
        log.info("person %s exported %s", self.request.user.pk, self.model._meta.label)
        exported(self.request, rows.order_by().values("pk").count())
        ordered = rows.order_by(f"{way}{self.order.by}", f"{way}pk")
        return csv_response(self.in_file(ordered), self.get_csv_columns(), str(self.title))

    def in_file(self, rows):
        """The rows of a file, a chunk at a time. A hook: add to them what their columns need, in few queries."""
        return rows.iterator(chunk_size=CHUNK)

    @property
    def may_export(self):
        return bool(self.csv_columns) and self.request.user.has_perm("records.export_records")

    def _answer(self, rows, size, status=200):
        try:
            page = page_of(rows, self.order, size, self.params.get("page", ""))
        except BadCursor:
            self.faults.append(_("This page of the list cannot be found: its address is damaged or out of date."))
            page, status = Page(), 400
        total, is_exact = self._count(rows) if page.next or page.previous else (len(page.rows), True)
        self.prepare(page.rows)
        response = self.render(
            status=status,
            template=self.region_template if self._region_is_wanted() else self.template_name,
            rows=page,
            records=page.rows,
            count_text=self._count_text(page, total, is_exact),
            csv_text=self._csv_text(total, is_exact),
            csv_url=self.query(format="csv", page=None, size=None, count=None) if self.may_export and total else "",
            exact_url="" if is_exact else self.query(count="exact"),
            next_url=self.query(page=page.next) if page.next else "",
            previous_url=self.query(page=page.previous) if page.previous else "",
            headings=self._headings(),
            presets=self._presets(),
            chips=self._chips(),
            faults=self.faults,
            is_faulty=status != 200,
            filter=self.filterset,
            kept=[{"name": name, "value": self.params[name]} for name in ("sort", "size") if name in self.params],
            is_filtered=self._is_filtered(),
            actions=self._actions(),
            region_template=self.region_template,
            kind=self.model._meta.label_lower if hasattr(self.model, "history") else "",
            sizes=[(choice, self.query(size=choice, page=None), choice == size) for choice in SIZES],
        )
        patch_vary_headers(response, ["HX-Request"])
        return response

    def prepare(self, records):
        """A hook: add to the shown records what their rows need, in few queries."""

    def _actions(self):
        return [
            {"url": reverse(action.url_name), "label": action.label, "icon": action.icon, "is_main": action.is_main}
            for action in self.actions
            if self.request.user.has_perm(action.permission)
        ]

    def _region_is_wanted(self):
        return bool(self.request.htmx) and not self.request.htmx.history_restore_request

    def _count(self, rows):
        """(how many, whether that is exact)."""
        if self.params.get("count") == "exact":
            return rows.order_by().values("pk").count(), True
        counted = rows.order_by().values("pk")[: COUNTED + 1].count()
        return min(counted, COUNTED), counted <= COUNTED

    def _count_text(self, page, total, is_exact):
        if not page.rows:
            return _("No records") if self.filterset.is_valid() and not self.faults else ""
        numbers = {"first": f"{page.first:,}", "last": f"{page.last:,}", "total": f"{total:,}"}
        if is_exact:
            return _("%(first)s to %(last)s of %(total)s") % numbers
        return _("%(first)s to %(last)s of more than %(total)s") % numbers

    def _csv_text(self, total, is_exact):
        if not is_exact:
            return _("CSV, more than %(total)s rows") % {"total": f"{total:,}"}
        return ngettext("CSV, %(total)s row", "CSV, %(total)s rows", total) % {"total": f"{total:,}"}

    def query(self, **changes):
        """The list's own address with some parameters changed; None takes one away."""
        params = self.params.copy()
        for name, value in changes.items():
            if value is None:
                params.pop(name, None)
            else:
                params[name] = value
        return f"?{params.urlencode()}"

    def _headings(self):
        """(column, link to sort by it or "", its aria-sort or "")."""
        headings = []
        for column in self.get_columns():
            state = {column.name: "ascending", f"-{column.name}": "descending"}.get(self.sorted_by, "")
            wanted = f"-{column.name}" if state == "ascending" else column.name
            headings.append((column, self.query(sort=wanted, page=None) if column.by else "", state))
        return headings

    def _own_params(self):
        """The filters of the address, without what only pages through them."""
        params = self.params.copy()
        for name in PAGE_PARAMETERS:
            params.pop(name, None)
        return {name: values for name, values in params.lists() if any(values)}

    def _presets(self):
        """The views as chips, with the one that is shown now."""
        shown = self._own_params()
        return [
            {
                "label": preset.label,
                "url": f"{self.request.path}?{preset.query}" if preset.query else self.request.path,
                "is_current": dict(QueryDict(preset.query).lists()) == shown,
                "count": preset.count,
            }
            for preset in self.get_presets()
        ]

    def get_csv_columns(self):
        return self.csv_columns

    def get_columns(self):
        return self.columns

    def get_presets(self):
        return self.presets

    def _chips(self):
        if not self.filterset.is_valid():
            return []
        return [
            {"label": label, "value": value, "url": f"?{query}"}
            for label, value, query in self.filterset.chips(self.params)
        ]

    def _is_filtered(self):
        return any(name in self.filterset.form.fields for name in self._own_params())
