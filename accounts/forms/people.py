"""Forms about people: inviting, correcting, appointing, letting go; and everybody's own preferences."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Appointment, Role, Unit, User
from records.forms import RecordForm
from records.text import CleanTextMixin


def day_input():
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AppointmentForm(CleanTextMixin, forms.Form):
    """A role, where it is held, from when to when."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", gettext_lazy("Choose a role")), *Role.choices])
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Unit"),
        queryset=Unit.objects.none(),
        to_field_name="reference",
        required=False,
        empty_label=gettext_lazy("The whole firm"),
        help_text=gettext_lazy("Staff, managers and auditors see this unit and what is below it."),
    )
    from_on = forms.DateField(label=gettext_lazy("From"), widget=day_input(), initial=timezone.localdate)
    to_on = forms.DateField(
        label=gettext_lazy("To"),
        widget=day_input(),
        required=False,
        help_text=gettext_lazy("The last day. Empty: until further notice."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.in_force()

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("unit") and cleaned.get("role") and cleaned["role"] not in Role.with_unit_scope():
            self.add_error("unit", _("This role is held for the whole firm. Leave the unit empty."))
        if cleaned.get("from_on") and cleaned.get("to_on") and cleaned["to_on"] < cleaned["from_on"]:
            self.add_error("to_on", Appointment._meta.constraints[0].violation_error_message)
        return cleaned


class _PersonFields(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=254, help_text=gettext_lazy("They sign in with it.")
    )

    person = None

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        others = User.objects.filter(email=email)
        if self.person is not None:
            others = others.exclude(pk=self.person.pk)
        if others.exists():
            raise forms.ValidationError(_("Somebody is registered with this e-mail already."))
        return email


class InviteForm(AppointmentForm, _PersonFields):
    """Somebody new, with their first role."""

    send_mail = forms.BooleanField(
        label=gettext_lazy("Send the invitation by mail"),
        required=False,
        initial=True,
        help_text=gettext_lazy("You get a link to pass on in any case."),
    )

    field_order = ["name", "email", "role", "unit", "from_on", "to_on", "send_mail"]


class PersonForm(CleanTextMixin, _PersonFields):
    """Correct a name or an address."""

    def __init__(self, *args, person, **kwargs):
        super().__init__(*args, initial={"name": person.name, "email": person.email}, **kwargs)
        self.person = person


class EndForm(CleanTextMixin, forms.Form):
    """When an appointment ends, and why."""

    to_on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=day_input(),
        initial=timezone.localdate,
        help_text=gettext_lazy("The role is held to the end of this day. An earlier day takes it away at once."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2_000, required=False)


class UnitForm(RecordForm):
    """A site, a department or a team."""

    class Meta:
        model = Unit
        fields = ["name", "level", "parent"]
        widgets = {"level": forms.RadioSelect(attrs={"data-look": "segmented"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parent"].to_field_name = "reference"
        self.fields["parent"].empty_label = _("Nothing: it is at the top")


class PreferencesForm(CleanTextMixin, forms.ModelForm):
    """What everybody decides for themselves."""

    class Meta:
        model = User
        fields = ["name", "theme", "density", "shortcuts_on"]
        widgets = {
            "theme": forms.RadioSelect(attrs={"data-look": "segmented"}),
            "density": forms.RadioSelect(attrs={"data-look": "segmented"}),
        }
        help_texts = {
            "name": gettext_lazy("As others see it, in lists and under what you write."),
            "shortcuts_on": gettext_lazy("N records feedback, / searches, ? lists them all."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("theme", "density"):
            # Empty text is a choice of its own here, so neither field is one that may be left out.
            self.fields[name].required, self.fields[name].empty_values = True, [None]
