"""One part of the records, chosen in the address: `?product=PR-2026-0003`, `?import=IM-2026-0001`."""

from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from records.measures import Source


@dataclass(frozen=True)
class Slice:
    """One member of one dimension. `member` is how buckets know it, `value` how addresses do."""

    dimension: str
    member: str
    value: str
    label: str

    @property
    def params(self) -> dict[str, str]:
        return {self.dimension: self.value}


class UnknownSlice(LookupError):
    """The address names a part that there is not, or that this person may not see; the message says which."""


def slice_from(params, source: Source, user) -> Slice | None:
    """The slice that the query names, the first of the source's dimensions; None without one. Raises UnknownSlice."""
    for dimension in source.dimensions:
        if value := params.get(dimension, "").strip():
            return slice_of(source, dimension, value, user)
    return None


def slice_of(source: Source, dimension: str, value: str, user=None) -> Slice:
    """The slice of records with `value` (a reference, or a code of choices) in `dimension`. Raises UnknownSlice."""
    field = _field(source, dimension)
    if field.related_model is None:
        labels = dict(field.flatchoices)
        if value not in labels:
            raise UnknownSlice(_("There is no “%(value)s” to choose from.") % {"value": value})
        return Slice(dimension, value, value, str(labels[value]))
    members = field.related_model.objects.all()
    if user is not None:
        members = members.visible_to(user)
    member = members.filter(reference=value.upper()).first()
    if member is None:
        raise UnknownSlice(_("There is no record %(value)s to look at.") % {"value": value})
    return Slice(dimension, str(member.pk), member.reference, member.title)


def members_named(source: Source, dimension: str, members):
    """{member: (reference or code, label)} for the members of a dimension, in one query."""
    field = _field(source, dimension)
    if field.related_model is None:
        labels = dict(field.flatchoices)
        return {member: (member, str(labels.get(member, member))) for member in members}
    rows = field.related_model.objects.filter(pk__in=[int(member) for member in members if member])
    return {str(row.pk): (row.reference, row.title) for row in rows}


def _field(source, dimension):
    column = source.dimensions[dimension]
    meta = apps.get_model(source.model)._meta
    for field in meta.concrete_fields:
        if column in (field.name, field.attname):
            return field
    raise FieldDoesNotExist(column)
