"""What the house tells people of its own accord."""

import pytest

from accounts.tests.makers import appoint, make_person
from records import jobs
from records.models import Job
from records.models.job import MAX_ATTEMPTS

pytestmark = pytest.mark.django_db


def test_administrators_in_office_hear_of_work_that_failed_for_good(client, adam, mira, organisation):
    former = make_person("Former Admin")
    appoint(former, "administrator", to_on=adam.joined_at.date().replace(year=2021))
    job = Job.objects.create(kind="of another version", attempts=MAX_ATTEMPTS - 1)
    Job.objects.filter(pk=job.pk).update(attempts=MAX_ATTEMPTS)
    jobs.run_due()
    (told,) = adam.notifications.all()
    assert "of another version" in told.text
    assert not mira.notifications.exists()
    assert not former.notifications.exists()
    client.force_login(adam)
    listed = client.post(f"/notifications/{told.pk}/open/", follow=True)
    assert listed.context["jobs"] == [job]
