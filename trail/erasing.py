"""Erases a person: what is kept of them becomes empty in every version, and the trail still proves the rest.

A leaf holds a personal value only as a commitment. Erasing keeps the commitments and destroys the salt, so that leaves,
seals and checkpoints stay as they are while the values cannot even be guessed at.
"""

from collections import Counter
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from . import journal, keys, personal
from .columns import columns_of
from .context import current
from .history import history_of, tracked_models
from .leaves import OPEN, Kind
from .mentions import Mention, live_without, mentions_of, remaining
from .models import Erased, Erasure, Opening, Seal
from .sealing import seal, versions_wait
from .sweeping import sweep
from .verifier import canonical, commitment

VERB = "erased"
CHUNK = 500


class CannotErase(Exception):
    """Something stands against it. `reasons` are sentences for the person who wanted it."""

    def __init__(self, reasons):
        self.reasons = list(reasons)
        super().__init__(" ".join(self.reasons))


@dataclass
class Plan:
    """What an erasure empties, found without changing anything. `versions` {model: {id: [(history id, rev)]}}."""

    person: personal.Person
    mentions: list[Mention]
    spared: list[Mention]
    versions: dict
    stored: dict
    row_is_full: bool

    @property
    def counts(self):
        """{kind of record, or name of a store: how many}, for those of which there is something to empty."""
        found = Counter({model._meta.label_lower: len(ids) for model, ids in self.versions.items() if ids})
        if self.row_is_full:
            found[self.person.kind.rtype] += 1
        return dict(found) | {name: len(rows) for name, rows in self.stored.items() if rows}

    @property
    def is_empty(self):
        return not self.counts

    @property
    def remaining(self):
        """Records and people that bear the name in a field that stays."""
        return remaining(self.person)


def plan_for(row, spared=()) -> Plan:
    """Looks at everything that is kept of the person. `spared` are keys of mentions ("feedback.entry:17") to leave."""
    person = personal.person_of(row)
    named = mentions_of(person) if person.texts else []
    mentions = [one for one in named if one.key not in spared]
    versions = {model: _full_versions(model, ids) for model, ids in person.own.items()}
    for one in mentions:
        wanted = [pair for pair in _full_versions(one.model, [one.pk]).get(one.pk, ()) if pair[1] in one.revs]
        if wanted or one.is_live:
            versions.setdefault(one.model, {})[one.pk] = wanted
    return Plan(
        person=person,
        mentions=mentions,
        spared=[one for one in named if one.key in spared],
        versions=versions,
        stored={store.name: list(store.find(person)) for store in personal.stores()},
        row_is_full=not person.kind.is_record and not person.kind.is_empty(row),
    )


def erase(row, *, by, basis, asked_by=None, because="", spared=(), is_repeat=False) -> Erasure | None:
    """Empty everything that is kept of the person that `row` is about, in one transaction, and sweep after it.

    `because` is the reference of the request, which stands as the reason of each version that this makes; `basis` may
    name nobody. Nothing left to empty: the earlier erasure, or None. Raises CannotErase, and KeyMissing where the key
    that seals is not to be had. `is_repeat`: after a restore, when it was decided before.
    """
    seal()  # most of the work, before anybody has to wait
    with transaction.atomic():
        keys.take_turn()
        kind = personal.kind_of(row)
        row = kind.rows().select_for_update(of=("self",)).get(pk=row.pk)
        if not is_repeat and (reasons := personal.hindered(personal.person_of(row), by)):
            raise CannotErase(reasons)
        kind.ends(row, by, because)
        _lock(plan_for(row, spared))
        seal()  # what was committed meanwhile: from here on nobody adds a version to these records
        plan = plan_for(row, spared)
        if plan.is_empty:
            return Erasure.objects.filter(subject_rtype=plan.person.kind.rtype, subject_rid=row.pk).last()
        for store in personal.stores():
            if store.is_outside:  # while it is known who is meant: of a run that is cut short the next does it again
                store.clean(plan.stored[store.name], plan.person)
        erasure, up_to = _write_down(plan, by=by, basis=basis, asked_by=asked_by)
        for model, ids in plan.versions.items():
            _empty_versions(model, [number for pairs in ids.values() for number, _rev in pairs])
        _next_versions(plan, by=by, because=because)
        for store in personal.stores():
            if not store.is_outside:
                store.clean(plan.stored[store.name], plan.person)
        if plan.row_is_full:
            plan.person.kind.empties(row, by)
        journal.append(_line(plan, erasure, because, up_to))
        transaction.on_commit(versions_wait, robust=True)
        transaction.on_commit(sweep)
    return erasure


def reapply_journal() -> int:
    """Erase once more, after a restore, whom the journal names and the database still knows. Returns how many."""
    again = 0
    for line in journal.lines():
        try:
            kind = personal.kind_called(line["rtype"])
            row = kind.rows().filter(pk=line["rid"]).first()
        except LookupError:
            continue
        # A number may have been given again to somebody else: the moment they came in tells them apart.
        if row is None or getattr(row, kind.began).isoformat() != line["began"]:
            continue
        if not plan_for(row, line["spared"]).is_empty:
            erase(row, by=None, basis=line["basis"], because=line["because"], spared=line["spared"], is_repeat=True)
            again += 1
    return again


def erased_among(rtype, ids) -> dict[int, int]:
    """{id: the last revision that was emptied} of those records that an erasure names."""
    found = Erased.objects.filter(rtype=rtype, rid__in=ids).order_by()
    return dict(found.values_list("rid").annotate(last=Max("up_to_rev")))


def _full_versions(model, ids):
    """{id: [(history id, rev)]} of the versions that hold something personal; of what was emptied only later ones."""
    is_full = Q(pk__in=[])
    for told in _personal_fields(model):
        is_full |= ~Q(**{told.name: _empty(told)})
    if model not in tracked_models():
        rows = model._base_manager.filter(is_full, pk__in=ids)
        return {pk: [(pk, 1)] for pk in rows.values_list("pk", flat=True)}
    found = {}
    for some in _chunks(sorted(ids)):
        rows = history_of(model)._base_manager.filter(is_full, id__in=some).exclude(verb=VERB)
        for pk, number, rev in rows.order_by("id", "rev").values_list("id", "history_id", "rev"):
            found.setdefault(pk, []).append((number, rev))
    return found


def _lock(plan):
    for model, ids in plan.versions.items():
        if model in tracked_models():
            for some in _chunks(sorted(ids)):
                list(model._base_manager.select_for_update(of=("self",)).filter(pk__in=some).values_list("pk"))


def _write_down(plan, *, by, basis, asked_by):
    """The erasure and a row for each record, without which the database lets nothing be emptied; {model: {id: rev}}."""
    who = {"changed_by": by or current().user, "verb": VERB}
    row = plan.person.row
    erasure = Erasure.objects.create(
        subject_rtype=plan.person.kind.rtype,
        subject_rid=row.pk,
        reference=getattr(row, "reference", ""),
        basis=basis,
        asked_by=asked_by,
        counts=plan.counts,
        **who,
    )
    up_to = {}
    for model, ids in plan.versions.items():
        if model in tracked_models():
            rows = model._base_manager.filter(pk__in=ids).values_list("pk", "rev", "reference")
        else:
            rows = [(pk, 1, "") for pk in ids]
        up_to[model] = {pk: rev for pk, rev, _reference in rows}
        Erased.objects.bulk_create(
            Erased(erasure=erasure, rtype=model._meta.label_lower, rid=pk, up_to_rev=rev, reference=reference, **who)
            for pk, rev, reference in rows
        )
    return erasure, up_to


def _empty_versions(model, numbers):
    """Destroy the salts of these versions, keeping the commitments, then their personal values."""
    kind, empty = Kind(model), {told.name: _empty(told) for told in _personal_fields(model)}
    rows = kind.source._base_manager
    if kind.has_revs:
        empty["history_change_reason"] = ""
    for some in _chunks(numbers):
        _must_be_sealed_as_personal(kind, some)
        _close(kind, some)
        rows.filter(pk__in=some).update(**empty)


def _must_be_sealed_as_personal(kind, numbers):
    """A column that stood in the leaf in clear cannot be emptied: the leaf could not be worked out any more."""
    seals = Seal.objects.filter(rtype=kind.rtype, history_id__in=numbers)
    if seals.count() != len(numbers):
        raise CannotErase([_("Some versions are not sealed yet. Try again in a minute.")])
    now = {column.name for column in kind.columns if column.is_personal}
    for columns in {one.schema_id: one.schema.columns for one in seals.select_related("schema")}.values():
        clear = {column["name"] for column in columns if not column["is_personal"]} & now
        if clear:
            words = _("Versions of %(kind)s were sealed when %(columns)s did not count as personal; they stay.")
            told = {"kind": kind.model._meta.verbose_name, "columns": ", ".join(sorted(clear))}
            raise CannotErase([words % told])


def _close(kind, numbers):
    openings = Opening.objects.filter(rtype=kind.rtype, history_id__in=numbers, salt__isnull=False)
    stored = kind.rows(numbers)
    for opening in openings:
        salt, commitments = bytes(opening.salt), {}
        for place in kind.personal:
            column, value = kind.columns[place], stored[opening.history_id][place]
            text = canonical(column.kind, column.scale, value)
            if text not in OPEN:
                commitments[column.name] = commitment(salt, column.name, text).hex()
        opening.salt, opening.commitments = None, commitments
        opening.save(update_fields=["salt", "commitments"])


def _next_versions(plan, *, by, because):
    """What stands today: their own records without anything personal, other people's without the name."""
    for model, ids in plan.versions.items():
        if model in tracked_models():
            empty = {told.name: _empty(told) for told in _personal_fields(model) if told.name != "reason"}
            own = sorted(plan.person.own.get(model, set()) & ids.keys())
            for some in _chunks(own):
                rows = model.objects.filter(pk__in=some)
                rows.change(by=by, verb=VERB, reason=because, **empty)
    for one in plan.mentions:
        if one.is_live:
            record = one.model._base_manager.get(pk=one.pk)
            for name, value in live_without(record, plan.person).items():
                setattr(record, name, value)
            record.save(by=by, verb=VERB, reason=because)


def _line(plan, erasure, because, up_to):
    row, kind = plan.person.row, plan.person.kind
    return {
        "at": erasure.changed_at.isoformat(),
        "rtype": kind.rtype,
        "rid": row.pk,
        "began": getattr(row, kind.began).isoformat(),
        "because": because,
        "basis": erasure.basis,
        "spared": [one.key for one in plan.spared],
        "records": {model._meta.label_lower: sorted(map(list, ids.items())) for model, ids in up_to.items()},
        "stores": {
            name: [one.pk for one in found if isinstance(getattr(one, "pk", None), int)]
            for name, found in plan.stored.items()
            if found
        },
    }


def _personal_fields(model):
    names = {column.name for column in columns_of(model) if column.is_personal}
    return [told for told in model._meta.concrete_fields if told.column in names]


def _empty(told):
    return {} if isinstance(told, models.JSONField) else ""


def _chunks(items):
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
