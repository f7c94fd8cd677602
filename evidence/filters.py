"""How the trail and the checks of it are narrowed down."""

from datetime import datetime, time, timedelta

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from records.filters import FilterForm, PersonFilter, RecordFilter
from trail.changed import ADDED, CHANGED, REMOVED
from trail.models import Seal, Verification
from trail.telling import verbs

from .reach import kinds_of, sealed_kinds_of

HOW = {ADDED: _("Added"), CHANGED: _("Changed"), REMOVED: _("Removed from view")}


def kind_choices(models):
    """Pairs (name in addresses, words) of kinds of record, by their words."""
    choices = [(model._meta.label_lower, str(capfirst(model._meta.verbose_name))) for model in models]
    return sorted(choices, key=lambda choice: choice[1])


def start_of(day):
    """The first moment of a day, where the page is read."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _day(label, method):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return django_filters.DateFilter(label=label, method=method, widget=widget)


class AnyRecordField(forms.CharField):
    """A record of any kind, named by its reference, among those the person may read. Cleans to the record or None."""

    user = None

    def clean(self, value):
        reference = super().clean(value).strip().upper()
        if not reference:
            return None
        prefix = reference.partition("-")[0]
        for model in kinds_of(self.user):
            if model.reference_prefix == prefix:
                record = model.objects.visible_to(self.user).filter(reference=reference).first()
                if record is not None:
                    return record
        raise ValidationError(_("There is no such record: %(reference)s."), params={"reference": reference})


class AnyRecordFilter(django_filters.Filter):
    field_class = AnyRecordField

    @property
    def field(self):
        field = super().field
        field.user = self.parent.request.user
        return field

    def filter(self, queryset, value):
        return queryset.filter(rtype=value._meta.label_lower, rid=value.pk) if value else queryset


class DoerFilter(PersonFilter):
    """By who did it. The person is looked up first, so that the index over people and time serves."""

    @classmethod
    def _people(cls):
        return [(value, gettext("Heed itself") if value == cls.NOBODY else words) for value, words in super()._people()]

    def filter(self, queryset, value):
        if value in ("", None, self.ME, self.NOBODY):
            return super().filter(queryset, value)
        return queryset.filter(changed_by=get_user_model().objects.filter(email=value).first())


class TrailFilter(RecordFilter):
    """By person, kind of record, record, what was done, and days."""

    voided = None
    person = DoerFilter(field_name="changed_by", label=_("Person"))
    kind = django_filters.ChoiceFilter(field_name="rtype", label=_("Kind of record"))
    record = AnyRecordFilter(label=_("Record"), max_length=24, help_text=_("Its reference, as FB-2026-0001."))
    verb = django_filters.ChoiceFilter(label=_("What was done"))
    changed_from = _day(_("From"), "since")
    changed_to = _day(_("To"), "until")

    class Meta(RecordFilter.Meta):
        model = Seal
        fields = []

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.filters["kind"].extra["choices"] = kind_choices(sealed_kinds_of(self.request.user))
        self.filters["verb"].extra["choices"] = [(verb, capfirst(gettext(verb))) for verb in verbs()]

    def filter_queryset(self, queryset):
        for name, value in self.form.cleaned_data.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset

    def since(self, queryset, name, value):
        return queryset.filter(changed_at__gte=start_of(value))

    def until(self, queryset, name, value):
        return queryset.filter(changed_at__lt=start_of(value + timedelta(days=1)))


class CheckFilter(RecordFilter):
    """Checks of the trail by what came of them."""

    voided = None
    result = django_filters.ChoiceFilter(
        label=_("Result"), choices=[("sound", _("sound")), ("found", _("something found"))], method="with_result"
    )

    class Meta(RecordFilter.Meta):
        model = Verification
        fields = []

    def filter_queryset(self, queryset):
        return self.with_result(queryset, "result", self.form.cleaned_data.get("result"))

    def with_result(self, queryset, name, value):
        return queryset.filter(is_sound=value == "sound") if value else queryset


class ChangedForm(FilterForm):
    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if until and until > timezone.localdate():
            self.add_error("until", _("That day has not come yet."))
        if since and until and since > until:
            self.add_error("since", _("The first day cannot come after the last."))
        return cleaned


class ChangedFilter(RecordFilter):
    """Which register, from which day to which, and which kind of change. The page itself reads the first three."""

    voided = None
    kind = django_filters.ChoiceFilter(label=_("Register"), method="as_it_is", empty_label=None)
    since = _day(_("First day"), "as_it_is")
    until = _day(_("Last day"), "as_it_is")
    show = django_filters.ChoiceFilter(label=_("What happened"), choices=list(HOW.items()), method="which")

    class Meta:
        form = ChangedForm

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.filters["kind"].extra["choices"] = kind_choices(kinds_of(self.request.user))

    def filter_queryset(self, queryset):
        return self.which(queryset, "show", self.form.cleaned_data.get("show"))

    def as_it_is(self, queryset, name, value):
        return queryset

    def which(self, queryset, name, value):
        return queryset.filter(how=value) if value else queryset
