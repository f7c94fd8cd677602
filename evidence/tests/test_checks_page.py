"""Checks of the trail: who reads what they found, and who asks for one."""

import pytest
from django.utils import timezone

from evidence import checking
from evidence.check_line import check_line
from records.models import Job
from trail.models import Verification
from trail.sealing import seal

pytestmark = pytest.mark.django_db
NOW = "/trail/checks/now/"


@pytest.fixture
def unsound(quinn):
    return Verification.objects.create(
        ended_at=timezone.now(),
        asked_by=quinn,
        size=812,
        root="ab" * 32,
        anchors=2,
        is_sound=False,
        findings=[f"FB-2026-000{number}: version 2 is not what was sealed." for number in range(5)],
    )


def test_each_finding_stands_there_in_words(client, aude, unsound):
    client.force_login(aude)
    response = client.get("/trail/checks/")
    for finding in unsound.findings:
        assert finding in response.text
    assert "The last check found 5 things" in response.text
    assert "Check now" not in response.text


@pytest.mark.parametrize(("result", "found"), [("sound", 0), ("found", 1)])
def test_they_are_found_by_their_result(client, aude, unsound, result, found):
    client.force_login(aude)
    assert len(client.get("/trail/checks/", {"result": result}).context["records"]) == found


def test_a_check_is_asked_for_once_however_often(client, quinn):
    client.force_login(quinn)
    assert "Check now" in client.get("/trail/checks/").text
    for _again in range(2):
        assert client.post(NOW).status_code == 302
    assert Job.objects.filter(kind=checking.KIND).count() == 1
    assert "A check waits for its turn." in client.get("/trail/checks/").text


def test_what_is_at_work_says_how_far_it_is(client, quinn):
    checking.ask(by=quinn)
    Job.objects.update(state=Job.State.RUNNING, leased_until=timezone.now(), done=40, total=100)
    client.force_login(quinn)
    assert "40 % is done" in client.get("/trail/checks/").text


@pytest.mark.parametrize(("who", "status"), [("aude", 403), ("mira", 403), ("stefan", 403), ("adam", 302)])
def test_only_who_keeps_the_system_asks_for_one(client, request, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.post(NOW).status_code == status
    assert client.get(NOW).status_code == (405 if status == 302 else 403)


def test_the_line_is_for_those_who_read_checks(quinn, aude, mira, unsound):
    seal()
    assert check_line(mira) is None
    line = check_line(aude)
    assert (line.check, line.waiting) == (unsound, 0)
    assert line.size > 0
    assert len(line.root) == 64
