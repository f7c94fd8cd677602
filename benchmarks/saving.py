"""Saving with history against the plain ORM: the same fields, indexes and constraints on a table without triggers."""

import multiprocessing
import time
import uuid

from django.db import connection, connections, models
from django.utils import timezone

from benchmarks.results import Result
from feedback.models import Feedback
from records import bulk

ROUNDS = 10
BULK = 2_000


def plain_model():
    """Feedback as a plain model with a table of its own, made here and now."""
    attributes = {"__module__": "feedback.models"}
    for field in Feedback._meta.concrete_fields:
        if not field.primary_key:
            clone = field.clone()
            if clone.is_relation:
                clone.remote_field.related_name = "+"
            attributes[field.name] = clone
    indexes = [_renamed(index, f"plain_index_{place}") for place, index in enumerate(Feedback._meta.indexes)]
    constraints = [_renamed(rule, f"plain_rule_{place}") for place, rule in enumerate(Feedback._meta.constraints)]
    options = {"app_label": "feedback", "db_table": "bench_plain", "indexes": indexes, "constraints": constraints}
    attributes["Meta"] = type("Meta", (), options)
    plain = type("PlainFeedback", (models.Model,), attributes)
    with connection.schema_editor() as editor:
        editor.create_model(plain)
    return plain


class Saving:
    """Saves the same records one by one or in bulk, with history and plainly."""

    def __init__(self, firm, ground):
        self.firm, self.ground, self.plain = firm, ground, plain_model()

    def measured(self, saves):
        for writers in (1, 8):
            yield from self._one_by_one("new records", self._record, self._record_plainly, saves, writers)
            yield from self._one_by_one("changes", self._change, self._change_plainly, saves, writers)
        yield from self._in_bulk()

    def _record(self, number):
        self.ground.feedback(self.firm.told(number)).save(by=self.ground.by)

    def _record_plainly(self, number):
        self._unsaved(number).save()

    def _change(self, number):
        record = Feedback.objects.order_by("pk")[number]
        record.subject = f"Changed {time.monotonic_ns()}"
        record.save(by=self.ground.by, reason="To be measured")

    def _change_plainly(self, number):
        record = self.plain.objects.order_by("pk")[number]
        record.subject, record.rev = f"Changed {time.monotonic_ns()}", record.rev + 1
        record.save()

    def _unsaved(self, number):
        """A plain record with everything set that `Record.save` sets."""
        record, now = self.ground.feedback(self.firm.told(number), self.plain), timezone.now()
        record.reference, record.rev = uuid.uuid4().hex[:24], 1
        record.recorded_at = record.changed_at = now
        record.recorded_by = record.changed_by = self.ground.by
        record.verb, record.channel = "recorded", "command"
        return record

    def _one_by_one(self, what, kept, plain, saves, writers):
        """In turns, so that what else the machine does falls on both."""
        share = max(1, saves // ROUNDS)
        times = {kept: 0.0, plain: 0.0}
        for turn in range(ROUNDS):
            for save in times:
                if writers == 1:
                    times[save] += _timed(save, turn * share, share)
                else:
                    times[save] += self._at_once(save, share, writers)
        who = "one writer" if writers == 1 else f"{writers} writers"
        saved = share * ROUNDS * (1 if writers == 1 else writers)
        yield Result(f"{what} with history, {who}", saved / times[kept], "/s")
        yield Result("  against the plain ORM", times[plain] / times[kept], "x", 0.5)

    def _at_once(self, save, share, writers):
        """Seconds from the first save to the last, of processes that begin together."""
        connections.close_all()  # a connection must not be shared with a child
        fork = multiprocessing.get_context("fork")
        ready, told = fork.Barrier(writers), fork.SimpleQueue()

        def write(place):
            connection.ensure_connection()
            ready.wait()
            began = time.monotonic()
            _timed(save, place * share, share)
            told.put((began, time.monotonic()))
            connection.close()

        children = [fork.Process(target=write, args=(place,)) for place in range(writers)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        if any(child.exitcode for child in children):
            raise RuntimeError("a writer failed")
        spans = [told.get() for _child in children]
        return max(end for _began, end in spans) - min(began for began, _end in spans)

    def _in_bulk(self):
        kept = plainly = 0.0
        for turn in range(3):
            facts = [self.firm.told(number) for number in range(turn * BULK, (turn + 1) * BULK)]
            records = [self.ground.feedback(told) for told in facts]
            copies = [self._unsaved(told.number) for told in facts]
            began = time.monotonic()
            bulk.create(Feedback, records, by=self.ground.by)
            between = time.monotonic()
            self.plain.objects.bulk_create(copies, batch_size=bulk.CHUNK)
            kept, plainly = kept + between - began, plainly + time.monotonic() - between
        yield Result("bulk import with history", 3 * BULK / kept, "/s")
        yield Result("  against plain bulk_create", plainly / kept, "x", 0.4)


def _timed(save, first, count):
    began = time.monotonic()
    for number in range(first, first + count):
        save(number)
    return time.monotonic() - began


def _renamed(part, name):
    """A copy of an index or constraint; names are unique in a database."""
    _path, args, given = part.deconstruct()
    return type(part)(*args, **{**given, "name": name})
