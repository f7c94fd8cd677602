"""Where a person is named in records that are not about them, and how such a text goes on without the name."""

import re
from dataclasses import dataclass, field

from django.db import models
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from . import personal
from .columns import columns_of
from .history import KEPT_BY_HEED, history_of, tracked_models
from .models import SecurityEvent


def erased_word():
    """What stands where a name or a text was."""
    return _("(erased)")


@dataclass
class Mention:
    """One record, or security event, that names them: in which versions, and whether it still does today."""

    model: type
    pk: int
    revs: list = field(default_factory=list)
    is_live: bool = False

    @property
    def key(self):
        return f"{self.model._meta.label_lower}:{self.pk}"


def mentions_of(person) -> list[Mention]:
    """Records that name the person in a text that can be emptied, without their own."""
    found = []
    for model in tracked_models():
        fields = [f for f in _personal(model) if f.name not in _identity(model)]
        own = person.own.get(model, ())
        if not fields:
            continue
        by_id = {}
        for pk, rev in _naming(history_of(model).objects.all(), fields, person).values_list("id", "rev"):
            if pk not in own:
                by_id.setdefault(pk, Mention(model, pk)).revs.append(rev)
        for pk in _naming(model._base_manager.filter(pk__in=by_id), fields, person).values_list("pk", flat=True):
            by_id[pk].is_live = True
        found += by_id.values()
    detail = [SecurityEvent._meta.get_field("detail")]
    events = _naming(SecurityEvent.objects.exclude(pk__in=person.own.get(SecurityEvent, ())), detail, person)
    found += [Mention(SecurityEvent, pk, [1]) for pk in events.values_list("pk", flat=True)]
    return found


def remaining(person) -> list:
    """Records, and other people, that bear the name in a field that Heed does not empty: to be looked at by hand."""
    found = []
    models_looked_at = dict.fromkeys([*tracked_models(), *(kind.model for kind in personal.kinds())])
    for model in models_looked_at:
        identity, emptied = _identity(model), {f.name for f in _personal(model)} if model in tracked_models() else ()
        fields = [
            f
            for f in model._meta.concrete_fields
            if _is_text(f) and (f.name in identity or (f.name not in emptied and f.name not in KEPT_BY_HEED))
        ]
        own = set(person.own.get(model, ()))
        if model is person.kind.model:
            own.add(person.row.pk)
        if fields:
            found += _naming(model._base_manager.exclude(pk__in=own), fields, person)[:50]
    return found


def without(text, person, most=None):
    """The text without the names, at most `most` characters long."""
    if not person.texts:
        return text
    longest_first = sorted(person.texts, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return pattern.sub(erased_word(), text)[:most]


def json_without(value, person):
    """The same for whatever JSON holds."""
    if isinstance(value, str):
        return without(value, person)
    if isinstance(value, list):
        return [json_without(one, person) for one in value]
    if isinstance(value, dict):
        return {without(key, person): json_without(one, person) for key, one in value.items()}
    return value


def live_without(record, person):
    """{field name: what the record's next version holds} for the fields that name the person today."""
    changed = {}
    for told in _personal(type(record)):
        if told.name in _identity(type(record)):
            continue
        was = getattr(record, told.attname)
        is_json = isinstance(told, models.JSONField)
        now = json_without(was, person) if is_json else without(was, person, told.max_length)
        if now != was:
            changed[told.name] = now
    return changed


def _personal(model):
    names = {column.name for column in columns_of(model) if column.is_personal}
    return [f for f in model._meta.concrete_fields if f.column in names]


def _identity(model):
    """Fields that name a person of their own: two people of one name are two people."""
    for kind in personal.kinds():
        if kind.model is model:
            return {*kind.names, *kind.addresses, "name_key"}
    return frozenset()


def _is_text(told):
    is_text = isinstance(told, (models.CharField, models.TextField, models.JSONField))
    return is_text and not told.choices and not isinstance(told, models.FileField) and told.name != "password"


def _naming(rows, fields, person):
    """Those rows of which one of the fields holds one of the person's texts, in any case."""
    wanted, casts = Q(pk__in=[]), {}
    for told in fields:
        name = told.name
        if isinstance(told, models.JSONField):
            name = f"{told.name}_as_text"
            casts[name] = Cast(told.name, TextField())
        for needle in person.needles:
            wanted |= Q(**{f"{name}__icontains": needle})
    return rows.annotate(**casts).filter(wanted)
