"""What can be imported as feedback: historic records, which start no clock and tell nobody."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from customers.importing import CUSTOMERS, PRODUCTS, OnTheFirmsClock
from records.importing.declaring import CHOICE, DAY, LONG_TEXT, NAME, TEXT, YES_NO, Field, Option, register

from .models import Feedback

Kind, CameBy = Feedback.Kind, Feedback.CameBy

KIND_WORDS = {
    "claim": Kind.COMPLAINT, "grievance": Kind.COMPLAINT, "dissatisfaction": Kind.COMPLAINT, "problem": Kind.COMPLAINT,
    "compliment": Kind.COMPLIMENT, "praise": Kind.COMPLIMENT, "thanks": Kind.COMPLIMENT,
    "suggestion": Kind.SUGGESTION, "idea": Kind.SUGGESTION, "improvement": Kind.SUGGESTION, "request": Kind.SUGGESTION,
    "enquiry": Kind.ENQUIRY, "inquiry": Kind.ENQUIRY, "question": Kind.ENQUIRY, "information": Kind.ENQUIRY,
    "comment": Kind.OBSERVATION, "remark": Kind.OBSERVATION, "note": Kind.OBSERVATION, "feedback": Kind.OBSERVATION,
}  # fmt: skip
CAME_BY_WORDS = {
    "telephone": CameBy.PHONE, "call": CameBy.PHONE, "phone call": CameBy.PHONE, "hotline": CameBy.PHONE,
    "email": CameBy.EMAIL, "mail": CameBy.EMAIL, "e mail": CameBy.EMAIL,
    "meeting": CameBy.VISIT, "visit": CameBy.VISIT, "in person": CameBy.VISIT, "walk-in": CameBy.VISIT,
    "website": CameBy.WEB, "online": CameBy.WEB, "portal": CameBy.WEB, "web form": CameBy.WEB, "internet": CameBy.WEB,
    "letter": CameBy.LETTER, "fax": CameBy.LETTER, "post": CameBy.LETTER, "postal mail": CameBy.LETTER,
    "referral": CameBy.REFERRAL, "referred": CameBy.REFERRAL, "forwarded": CameBy.REFERRAL,
}  # fmt: skip
BEFORE_RECEIVED = (
    ("answered", gettext_noop("Answered before it was received: imported without a duration.")),
    ("closed", gettext_noop("Closed before it was received: imported without a duration.")),
)


@register
class FeedbackImporter(OnTheFirmsClock):
    """One piece of feedback a row. Its days are calendar days: a source has no calendar of ours."""

    register = "feedback"
    label = _("Feedback and complaints")
    model = "feedback.Feedback"
    permission = "feedback.add_feedback"
    listing = ("feedback:list", "import")
    fields = (
        Field("kind", _("Kind"), CHOICE, True, ("type", "category", "feedback type"),
              choices=dict(Kind.choices), words=KIND_WORDS, for_all=True),
        Field("customer", _("Customer"), NAME, True,
              ("company", "customer name", "client", "account", "account name", "organisation", "organization"),
              lookup=CUSTOMERS, for_all=True),
        Field("product", _("Product or service"), NAME, False, ("product", "service", "product name", "item"),
              lookup=PRODUCTS, for_all=True),
        Field("subject", _("About"), TEXT, False, ("issue", "subject", "complaint type", "topic", "title", "reason"),
              hint=_("What it is about, in a few words.")),
        Field("words", _("Their words"), LONG_TEXT, False,
              ("consumer complaint narrative", "narrative", "description", "descriptor", "comment", "comments", "text",
               "message", "details", "what they said"), max_length=32_000),
        Field("said_by", _("Who spoke"), TEXT, False, ("contact", "contact name", "name", "from"), max_length=120),
        Field("came_by", _("How it reached us"), CHOICE, False, ("submitted via", "channel", "source", "medium"),
              choices=dict(CameBy.choices), words=CAME_BY_WORDS, otherwise=CameBy.OTHER, for_all=True,
              hint=_("Words that are not known become “Other”; the cell is kept with the record.")),
        Field("order_number", _("Order"), TEXT, False, ("order", "order no", "order id"), max_length=60),
        Field("received", _("Received"), DAY, True,
              ("date received", "received on", "opendate", "open date", "opened", "created", "created date", "date",
               "reported")),
        Field("answered", _("Answered"), DAY, False,
              ("date sent to company", "answered on", "date answered", "responded", "response date", "replied")),
        Field("closed", _("Closed"), DAY, False,
              ("closedate", "close date", "closed on", "date closed", "resolved", "resolution date", "completed")),
        Field("stated_timely", _("On time as stated by the source"), YES_NO, False,
              ("timely response?", "timely", "on time", "in time")),
        Field("disputed", _("Disputed by the customer"), YES_NO, False, ("consumer disputed?", "disputed", "dispute")),
    )  # fmt: skip
    options = (
        Option(
            "closed_when_answered",
            _("Where no column says when it was closed, count the day of the answer"),
            True,
            _("Only used when no column is matched to “Closed”."),
        ),
    )

    def check(self, parsed, match, today):
        if match.options["closed_when_answered"] and not match.gives("closed") and parsed.get("answered"):
            parsed["closed"] = parsed["answered"]
        days = {key: day_of(parsed[key]) for key in ("received", "answered", "closed") if parsed.get(key)}
        errors = [
            gettext("%(field)s: %(day)s lies after today.") % {"field": match.columns[key], "day": day.isoformat()}
            for key, day in days.items()
            if day > today and key in match.columns
        ]
        if errors:
            return errors, []
        return [], [
            gettext(words)
            for key, words in BEFORE_RECEIVED
            if key in match.columns and key in days and days[key] < days["received"]
        ]

    def build(self, batch, row, related, source_cells):
        parsed = row.parsed
        customer, product = related["customer"], related.get("product")
        received = datetime.fromisoformat(parsed["received"])
        received_on = day_of(parsed["received"])
        closed_on = day_of(parsed["closed"]) if parsed.get("closed") else None
        days = (closed_on - received_on).days if closed_on else None
        return Feedback(
            kind=parsed["kind"],
            customer_id=customer.pk,
            segment_id=customer.segment_id,
            product_id=product.pk if product else None,
            subject=parsed.get("subject", ""),
            words=parsed.get("words", ""),
            said_by=parsed.get("said_by", ""),
            came_by=parsed.get("came_by", ""),
            order_number=parsed.get("order_number", ""),
            received_on=received_on,
            received_at=received if received.tzinfo else None,
            answered_on=day_of(parsed["answered"]) if parsed.get("answered") else None,
            closed_on=closed_on,
            days_to_close=days if days is None or days >= 0 else None,
            stated_timely=parsed.get("stated_timely"),
            disputed=parsed.get("disputed"),
            source_cells=source_cells,
            batch_id=batch.pk,
            is_historic=True,
            unit_id=batch.unit_id,
        )


def day_of(text):
    """The firm's day of a date or moment in ISO form."""
    if len(text) == 10:
        return date.fromisoformat(text)
    return timezone.localdate(datetime.fromisoformat(text))
