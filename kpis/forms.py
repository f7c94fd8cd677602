"""What people add to a KPI's page."""

from django import forms

from kpis.models import KpiNote
from records.text import CleanTextMixin


class NoteForm(CleanTextMixin, forms.ModelForm):
    class Meta:
        model = KpiNote
        fields = ["on", "text"]
        widgets = {"on": forms.DateInput(attrs={"type": "date"})}
