"""Units: the tree of the firm, and the page of one unit."""

from collections import Counter

from django.contrib.auth.decorators import permission_required
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.forms.people import UnitForm
from accounts.models import Appointment, Unit
from records.pages import RecordCreate, RecordDetail, RecordEdit
from trail import as_of

UNITS = (("accounts:units", _("Units")),)


@require_safe
@permission_required("accounts.view_unit", raise_exception=True)
def tree(request):
    """The whole firm as a tree, with how many people hold a role in each unit on the day."""
    units = list(Unit.objects.in_force().order_by("name", "pk"))
    people = Counter(
        Appointment.objects.held_on(as_of.today())
        .filter(unit__isnull=False)
        .values_list("unit", "user")
        .distinct()
        .values_list("unit", flat=True)
    )
    below = {}
    for unit in units:
        unit.people = people[unit.pk]
        below.setdefault(unit.parent_id, []).append(unit)
    for unit in units:
        unit.below = below.get(unit.pk, [])
    return render(
        request,
        "accounts/units.html",
        {"top": below.get(None, []), "may_add": request.user.has_perm("accounts.add_unit")},
    )


class UnitPage:
    queryset = Unit.objects.select_related("parent")
    crumbs = UNITS


class UnitDetail(UnitPage, RecordDetail):
    permission_required = "accounts.view_unit"
    template_name = "accounts/unit.html"
    edit_url_name = "accounts:unit_edit"

    def get_context(self, **context):
        held = Appointment.objects.held_on(as_of.today()).filter(unit=self.record)
        return super().get_context(
            children=self.record.children.in_force(),
            held=held.select_related("user").order_by("user__name"),
            may_see_people=self.request.user.has_perm("accounts.view_user"),
            **context,
        )


class UnitCreate(UnitPage, RecordCreate):
    permission_required = "accounts.add_unit"
    form_class = UnitForm
    title = _("Add a unit")

    def get_initial(self):
        return {"parent": self.request.GET.get("parent", "")}


class UnitEdit(UnitPage, RecordEdit):
    permission_required = "accounts.change_unit"
    form_class = UnitForm
    title = _("Rename or move a unit")
