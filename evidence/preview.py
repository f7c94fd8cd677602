"""What an erasure would empty and what would stay, as the person who looks at it may see it."""

from dataclasses import dataclass, field

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trail import personal
from trail.erasing import Plan
from trail.models import SecurityEvent

LISTED = 12


@dataclass
class Item:
    """One record: what it is called and, where the reader may open it, its address."""

    label: str
    url: str = ""


@dataclass
class Section:
    """Records of one kind: how many, and the first of them."""

    label: str
    count: int
    items: list = field(default_factory=list)

    @property
    def more(self):
        return self.count - len(self.items)


def sections_of(plan: Plan, user):
    """{"records": their own, "named": texts of others, "stored": outside the records, "stays": what keeps a name}."""
    named = {}
    for one in plan.mentions:
        if one.pk in plan.versions.get(one.model, ()):
            named.setdefault(one.model, []).append(one.pk)
    own = {model: [pk for pk in ids if pk not in named.get(model, ())] for model, ids in plan.versions.items()}
    row = [Section(str(plan.person.kind.label), 1)] if plan.row_is_full else []
    return {
        "records": row + [_section(model, ids, user) for model, ids in own.items() if ids],
        "named": [_section(model, ids, user) for model, ids in named.items()],
        "stored": [
            Section(str(store.label), len(plan.stored[store.name]))
            for store in personal.stores()
            if plan.stored[store.name]
        ],
        "stays": [item_of(one, user) for one in plan.remaining],
        "spared": len(plan.spared),
    }


def mention_choices(plan, user):
    """[(key, label)] of the texts about others that name the person: which of them mean somebody else?"""
    return [
        (one.key, f"{capfirst(one.model._meta.verbose_name)}: {_item(one.model, one.pk, user).label}")
        for one in [*plan.mentions, *plan.spared]
        if one.model is not SecurityEvent
    ]


def counted(counts):
    """[(what, how many)] of `Erasure.counts`."""
    stores = {store.name: str(store.label) for store in personal.stores()}
    return [(stores.get(name) or _plural(name), number) for name, number in counts.items()]


def words_for(count):
    return ngettext("%(count)s thing is emptied", "%(count)s things are emptied", count) % {"count": f"{count:,}"}


def item_of(record, user):
    """A record or a person by name, for those who may see it; by number for others."""
    label, model = getattr(record, "reference", "") or str(record.pk), type(record)
    view = f"{model._meta.app_label}.view_{model._meta.model_name}"
    if not user.has_perm(view):
        return Item(f"{capfirst(model._meta.verbose_name)} {label}")
    title = getattr(record, "title", None) or str(record)
    url = record.get_absolute_url() if hasattr(record, "get_absolute_url") else ""
    return Item(title if title == label else f"{label} {title}", url)


def _section(model, ids, user):
    rows = model._base_manager.filter(pk__in=sorted(ids)[:LISTED]).order_by("pk")
    items = [item_of(one, user) for one in rows] if model is not SecurityEvent else []
    return Section(str(model._meta.verbose_name_plural), len(ids), items)


def _item(model, pk, user):
    return item_of(model._base_manager.get(pk=pk), user)


def _plural(rtype):
    from django.apps import apps

    try:
        return str(apps.get_model(rtype)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return _("others")
