"""Filters that every list has, and filters by reference, under the parameter names that KPIs and links use."""

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.text import CleanTextMixin
from trail import as_of

# Read by the page, not by a filter.
PAGE_PARAMETERS = frozenset({"page", "size", "sort", "format", "count", as_of.PARAMETER})


class FilterForm(CleanTextMixin, forms.Form):
    """The form of a FilterSet: its texts pass the sanitising layer, its fields get ids of their own."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("auto_id", "filter_%s")
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "voided"])
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = _("Choose one from the list.")

    def hidden_fields(self):
        """Those that are set: they come from links, and the others would only make every address long."""
        return [field for field in super().hidden_fields() if field.value()]


class RecordFilter(django_filters.FilterSet):
    """Only records in force, unless `voided=yes` asks for void ones too. Subclasses declare the rest."""

    voided = django_filters.BooleanFilter(
        label=_("Void records too"), method="with_voided", widget=forms.CheckboxInput(attrs={"value": "yes"})
    )

    class Meta:
        form = FilterForm

    def with_voided(self, queryset, name, value):
        return queryset

    def filter_queryset(self, queryset):
        if not self.form.cleaned_data.get("voided"):
            queryset = queryset.in_force()
        return super().filter_queryset(queryset)

    def chips(self, params):
        """What is filtered now: (label, value in words, the query without it), in the form's order."""
        chips = []
        for name, field in self.form.fields.items():
            value = self.form.cleaned_data.get(name)
            if value in (None, "", [], False) or (hasattr(value, "exists") and not value):
                continue
            rest = params.copy()
            for parameter in (name, f"{name}_after", f"{name}_before", "page"):
                rest.pop(parameter, None)
            chips.append((field.label or name, in_words(field, value), rest.urlencode()))
        return chips


def in_words(field, value):
    """A filter's value as its form shows it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, (list, tuple)) or hasattr(value, "exists"):
        return ", ".join(in_words(field, one) for one in value)
    if hasattr(value, "isoformat"):
        return date_format(value, "j M Y")
    labels = {str(key): label for key, label in getattr(field, "choices", ()) if not hasattr(value, "pk")}
    return str(labels.get(str(value), value))


class ReferenceField(forms.CharField):
    """A record named by its reference, among those the person may read. Cleans to the record or None."""

    def __init__(self, queryset, *, get_user=lambda: None, **kwargs):
        kwargs.setdefault("max_length", 24)
        super().__init__(**kwargs)
        self.queryset, self.get_user = queryset, get_user

    def clean(self, value):
        reference = super().clean(value)
        if not reference:
            return None
        rows, user = self.queryset, self.get_user()
        if user is not None:
            rows = rows.visible_to(user)
        record = rows.filter(reference=reference.strip().upper()).first()
        if record is None:
            raise ValidationError(_("There is no such record: %(reference)s."), params={"reference": reference})
        return record


class ReferenceFilter(django_filters.Filter):
    """Filters by a record of which there are many: its reference is typed, picked by type-ahead or linked to."""

    field_class = ReferenceField

    def __init__(self, *args, queryset, **kwargs):
        super().__init__(*args, queryset=queryset, **kwargs)

    @property
    def field(self):
        field = super().field
        request = getattr(getattr(self, "parent", None), "request", None)
        field.get_user = lambda: getattr(request, "user", None)
        return field


class PersonFilter(django_filters.ChoiceFilter):
    """Filters by a person: an e-mail address, "me", or "none" for records that nobody has."""

    ME, NOBODY = "me", "none"

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("choices", self._people)
        super().__init__(*args, **kwargs)

    @classmethod
    def _people(cls):
        people = get_user_model().objects.values_list("email", "name")
        return [(cls.ME, gettext("Me")), (cls.NOBODY, gettext("Nobody")), *people]

    def filter(self, queryset, value):
        if not value:
            return queryset
        if value == self.NOBODY:
            return queryset.filter(**{f"{self.field_name}__isnull": True})
        if value == self.ME:
            return queryset.filter(**{self.field_name: self.parent.request.user})
        return queryset.filter(**{f"{self.field_name}__email": value})


class RecordChoiceFilter(django_filters.ModelChoiceFilter):
    """Filters by a record of which there are few, from a list; the parameter is its reference."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("to_field_name", "reference")
        super().__init__(*args, **kwargs)

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if request is not None else rows
