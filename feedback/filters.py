"""How feedback is narrowed down: one set of parameters for lists, links, figures and exports."""

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Severity, Unit
from customers.finding import customer_called
from customers.models import Customer, Product, Segment, name_key
from records.filters import PersonFilter, RecordChoiceFilter, RecordFilter, ReferenceField, ReferenceFilter
from records.models import Import
from records.widgets import TypeAhead
from trail import as_of

from .models import Feedback

STATES = (
    ("open", _("Open")),
    ("closed", _("Closed")),
    ("overdue", _("Overdue")),
    ("mine", _("Open and mine")),
    ("unassigned", _("Open and unassigned")),
)
ON_TIME = (("on_time", _("on time")), ("late", _("late")))
YES_NO = (("yes", _("yes")), ("no", _("no")))


def _day(field, lookup, label, hidden=False):
    """A bound of a range of days, both ends included. Hidden ones come from links; as chips they can be taken away."""
    widget = forms.HiddenInput() if hidden else forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return django_filters.DateFilter(field_name=field, lookup_expr=lookup, label=label, widget=widget)


def _choice(choices, label, method=None, hidden=False, **more):
    widget = {"widget": forms.HiddenInput()} if hidden else {}
    return django_filters.ChoiceFilter(choices=choices, label=label, method=method, **widget, **more)


class CustomerField(ReferenceField):
    """A customer named by reference, as links do, or by name, as people do."""

    widget = TypeAhead(reverse_lazy("customers:suggest"), "")

    def clean(self, value):
        try:
            return super().clean(value)
        except ValidationError:
            if customer := customer_called(value, self.get_user()):
                return customer
            raise


class CustomerFilter(ReferenceFilter):
    field_class = CustomerField


class FeedbackFilter(RecordFilter):
    """The parameters that figures open their records with are part of this set: what counts here, counts there."""

    q = django_filters.CharFilter(label=_("Words"), method="with_words", max_length=200)
    kind = _choice(Feedback.Kind.choices, _("Kind"))
    state = _choice(STATES, _("State"), "in_state")
    customer = CustomerFilter(queryset=Customer.objects.all(), label=_("Customer"), max_length=200)
    product = RecordChoiceFilter(queryset=Product.objects.all(), label=_("Product or service"))
    segment = RecordChoiceFilter(queryset=Segment.objects.all(), label=_("Segment"))
    unit = RecordChoiceFilter(queryset=Unit.objects.all(), label=_("Unit"))
    owner = PersonFilter(label=_("Owner"))
    came_by = _choice(Feedback.CameBy.choices, _("How it reached us"))
    severity = _choice(Severity.choices, _("Severity"))
    received_from = _day("received_on", "gte", _("Received from"))
    received_to = _day("received_on", "lte", _("Received to"))
    closed_from = _day("closed_on", "gte", _("Closed from"))
    closed_to = _day("closed_on", "lte", _("Closed to"))
    historic = _choice(YES_NO, _("Brought in as history"), "is_historic_or_not")
    acknowledge_due_from = _day("acknowledge_due_on", "gte", _("To be acknowledged from"), hidden=True)
    acknowledge_due_to = _day("acknowledge_due_on", "lte", _("To be acknowledged to"), hidden=True)
    answer_due_from = _day("answer_due_on", "gte", _("Answer promised from"), hidden=True)
    answer_due_to = _day("answer_due_on", "lte", _("Answer promised to"), hidden=True)
    acknowledged = _choice(ON_TIME, _("Acknowledged"), "kept_or_not", hidden=True)
    answered = _choice(ON_TIME, _("Answered"), "kept_or_not", hidden=True)
    stated = _choice((("known", _("known")), *ON_TIME), _("On time as stated by the source"), "as_stated", hidden=True)
    disputed = _choice((("known", _("known")), *YES_NO), _("Disputed by the customer"), "if_disputed", hidden=True)
    duration = _choice((("known", _("known")),), _("Days to close"), "with_duration", hidden=True)

    class Meta(RecordFilter.Meta):
        model = Feedback
        fields = []

    def with_words(self, queryset, name, value):
        key = name_key(value)
        return queryset.filter(
            Q(words__icontains=value)
            | Q(subject__icontains=value)
            | Q(reference__iexact=value.strip())
            | Q(customer__name_key__contains=key)
        )

    def in_state(self, queryset, name, value):
        match value:
            case "open":
                return queryset.open()
            case "closed":
                return queryset.closed()
            case "overdue":
                return queryset.overdue(as_of.now())
            case "mine":
                return queryset.owned_by(self.request.user)
            case "unassigned":
                return queryset.unassigned()

    def kept_or_not(self, queryset, name, value):
        """Within the first promise; or late: after it, or still owed though it is past."""
        due = {"acknowledged": "acknowledge_due_at", "answered": "answer_due_at"}[name]
        done = f"{name}_at"
        if value == "on_time":
            return queryset.filter(**{f"{done}__lte": F(due)})
        return queryset.filter(Q(**{f"{done}__gt": F(due)}) | Q(**{f"{done}__isnull": True, f"{due}__lt": as_of.now()}))

    def as_stated(self, queryset, name, value):
        if value == "known":
            return queryset.filter(stated_timely__isnull=False)
        return queryset.filter(stated_timely=value == "on_time")

    def if_disputed(self, queryset, name, value):
        if value == "known":
            return queryset.filter(disputed__isnull=False)
        return queryset.filter(disputed=value == "yes")

    def is_historic_or_not(self, queryset, name, value):
        return queryset.filter(is_historic=value == "yes")

    def with_duration(self, queryset, name, value):
        return queryset.filter(days_to_close__isnull=False)


# "import" is a word of Python's own, so it cannot be declared above.
FeedbackFilter.base_filters["import"] = ReferenceFilter(
    field_name="batch", queryset=Import.objects.all(), label=_("Import")
)


class ComplaintFilter(FeedbackFilter):
    """Complaints are those that are open, unless another state is asked for."""

    kind = None
    state = _choice((*STATES[1:], ("all", _("Open and closed"))), _("State"), "in_state", empty_label=_("Open"))

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset.complaints())
        return queryset if self.form.cleaned_data.get("state") else queryset.open()

    def in_state(self, queryset, name, value):
        return queryset if value == "all" else super().in_state(queryset, name, value)


ComplaintFilter.base_filters["import"] = FeedbackFilter.base_filters["import"]
