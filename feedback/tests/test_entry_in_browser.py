"""Recording feedback in Chromium: by keyboard alone, on a phone, and without a script."""

import re

import pytest
from playwright.sync_api import expect

from customers.tests.makers import make_contact, make_customer
from feedback.models import Feedback
from feedback.tests.makers import make_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 320, "height": 700}


@pytest.fixture
def halden(mira):
    halden = make_customer("Halden Water")
    make_contact("Jo Brandt", halden, position="site engineer")
    return halden


@pytest.fixture
def signed_in(live_server, client):
    def sign_in(context, user):
        client.force_login(user)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        context.add_cookies([cookie])
        return context

    return sign_in


def focused(page):
    return page.evaluate("document.activeElement.name || document.activeElement.tagName.toLowerCase()")


def test_by_keyboard_alone_customer_kind_words_saved_and_undone(page, live_server, signed_in, stefan, halden):
    signed_in(page.context, stefan)
    page.goto(f"{live_server.url}/feedback/")
    press = page.keyboard.press
    press("n")
    page.wait_for_url("**/feedback/new/")
    expect(page.get_by_role("combobox", name="Which customer?")).to_be_focused()
    page.keyboard.type("hal")
    expect(page.get_by_role("option", name="Halden Water")).to_be_visible()
    press("Enter")
    expect(page.get_by_role("combobox", name="Which customer?")).to_have_value("Halden Water")
    order = []
    for key in ("Tab", "ArrowRight", "ArrowRight", "ArrowRight", "Tab"):
        press(key)
        order.append(focused(page))
    assert order == ["kind"] * 4 + ["words"]
    expect(page.locator("#promise")).to_contain_text("We tell Halden Water we have it by")
    expect(page.locator("#promise")).to_contain_text("and Mira Castellan owns it.")
    expect(page.locator("#speaker")).to_contain_text("Jo Brandt spoke, site engineer.")
    page.keyboard.type("Two flow meters promised for Friday arrived on Tuesday.")
    press("Control+Enter")
    toast = page.get_by_role("status").filter(has_text="Saved as")
    expect(toast).to_contain_text("Mira Castellan has been told.")
    feedback = Feedback.objects.get()
    assert (feedback.kind, feedback.customer, feedback.contact.name) == ("complaint", halden, "Jo Brandt")
    toast.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="is taken back")).to_be_visible()
    feedback.refresh_from_db()
    assert feedback.is_voided


def test_after_the_words_come_more_and_save(page, live_server, signed_in, stefan, halden):
    signed_in(page.context, stefan)
    page.goto(f"{live_server.url}/feedback/new/")
    page.get_by_label("What did they say?").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "summary"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").startswith("Save feedback")


def test_what_was_typed_is_kept_on_the_server(page, live_server, signed_in, stefan, halden):
    signed_in(page.context, stefan)
    page.goto(f"{live_server.url}/feedback/new/")
    page.get_by_label("What did they say?").fill("Half a sentence")
    expect(page.get_by_text(re.compile("Draft kept, "))).to_be_visible()
    page.goto(f"{live_server.url}/feedback/new/")
    expect(page.get_by_label("What did they say?")).to_have_value("Half a sentence")
    page.get_by_role("button", name="Begin afresh").click()
    expect(page.get_by_label("What did they say?")).to_have_value("")


def test_without_a_script_on_a_phone_a_slip_is_mended_and_saved(browser, live_server, signed_in, stefan, halden):
    page = signed_in(browser.new_context(java_script_enabled=False, viewport=PHONE), stefan).new_page()
    page.goto(f"{live_server.url}/feedback/new/")
    expect(page.locator("#promise noscript .promise")).to_be_visible()
    page.get_by_label("Which customer?").fill("Haldn Watr")
    page.get_by_label("Complaint").check(force=True)
    page.get_by_label("What did they say?").fill("Late again")
    page.get_by_role("button", name="Save feedback").click()
    expect(page.get_by_role("alert")).to_contain_text("Did you mean: Halden Water?")
    expect(page.get_by_label("What did they say?")).to_have_value("Late again")
    expect(page.locator("#promise")).to_contain_text("A complaint starts a clock.")
    page.get_by_label("Halden Water").check(force=True)
    page.get_by_role("button", name="Save feedback").click()
    expect(page.get_by_text("Mira Castellan has been told.")).to_be_visible()
    assert Feedback.objects.get().customer == halden
    page.context.close()


def test_a_verb_opens_its_form_without_a_script(browser, live_server, signed_in, mira, halden):
    complaint = make_complaint(customer=halden)
    page = signed_in(browser.new_context(java_script_enabled=False, viewport=PHONE), mira).new_page()
    page.goto(f"{live_server.url}{complaint.get_absolute_url()}")
    page.get_by_role("button", name="Answer the customer").click()
    page.get_by_label("What did you answer?").fill("Two meters are on their way.")
    page.get_by_role("button", name="Keep the answer").click()
    expect(page.get_by_text(f"{complaint.reference} is answered.")).to_be_visible()
    complaint.refresh_from_db()
    assert complaint.outcome == "Two meters are on their way."
    page.context.close()


@pytest.mark.parametrize(
    "path", ["/feedback/", "/complaints/", "/feedback/new/", "/feedback/{}/", "/feedback/{}/edit/"]
)
def test_nothing_is_wider_than_a_phone(page, live_server, signed_in, mira, halden, path):
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    complaint = make_complaint(customer=halden, words=long, subject=long, order_number="9" * 60)
    signed_in(page.context, mira)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}{path.format(complaint.reference)}")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
