"""The forms of feedback: recording, changing, and what its verbs ask."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Severity
from customers.finding import customer_called, customers_like
from customers.models import Contact, Customer
from records.forms import RecordForm
from records.text import CleanTextMixin
from records.widgets import Segmented, TypeAhead, Voice

from . import icons
from .intake import possible_owners
from .models import Entry, Feedback

NEW = "new"


class Offered(forms.RadioSelect):
    """Choices that come up when a name is not known; to type another name will do as well."""

    def use_required_attribute(self, initial):
        return False


class CustomerFields(forms.Form):
    """Which customer, by name: picked from a list as one types, or typed in full. A slip offers the names close to it.

    Cleans to `customer`, an unsaved Customer where a new one is wanted and allowed.
    """

    customer_name = forms.CharField(
        label=_("Which customer?"),
        max_length=200,
        widget=TypeAhead(reverse_lazy("customers:suggest"), "customer_reference"),
        error_messages={"required": _("Choose which customer this is about.")},
    )
    customer_reference = forms.CharField(max_length=24, required=False, widget=forms.HiddenInput)
    customer_meant = forms.CharField(label=_("Which of these is meant?"), max_length=24, required=False, widget=Offered)

    def offer(self, typed):
        """Let the person choose among customers close to what they typed, or a new one if they may."""
        found = customers_like(typed, self.user)
        choices = [(customer.reference, customer.name) for customer in found]
        if self.user.has_perm("customers.add_customer"):
            choices.append((NEW, gettext("A new customer: %(name)s") % {"name": typed}))
        self.fields["customer_meant"].widget.choices = choices
        self.fields["customer_meant"].required = True  # from here on it is only shown
        return found

    @property
    def asks_which_is_meant(self):
        return bool(self.fields["customer_meant"].widget.choices)

    def find_customer(self, said):
        """The customer that was picked, chosen among those close to what was typed, or called as typed; or None.

        `said` may hold anything: what cannot be looked up is left for the cleaning to speak of.
        """
        try:
            typed, picked, meant = (
                self.fields[name].to_python(said.get(name) or "")
                for name in ("customer_name", "customer_reference", "customer_meant")
            )
        except ValidationError:
            return None
        # A name typed over what was picked or chosen before is what is meant.
        if typed and (called := customer_called(typed, self.user)):
            return called
        if meant and meant != NEW:
            return customer_called(meant, self.user)
        return customer_called(picked, self.user) if picked and not typed else None


class FeedbackForm(CustomerFields, RecordForm):
    """What somebody said: customer, kind and words; all else unfolds."""

    more = ("contact", "said_by", "came_by", "received_on", "subject", "product", "order_number", "severity", "unit")

    class Meta:
        model = Feedback
        fields = [
            "kind",
            "words",
            "contact",
            "said_by",
            "came_by",
            "received_on",
            "subject",
            "product",
            "order_number",
            "severity",
            "unit",
        ]
        widgets = {
            "kind": Segmented(icons=icons.KIND),
            "words": Voice(),
            "received_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    field_order = ["customer_name", "customer_reference", "customer_meant", "kind", "words"]

    def __init__(self, *args, user, **options):
        self.user = user
        super().__init__(*args, user=user, **options)
        self.customer = self._customer_in_hand()
        self._ask_as_people_speak()
        self.fields["contact"].queryset = self._contacts()
        self.fields["contact"].empty_label = gettext("Not said, or somebody else")
        self.fields["unit"].required = False
        self.fields["unit"].empty_label = gettext("As the customer’s, or else mine")

    @property
    def first_fields(self):
        """Which of several customers is meant is asked only when that is the question."""
        return [field for field in super().first_fields if field.name != "customer_meant" or self.asks_which_is_meant]

    @property
    def is_more_open(self):
        """Unfolded when something in there is wrong or was filled in; what the form itself proposes stays folded."""
        changed = self.changed_data if self.is_bound else ()
        return any(field.errors or field.name in changed for field in self.more_fields)

    def _customer_in_hand(self):
        if self.is_bound:
            return self.find_customer(self.data)
        customer = self.instance.customer if self.instance.customer_id else self.find_customer(self.initial)
        if customer is not None:
            self.initial |= {"customer_name": customer.name, "customer_reference": customer.reference}
        return customer

    def _contacts(self):
        if self.customer is None:
            return Contact.objects.none()
        return self.customer.contacts.known() | Contact.objects.filter(pk=self.instance.contact_id)

    def _ask_as_people_speak(self):
        fields = self.fields
        if not self.is_bound and not self.instance.pk:
            fields["customer_name"].widget.attrs["autofocus"] = True
        fields["kind"].label = gettext("What kind?")
        fields["kind"].choices = Feedback.Kind.choices
        fields["kind"].error_messages["required"] = gettext("Choose what kind of feedback it is.")
        fields["words"].label = gettext("What did they say?")
        fields["words"].help_text = gettext("Their words if you can")
        fields["words"].required = not self.instance.pk
        fields["words"].error_messages["required"] = gettext("Say what the customer said, in their words if you can.")
        fields["contact"].label = gettext("Who spoke?")
        fields["came_by"].choices = [("", gettext("Not said")), *Feedback.CameBy.choices]
        fields["severity"].choices = [("", gettext("As usual")), *Severity.choices]
        fields["said_by"].help_text = gettext("Their name, if they are not in the list.")
        fields["received_on"].required = bool(self.instance.pk)
        fields["received_on"].help_text = "" if self.instance.pk else gettext("Empty: today.")
        fields["subject"].help_text = gettext("What it is about, in a few words.")
        fields["severity"].help_text = gettext(
            "How much a complaint weighs decides by when it is answered. As usual: major."
        )
        if self.instance.answer_due_at:
            fields["severity"].help_text = gettext("The promise that was given stays as it is.")
        fields["unit"].help_text = ""

    def clean(self):
        super().clean()
        self._clean_customer()
        self._clean_speaker()
        if self.cleaned_data.get("severity") and self.cleaned_data.get("kind") not in (None, Feedback.Kind.COMPLAINT):
            self.add_error("severity", _("Only a complaint has a severity. Leave it empty, or choose complaint."))
        return self.cleaned_data

    def _clean_customer(self):
        typed = self.cleaned_data.get("customer_name")
        if not typed:
            return
        if self.data.get("customer_meant"):
            self.offer(typed)  # so that the choice stands there again if something else is wrong
        if self.customer is None and self.data.get("customer_meant") == NEW:
            self.customer = self._new_customer(typed)
        if self.customer is None:
            self._say_whom_we_know(typed)
            return
        self.cleaned_data["customer"] = self.instance.customer = self.customer

    def _new_customer(self, name):
        if not self.user.has_perm("customers.add_customer"):
            self.add_error("customer_name", _("Ask your manager to add this customer."))
            return None
        customer = Customer(name=name)
        try:
            customer.full_clean(exclude=["reference"])
        except ValidationError as fault:
            self.add_error("customer_name", fault.messages)
            return None
        return customer

    def _say_whom_we_know(self, typed):
        if self.has_error("customer_name"):
            return
        found = self.offer(typed)
        unknown = gettext("We know no customer called “%(name)s”.") % {"name": typed}
        if found:
            names = ", ".join(customer.name for customer in found)
            self.add_error("customer_name", f"{unknown} " + gettext("Did you mean: %(names)s?") % {"names": names})
        elif self.asks_which_is_meant:
            self.add_error("customer_name", f"{unknown} " + gettext("Choose below to add it, or type another name."))
        else:
            self.add_error(
                "customer_name", f"{unknown} " + gettext("Type another name, or ask your manager to add it.")
            )

    def _clean_speaker(self):
        """Somebody else who is in the list after all is the person in the list."""
        said_by = self.cleaned_data.get("said_by", "")
        if not said_by:
            return
        if self.cleaned_data.get("contact"):
            self.add_error("said_by", _("Choose who spoke from the list, or write a name: not both."))
            return
        known = self.fields["contact"].queryset.filter(name_key=" ".join(said_by.casefold().split())).first()
        if known is not None:
            self.cleaned_data |= {"contact": known, "said_by": ""}

    def _get_validation_exclusions(self):
        # A customer who is made on the way has no id yet.
        return {*super()._get_validation_exclusions(), "customer"}


class FeedbackEditForm(FeedbackForm):
    """Corrects a record. What is promised stays; why it is no complaint after all is asked for."""

    reason = forms.CharField(
        label=_("Why is it changed?"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays in the history. Needed when a complaint turns out to be none."),
    )


class AcknowledgeForm(CleanTextMixin, forms.Form):
    """What the customer was sent, if anything was written."""

    text = forms.CharField(
        label=_("What did you write to them?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Heed sends nothing by itself. Leave it empty if you told them in person."),
    )


class AnswerForm(CleanTextMixin, forms.Form):
    outcome = forms.CharField(
        label=_("What did you answer?"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Heed sends nothing by itself. Keep here what you told the customer."),
        error_messages={"required": _("Say what you told the customer.")},
    )


class ReopenForm(CleanTextMixin, forms.Form):
    reason = forms.CharField(
        label=_("Why is it taken up again?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why it is taken up again.")},
    )


class AssignForm(forms.Form):
    """Who owns it from now on."""

    owner = forms.ModelChoiceField(
        label=_("Who sees it through?"),
        queryset=None,
        empty_label=_("Choose a person"),
        error_messages={"required": _("Choose who owns it."), "invalid_choice": _("Choose a person of the list.")},
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["owner"].queryset = possible_owners()


class NoteForm(CleanTextMixin, forms.Form):
    """A line for the story of a record. Who may not change the record writes no line that went to the customer."""

    text = forms.CharField(
        label=_("Add to the record"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write what you want to add.")},
    )
    audience = forms.ChoiceField(
        label=_("What is it?"),
        choices=Entry.Audience.choices,
        initial=Entry.Audience.INTERNAL,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, may_send, **options):
        super().__init__(*args, **options)
        if not may_send:
            told = Entry.Audience.SENT
            self.fields["audience"].choices = [choice for choice in Entry.Audience.choices if choice[0] != told]
