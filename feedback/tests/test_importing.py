"""From a file to records and back: what is made, what is refused, what survives a crash, what an undo takes away."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.tests.makers import make_person, make_unit
from customers.models import Customer, Product, Segment
from customers.tests.makers import make_customer
from feedback.models import Feedback
from feedback.tests.imports import CFPB, NYCC, SIMPLE, bring, checked, imported, rows_of, run, undone
from feedback.tests.makers import make_entry
from records import jobs
from records.importing import declaring, intake, matching, mending, reading, work
from records.models import Import, ImportRow, Job, Notification
from trail.context import acting_as
from trail.models import Pending

State = ImportRow.State
HEAD = "customer,received,words\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 3)


def lines(count, first=0):
    return "".join(f"Customer {n % 4},2026-01-{n % 28 + 1:02},words {n}\n" for n in range(first, first + count))


def in_file(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def us(day):
    month, day, year = map(int, day.split("/"))
    return date(year, month, day)


# the shared files


@pytest.mark.shared
def test_the_complaints_file_becomes_3175_records_equal_to_an_independent_count(mira, shared):
    path = shared / "data/datasets/cfpb_14col.csv"
    batch = imported(mira, path, CFPB)
    unique = {tuple(row.items()): row for row in in_file(path)}.values()

    records = Feedback.objects.filter(batch=batch)
    assert batch.counts["imported"] == len(unique) == records.count() == 3175
    assert batch.counts["duplicate"] == 11 and batch.counts["warning"] == 6 and batch.counts["error"] == 0
    assert Counter(records.values_list("received_on", flat=True)) == Counter(us(row["Date received"]) for row in unique)
    assert Counter(records.values_list("product__name", flat=True)) == Counter(row["Product"] for row in unique)
    assert Counter(records.values_list("customer__name", flat=True)) == Counter(row["Company"] for row in unique)
    assert Counter(records.values_list("stated_timely", flat=True)) == Counter(
        row["Timely response?"] == "Yes" for row in unique
    )
    words = {"Yes": True, "No": False, "": None}
    assert Counter(records.values_list("disputed", flat=True)) == Counter(
        words[row["Consumer disputed?"]] for row in unique
    )
    assert Counter(records.values_list("subject", flat=True)) == Counter(row["Issue"] for row in unique)
    days = [(us(row["Date sent to company"]) - us(row["Date received"])).days for row in unique]
    assert Counter(records.values_list("days_to_close", flat=True)) == Counter(n if n >= 0 else None for n in days)
    assert sum(n < 0 for n in days) == 6
    assert batch.counts["created"] == {"customer": 491, "product": 11}


@pytest.mark.shared
def test_cells_that_no_field_takes_over_are_kept_word_for_word(mira, shared):
    path = shared / "data/datasets/cfpb_14col.csv"
    batch = imported(mira, path, CFPB)
    by_row = dict(batch.rows.filter(record_id__isnull=False).values_list("number", "record_id"))
    records = Feedback.objects.in_bulk(by_row.values())
    for number, cells in enumerate(in_file(path), 2):
        if number in by_row:
            record = records[by_row[number]]
            kept = {key: cells[key] for key in cells if key not in CFPB["columns"].values() or key == "Submitted via"}
            if record.customer.name != cells["Company"]:
                kept["Company"] = cells["Company"]
            assert record.source_cells == kept and record.subject == cells["Issue"]


@pytest.mark.shared
def test_the_columns_of_the_complaints_file_are_guessed(mira, shared):
    batch = bring(mira, shared / "data/datasets/cfpb_14col.csv")
    assert batch.mapping["columns"] == CFPB["columns"]
    assert batch.mapping["dates"] == CFPB["dates"]


@pytest.mark.shared
def test_the_cases_file_gives_the_median_of_an_independent_computation(mira, shared):
    path = shared / "data/datasets/ny_constituent_cases_NYCC03.csv"
    guess = bring(mira, path).mapping["columns"]
    assert guess["received"] == "opendate" and guess["closed"] == "closedate" and guess["subject"] == "complaint_type"
    with acting_as(mira, channel="form"):
        intake.discard(Import.objects.get(), by=mira, reason="Only looked at")

    batch = imported(mira, path, NYCC)
    records = Feedback.objects.filter(batch=batch)
    assert batch.counts["imported"] == 12_171
    assert records.open().count() == 64
    wanted = {}
    for row in in_file(path):
        if row["closedate"]:
            closed = date.fromisoformat(row["closedate"])
            days = (closed - date.fromisoformat(row["opendate"])).days
            if days >= 0:
                wanted.setdefault(closed.replace(day=1), []).append(days)
    found = {}
    for closed, days in records.filter(days_to_close__isnull=False).values_list("closed_on", "days_to_close"):
        found.setdefault(closed.replace(day=1), []).append(days)
    assert {month: median(days) for month, days in found.items()} == {m: median(days) for m, days in wanted.items()}


# what a record says


def test_historic_rows_start_no_clock_and_tell_nobody_but_the_one_who_imports(mira, stefan, mailoutbox):
    make_customer(name="Halden Water", relationship_owner=stefan)
    batch = imported(mira, HEAD + "halden  water,2026-01-05,Too late\n")
    record = Feedback.objects.get()
    assert record.customer.relationship_owner == stefan and record.owner is None
    assert record.is_historic and record.batch == batch and record.verb == "imported"
    assert record.acknowledge_due_at is None and record.answer_due_at is None and record.severity == ""
    assert record.recorded_by == mira and record.words == "Too late"
    assert {note.user for note in Notification.objects.all()} == {mira}
    assert not mailoutbox


def test_every_imported_record_has_its_version_in_the_trail(mira):
    imported(mira, HEAD + lines(5))
    for record in Feedback.objects.all():
        assert record.rev == 1 and record.history.count() == 1
    assert Pending.objects.filter(rtype="feedback.feedback").count() == 5
    references = sorted(Feedback.objects.values_list("reference", flat=True))
    assert [int(reference[-4:]) for reference in references] == [1, 2, 3, 4, 5]


def test_a_time_in_the_file_is_on_the_firms_clock(mira):
    imported(mira, HEAD + "Ada,2026-07-01 00:30,x\nBob,2026-07-01T23:30:00Z,y\n")
    ada, bob = Feedback.objects.order_by("pk")
    assert ada.received_on == date(2026, 7, 1) and ada.received_at == datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert bob.received_on == date(2026, 7, 2)


def test_the_day_of_the_answer_closes_only_when_asked_and_no_column_says_more(mira):
    head = "customer,received,answered,closed\n"
    match = {
        "columns": {"customer": "customer", "received": "received", "answered": "answered"},
        "for_all": {"kind": "complaint"},
    }
    content = head + "Ada,2026-01-05,2026-01-07,2026-01-09\n"

    batch = imported(mira, content, match)
    assert Feedback.objects.get().closed_on == date(2026, 1, 7) and Feedback.objects.get().days_to_close == 2
    undone(batch, mira)
    batch = imported(mira, content, match | {"options": {"closed_when_answered": False}})
    assert Feedback.objects.in_force().get().closed_on is None
    undone(batch, mira)
    imported(mira, content, match | {"columns": match["columns"] | {"closed": "closed"}})
    assert Feedback.objects.in_force().get().closed_on == date(2026, 1, 9)


def test_words_for_a_choice_are_understood_and_the_cell_is_kept(mira):
    match = {"columns": {"customer": "customer", "received": "received", "kind": "type", "came_by": "via"}}
    imported(
        mira,
        "customer,received,type,via\nAda,2026-01-05,Inquiry,Carrier pigeon\nAda,2026-01-06,PRAISE,Postal mail\n",
        match,
    )
    first, second = Feedback.objects.order_by("pk")
    assert (first.kind, first.came_by, first.source_cells) == ("enquiry", "other", {"via": "Carrier pigeon"})
    assert (second.kind, second.came_by) == ("compliment", "letter")


def test_formulas_and_markup_are_kept_as_they_stand(mira):
    imported(
        mira, HEAD + 'Ada,2026-01-05,"=HYPERLINK(""http://example.org"")"\nAda,2026-01-06,<script>alert(1)</script>\n'
    )
    assert set(Feedback.objects.values_list("words", flat=True)) == {
        '=HYPERLINK("http://example.org")',
        "<script>alert(1)</script>",
    }


@pytest.mark.shared
def test_naughty_strings_survive_the_import_unchanged(mira, shared):
    import json

    naughty = [text for text in json.loads((shared / "data/oracles/naughty/blns.json").read_text()) if text]
    target = io.StringIO(newline="")
    csv.writer(target).writerows(
        [["customer", "received", "words", "more"], *(["Ada", "2026-01-05", text, text] for text in naughty)]
    )
    imported(mira, target.getvalue(), wishes={"with_duplicates": True})
    found = Feedback.objects.order_by("pk").values_list("words", "source_cells")
    assert [(words, cells["more"]) for words, cells in found] == [(text, text) for text in naughty]


# faulty rows


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Ada,29/02/2025,x", "there is no 29 February 2025"),
        ("Ada,soon,x", "is not a date"),
        ("Ada,01/01/1899,x", "between 1900 and 2200"),
        ("Ada,01/01/2190,x", "lies after today"),
        (",01/01/2026,x", "customer: this cell is empty"),
        ("Ada,,x", "received: this cell is empty"),
        ("Ada,01/01/2026", "2 cells where the headings have 3"),
        ("Ada,01/01/2026,x,y", "4 cells where the headings have 3"),
        ("Ada,01/01/2026,a\0b", "NUL"),
        (f"Ada,01/01/2026,{'x' * 40_000}", "40,000 characters"),
        (f"{'A' * 201},01/01/2026,x", "201 characters"),
        ('Ada,01/01/2026,"x" y', "quotation mark"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_said_in_plain_words_and_the_good_ones_go_in(mira, row, says):
    content = HEAD + "Bob,13/01/2026,fine\n" * 1 + row + "\n" + "Cy,14/01/2026,fine\n"
    batch = imported(mira, content)
    [(number, problems)] = rows_of(batch, State.ERROR).items()
    assert number == 3 and says in " ".join(problems)
    assert Feedback.objects.count() == 2 == batch.counts["imported"]
    assert not Customer.objects.filter(name__startswith="A").exists()


def test_empty_rows_are_counted_and_no_row_is_dropped(mira):
    batch = imported(mira, HEAD + "Ada,2026-01-05,x\n,,\n\n , ,\nBob,soon,x\nAda,2026-01-05,x\n")
    assert {key: batch.counts[key] for key in ("rows", "good", "empty", "error", "duplicate")} == {
        "rows": 5, "good": 1, "empty": 2, "error": 1, "duplicate": 1,
    }  # fmt: skip


def test_a_file_whose_quotation_mark_never_closes_fails_as_a_whole(mira, monkeypatch):
    monkeypatch.setattr(matching, "LOOKED_AT", 1_000)  # the first look does not reach it
    content = HEAD + lines(3_000) + 'Ada,2026-01-05,"open\n' + lines(100)
    batch = bring(mira, content)
    run(intake.check(batch, by=mira, match=SIMPLE))
    batch.refresh_from_db()
    assert batch.stage == Import.Stage.FAILED and "line 3002" in batch.counts["unreadable"]
    assert not batch.rows.exists() and not Feedback.objects.exists()
    assert bring(mira, content).pk != batch.pk  # it may be brought again


def test_the_file_of_rows_to_mend_can_be_brought_again(mira):
    batch = imported(mira, HEAD + "=Ada,soon,'=1\n-Bob,2026-01-05,x\n@Cy,2026-02-30,+5\n")
    faulty = batch.rows.filter(state=State.ERROR).values_list("number", "problems", "cells")
    content = b"".join(mending.error_file(intake.shape_of(batch).columns, faulty)).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(content, newline="")))
    assert table[0] == ["Row in the first file", "What is wrong", "customer", "received", "words"]
    assert [row[0] for row in table[1:]] == ["2", "4"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row)

    mended = content.replace("soon", "2026-01-07").replace("2026-02-30", "2026-02-28")
    again = imported(mira, mended)
    assert again.counts["imported"] == 2
    records = Feedback.objects.filter(batch=again).order_by("pk")
    assert [(record.customer.name, record.words) for record in records] == [("=Ada", "'=1"), ("@Cy", "+5")]
    assert all(record.source_cells == {} for record in records)


# matching


def refusals(batch, match):
    with pytest.raises(ValidationError) as caught:
        intake.check(batch, by=batch.recorded_by, match=match)
    return " ".join(caught.value.messages)


def test_dates_that_can_be_read_in_two_ways_must_be_told(mira):
    batch = bring(mira, HEAD + "Ada,3/4/2026,x\nBob,5/6/2026,y\n")
    assert batch.mapping["dates"] == {}
    assert "could be day/month/year or month/day/year" in refusals(batch, SIMPLE)
    run(intake.check(batch, by=mira, match=SIMPLE | {"dates": {"received": "mdy"}}))
    assert batch.rows.first().parsed["received"] == "2026-03-04"


def test_a_match_says_everything_that_is_wrong_with_it(mira):
    batch = bring(mira, HEAD + lines(2))
    says = refusals(batch, {"columns": {"customer": "Nobody", "colour": "words"}, "for_all": {"kind": "rant"}})
    for words in (
        "no field “colour”",
        "no column “Nobody”",
        "“rant” is not one of: Praise",
        "which column holds “Received”",
    ):
        assert words in says
    assert "JSON object" in refusals(batch, [])
    said_once = {
        "columns": {"customer": "customer", "received": "received"},
        "for_all": {"kind": "complaint", "words": "x"},
    }
    assert "cannot be the same for all rows" in refusals(batch, said_once)
    assert "is given twice" in refusals(batch, SIMPLE | {"for_all": {"kind": "complaint", "customer": "x"}})
    assert "not a way to write dates" in refusals(batch, SIMPLE | {"dates": {"received": "klingon"}})


def test_a_checked_file_can_be_matched_again(mira):
    batch = checked(mira, HEAD + lines(3))
    assert batch.rows.first().parsed["words"] == "words 0"
    other = {"columns": {"customer": "words", "received": "received"}, "for_all": {"kind": "compliment"}}
    run(intake.check(batch, by=mira, match=other))
    assert batch.rows.count() == 3 and batch.rows.first().parsed["customer"] == "words 0"


def test_a_file_can_be_read_in_another_way(mira):
    batch = bring(mira, "a;b\n1,5;2026-01-05\n".encode("cp1251"))
    intake.read_again(batch, by=mira, encoding="cp1251", delimiter=",", has_header=False)
    assert intake.shape_of(batch).columns == ("Column 1",)
    with pytest.raises(reading.Unreadable):
        intake.read_again(batch, by=mira, encoding="utf-16")


# once and only once


def test_the_same_file_is_refused_until_it_is_undone(mira):
    content = HEAD + lines(4)
    first = imported(mira, content)
    with pytest.raises(intake.AlreadyHere) as caught:
        bring(mira, content, filename="another name.csv")
    assert caught.value.first == first
    undone(first, mira)
    assert imported(mira, content).counts["imported"] == 4
    assert Feedback.objects.in_force().count() == 4


def test_the_same_file_may_hold_another_register(mira):
    content = "customer,product\nAda,Meter\n"
    bring(mira, content, register="customers")
    bring(mira, content, register="products")


def test_exact_duplicates_are_left_out_or_imported_as_asked(mira):
    content = HEAD + "Ada,2026-01-05,x\nAda,2026-01-05,x\nAda,2026-01-05,x \n"
    batch = imported(mira, content)
    assert batch.counts["imported"] == 2 and batch.rows.get(state=State.DUPLICATE).duplicate_of == 2
    undone(batch, mira)
    assert imported(mira, content, wishes={"with_duplicates": True}).counts["imported"] == 3


def test_new_names_are_listed_and_made_only_when_asked(mira):
    make_customer(name="Ada")
    content = HEAD + "ADA,2026-01-05,x\nNew  One,2026-01-06,y\nnew one,2026-01-07,z\n"
    batch = checked(mira, content)
    assert batch.counts["new"]["customer"] == {"count": 1, "names": ["New  One"]}
    run(intake.write(batch, by=mira, create=False))
    batch.refresh_from_db()
    assert batch.counts["imported"] == 1 and Customer.objects.count() == 1
    assert "was not to be made" in rows_of(batch, State.ERROR)[3][0]

    undone(batch, mira)
    imported(mira, content)
    assert Customer.objects.get(name="New  One").feedback.count() == 2
    assert [record.source_cells for record in Feedback.objects.in_force().order_by("pk")] == [
        {"customer": "ADA"}, {}, {"customer": "new one"}
    ]  # fmt: skip


# crashes


def taken(job):
    """The job as a worker has it that is about to be killed."""
    running = jobs.Running(jobs._take(job.pk))
    return running


def leave_behind(job):
    """What a killed worker leaves: a running job whose lease runs out."""
    Job.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("chunks_before", [0, 1, 2, 3])
def test_an_import_killed_between_chunks_goes_on_and_doubles_nothing(mira, small_chunks, chunks_before):
    batch = checked(mira, HEAD + lines(10))
    job = intake.write(batch, by=mira)
    running, last = taken(job), 0
    with acting_as(mira, channel="job"):
        for _chunk in range(chunks_before):
            last = work._write_chunk(running, last)
    assert Feedback.objects.count() == min(10, 3 * chunks_before)
    leave_behind(job)
    jobs.run_due()
    batch.refresh_from_db()
    assert batch.stage == Import.Stage.DONE and batch.counts["imported"] == 10
    assert sorted(Feedback.objects.values_list("words", flat=True)) == sorted(f"words {n}" for n in range(10))
    assert Customer.objects.count() == 4
    assert batch.rows.filter(record_id__isnull=True).count() == 0


def test_a_chunk_killed_before_its_commit_leaves_nothing(mira, small_chunks, django_db_blocker):
    from django.db import transaction

    batch = checked(mira, HEAD + lines(10))
    job = intake.write(batch, by=mira)
    running = taken(job)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        work._write_chunk(running, 0)
        raise KeyboardInterrupt
    assert not Feedback.objects.exists() and not Customer.objects.exists()
    leave_behind(job)
    jobs.run_due()
    assert Feedback.objects.count() == 10


def test_a_job_that_ended_and_is_run_again_changes_nothing(mira):
    batch = imported(mira, HEAD + lines(4))
    job = Job.objects.get(kind=intake.WRITE)
    Job.objects.filter(pk=job.pk).update(state="running", leased_until=timezone.now() - timedelta(seconds=1))
    jobs.run_due()
    job.refresh_from_db()
    assert job.state == "done" and Feedback.objects.count() == 4
    assert batch.rev == Import.objects.get().rev


def test_a_check_killed_between_chunks_goes_on_and_still_knows_duplicates(mira, small_chunks):
    batch = bring(mira, HEAD + lines(7) + lines(2))
    job = intake.check(batch, by=mira, match=SIMPLE)
    running = taken(job)
    with batch.file.open("rb") as stream, acting_as(mira, channel="job"):
        preparer = matching.Preparer(
            declaring.get("feedback"), intake.shape_of(batch), intake.match_of(batch), date(2026, 3, 1)
        )
        seen, rows = reading.Duplicates(), reading.rows(stream, intake.shape_of(batch))
        ImportRow.objects.bulk_create(work._staged(batch, next(rows), preparer, seen) for _row in range(3))
    assert running.job.state == "running"
    leave_behind(job)
    jobs.run_due()
    batch.refresh_from_db()
    assert batch.counts["rows"] == 9 and batch.counts["good"] == 7
    assert dict(batch.rows.filter(state=State.DUPLICATE).values_list("number", "duplicate_of")) == {9: 2, 10: 3}


def test_long_work_is_left_to_the_next_task_and_ends_the_same(mira, small_chunks, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", -1)
    batch = imported(mira, HEAD + lines(10))
    assert batch.counts["imported"] == 10 == Feedback.objects.count()
    assert Job.objects.get(kind=intake.WRITE).attempts == 1


def test_work_that_is_stopped_can_go_on_or_be_undone(mira, small_chunks):
    batch = checked(mira, HEAD + lines(10))
    job = intake.write(batch, by=mira)
    running = taken(job)
    with acting_as(mira, channel="job"):
        last = work._write_chunk(running, 0)
        intake.stop(batch, by=mira)
        with pytest.raises(jobs.Cancelled):
            work._write_chunk(running, last)
    assert Feedback.objects.count() == 3
    batch.refresh_from_db()
    run(intake.resume(batch, by=mira))
    batch.refresh_from_db()
    assert batch.stage == Import.Stage.DONE and Feedback.objects.count() == 10


def test_a_job_of_an_earlier_match_does_nothing(mira):
    batch = bring(mira, HEAD + lines(3))
    stale = intake.check(batch, by=mira, match=SIMPLE)
    intake.stop(batch, by=mira)
    Job.objects.filter(pk=stale.pk).update(state="pending", ended_at=None)
    jobs.run_due()
    assert not batch.rows.exists()


def test_the_right_to_import_is_asked_again_in_the_worker(mira):
    batch = checked(mira, HEAD + lines(3))
    job = intake.write(batch, by=mira)
    appointment = mira.appointments.get()
    appointment.to_on = date(2020, 1, 2)
    appointment.save()
    mira.set_groups()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert "may no longer import" in job.last_error
    assert not Feedback.objects.exists()


# undoing


def test_an_undo_voids_what_the_import_made(mira, quinn):
    batch = imported(mira, HEAD + lines(6))
    undone(batch, quinn)
    assert batch.stage == Import.Stage.UNDONE and batch.undone_by == quinn and batch.undone_at
    assert not Feedback.objects.in_force().exists() and not Customer.objects.in_force().exists()
    record = Feedback.objects.first()
    assert record.voided_by == quinn and batch.reference in record.void_reason and record.rev == 2
    assert batch.counts["voided"] == 6 and batch.counts["kept"] == 0


def test_an_undo_keeps_and_lists_what_was_changed_or_used_since(mira, stefan):
    batch = imported(mira, HEAD + "Ada,2026-01-05,one\nBob,2026-01-06,two\nCy,2026-01-07,three\n")
    one, two, _three = Feedback.objects.order_by("pk")
    one.assign(by=mira, owner=stefan)
    make_entry(two, by=stefan)
    undone(batch, mira)
    assert batch.counts["kept_references"] == [one.reference, two.reference] and batch.counts["voided"] == 1
    assert set(Feedback.objects.in_force()) == {one, two}
    assert set(Customer.objects.in_force().values_list("name", flat=True)) == {"Ada", "Bob"}


def test_an_undo_leaves_customers_that_were_there_or_are_used_elsewhere(mira):
    make_customer(name="Old friend")
    first = imported(mira, HEAD + "Old friend,2026-01-05,x\nShared,2026-01-05,x\nAlone,2026-01-05,x\n")
    imported(mira, HEAD + "Shared,2026-01-06,y\n")
    undone(first, mira)
    assert set(Customer.objects.in_force().values_list("name", flat=True)) == {"Old friend", "Shared"}


def test_an_undo_killed_half_way_is_completed(mira, small_chunks):
    batch = imported(mira, HEAD + lines(10))
    with acting_as(mira, channel="form"):
        job = intake.undo(batch, by=mira, reason="Wrong")
    running = taken(job)
    with acting_as(mira, channel="job"):
        work._undo_chunk(running, 0)
    assert Feedback.objects.in_force().count() == 7
    leave_behind(job)
    jobs.run_due()
    batch.refresh_from_db()
    assert batch.counts["voided"] == 10 and not Feedback.objects.in_force().exists()


# scope, and the other registers


def test_a_managers_records_belong_to_the_unit(organisation):
    unit = make_unit("Service")
    boss = make_person("Uma Unit", "manager", unit)
    batch = imported(boss, HEAD + lines(2), unit=unit)
    assert {record.unit for record in Feedback.objects.all()} == {unit} == {one.unit for one in Customer.objects.all()}
    other = make_unit("Sales")
    foreign = checked(make_person("Sal", "manager", other), HEAD + lines(3), unit=other)
    job = intake.write(foreign, by=boss)
    jobs.run(job.pk)
    assert Feedback.objects.count() == 2
    assert batch in Import.objects.visible_to(boss) and foreign not in Import.objects.visible_to(boss)


def test_customers_and_their_segments_are_imported(mira):
    make_customer(name="Here already")
    match = {"columns": {"name": "Name", "segment": "Industry", "is_key": "Key", "since": "Since", "about": "Notes"}}
    rows = ["Ada,Water,yes,2020-01-05,good", "ada,Water,no,2020-01-05,again", "Here already,Gas,,,", "Bob,water,,,"]
    content = "\n".join(["Name,Industry,Key,Since,Notes", *rows])
    batch = imported(mira, content, match, register="customers")
    assert batch.counts["imported"] == 2 and Segment.objects.get().name == "Water"
    assert rows_of(batch, State.ERROR) == {
        3: ["Row 2 has the same name."],
        4: [f"“Here already” exists already, as {Customer.objects.get(name='Here already').reference}."],
    }
    ada = Customer.objects.get(name="Ada")
    assert ada.is_key and ada.since_on == date(2020, 1, 5) and ada.about == "good" and ada.segment.name == "Water"
    undone(batch, mira)
    assert Customer.objects.in_force().count() == 1 and not Segment.objects.in_force().exists()


def test_a_product_made_meanwhile_makes_its_row_faulty(mira):
    batch = checked(
        mira, "name,code\nMeter,M1\nValve,V1\n", {"columns": {"name": "name", "code": "code"}}, register="products"
    )
    Product(name="valve").save(by=mira)
    run(intake.write(batch, by=mira))
    batch.refresh_from_db()
    assert batch.counts["imported"] == 1 and batch.counts["error"] == 1
