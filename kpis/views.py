"""The KPI pages: all of them, most urgent first, and each with its chart and the records behind every point.

Of a day in the past (`?as_of=`) figures, notes, definition and records are those that were known then.
"""

import csv
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from kpis import dashboard, readings
from kpis.forms import NoteForm
from kpis.models import Kpi
from kpis.slices import UnknownSlice, slice_from
from records import charts
from records.chart_layout import figure
from records.csv_export import cell, exported
from records.past import not_there
from records.periods import Period
from trail import as_of

RECORDS_SHOWN = 8
POINTS_SHOWN = 60


@require_GET
@permission_required("kpis.view_kpi", raise_exception=True)
def kpi_list(request):
    """Every KPI in force, urgent ones first."""
    rows = dashboard.rows(Kpi.objects.in_force().visible_to(request.user), request.user)
    return render(request, "kpis/list.html", {"rows": rows, "as_of_moment": readings.figures_as_of()})


@require_GET
@permission_required("kpis.view_kpi", raise_exception=True)
def kpi_detail(request, code):
    """One KPI: the verdicts, the chart or its table, and the records of the period that was clicked."""
    kpi = _kpi(request, code)
    row, chosen = _row(request, kpi)
    if request.GET.get("format") == "csv":
        exported(request, len(row.points))
        return _csv(row)
    period = _period(request, row)
    return render(
        request,
        "kpis/detail.html",
        {
            "kpi": kpi,
            "row": row,
            "slice": chosen,
            "tab": "table" if request.GET.get("view") == "table" else "chart",
            "chart": _chart(row, chosen) if row.latest else None,
            "has_parts": any(point.denominator is not None for point in row.points),
            "is_stored": any(point.recorded_at for point in row.points),
            "table": _table(row) if row.latest else [],
            "period": period,
            "behind": _behind(request, row, period, chosen) if period else None,
            "notes": kpi.notes.in_force().select_related("recorded_by")[:12],
            "note_form": NoteForm(),
            "may_note": request.user.has_perm("kpis.add_kpinote"),
            "may_record": request.user.has_perm("feedback.add_feedback"),
            "as_of_moment": readings.figures_as_of(),
        },
    )


@require_POST
@permission_required("kpis.add_kpinote", raise_exception=True)
def add_note(request, code):
    """Tie a note to a day of the chart; a slip is shown with what was typed."""
    kpi = _kpi(request, code)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render(request, "kpis/note.html", {"kpi": kpi, "form": form}, status=400)
    note = form.save(commit=False)
    note.kpi = kpi
    note.save(by=request.user, verb="noted")
    messages.success(request, _("The note is on the chart."))
    return redirect(kpi)


def _kpi(request, code):
    def rows():
        return Kpi.objects.in_force().visible_to(request.user)

    return rows().filter(code=code).select_related("owner").first() or not_there(request, rows, code=code)


def _row(request, kpi):
    """The judged KPI, whole or of the part that the address names."""
    row = dashboard.Row(kpi, [])
    try:
        chosen = slice_from(request.GET, row.measure.source, request.user)
    except UnknownSlice as error:
        raise Http404(str(error)) from error
    return dashboard.rows([kpi], request.user, slice=chosen)[0], chosen


def _period(request, row):
    """The period named in the address, else the latest one with a value."""
    if text := request.GET.get("period"):
        try:
            return Period.parse(text)
        except ValueError as error:
            raise Http404(str(error)) from error
    return row.latest.period if row.latest else None


def _table(row):
    """Triples (point, how it was judged, its value in words), newest first."""
    values = ["" if point.value is None else figure(point.value, row.measure.places) for point in row.points]
    return list(zip(row.points, row.analysis.points, values, strict=True))[::-1]


def _chart(row, chosen):
    """The chart's geometry; each point leads to the records of its period on the same page."""
    more = chosen.params if chosen else {}
    index_of = {point.period: index for index, point in enumerate(row.points)}
    notes = []
    for note in row.kpi.notes.in_force().order_by("on"):
        index = index_of.get(Period.containing(note.on, row.kpi.cadence))
        if index is not None:
            notes.append((index, f"{date_format(note.on, 'j M')}: {note.text}"))
    return charts.xmr_chart(
        row.analysis,
        first=max(0, len(row.points) - POINTS_SHOWN),
        places=row.measure.places,
        unit=row.measure.unit,
        bounds=row.measure.bounds,
        notes=notes,
        href=lambda index: f"?{urlencode({**more, 'period': str(row.points[index].period)})}#records",
    )


def _behind(request, row, period, chosen):
    """The records that made the figure of `period`: links to the list, and the first few of those that matter most."""
    more = row.kpi.filters | (chosen.params if chosen else {})
    listing = row.measure.source.listing
    address = reverse(listing.url_name)
    parts = {}
    for which in ("denominator", "numerator", "exceptions"):
        params = row.measure.list_params(period, which, **more)
        if params is not None:
            parts[which] = {"url": f"{address}?{urlencode(params)}", "params": params}
    first = "exceptions" if "exceptions" in parts else "denominator"
    if first not in parts:
        return None
    view = resolve(address).func.view_class
    for part in parts.values():
        part["count"] = view.filtered(request, **part["params"]).count()
    if first == "exceptions" and not parts[first]["count"]:
        first = "denominator"
    page, records = view.excerpt(request, parts[first]["params"], RECORDS_SHOWN)
    point = next((point for point in row.points if point.period == period), None)
    words = {
        "denominator": ngettext("%(n)s record counted", "%(n)s records counted", parts["denominator"]["count"]),
        "numerator": _("%(n)s of them in the figure"),
        "exceptions": f"%(n)s {row.measure.exceptions_word}",
    }
    return {
        "title": f"{words[first] % {'n': parts[first]['count']}}, {period.label}",
        "links": [
            {"url": part["url"], "words": words[which] % {"n": part["count"]}}
            for which, part in parts.items()
            if which != "numerator" or "exceptions" not in parts
        ],
        "shown": parts[first] | {"records": records},
        "page": page,
        "changed": readings.changed_since(point) if point else 0,
    }


def _csv(row):
    """Every period with its figure and since when that was known, as a file."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    known = "" if as_of.moment() is None else f"-as-of-{as_of.today()}"
    response["Content-Disposition"] = f'attachment; filename="{slugify(row.kpi.code)}{known}.csv"'
    writer = csv.writer(response)
    headings = [_("period"), _("from"), _("to"), _("value"), _("part"), _("whole"), _("records"), _("signal")]
    writer.writerow([*headings, _("known since")])
    for point, judged in zip(row.points, row.analysis.points, strict=True):
        writer.writerow(
            [
                point.period,
                point.period.start,
                point.period.last_day,
                "" if point.value is None else point.value.normalize(),
                "" if point.numerator is None else point.numerator,
                "" if point.denominator is None else point.denominator,
                point.n,
                judged.kind,
                cell(point.recorded_at),
            ]
        )
    return response
