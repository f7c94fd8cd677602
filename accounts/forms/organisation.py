"""Forms of the organisation: set-up, its hours and calendar, closures, deadlines."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import places
from accounts.models import Closure, Deadline, Organisation, User
from records.forms import RecordForm
from records.text import CleanTextMixin

from .signing_in import NewPasswordMixin


class SetUpForm(CleanTextMixin, NewPasswordMixin):
    """The first page of an empty Heed: the firm, and its first administrator."""

    organisation_name = forms.CharField(label=gettext_lazy("Name of your organisation"), max_length=120)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=places.time_zones, help_text=gettext_lazy("It decides what a day is.")
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail"),
        max_length=254,
        help_text=gettext_lazy("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    looks_after_quality = forms.BooleanField(
        label=gettext_lazy("I also look after quality"),
        required=False,
        initial=True,
        help_text=gettext_lazy("An administrator alone sees no feedback and no figures; a quality manager sees all."),
    )

    field_order = [
        "organisation_name",
        "time_zone",
        "name",
        "email",
        "password1",
        "password2",
        "looks_after_quality",
    ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].initial = Organisation._meta.get_field("time_zone").default

    def validate_against(self):
        return User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))


class OrganisationForm(RecordForm):
    """Name, clock and calendar of the firm."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=places.time_zones)
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), choices=places.countries)
    region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)
    working_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Working days"),
        choices=lambda: WEEKDAYS.items(),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Organisation
        fields = ["name", "time_zone", "country", "region", "working_days", "opens_at", "closes_at"]
        widgets = {
            "opens_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        country, _dash, region = self.instance.calendar.partition("-")
        self.initial |= {"country": country, "region": region}
        # The regions on offer are those of the country that was sent, or stands.
        chosen = self.data.get(self.add_prefix("country"), country) if self.is_bound else country
        offered = places.regions(chosen)
        self.fields["region"].choices = [("", _("The whole country")), *offered]
        self.fields["region"].error_messages["invalid_choice"] = _("Choose a region of this country, or all of it.")
        if not offered and not (self.is_bound and self.data.get(self.add_prefix("region"))):
            self.fields["region"].widget = forms.HiddenInput()

    def has_changed(self):
        """What set-up proposed is confirmed by saving it as it stands."""
        return self.instance.rev == 1 or super().has_changed()

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("country") and "region" not in self.errors:
            region = cleaned.get("region", "")
            self.instance.calendar = f"{cleaned['country']}-{region}" if region else cleaned["country"]
        return cleaned


class ClosureForm(RecordForm):
    """A day on which the firm is closed."""

    class Meta:
        model = Closure
        fields = ["on", "name"]
        widgets = {"on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class DeadlineForm(RecordForm):
    """The promise for complaints of one severity. Several stand on one page, each with the version it changes."""

    rev = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    class Meta:
        model = Deadline
        fields = ["acknowledge_days", "answer_days"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["rev"] = self.instance.rev

    def has_changed(self):
        return self.instance.rev <= 1 or super().has_changed()

    def clean_rev(self):
        if self.cleaned_data["rev"] != self.instance.rev:
            raise ValidationError(
                _("Somebody else changed this meanwhile, to %(acknowledge)s and %(answer)s. Look, and save again."),
                code="conflict",
                params={"acknowledge": self.instance.acknowledge_days, "answer": self.instance.answer_days},
            )
        return self.cleaned_data["rev"]

    @property
    def is_stale(self):
        return self.has_error("rev", "conflict")
