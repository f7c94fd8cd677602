"""Filters of the list of people."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Appointment, Role, Unit, User
from records.filters import RecordChoiceFilter, RecordFilter
from trail import as_of

INVITED, MEMBER, GONE = "invited", "member", "deactivated"
UNUSABLE = Q(password__startswith="!")


class PersonFilter(RecordFilter):
    """People are no records: nobody is void, some may not sign in any more."""

    voided = None
    q = django_filters.CharFilter(label=_("Name or e-mail"), method="with_words")
    role = django_filters.ChoiceFilter(label=_("Role"), choices=Role.choices, method="with_role")
    unit = RecordChoiceFilter(queryset=Unit.objects.all(), label=_("Unit"), method="in_unit")
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[(MEMBER, _("May sign in")), (INVITED, _("Invited")), (GONE, _("Deactivated"))],
        method="in_state",
    )

    class Meta(RecordFilter.Meta):
        model = User
        fields = []

    def filter_queryset(self, queryset):
        for name, value in self.form.cleaned_data.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset

    def with_words(self, queryset, name, value):
        return queryset.filter(Q(name__icontains=value) | Q(email__icontains=value))

    def with_role(self, queryset, name, value):
        return queryset.filter(pk__in=self._held().filter(role=value).values("user"))

    def in_unit(self, queryset, name, value):
        return queryset.filter(pk__in=self._held().filter(unit__in=Unit.at_and_below(value.pk)).values("user"))

    def in_state(self, queryset, name, value):
        if value == GONE:
            return queryset.filter(is_active=False)
        active = queryset.filter(is_active=True)
        return active.filter(UNUSABLE) if value == INVITED else active.exclude(UNUSABLE)

    def _held(self):
        return Appointment.objects.in_force_on(as_of.today())
