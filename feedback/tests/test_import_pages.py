"""The pages of an import: the file, its columns, the check, the result, the way back; who may, and bad input."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.tests.makers import make_person, make_unit
from feedback.models import Feedback
from feedback.tests.imports import SIMPLE, bring, checked, imported, undone
from records import jobs
from records.importing import intake
from records.models import Import, Job

CONTENT = "customer,received,words,colour\nAda,2026-01-05,one,red\nBob,soon,two,blue\nAda,2026-01-05,one,red\n"
MATCH = {
    "column-customer": "customer",
    "column-received": "received",
    "column-words": "words",
    "dates-received": "ymd",
    "for-all-kind": "complaint",
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def as_mira(client, mira):
    client.force_login(mira)
    return client


def upload(client, content=CONTENT, name="feedback.csv", **given):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(reverse("imports:create"), {"register": "feedback", "source": "CRM", "file": file, **given})


def url(verb, batch):
    return reverse(f"imports:{verb}", args=[batch.reference])


def text(response):
    return response.content.decode()


def work():
    while jobs.run_due():
        pass


def test_a_file_goes_from_upload_to_records_and_back(as_mira):
    response = upload(as_mira)
    batch = Import.objects.get()
    assert response.status_code == 302 and response.url == batch.get_absolute_url()

    page = text(as_mira.get(response.url))
    assert "Read as UTF-8, columns separated by comma, headings in the first row." in page
    assert "<td>red</td>" in page and "Which column holds what?" in page

    assert as_mira.post(url("match", batch), MATCH).status_code == 302
    assert "Being checked" in text(as_mira.get(batch.get_absolute_url()))
    work()
    page = text(as_mira.get(batch.get_absolute_url()))
    for words in (
        "Checked; nothing is imported yet",
        "“soon” is not a date",
        "Row 4 is the same as row 2",
        "Import 1 row<",
    ):
        assert words in page
    assert "Names that are new: Customer 1" in page and not Feedback.objects.exists()

    assert as_mira.post(url("write", batch), {"duplicates": "skip", "create": "yes"}).status_code == 302
    work()
    page = text(as_mira.get(batch.get_absolute_url()))
    assert "1 record imported" in page
    record = Feedback.objects.get()
    listed = text(as_mira.get(reverse("feedback:list"), {"import": batch.reference}))
    assert f"{reverse('feedback:list')}?import={batch.reference}" in page and record.reference in listed

    assert as_mira.post(url("undo", batch), {"reason": "Only a try"}).status_code == 302
    work()
    page = text(as_mira.get(batch.get_absolute_url()))
    assert "This import is undone" in page and "Only a try" in page
    assert upload(as_mira).status_code == 302


def test_the_same_file_twice_leads_to_the_first(as_mira, mira):
    first = bring(mira, CONTENT)
    response = upload(as_mira, name="renamed.csv")
    assert response.status_code == 400
    assert f'href="{first.get_absolute_url()}"' in text(response) and "is here already" in text(response)
    assert Import.objects.count() == 1


def test_an_upload_sent_twice_makes_one_import(as_mira):
    page = as_mira.get(reverse("imports:create"))
    token = page.context["token"]
    urls = {upload(as_mira, token=token).headers.get("Location") for _click in range(2)}
    assert Import.objects.count() == 1
    assert Import.objects.get().get_absolute_url() in urls


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\0" * 50, "Save it as CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"a,b\n", "no rows below"),
        (b'a,b\n1,"open\n', "never closed"),
        (b"\0" * 5_000, "not a text file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_nothing_is_kept(as_mira, content, says):
    response = upload(as_mira, content)
    assert response.status_code == 400 and says in text(response)
    assert 'value="CRM"' in text(response)  # what was typed stays
    assert not Import.objects.exists()


def test_a_file_over_the_limit_is_refused(as_mira, settings):
    settings.IMPORT_MAX_BYTES = 100
    response = upload(as_mira, CONTENT * 10)
    assert response.status_code == 400 and "at most" in text(response)


@pytest.mark.parametrize(
    "given",
    [{"register": "nothing"}, {"source": ""}, {"source": "x" * 81}, {"source": "a\0b"}, {"unit": "999"}, {"file": ""}],
)
def test_a_faulty_upload_form_is_answered_in_words(as_mira, given):
    response = upload(as_mira, **given)
    assert response.status_code == 400 and "There is a problem" in text(response)
    assert not Import.objects.exists()


def test_file_names_are_shown_and_never_used_as_paths(as_mira):
    upload(as_mira, name="../../<b>evil</b>.csv")
    batch = Import.objects.get()
    assert "/" not in batch.filename and batch.file.name.startswith("imports/") and "evil" not in batch.file.name
    assert "<b>evil" not in text(as_mira.get(batch.get_absolute_url()))


def test_a_faulty_match_keeps_what_was_chosen_and_says_where(as_mira, mira):
    batch = bring(mira, CONTENT)
    response = as_mira.post(url("match", batch), MATCH | {"for-all-kind": "", "column-words": "colour"})
    assert response.status_code == 400
    page = text(response)
    assert "Say which column holds “Kind”, or give it for all rows." in page
    assert '<option value="colour" selected>' in page
    assert as_mira.post(url("match", batch), MATCH | {"column-words": "no such column"}).status_code == 400
    assert as_mira.post(url("match", batch), MATCH | {"dates-received": "klingon"}).status_code == 400
    assert not Job.objects.exists()


def test_ambiguous_dates_are_asked_for(as_mira, mira):
    batch = bring(mira, "customer,received\nAda,3/4/2026\n")
    page = text(as_mira.get(batch.get_absolute_url()))
    assert "can be read in several ways" in page
    response = as_mira.post(
        url("match", batch), {"column-customer": "customer", "column-received": "received", "for-all-kind": "complaint"}
    )
    assert response.status_code == 400 and "could be day/month/year or month/day/year" in text(response)


def test_a_file_can_be_read_in_another_way(as_mira, mira):
    batch = bring(mira, "a;b\nx,1;y\n")
    response = as_mira.post(url("read", batch), {"encoding": "utf-8", "delimiter": ",", "has_header": "no"})
    assert response.status_code == 302
    assert "columns separated by comma, no headings" in text(as_mira.get(batch.get_absolute_url()))
    response = as_mira.post(url("read", batch), {"encoding": "utf-16", "delimiter": ",", "has_header": "no"})
    assert response.status_code == 400 and "another encoding" in text(response)
    assert as_mira.post(url("read", batch), {"encoding": "x", "delimiter": "", "has_header": ""}).status_code == 400


def test_progress_is_asked_by_htmx_and_the_page_comes_anew_at_the_end(as_mira, mira):
    batch = bring(mira, CONTENT)
    as_mira.post(url("match", batch), MATCH)
    part = as_mira.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert "<html" not in text(part) and 'hx-trigger="every 2s"' in text(part) and "HX-Refresh" not in part
    assert "HX-Request" in part["Vary"]
    work()
    part = as_mira.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert part["HX-Refresh"] == "true" and "hx-trigger" not in text(part)


def test_work_can_be_stopped_and_taken_up_again(as_mira, mira):
    batch = checked(mira, CONTENT, SIMPLE)
    as_mira.post(url("write", batch), {"duplicates": "skip", "create": "yes"})
    as_mira.post(url("stop", batch))
    assert "It is stopped." in text(as_mira.get(batch.get_absolute_url()))
    work()
    assert not Feedback.objects.exists()
    as_mira.post(url("resume", batch))
    work()
    assert Feedback.objects.count() == 1


def test_a_discarded_file_may_be_brought_again(as_mira, mira):
    batch = bring(mira, CONTENT)
    as_mira.post(url("discard", batch))
    batch.refresh_from_db()
    assert batch.is_voided
    assert upload(as_mira).status_code == 302


def test_rows_to_mend_come_as_csv(as_mira, mira):
    batch = imported(mira, CONTENT)
    response = as_mira.get(url("errors", batch))
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    assert response["Content-Type"].startswith("text/csv") and "to-mend.csv" in response["Content-Disposition"]
    assert content.splitlines()[0] == "Row in the first file,What is wrong,customer,received,words,colour"
    assert content.splitlines()[1].startswith("3,") and content.splitlines()[1].endswith("Bob,soon,two,blue")


def test_steps_out_of_order_are_refused_in_words(as_mira, mira):
    batch = imported(mira, CONTENT)
    for verb, data in (
        ("match", MATCH),
        ("write", {"duplicates": "skip", "create": "yes"}),
        ("discard", {}),
        ("resume", {}),
    ):
        response = as_mira.post(url(verb, batch), data)
        assert response.status_code == 400 and "is at the stage “Imported”" in text(response), verb
    assert as_mira.post(url("undo", batch), {"reason": " "}).status_code == 400
    undone(batch, mira)
    assert as_mira.post(url("undo", batch), {"reason": "again"}).status_code == 400


VERBS = ("read", "match", "write", "undo", "resume", "stop", "discard")


def test_verbs_are_posts_and_wrong_references_are_404(as_mira, mira):
    batch = bring(mira, CONTENT)
    for verb in VERBS:
        assert as_mira.get(url(verb, batch)).status_code == 405, verb
        assert as_mira.post(reverse(f"imports:{verb}", args=["IM-1999-0001"]), MATCH).status_code == 404, verb
    assert as_mira.get(reverse("imports:detail", args=["IM-1999-0001"])).status_code == 404
    assert as_mira.get(reverse("imports:detail", args=[batch.reference.lower()])).status_code == 200


def test_who_may_see_and_who_may_import(client, mira, stefan, aude, adam, quinn):
    batch = bring(mira, CONTENT)
    for person, sees, may in (
        (mira, 200, True),
        (quinn, 200, True),
        (aude, 200, False),
        (stefan, 403, False),
        (adam, 403, False),
    ):
        client.force_login(person)
        assert client.get(reverse("imports:list")).status_code == sees, person
        assert client.get(batch.get_absolute_url()).status_code == sees, person
        assert client.get(reverse("imports:create")).status_code == (200 if may else 403), person
        if not may:
            assert upload(client).status_code == 403, person
            for verb in VERBS:
                assert client.post(url(verb, batch), MATCH).status_code == 403, (person, verb)
    client.logout()
    assert client.get(batch.get_absolute_url()).status_code == 302


def test_an_import_of_another_unit_is_not_to_be_seen(client, mira, organisation):
    sales = make_unit("Sales")
    boss = make_person("Uma Unit", "manager", make_unit("Service"))
    foreign = bring(mira, CONTENT, unit=sales)
    client.force_login(boss)
    assert client.get(foreign.get_absolute_url()).status_code == 404
    assert client.post(url("discard", foreign)).status_code == 404
    assert client.get(url("errors", foreign)).status_code == 404
    assert foreign.filename not in text(client.get(reverse("imports:list")))
    response = upload(client)  # the same file: said, but without a link that would lead nowhere
    assert response.status_code == 400 and foreign.get_absolute_url() not in text(response)
    own = upload(client, CONTENT + "Cy,2026-01-06,x,y\n", unit=str(boss.appointments.get().unit_id))
    assert own.status_code == 302 and Import.objects.latest("pk").unit == boss.appointments.get().unit


def test_the_list_shows_imports_and_what_came_of_them(as_mira, mira, django_assert_max_num_queries):
    imported(mira, CONTENT, filename="first.csv")
    bring(mira, CONTENT + "x,y,z,w\n", filename="second.csv")
    with django_assert_max_num_queries(20):
        page = text(as_mira.get(reverse("imports:list")))
    assert "first.csv" in page and "second.csv" in page and "Columns to match" in page
    assert "second.csv" not in text(as_mira.get(reverse("imports:list"), {"stage": "done"}))
    content = b"".join(as_mira.get(reverse("imports:list"), {"format": "csv"}).streaming_content).decode()
    assert "first.csv" in content and "SHA-256" in content


def test_hostile_cells_are_escaped_wherever_they_are_shown(as_mira, mira):
    nasty = "<script>alert(1)</script>\"'"
    row = f'"{nasty.replace(chr(34), chr(34) * 2)}",soon,x\n'
    batch = bring(mira, f"customer,received,<b>words</b>\n{row}")
    assert nasty not in text(as_mira.get(batch.get_absolute_url()))
    match = {
        "columns": {"customer": "customer", "received": "received"},
        "dates": {"received": "ymd"},
        "for_all": {"kind": "complaint"},
    }
    intake.check(batch, by=mira, match=match)
    work()
    page = text(as_mira.get(batch.get_absolute_url()))
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "<b>words</b>" not in page


def test_a_large_upload_is_streamed_to_disk_and_read(as_mira, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    rows = io.StringIO()
    rows.write("customer,received,words\n")
    for number in range(500):
        rows.write(f"Ada,2026-01-05,{number}\n")
    assert upload(as_mira, rows.getvalue()).status_code == 302
    assert Import.objects.get().size == len(rows.getvalue())
