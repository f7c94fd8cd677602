"""Lists and forms in Chromium: what scripts add, and that nothing needs them."""

import re

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from customers.tests.makers import make_customer, make_segment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def many(mira):
    water = make_segment("Water")
    for number in range(30):
        make_customer(f"Customer {number:02}", segment=water if number < 3 else None)


def sign_in(page, live_server, user, client):
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


@pytest.fixture
def as_mira(page, live_server, mira, client):
    sign_in(page, live_server, mira, client)
    return page


def first_row(page):
    return page.locator("#list tbody tr th a").first


def test_sorting_paging_and_filtering_swap_the_region_and_go_into_the_address(as_mira, live_server, many):
    page = as_mira
    page.goto(f"{live_server.url}/customers/")
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name="Customer", exact=True).click()
    expect(first_row(page)).to_have_text("Customer 29")
    expect(page).to_have_url(re.compile(r"sort=-name"))
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("status").filter(has_text="26 to 30 of 30")).to_be_visible()
    page.go_back()
    expect(first_row(page)).to_have_text("Customer 29")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Name or reference").fill("customer 0")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status").filter(has_text="1 to 10 of 10")).to_be_visible()
    expect(page.locator("#list .chip").filter(has_text="Name or reference: customer 0")).to_be_visible()
    page.reload()
    expect(first_row(page)).to_have_text("Customer 09")


def test_a_filter_that_cannot_be_read_is_said_in_the_page(as_mira, live_server, many):
    page = as_mira
    page.goto(f"{live_server.url}/customers/?segment=SG-1999-0001&q=customer")
    expect(page.get_by_role("alert")).to_contain_text("Choose one from the list.")
    expect(page.get_by_label("Name or reference")).to_have_value("customer")


def test_a_double_click_on_save_makes_one_record(as_mira, live_server, mira):
    page = as_mira
    page.goto(f"{live_server.url}/customers/new/")
    page.get_by_label("Name").fill("Halden Water")
    page.get_by_role("button", name="Save customer").dblclick()
    expect(page.get_by_role("heading", name="Halden Water")).to_be_visible()
    assert Customer.objects.count() == 1


def test_two_people_at_one_form_lose_neither_text(as_mira, live_server, mira, quinn):
    page = as_mira
    customer = make_customer("Halden")
    page.goto(f"{live_server.url}{customer.get_absolute_url()}edit/")
    theirs = Customer.objects.get(pk=customer.pk)
    theirs.name = "Halden Water"
    theirs.save(by=quinn)
    page.get_by_text("More", exact=True).first.click()
    page.get_by_label("About them").fill("A utility in the north")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Quinn Lindqvist")
    expect(page.get_by_label("Name")).to_have_value("Halden Water")
    expect(page.get_by_label("About them")).to_have_value("A utility in the north")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Halden Water")).to_be_visible()
    customer.refresh_from_db()
    assert (customer.name, customer.about) == ("Halden Water", "A utility in the north")


def test_a_draft_outlives_the_page(as_mira, live_server, mira):
    page = as_mira
    page.goto(f"{live_server.url}/customers/new/")
    page.get_by_label("Name").fill("Halden Water")
    expect(page.get_by_text("Draft kept at")).to_be_visible(timeout=5_000)
    page.goto(f"{live_server.url}/customers/")
    page.goto(f"{live_server.url}/customers/new/")
    expect(page.get_by_label("Name")).to_have_value("Halden Water")
    page.get_by_role("button", name="Begin afresh").click()
    expect(page.get_by_label("Name")).to_have_value("")


def test_everything_works_without_scripts(browser, live_server, mira, many, client):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server, mira, client)
    page.goto(f"{live_server.url}/customers/")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("status").filter(has_text="26 to 30 of 30")).to_be_visible()
    page.get_by_role("link", name="Add customer").click()
    page.get_by_label("Name").fill("Customer 07")
    page.get_by_role("button", name="Save customer").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a customer of that name already")
    page.get_by_label("Name").fill("Halden Water")
    page.get_by_role("button", name="Save customer").click()
    expect(page.get_by_role("heading", name="Halden Water")).to_be_visible()
    page.get_by_text("Void this record").click()
    page.get_by_label("Why?").fill("Only a test")
    page.get_by_role("button", name="Void it").click()
    expect(page.get_by_text("This record is void.")).to_be_visible()
    context.close()
