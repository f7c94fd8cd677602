"""What stands behind seals: who did what to which record, each field before and after; for the trail page and file."""

from dataclasses import dataclass, field
from functools import cache

from django.apps import apps
from django.db.models import Max
from django.utils.translation import gettext as _

from .differences import Change, Names, differences, in_words, label_of, told_fields
from .history import history_of, tracked_models
from .models import Erased, Erasure, Seal, SecurityEvent

# Of rows that are written once, what is told besides who, when and what.
TOLD = {SecurityEvent: ("path", "detail", "address"), Erasure: ("basis", "asked_by", "counts"), Erased: ()}


@dataclass
class Line:
    """One line of the trail. `by` is None for Heed itself; `record` is the record as it is now, where it is asked for.

    `kind` is the kind of record in words. Of an erased line what it said of a person is gone.
    """

    kind: str
    by: object
    words: str
    reason: str = ""
    channel: str = ""
    changes: list = field(default_factory=list)
    record: object = None
    is_first: bool = False
    is_erased: bool = False

    @property
    def before(self):
        """The fields as they were, a line each."""
        return "\n".join(f"{change.label}: {change.before}" for change in self.changes if change.before)

    @property
    def after(self):
        return "\n".join(f"{change.label}: {change.after}" for change in self.changes if change.after)


def verbs():
    """Every verb that stands in the trail, by hops through its index: quick however long the trail."""
    hops = Seal.objects.raw(
        "WITH RECURSIVE hop(verb) AS (SELECT min(verb) FROM trail_seal UNION ALL "
        "SELECT (SELECT min(verb) FROM trail_seal WHERE verb > hop.verb) FROM hop WHERE hop.verb IS NOT NULL) "
        "SELECT 0 AS seq, verb FROM hop WHERE verb IS NOT NULL"
    )
    return [hop.verb for hop in hops]


def tell(seals, *, with_records=False):
    """Give each of some seals its `line`. The queries are one per kind of record, however many seals.

    `with_records` adds the records as they are now, with what their addresses need.
    """
    by_kind, names = {}, Names()
    for seal in seals:
        by_kind.setdefault(seal.rtype, []).append(seal)
        names.want_person(seal.changed_by_id)
    read = {rtype: _read(model_of(rtype), some, with_records) for rtype, some in by_kind.items()}
    for versions, found, _records in read.values():
        for version in versions.values():
            names.want_person(getattr(version, "asked_by_id", None))
        for one in found.values():
            names.want_those_of(one)
    names.fetch()
    erased = _erased(by_kind)
    for rtype, some in by_kind.items():
        versions, found, records = read[rtype]
        for seal in some:
            version = versions.get(seal.seq)
            seal.line = Line(
                kind=str(model_of(rtype)._meta.verbose_name),
                by=names.person(seal.changed_by_id),
                words=_(seal.verb),
                reason=getattr(version, "reason", ""),
                channel=getattr(version, "channel", ""),
                changes=_written_once(version, names) if type(version) in TOLD else names.told(found.get(seal.seq, ())),
                record=records.get(seal.rid),
                is_first=seal.rev == 1,
                is_erased=seal.rev <= erased.get((rtype, seal.rid), 0),
            )


@cache
def model_of(rtype):
    """The model whose versions, or rows, are sealed under this name."""
    return apps.get_model(rtype)


def _read(model, seals, with_records):
    """({seq: version}, {seq: differences to the version before}, {rid: record now}) of seals of one kind."""
    if model in TOLD:
        rows = model._base_manager.in_bulk({seal.rid for seal in seals})
        return {seal.seq: rows[seal.rid] for seal in seals if seal.rid in rows}, {}, {}
    rids, revs = {seal.rid for seal in seals}, {seal.rev for seal in seals}
    kept = history_of(model)._base_manager.filter(id__in=rids, rev__in=revs | {rev - 1 for rev in revs})
    rows = {(row.id, row.rev): row for row in kept}
    fields, versions, found = told_fields(model), {}, {}
    for seal in seals:
        version = rows.get((seal.rid, seal.rev))
        if version is not None:
            versions[seal.seq] = version
            found[seal.seq] = differences(fields, rows.get((seal.rid, seal.rev - 1)), version)
    # Many a record's address is that of the record it belongs to.
    records = model._base_manager.select_related().in_bulk(rids) if with_records else {}
    return versions, found, records


def _written_once(row, names):
    changes = []
    for name in TOLD[type(row)]:
        told = row._meta.get_field(name)
        value = getattr(row, told.attname)
        said = str(names.person(value) or "") if told.is_relation else in_words(told, value)
        if said:
            changes.append(Change(label_of(told), "", said))
    return changes


def _erased(by_kind):
    """{(kind, record): the last version whose personal fields are gone}, in one query."""
    kinds = [rtype for rtype in by_kind if model_of(rtype) in tracked_models()]
    rids = {seal.rid for rtype in kinds for seal in by_kind[rtype]}
    rows = Erased.objects.filter(rtype__in=kinds, rid__in=rids).order_by().values_list("rtype", "rid")
    return {(rtype, rid): last for rtype, rid, last in rows.annotate(last=Max("up_to_rev"))}
