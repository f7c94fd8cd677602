"""One complaint through the whole house: recorded, sealed, counted, read, and found again behind its number."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.tests.makers import make_customer, make_product
from feedback import services
from feedback.models import Feedback
from kpis import readings, rollup
from kpis.models import Kpi, Reading
from records.measures import Period
from trail.as_of import as_of
from trail.models import Pending, Seal
from trail.sealing import seal

pytestmark = pytest.mark.django_db


def keep_up():
    """What the worker does every few seconds."""
    seal()
    rollup.fold_in()


def point_of(code, period):
    """The figure of a KPI in a period."""
    return next(point for point in readings.points(Kpi.objects.get(code=code)) if point.period == period)


def links_behind(client, code, period):
    """{words: how many records the list behind them holds} of a KPI's page at a period."""
    page = client.get(reverse("kpis:detail", args=[code]), {"period": str(period)})
    assert page.status_code == 200
    return {
        link["words"]: client.get(link["url"]).context["filter"].qs.count() for link in page.context["behind"]["links"]
    }


def test_from_a_complaint_to_the_list_behind_its_number(client, stefan, mira, aude):
    meter, halden = make_product("Flow meter"), make_customer("Halden Water")
    now = timezone.now()
    month = Period.containing(timezone.localdate(now), "month")

    # Staff record it; its owner has been told, and its first promise stands.
    client.force_login(stefan)
    said = {"customer_name": "halden water", "kind": "complaint", "words": "It came a week late.", "product": meter.pk}
    assert client.post(reverse("feedback:create"), said).status_code == 302
    complaint = Feedback.objects.get()
    assert (complaint.customer, complaint.product, complaint.owner) == (halden, meter, mira)
    assert mira.notifications.filter(reference=complaint.reference).count() == 1
    promised = complaint.answer_due_at
    assert promised > now

    # The manager acknowledges and answers it; each step is a version.
    client.force_login(mira)
    client.post(reverse("feedback:acknowledge", args=[complaint.reference]), {"text": "We are looking into it."})
    client.post(reverse("feedback:answer", args=[complaint.reference]), {"outcome": "A new one left today."})
    complaint.refresh_from_db()
    assert complaint.answered_by == mira and complaint.answer_due_at == promised

    # What was saved is sealed, without a gap, and folded into the figures; a second time changes nothing.
    keep_up()
    assert not Pending.objects.exists()
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, Seal.objects.count() + 1))
    verbs = Seal.objects.filter(reference=complaint.reference).order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["recorded", "acknowledged", "answered"]
    counted = list(Reading.objects.order_by("pk").values("kpi", "start_on", "revision", "value", "seq"))
    keep_up()
    assert list(Reading.objects.order_by("pk").values("kpi", "start_on", "revision", "value", "seq")) == counted

    # The figures say so …
    due_in = Period.containing(complaint.answer_due_on, "month")
    assert point_of("complaints-received", month).value == 1
    assert point_of("feedback-received", month).value == 1
    if due_in == month:
        assert point_of("answered-on-time", month).value == Decimal(100)

    # … and open the record that made them, on the page, in the file and for the part of it that is the product's.
    assert links_behind(client, "complaints-received", month) == {"1 record counted": 1}
    listed = client.get(reverse("feedback:list"), {"kind": "complaint", "product": meter.reference})
    assert list(listed.context["filter"].qs) == [complaint]
    home = client.get(reverse("home"), {"product": meter.reference}).content.decode()
    assert "It came a week late." in home

    # A correction makes a new revision of the figure; the earlier one stays as it was known.
    before = Reading.objects.get(kpi__code="complaints-received", start_on=month.start)
    complaint.kind, complaint.severity = Feedback.Kind.ENQUIRY, ""
    services.edit(by=mira, feedback=complaint, reason="They only asked.")
    keep_up()
    assert point_of("complaints-received", month).value == 0
    assert point_of("questions-received", month).value == 1
    revisions = Reading.objects.filter(kpi=before.kpi, start_on=month.start).order_by("revision")
    assert [(one.revision, one.value) for one in revisions] == [(1, 1), (2, 0)]
    with as_of(before.recorded_at):
        known = readings.points(before.kpi)
    assert [point.value for point in known if point.period == month] == [1]

    # Void, it is counted nowhere, and an auditor still reads it with every version.
    complaint.refresh_from_db()
    services.void(by=mira, feedback=complaint, reason="A test of the telephone.")
    keep_up()
    assert all(point.value is None for point in readings.points(Kpi.objects.get(code="feedback-received")))
    client.force_login(aude)
    page = client.get(complaint.get_absolute_url())
    assert page.status_code == 200
    assert [version.rev for version in page.context["versions"]] == [5, 4, 3, 2, 1]
