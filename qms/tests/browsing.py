"""Looking at pages in Chromium: what a person with other eyes, hands or a small screen would stumble over."""

from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from django.test import Client

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET = 24  # px, and 320 the narrowest screen (WCAG 2.2: 2.5.8, 1.4.10)

REPORT_POLICY = """
document.addEventListener("securitypolicyviolation",
    event => console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# All that unfolds in the page's flow; menus lie over it and are opened on their own.
UNFOLD = "document.querySelectorAll('details:not([data-menu])').forEach(one => one.open = true)"
WIDER_THAN_SCREEN = """() => {
    const wide = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    const over = [...document.querySelectorAll("body *")].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width && box.right > document.documentElement.clientWidth + 1
            && getComputedStyle(one).position !== "fixed";
    });
    return [`scrolls sideways by ${wide} px: ` + over.slice(-3).map(one => one.outerHTML.slice(0, 90)).join(" | ")];
}"""
SMALL_TARGETS = """smallest => {
    const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=option]";
    const faults = [];
    for (const one of document.querySelectorAll(wanted)) {
        if (!one.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) || one.closest(".vh, .skip")) continue;
        const style = getComputedStyle(one);
        if (one.tagName === "A" && style.display === "inline") continue;  // in a line of text
        if (one.closest("svg")) continue;  // each point of a chart is a row of its table as well
        const boxes = [one, ...(one.labels || [])].map(part => part.getBoundingClientRect());
        if (!boxes[0].width) continue;
        if (!boxes.some(box => Math.min(box.width, box.height) > smallest - 0.5))
            faults.push(`target of ${boxes[0].width} by ${boxes[0].height}: ${one.outerHTML.slice(0, 90)}`);
    }
    return faults;
}"""
MOVING = """() => [...document.querySelectorAll("body, body *")].filter(one => {
    const style = getComputedStyle(one);
    const lasts = times => times.split(",").some(time => parseFloat(time) > 0.01);
    return lasts(style.transitionDuration) || (style.animationName !== "none" && lasts(style.animationDuration));
}).map(one => `moves: ${one.outerHTML.slice(0, 90)}`)"""


def sign_in(context, house, name):
    """Let this browser be the person's, without typing a password."""
    client = Client()
    client.force_login(house.people[name])
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": house.url}])


@contextmanager
def browser_of(browser, house, name=None, **options):
    """A page in a browser of its own, signed in as `name` or as nobody."""
    context = browser.new_context(base_url=house.url, **options)
    context.set_default_timeout(10_000)
    try:
        if name:
            sign_in(context, house, name)
        yield context.new_page()
    finally:
        context.close()


class Looker:
    """Goes from page to page and notes what is wrong with each."""

    def __init__(self, page):
        self.page, self.faults, self._said = page, [], []
        page.add_init_script(REPORT_POLICY)
        page.on("console", lambda line: self._said.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda fault: self._said.append(str(fault)))

    def open(self, path, status=200):
        """Look at the page at this address."""
        response = self.page.goto(path)
        if response.status != status:
            self.faults.append(f"{path}: {response.status}, not {status}")
            return
        self.look(path, is_refusal=status >= 400)

    def look(self, where, is_refusal=False):
        """Look at the page as it stands now, whole, so that no bar at the foot lies over what could be scrolled up."""
        page = self.page
        page.evaluate(UNFOLD)
        size = page.viewport_size
        page.set_viewport_size({**size, "height": page.evaluate("document.scrollingElement.scrollHeight")})
        found = [*page.evaluate(WIDER_THAN_SCREEN), *page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)]
        if page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches"):
            found += page.evaluate(MOVING)
        # Of a refusal Chromium itself says in the console that the page could not be loaded.
        found += [said for said in self._said if not (is_refusal and said.startswith("Failed to load resource"))]
        found += self.axe()
        self._said.clear()
        page.set_viewport_size(size)
        self.faults += [f"{where}: {one}" for one in found]

    def axe(self, within=None):
        options = {
            "runOnly": {"type": "tag", "values": LEVELS},
            "resultTypes": ["violations"],
            "preload": False,  # it would add styles to the page, which our content policy stops
        }
        results = Axe().run(self.page, context=within, options=options)
        return [
            f"axe {violation['id']}: {node['target']} {node['html'][:120]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
