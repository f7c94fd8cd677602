"""What the forms of all records share."""

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from records.models import Record
from records.text import CleanTextMixin


class WholeRecordMixin:
    """A model form that checks the record's constraints also where they speak of fields it does not show."""

    def _post_clean(self):
        super()._post_clean()
        try:
            self.instance.validate_constraints(exclude=set(self.errors))
        except ValidationError as faults:
            told = {message for messages in self.errors.values() for message in messages}
            for message in faults.messages:
                if message not in told:
                    self.add_error(None, message)


class RecordForm(WholeRecordMixin, CleanTextMixin, forms.ModelForm):
    """A form of one record for one person: it offers only what that person may read and what is in force.

    `more` names the fields that unfold under "Add more".
    """

    more = ()

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.helper = FormHelper()
        self.helper.form_tag = False
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                if field.empty_label is not None:
                    field.empty_label = _("choose") if field.required else _("none")
                if issubclass(field.queryset.model, Record):
                    self._offer_what_stands(name, field)
        if "unit" in self.fields:
            self._offer_own_units(self.fields["unit"])
        if self.instance.pk and self.instance.is_settled:
            self._ask_why()

    def _ask_why(self):
        """What is closed or signed changes only with a reason."""
        label = _("Why is it changed?")
        field = self.fields.setdefault(
            "reason", forms.CharField(label=label, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2}))
        )
        field.required = True
        field.help_text = _("This is closed or signed: a change needs a reason, which stays in its history.")
        field.error_messages["required"] = _("This is closed or signed. Say why it is changed.")

    def _offer_what_stands(self, name, field):
        offered = Q(voided_at__isnull=True)
        if chosen := getattr(self.instance, f"{name}_id", None):
            offered |= Q(pk=chosen)  # what was chosen once may stay
        rows = field.queryset.filter(offered)
        field.queryset = rows if name == "unit" else rows.visible_to(self.user)

    def _offer_own_units(self, field):
        action = "change" if self.instance.pk else "add"
        units = self.user.scope_for(self._meta.model.permission(action))
        if units is None:
            return
        field.queryset = field.queryset.filter(pk__in=units)
        field.required = True
        field.empty_label = None if len(units) == 1 else field.empty_label

    @property
    def first_fields(self):
        return [self[name] for name in self.fields if name not in self.more]

    @property
    def more_fields(self):
        return [self[name] for name in self.fields if name in self.more]

    @property
    def is_more_open(self):
        """Unfolded when something in there is filled in or wrong."""
        return any(field.errors or field.value() not in (None, "", False, []) for field in self.more_fields)


class ReasonForm(CleanTextMixin, forms.Form):
    """Why something is done to a record."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays in the record's history."),
    )
