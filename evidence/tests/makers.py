"""Makes a contact of whom much is kept, and looks for them byte by byte."""

from accounts.tests.makers import make_person
from customers.tests.makers import make_contact, make_customer, make_product
from feedback import services
from feedback.models import Entry
from feedback.tests.imports import imported
from feedback.tests.makers import make_complaint, make_entry, make_feedback
from records.models import Draft, Job
from records.notifying import notify

NAME, EMAIL, PHONE = "Oswin Thornebury", "oswin@thornebury.example", "0161 496 0137"
WORDS = "The zephyrmeter howled through the night."
ANSWERED = "We told the gentleman that the zephyrmeter is replaced."
IN_GERMAN = "Es pfeift fürchterlich im Gehäuse."
# What must not be found anywhere afterwards; JSON in a table may escape what is not ASCII.
TRACES = [
    trace.encode(code, "backslashreplace") if code == "ascii" else trace.encode(code)
    for trace in (NAME, EMAIL, PHONE, "Thornebury", "zephyrmeter", "fürchterlich")
    for code in ("utf-8", "utf-16-le", "ascii")
]
FILE = (
    "Date,Company,Contact,Type,Description\n"
    f"2026-03-02,Northwind Power,{NAME},Complaint,{WORDS}\n"
    "2026-03-03,Northwind Power,Somebody Else,Complaint,It came a week late\n"
)
MATCH = {
    "columns": {
        "received": "Date", "customer": "Company", "said_by": "Contact", "kind": "Type", "words": "Description",
    },
}  # fmt: skip


def make_known(by, records=50):
    """A contact with many pieces of feedback, their stories, an import, and mentions wherever one may write."""
    customer = make_customer("Northwind Power", relationship_owner=by)
    contact = make_contact(NAME, customer, email=EMAIL, phone=PHONE, position="Head of zephyrmeters")
    product = make_product("Flow meter")
    for number in range(records):
        said = make_complaint if number % 3 else make_feedback
        feedback = said(
            by=by, customer=customer, contact=contact, product=product, owner=by,
            words=f"{WORDS} {IN_GERMAN} ({number})",
            subject=f"Noise {number}, says {NAME}", order_number=f"PO {NAME}",
        )  # fmt: skip
        make_entry(feedback, by=by, text=f"{NAME} rang from {PHONE}.")
        if number % 3 == 1:
            services.answer(by=by, feedback=feedback, outcome=ANSWERED)
            services.close(by=by, feedback=feedback)
            services.reopen(by=by, feedback=feedback, reason=f"{NAME} hears it still.")
    others = make_complaint(by=by, customer=make_customer("Else Ltd"), words=f"Ask {NAME} at Northwind about it.")
    make_entry(others, by=by, audience=Entry.Audience.INTERNAL, text=f"Wrote to {EMAIL}.")
    customer.about = f"Speak with {NAME} first, {PHONE}."
    customer.save(by=by)
    notify(by, text=f"{NAME} wrote again", about=feedback)
    notify(make_person("Pat Else"), text=f"{EMAIL} bounced")
    Draft.objects.create(user=by, form="feedback", data={"words": f"{NAME} said: {IN_GERMAN}"})
    Job.objects.create(kind="check import", state=Job.State.DEAD, last_error=f"ValueError: {NAME}")
    batch = imported(by, FILE, MATCH)
    return contact, feedback, others, batch


def traces_in(content):
    """Which of the traces a file's bytes hold, in any case of its letters."""
    content = content.lower()
    return [trace for trace in TRACES if trace.lower() in content]


def traces_under(folder):
    """{file: traces} of all files under a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): found for path in files if (found := traces_in(path.read_bytes()))}
