"""Every page without barriers, in light and dark, wide and narrow; and nothing that the content policy stops."""

import os

import pytest

from qms.tests.browsing import Looker, browser_of
from qms.tests.rights import ADMIN, AUDITOR, MANAGER, PAGES, QUALITY, STAFF
from qms.tests.visiting import path_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 320, "height": 640}
LOOKS = {
    "light at 1440": {"viewport": WIDE, "color_scheme": "light"},
    "dark at 320": {"viewport": NARROW, "color_scheme": "dark", "reduced_motion": "reduce"},
}
if os.environ.get("HEED_AXE") == "all":
    LOOKS |= {
        "light at 320": {"viewport": NARROW, "color_scheme": "light", "reduced_motion": "reduce"},
        "dark at 1440": {"viewport": WIDE, "color_scheme": "dark"},
    }
READERS = {QUALITY: "quinn", ADMIN: "adam", AUDITOR: "aude", MANAGER: "mira", STAFF: "stefan"}
# Their answers are files or bare data, or send elsewhere.
NO_PAGES = {"customers:suggest", "customers:contacts", "imports:errors", "admin:jsi18n"}
# In the admin site all kinds of records look alike.
OF_ADMIN = {"admin:index", *(f"admin:feedback_feedback_{page}" for page in ("changelist", "change", "history"))}
OF_EACH_ROLE = ["/", "/feedback/", "/search/?q=halden"]


@pytest.fixture(params=LOOKS, ids=lambda words: words.replace(" ", "-"))
def looks(request):
    return LOOKS[request.param]


def shown_to(role):
    """The rows that this role reads, and no earlier one in READERS."""
    earlier = [one for one in READERS if list(READERS).index(one) < list(READERS).index(role)]
    for page in PAGES:
        if page.get == 200 and page.name not in NO_PAGES and role in page.reads and not page.is_public:
            if not page.name.startswith("admin:") or page.name in OF_ADMIN:
                if not any(other in page.reads for other in earlier):
                    yield page


def test_axe_finds_nothing_on_any_page(house, browser, looks):
    faults = []
    for role, name in READERS.items():
        paths = [path_of(page, house) for page in shown_to(role)]
        with browser_of(browser, house, name, **looks) as page:
            looker = Looker(page)
            for path in dict.fromkeys([*paths, *OF_EACH_ROLE]):
                if not (role == ADMIN and path in OF_EACH_ROLE[:2]):
                    looker.open(path)
        faults += [f"{name}: {fault}" for fault in looker.faults]
    assert faults == []


def test_axe_finds_nothing_before_signing_in(house, browser, looks):
    with browser_of(browser, house, **looks) as page:
        looker = Looker(page)
        for page_of in PAGES:
            if page_of.is_public and page_of.get in (200, 410):
                looker.open(path_of(page_of, house), page_of.get)
        looker.open(f"/accounts/invitation/{house.token}/")
        page.goto("/accounts/login/")
        page.fill("[name=login]", "mira@example.com")
        page.fill("[name=password]", "not the right one")
        page.click("main button[type=submit]")
        looker.look("a wrong password", is_refusal=True)
    assert looker.faults == []


def test_axe_finds_nothing_on_the_first_page_of_all(live_server, browser, looks):
    context = browser.new_context(base_url=live_server.url, **looks)
    looker = Looker(context.new_page())
    looker.open("/setup/")
    looker.page.evaluate("document.querySelector('main form').noValidate = true")
    looker.page.click("main button[type=submit]")
    looker.page.get_by_text("Your e-mail is missing").first.wait_for()
    looker.look("set up with nothing filled in", is_refusal=True)
    context.close()
    assert looker.faults == []


def test_axe_finds_nothing_on_pages_that_refuse(house, browser, looks):
    with browser_of(browser, house, "quinn", **looks) as page:
        looker = Looker(page)
        looker.open("/no-such-page/", 404)
        looker.open("/jobs/", 403)
        looker.open("/feedback/?q=%00", 400)
        looker.open("/feedback/?kind=no-such-kind&sort=words", 400)
        for path in ("/feedback/new/", "/customers/new/", "/imports/new/", "/units/new/", "/accounts/password/change/"):
            page.goto(path)
            page.evaluate("document.querySelectorAll('main form').forEach(form => form.noValidate = true)")
            page.click("main form button[type=submit]")
            looker.look(f"{path} with nothing filled in", is_refusal=True)
        page.goto(f"{house.customer.get_absolute_url()}edit/")
        page.fill("[name=name]", "Halden Water Ltd")
        house.customer.name = "Halden Water Authority"
        house.customer.save(by=house.people["mira"])
        page.click("main form button[type=submit]")
        assert page.locator("[name=name]").input_value() == "Halden Water Ltd"
        looker.look("a customer whom two people change", is_refusal=True)
    assert looker.faults == []


def test_axe_finds_nothing_in_menus_dialogs_and_lists_of_nothing(house, browser, looks):
    with browser_of(browser, house, "quinn", **looks) as page:
        looker = Looker(page)
        page.goto("/")
        menus = page.locator("details[data-menu]:visible > summary")
        for number in range(menus.count()):
            menus.nth(number).click()
            looker.look(f"Home with menu {number}")
            page.keyboard.press("Escape")
        dialogs = popovers = 0
        for record in (house.complaint, house.customer, house.done):
            page.goto(record.get_absolute_url())
            for number in range(page.locator("dialog").count()):
                page.evaluate("number => document.querySelectorAll('dialog')[number].showModal()", number)
                looker.look(f"{record} with dialog {number}")
                page.keyboard.press("Escape")
                dialogs += 1
            for number in range(page.locator("[popover]").count()):
                page.evaluate("number => document.querySelectorAll('[popover]')[number].showPopover()", number)
                looker.look(f"{record} with popover {number}")
                page.keyboard.press("Escape")
                popovers += 1
        assert menus.count() and dialogs and popovers > 2
        for path in ("/feedback/", "/customers/", "/imports/", "/search/"):
            looker.open(f"{path}?q=nothing-is-called-so&source=nowhere")
        for path in (
            "/kpis/answered-on-time/?view=table",
            "/kpis/answered-on-time/?period=2026-09",
            "/kpis/ideas-received/",
        ):
            looker.open(path)
        looker.open(f"/?product={house.product.reference}")
    assert looker.faults == []


def test_axe_and_the_other_checks_find_what_is_planted(house, browser):
    """The control run: each of these must be found out, or the tests above prove nothing."""
    with browser_of(browser, house, "quinn", viewport=NARROW, reduced_motion="reduce") as page:
        looker = Looker(page)
        page.goto("/feedback/")
        page.evaluate("""document.querySelector("main").insertAdjacentHTML("beforeend",
            `<img src="/static/none.png"><p id="wide">${"x".repeat(400)}</p><button>.</button>
             <p style="color: red">styled</p>`)""")
        page.evaluate("document.querySelector('#wide').style.whiteSpace = 'nowrap'")
        page.evaluate("document.querySelector('button').style.transition = 'color 1s'")
        page.evaluate("document.querySelector('main > button').style.padding = 0")
        looker.look("planted")
    found = " ".join(looker.faults)
    for planted in ("axe image-alt", "scrolls sideways", "target of", "content policy", "Failed to load", "moves:"):
        assert planted in found, found
