"""The house in Chromium as people use it: from a complaint typed without a mouse to its answer, and without scripts."""

import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.makers import PASSWORD
from customers.tests.makers import make_contact, make_customer
from feedback.models import Feedback
from kpis.tasks import keep_up
from qms.tests.browsing import browser_of
from qms.tests.makers import FILE
from records.models import Import

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PROMISED_SECONDS = 10  # until a manager's Home knows what was saved


@pytest.fixture
def open_browser(browser, live_server):
    """A browser of one's own for each person of a story."""
    contexts = []

    def open_one(**options):
        contexts.append(browser.new_context(base_url=live_server.url, **options))
        contexts[-1].set_default_timeout(10_000)
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


def sign_in(page, person):
    """By the form, from wherever the page that was asked for sends one."""
    page.goto("/")
    page.wait_for_url("**/accounts/login/**")
    page.get_by_label("E-mail").focus()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def until_home_shows(page, words):
    """Reload Home, as the worker keeps up, until it says so. How many seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < PROMISED_SECONDS:
        keep_up()
        page.goto("/")
        if words in page.inner_text("main"):
            return time.monotonic() - began
        page.wait_for_timeout(200)
    raise AssertionError(f"Home does not say {words!r} after {PROMISED_SECONDS} s")


def test_a_complaint_from_the_telephone_to_the_answer(open_browser, stefan, mira):
    make_contact("Jo Brandt", make_customer("Halden Water"))
    staff, manager = open_browser(), open_browser()
    sign_in(manager, mira)
    expect(manager.locator("main")).to_contain_text("Nothing waits for you")

    sign_in(staff, stefan)
    staff.goto("/customers/")  # the customer rings while something else is on the screen
    press, write = staff.keyboard.press, staff.keyboard.type
    press("n")
    staff.wait_for_url("**/feedback/new/")
    write("hal")
    expect(staff.get_by_role("option", name="Halden Water")).to_be_visible()
    press("Enter")
    for key in ("Tab", "ArrowRight", "ArrowRight", "ArrowRight"):
        press(key)
    expect(staff.get_by_role("radio", name="Complaint")).to_be_checked()
    press("Tab")
    write("Two flow meters promised for Friday arrived on Tuesday.")
    press("Control+Enter")
    saved = staff.get_by_role("status").filter(has_text="Saved as")
    expect(saved).to_contain_text("Mira Castellan has been told.")
    complaint = Feedback.objects.get()
    expect(saved).to_contain_text(complaint.reference)

    assert until_home_shows(manager, "Complaints received") < PROMISED_SECONDS
    expect(manager.get_by_label("Notifications, 1 new")).to_be_visible()
    expect(manager.locator("main")).to_contain_text(f"Acknowledge Halden Water: {complaint.title}")
    row = manager.get_by_role("row").filter(has=manager.get_by_role("link", name="Complaints received"))
    assert row.locator(".big").inner_text() == "1"
    row.get_by_role("link", name="Complaints received").click()
    manager.get_by_role("link", name="1 record counted").click()
    expect(manager.get_by_role("status").filter(has_text="1 to 1 of 1")).to_be_visible()
    manager.get_by_role("link", name=re.compile(complaint.reference)).first.click()

    expect(manager.locator(".quote, .voice").first).to_contain_text("arrived on Tuesday")
    do(manager, "Acknowledge", "What did you write to them?", "We are looking into it.", "Acknowledge it")
    expect(manager.get_by_role("status").filter(has_text="is acknowledged")).to_be_visible()
    do(manager, "Answer the customer", "What did you answer?", "They left today.", "Keep the answer")
    expect(manager.get_by_role("status").filter(has_text="is answered")).to_be_visible()
    complaint.refresh_from_db()
    assert (complaint.acknowledged_by, complaint.answered_by, complaint.outcome) == (mira, mira, "They left today.")
    assert complaint.acknowledged_at <= complaint.acknowledge_due_at and complaint.answered_on == timezone.localdate()
    manager.goto("/")
    expect(manager.locator("main")).to_contain_text("Nothing waits for you")


def do(page, verb, label, words, button):
    page.get_by_role("button", name=verb).first.click()
    page.get_by_label(label).fill(words)
    page.get_by_role("button", name=button).click()


def test_two_people_at_one_complaint_the_second_sees_both_texts(house, browser):
    path = f"{house.complaint.get_absolute_url()}edit/"
    with browser_of(browser, house, "mira") as mira, browser_of(browser, house, "quinn") as quinn:
        for page, subject in ((mira, "Late by two days"), (quinn, "Late, and the second time")):
            page.goto(path)
            page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
            page.get_by_label("About").fill(subject)
        mira.get_by_role("button", name="Save").click()
        expect(mira.get_by_role("heading", name="Late by two days")).to_be_visible()
        with quinn.expect_response(lambda response: response.request.method == "POST") as answer:
            quinn.get_by_role("button", name="Save").click()
        assert answer.value.status == 409
        expect(quinn.get_by_role("alert")).to_contain_text("Mira Castellan")
        expect(quinn.locator("main")).to_contain_text("Late by two days")
        expect(quinn.get_by_label("About")).to_have_value("Late, and the second time")
        quinn.get_by_role("button", name="Save").click()
        expect(quinn.get_by_role("heading", name="Late, and the second time")).to_be_visible()
    house.complaint.refresh_from_db()
    assert house.complaint.rev == 3


def test_a_double_click_on_save_makes_one_record(house, browser):
    before = Feedback.objects.count()
    with browser_of(browser, house, "stefan") as page:
        page.goto("/feedback/new/")
        page.get_by_role("combobox", name="Which customer?").fill("Halden Water")
        page.get_by_role("radio", name="Praise").check()
        page.get_by_label("What did they say?").fill("They came out on a Sunday.")
        page.get_by_role("button", name="Save feedback").dblclick()
        expect(page.get_by_role("status").filter(has_text="Saved as")).to_be_visible()
    assert Feedback.objects.count() == before + 1


def test_without_scripts_one_signs_in_filters_records_and_brings_a_file(open_browser, house, tmp_path):
    page = open_browser(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page.goto("/feedback/")
    page.get_by_label("E-mail").fill(house.people["mira"].email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Feedback", level=1)).to_be_visible()

    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Kind").select_option("compliment")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("kind=compliment"))
    assert "acknowledge_due_from" not in page.url  # only links set it
    expect(page.get_by_role("status").filter(has_text="of")).to_contain_text(
        str(Feedback.objects.filter(kind="compliment").count())
    )

    page.get_by_role("navigation", name="Quick").get_by_role("link", name="Record").click()
    page.get_by_label("Which customer?").fill("Brenta Foods")
    page.get_by_label("Complaint").check(force=True)
    page.get_by_label("What did they say?").fill("The pallet arrived wet.")
    page.get_by_role("button", name="Save feedback").click()
    expect(page.get_by_text("Saved as")).to_be_visible()
    assert Feedback.objects.latest("pk").words == "The pallet arrived wet."

    file = tmp_path / "last year.csv"
    file.write_text(FILE.replace("high", "low by half"))
    page.goto("/imports/new/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_label("Where does it come from?").fill("Help desk")
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_text("Which column holds what?")).to_be_visible()
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_role("heading", name="last year.csv")).to_be_visible()
    assert Import.objects.latest("pk").stage == Import.Stage.CHECKING
