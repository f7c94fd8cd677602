"""Widgets our forms share: choices side by side, the customer's words, type-ahead."""

from django import forms


class Segmented(forms.RadioSelect):
    """One choice among a few, side by side. `icons` maps values to names of icons."""

    def __init__(self, attrs=None, choices=(), icons=None):
        super().__init__({"data-look": "segmented", **(attrs or {})}, choices)
        self.icons = icons or {}


class Voice(forms.Textarea):
    """Room for what a customer said, set in the serif that marks their words everywhere."""

    def __init__(self, attrs=None):
        super().__init__({"class": "voice", "rows": 4, **(attrs or {})})


class TypeAhead(forms.TextInput):
    """A text field that proposes as one types: `url` answers `?q=` with [{"value", "label", "hint"}].

    The chosen value goes into the hidden field named `target`. Without a script the form gets the typed text alone and
    finds the record by it.
    """

    def __init__(self, url, target, attrs=None):
        super().__init__({"autocomplete": "off", "data-combobox": "", "data-target": target, **(attrs or {})})
        self.url = url

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["data-url"] = str(self.url)
        return context
