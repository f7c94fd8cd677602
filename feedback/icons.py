"""Which icon stands beside which word; the words carry the meaning."""

from .models import Feedback

KIND = {
    Feedback.Kind.COMPLIMENT: "thumb-up",
    Feedback.Kind.SUGGESTION: "bulb",
    Feedback.Kind.ENQUIRY: "help-circle",
    Feedback.Kind.COMPLAINT: "flag",
    Feedback.Kind.OBSERVATION: "eye",
}
CAME_BY = {
    Feedback.CameBy.PHONE: "phone",
    Feedback.CameBy.EMAIL: "mail",
    Feedback.CameBy.VISIT: "users",
    Feedback.CameBy.WEB: "world",
    Feedback.CameBy.LETTER: "file-text",
    Feedback.CameBy.REFERRAL: "arrow-right",
}
