"""`manage.py import_feedback`: the summary, the exit code, and what is refused."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.tests.makers import make_person, make_unit
from feedback.models import Feedback
from feedback.tests.imports import CFPB, NYCC, SIMPLE, as_file
from records.models import Import, Job

CONTENT = "customer,received,words\nAda,2026-01-05,one\nBob,soon,two\nAda,2026-01-05,one\nCy,2026-01-06,three\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def call(tmp_path, mira):
    """Calls the command; gives the exit code and the summary."""

    def run(content=CONTENT, match=SIMPLE, *more, person=mira.email, file=None):
        if file is None:
            file = tmp_path / "feedback.csv"
            file.write_text(content, encoding="utf-8")
        mapping = as_file(tmp_path, match) if not hasattr(match, "exists") else match
        screen = StringIO()
        code = 0
        try:
            call_command(
                "import_feedback", str(file), "--source", "CRM", "--mapping", str(mapping), "--as", person, *more,
                stdout=screen,
            )  # fmt: skip
        except SystemExit as ended:
            code = ended.code
        return code, json.loads(screen.getvalue())

    return run


def test_good_rows_go_in_and_faulty_ones_end_with_exit_code_1(call, mira):
    code, summary = call()
    assert code == 1
    assert [summary[key] for key in ("rows", "imported", "duplicates", "warnings", "dry_run")] == [4, 2, 1, 0, False]
    assert summary["errors"] == [
        {"row": 3, "problems": ["received: “soon” is not a date written as year-month-day, such as 2026-12-31."]}
    ]
    assert summary["duplicate_rows"] == [{"row": 4, "first": 2}]
    assert summary["created"] == {"customer": 2, "product": 0}
    assert Feedback.objects.count() == 2
    batch = Import.objects.get()
    assert batch.recorded_by == mira and batch.source == "CRM" and batch.channel == "job"
    assert Job.objects.filter(state="done").count() == 2


def test_without_faults_the_exit_code_is_0(call):
    code, summary = call("customer,received,words\nAda,2026-01-05,x\n")
    assert (code, summary["imported"], summary["errors"]) == (0, 1, [])


def test_a_dry_run_records_nothing_and_may_be_repeated(call):
    for _time in range(2):
        code, summary = call(CONTENT, SIMPLE, "--dry-run")
        assert code == 1 and summary["dry_run"] and summary["imported"] == 0 and summary["importable"] == 2
    assert not Feedback.objects.exists()
    assert call()[1]["imported"] == 2


def test_the_same_file_is_refused(call):
    call()
    code, summary = call()
    assert code == 1 and summary["imported"] == 0
    assert summary["refused"] == [f"This very file is here already, as {Import.objects.get().reference}."]


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ({"columns": {"customer": "Nobody"}, "for_all": {"kind": "complaint"}}, "no column “Nobody”"),
        (SIMPLE | {"colour": "red"}, "unknown parts: colour"),
        (SIMPLE | {"duplicates": "maybe"}, "“skip” or “import”"),
        ([], "must be a JSON object"),
        (SIMPLE | {"file": {"encoding": "klingon"}}, "another encoding"),
    ],
)
def test_a_wrong_mapping_is_refused_and_the_file_may_be_brought_again(call, match, says):
    code, summary = call(CONTENT, match)
    assert code == 1 and says in " ".join(summary["refused"])
    assert call()[1]["imported"] == 2


def test_what_is_no_table_or_not_there_is_refused(call, tmp_path):
    assert "empty" in call("")[1]["refused"][0]
    assert "cannot be read" in call(file=tmp_path / "absent.csv")[1]["refused"][0]
    assert "cannot be read" in call(CONTENT, tmp_path / "absent.json")[1]["refused"][0]
    broken = tmp_path / "broken.json"
    broken.write_text("[" * 100_000)
    assert "nested too deeply" in call(CONTENT, broken)[1]["refused"][0]
    assert not Import.objects.in_force().exists()


def test_who_may_not_import_is_refused(call, stefan, aude):
    assert "may not import" in call(person=stefan.email)[1]["refused"][0]
    assert "may not import" in call(person=aude.email)[1]["refused"][0]
    assert "Nobody with the e-mail" in call(person="nobody@example.com")[1]["refused"][0]


def test_a_units_manager_imports_for_that_unit(call):
    service, sales = make_unit("Service"), make_unit("Sales")
    boss = make_person("Uma Unit", "manager", service)
    assert (
        "may not import for a unit"
        in call(CONTENT, SIMPLE, "--unit", sales.reference, person=boss.email)[1]["refused"][0]
    )
    assert call(person=boss.email)[1]["imported"] == 2
    assert {record.unit for record in Feedback.objects.all()} == {service}


def test_the_mapping_may_say_how_the_file_is_read_and_what_becomes_of_duplicates(call):
    content = "Ada;3/4/2026;one\nAda;3/4/2026;one\n"
    match = {
        "columns": {"customer": "Column 1", "received": "Column 2", "words": "Column 3"},
        "dates": {"received": "dmy"},
        "for_all": {"kind": "enquiry"},
        "file": {"delimiter": ";", "has_header": False},
        "duplicates": "import",
    }
    code, summary = call(content, match)
    assert (code, summary["imported"]) == (0, 2)
    assert str(Feedback.objects.first().received_on) == "2026-04-03"


def test_nothing_new_is_made_when_the_mapping_says_so(call):
    code, summary = call("customer,received,words\nAda,2026-01-05,x\n", SIMPLE | {"create": False})
    assert code == 1 and summary["imported"] == 0 and "was not to be made" in summary["errors"][0]["problems"][0]


@pytest.mark.once  # long, and the same work on either database
@pytest.mark.shared
def test_the_shared_files_go_in_by_the_documented_mappings(call, shared):
    code, summary = call(match=CFPB, file=shared / "data/datasets/cfpb_14col.csv")
    assert code == 0
    assert [summary[key] for key in ("rows", "imported", "duplicates", "warnings")] == [3186, 3175, 11, 6]
    code, summary = call(match=NYCC, file=shared / "data/datasets/ny_constituent_cases_NYCC03.csv")
    assert (code, summary["rows"], summary["imported"]) == (0, 12_171, 12_171)
