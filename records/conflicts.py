"""Two people changed one record: what each made of it, field by field, and a form that loses neither text."""

from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _

from trail.changes import changes_of
from trail.history import history_of


@dataclass(frozen=True)
class Difference:
    """One field that somebody else changed meanwhile. `yours` is None where the person left it alone."""

    name: str
    label: str
    began: str
    theirs: str
    yours: str | None


def compare(page, record, rev):
    """(bound form, differences, versions since `rev`) for a form that began from version `rev` of `record`.

    The form keeps what the person typed. Fields they left alone take over what the others wrote, so that saving
    again undoes nobody's work unseen.
    """
    data = page.request.POST.copy()
    versions, _older = changes_of(record, limit=50)
    since = [version for version in versions if version.rev > rev]
    began = _as_it_stood(record, rev)
    differences = []
    theirs = page.get_form(instance=record)
    before = page.get_form(instance=began) if began is not None else theirs
    for name, field in theirs.fields.items():
        if name not in before.fields:
            continue  # asked only since the others closed or signed it: it had no value when this began
        key = theirs.add_prefix(name)
        typed = field.widget.value_from_datadict(data, page.request.FILES, key)
        first, now = before[name].initial, theirs[name].initial
        if _written(field, first) == _written(field, now):
            continue
        is_mine = field.has_changed(first, typed)
        if not is_mine:
            _put(data, field.widget, key, field.prepare_value(now))
        yours = shown(field, typed) if is_mine else None
        differences.append(Difference(name, str(field.label), shown(field, first), shown(field, now), yours))
    form = page.get_form(data, page.request.FILES, instance=page.get_record())
    form.is_valid()
    return form, differences, since


def _as_it_stood(record, rev):
    version = history_of(type(record)).objects.filter(id=record.pk, rev=rev).first()
    return version.instance if version is not None else None


def _written(field, value):
    """`value` as the form would send it, so that two values can be compared."""
    if isinstance(field.widget, forms.CheckboxInput):
        return bool(value)
    if isinstance(field.widget, forms.MultiWidget):
        return value
    return field.widget.format_value(field.prepare_value(value))


def _put(data, widget, key, value):
    """Let the sent form say `value` for one field."""
    if isinstance(widget, forms.MultiWidget):
        for part, name, one in zip(widget.widgets, widget.widgets_names, widget.decompress(value), strict=True):
            _put(data, part, key + name, one)
    elif isinstance(widget, forms.CheckboxInput):
        data.pop(key, None)
        if value:
            data[key] = "on"
    else:
        written = widget.format_value(value)
        values = written if isinstance(written, (list, tuple)) else [written]
        data.setlist(key, ["" if one is None else str(one) for one in values])


def shown(field, value):
    """A field's value, from the record or as typed, in words."""
    if isinstance(field, forms.ModelChoiceField):
        if not value:
            return ""
        rows = field.queryset.model._base_manager
        return str(rows.filter(**{field.to_field_name or "pk": value}).first() or "")
    if isinstance(field, forms.BooleanField):
        return _("yes") if value and value != "False" else _("no")
    values = [str(one) for one in (value if isinstance(value, (list, tuple)) else [value])]
    if isinstance(field, forms.ChoiceField):
        return ", ".join(str(label) for key, label in field.choices if str(key) in values)
    if isinstance(value, (list, tuple)):
        return ", ".join(values)
    written = _written(field, value)
    return "" if written is None else str(written)
