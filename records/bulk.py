"""Many new records at once, each with its reference, its version and its place in the trail; for imports."""

from django.db import transaction
from django.utils import timezone

from trail.context import current

from .inserting import insert
from .models.record import ReferenceCounter, reference_of

CHUNK = 500


@transaction.atomic
def create(model, records, *, by, verb="imported", reason=""):
    """Write unsaved `records` of one model and return them. Call it last in the transaction: numbers stay locked."""
    records = list(records)
    if not records:
        return records
    acting, now = current(), timezone.now()
    year = timezone.localtime(now).year
    number = ReferenceCounter.reserve(model.reference_prefix, year, len(records))
    for place, record in enumerate(records):
        record.reference = reference_of(record, year, number + place)
        record.rev = 1
        record.recorded_at = record.changed_at = now
        record.recorded_by_id = record.changed_by_id = by.pk if by is not None else None
        record.verb, record.reason = verb, reason or acting.reason
        record.channel, record.request_id = acting.channel, acting.request_id
    return insert(model, records)
