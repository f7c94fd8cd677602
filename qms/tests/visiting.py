"""Asking the house for its pages as somebody, and reading the forms on them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.db import transaction
from django.test import Client
from django.urls import reverse


class Visitor:
    """Asks for pages as one person, or as nobody; whatever a request changes is taken back."""

    def __init__(self, user):
        self.client = Client(raise_request_exception=False)
        if user is not None:
            self.client.force_login(user)
        self.cookies = self.client.cookies.output(header="", sep=";")

    def ask(self, method, path, data=None, headers=None):
        """The response, read to its end."""
        self.client.cookies.clear()
        self.client.cookies.load(self.cookies)
        with transaction.atomic():
            if method == "GET":
                response = self.client.get(path, headers=headers)
            else:
                response = self.client.post(path, data or {}, headers=headers)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        response.text_of_it = body.decode("utf-8", "replace")
        return response


def path_of(page, world, about=None):
    """The address of a row of `rights.py`, or of the same page about another piece of the world."""
    return reverse(page.name, kwargs=arguments(page.name, about or page.about, world))


def arguments(name, about, world):
    """What the address of the page `name` about this piece of the world is made of."""
    match about:
        case "":
            return {}
        case "token":
            return {"token": world.token}
        case "stale_key":
            return {"uidb36": "1", "key": "abc-def"}
        case "draft":
            return {"form": "feedback"}
        case "kpi":
            return {"code": world.kpi.code}
        case "app":
            return {"app_label": "accounts"}
        case "kpi_record":
            about = "kpi"
    piece = getattr(world, about)
    if name in ("privacy:person", "privacy:data", "privacy:erase", "privacy:hold_create"):
        return {"rtype": piece._meta.label_lower, "pk": piece.pk}
    is_record = hasattr(piece, "reference") and hasattr(piece, "void")
    if name.startswith("admin:"):
        return {"object_id": piece.reference if is_record else piece.pk}
    return {"reference": piece.reference} if is_record else {"pk": piece.pk}


class _LinkReader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.href, self.text = [], None, ""

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.href, self.text = dict(attributes).get("href"), ""

    def handle_data(self, data):
        self.text += data

    def handle_endtag(self, tag):
        if tag == "a" and self.href:
            self.links.append((self.href, " ".join(self.text.split())))
            self.href = None


def links_on(response):
    """(address, words) of every link of a page."""
    reader = _LinkReader()
    reader.feed(response.text_of_it)
    return reader.links


@dataclass
class SeenForm:
    """A form as it stands on a page: where it goes, what is typed or chosen in it, and which fields take any text.

    Without a button nobody can send it.
    """

    action: str
    method: str
    ident: str = ""
    has_button: bool = False
    values: dict = field(default_factory=dict)
    texts: list = field(default_factory=list)


class _FormReader(HTMLParser):
    TYPED = {"text", "search", "email", "tel", "url", "password", "date", "time", "number", "hidden"}

    def __init__(self):
        super().__init__()
        self.forms, self.form, self.select, self.area, self.buttons_of = [], None, None, None, set()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            method = (given.get("method") or "get").lower()
            self.form = SeenForm(given.get("action") or "", method, given.get("id", ""))
            self.forms.append(self.form)
        if given.get("type") in ("submit", "image") or (tag == "button" and "type" not in given):
            self.buttons_of.add(given.get("form", self.form and self.form.ident))
            if self.form is not None:
                self.form.has_button = True
        name = given.get("name")
        if self.form is None or (tag != "option" and not name):
            return
        if tag == "textarea":
            self.area = name
            self.form.values[name] = ""
            self.form.texts.append(name)
        elif tag == "select":
            self.select = name
            self.form.values[name] = None
        elif tag == "option" and self.select:
            if self.form.values[self.select] is None or "selected" in given:
                self.form.values[self.select] = given.get("value", "")
        elif tag == "input":
            self._input(name, given)

    def _input(self, name, given):
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self.form.values[name] = given.get("value", "on")
        elif kind in self.TYPED:
            self.form.values[name] = given.get("value", "")
            if kind != "hidden":
                self.form.texts.append(name)

    def handle_data(self, data):
        if self.area:
            self.form.values[self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.form.values[self.select] = self.form.values[self.select] or ""
            self.select = None
        elif tag == "form":
            self.form = None


def forms_on(response, path):
    """The forms of a page that send something, each with the address it goes to."""
    reader = _FormReader()
    reader.feed(response.text_of_it)
    sending = [
        form
        for form in reader.forms
        if form.method == "post" and (form.has_button or (form.ident and form.ident in reader.buttons_of))
    ]
    for form in sending:
        form.action = form.action or path
        form.values.pop("csrfmiddlewaretoken", None)
    return sending
