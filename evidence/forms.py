"""Forms about the data of people: asking for an erasure, deciding about it, a legal hold."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from evidence.models import ErasureRequest
from records.forms import ReasonForm
from records.text import CleanTextMixin


class ErasureForm(CleanTextMixin, forms.Form):
    """On what basis, and which of the texts that bear the name mean somebody else."""

    basis = forms.ChoiceField(label=_("On what basis?"), choices=[("", _("choose")), *ErasureRequest.Basis.choices])
    words = forms.CharField(
        label=_("In words"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How and when they asked, for example. Do not write who it is: this stays."),
    )
    spared = forms.MultipleChoiceField(
        label=_("Which of these mean somebody else of that name?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What you tick is left as it is. In the others the name goes, and the earlier versions with it."),
    )

    def __init__(self, *args, mentions=(), **options):
        super().__init__(*args, **options)
        self.fields["spared"].choices = mentions
        if not mentions:
            del self.fields["spared"]


class ConfirmForm(CleanTextMixin, forms.Form):
    """Only who confirms what they asked for themselves types something."""

    typed = forms.CharField(label=_("Reference of the request"), required=False, max_length=40)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["typed"].widget.attrs["autocomplete"] = "off"


class HoldForm(CleanTextMixin, forms.Form):
    """Why somebody's data are kept for now, and how long."""

    why = forms.CharField(
        label=_("Why are they kept?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A claim that is pending, for example. Do not write who it is."),
    )
    from_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    to_on = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day. Empty: until it is ended."),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["from_on"].initial = timezone.localdate

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("from_on") and cleaned.get("to_on") and cleaned["to_on"] < cleaned["from_on"]:
            self.add_error("to_on", gettext("The last day cannot be before the first."))
        return cleaned


class DeclineForm(ReasonForm):
    """Why an erasure is declined."""

    reason = forms.CharField(
        label=_("Why is it declined?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who asked will read it. Do not write who it is about: this stays."),
    )
