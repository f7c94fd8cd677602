"""Checkpoints outside the database: each once, in order, whatever became of the file or of who wrote it."""

import json
import logging
import os

import pytest

from trail import anchors
from trail.models import Checkpoint
from trail.sealing import seal
from trail.tests.makers import make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(settings, tmp_path):
    seal()  # what there is from the beginning
    settings.ANCHOR_FILE = tmp_path / "elsewhere" / "checkpoints.jsonl"
    return settings.ANCHOR_FILE


def make_checkpoint(count=1):
    """Seal `count` more versions under one checkpoint, which is held by nobody yet; gives its size."""
    for _one in range(count):
        make_event()
    seal()
    return Checkpoint.objects.last().size


def sizes_in(file):
    return [told["size"] for told in map(whole, file.read_bytes().split(b"\n")) if told]


def whole(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


def held():
    return list(Checkpoint.objects.values_list("size", flat=True))


def test_every_checkpoint_is_held_once_with_all_that_is_needed_to_check_it(file):
    make_checkpoint(), make_checkpoint(3)
    anchors.hold()
    make_checkpoint()
    anchors.hold()
    anchors.hold()

    assert sizes_in(file) == held()
    last, checkpoint = json.loads(file.read_text().splitlines()[-1]), Checkpoint.objects.last()
    assert last == anchors.line_of(checkpoint)
    assert last["root"] == checkpoint.root and last["public_key"] == checkpoint.key.public_key
    assert anchors.behind() == 0


@pytest.mark.django_db(transaction=True)
def test_sealing_holds_what_it_has_sealed_and_what_was_left_over(file, caplog):
    caplog.set_level(logging.INFO, "heed.anchor")
    first = make_checkpoint()
    assert sizes_in(file) == held()
    assert f"checkpoint {first} {Checkpoint.objects.last().root}" in caplog.messages

    file.unlink()
    assert seal() == 0, "nothing waits, and yet"
    assert sizes_in(file) == held()
    assert sum(message.startswith(f"checkpoint {first} ") for message in caplog.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_that_cannot_be_written_stops_nothing_and_is_made_up_for(file, caplog):
    file.parent.write_text("a file where the folder should be")
    make_checkpoint(2)
    assert "the anchor file cannot be written" in caplog.text

    file.parent.unlink()
    assert anchors.behind() == Checkpoint.objects.count() >= 2
    make_checkpoint()
    assert sizes_in(file) == held() and anchors.behind() == 0


@pytest.mark.parametrize("kept", [1, 20, 200, -1])
def test_a_line_that_was_torn_is_ended_and_written_anew(file, kept):
    """Killed in the middle of the last line; -1 is all of it but for its end of line."""
    make_checkpoint(), make_checkpoint(2)
    anchors.hold()
    before, last = file.read_bytes().rstrip(b"\n").rsplit(b"\n", 1)
    torn = before + b"\n" + (last[:kept] if kept > 0 else last)
    file.write_bytes(torn)
    make_checkpoint()
    anchors.hold()

    assert file.read_bytes().startswith(torn), "the file is only added to"
    assert sizes_in(file) == held()
    if kept > 0:
        again = file.read_bytes()[len(torn) + 1 :].split(b"\n")[0]
        assert again == last, "the torn line is the beginning of the next"


def test_the_first_line_may_be_torn_too(file):
    file.parent.mkdir()
    file.write_bytes(b'{"siz')
    make_checkpoint()
    anchors.hold()

    assert sizes_in(file) == held()


def test_much_that_cannot_be_read_does_not_hide_the_last_whole_line(file):
    make_checkpoint()
    anchors.hold()
    with file.open("ab") as end:
        end.write(b"\x00rubbish\n" * 10_000)
    size = make_checkpoint()
    anchors.hold()

    assert sizes_in(file) == held() and sizes_in(file)[-1] == size


def test_after_a_restore_it_goes_on_from_the_size_of_the_backup(file):
    make_checkpoint(5)
    anchors.hold()
    before, kept = held(), held()[0]
    with file.open("a") as end:
        end.write(json.dumps({"restored": "2026-03-31T14:30:00.000000Z", "size": kept, "lost_from": before[-1]}) + "\n")
    make_checkpoint()
    anchors.hold()

    assert sizes_in(file) == [*before, kept, *held()[1:]]


def test_without_a_file_nothing_is_held(settings):
    settings.ANCHOR_FILE = None
    make_checkpoint()
    anchors.hold()
    assert anchors.behind() == 0


def test_the_folder_is_for_its_owner_only(file):
    make_checkpoint()
    anchors.hold()
    assert os.stat(file.parent).st_mode & 0o777 == 0o700
