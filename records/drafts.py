"""Drafts: what somebody typed and has not saved, kept on the server for that person alone."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .models import Draft
from .text import clean_text

MOST_BYTES = 64_000
MOST_NAME = 60  # characters in a form's name
MOST_FORMS = 30  # drafts of one person; the oldest give way
NOT_KEPT = frozenset({"csrfmiddlewaretoken", "token", "rev", "next"})


def save_draft(user, form, said):
    """Keep {field: text or list of texts}, replacing the earlier draft. ValidationError when it is no such thing."""
    if len(form) > MOST_NAME:
        raise ValidationError(_("There is no such form."))
    data = {name: _checked(value) for name, value in said.items() if name not in NOT_KEPT}
    if sum(len(name) + len(str(value)) for name, value in data.items()) > MOST_BYTES:
        raise ValidationError(_("The draft is too long to keep: at most %(limit)s characters.") % {"limit": MOST_BYTES})
    draft, _made = Draft.objects.update_or_create(user=user, form=form, defaults={"data": data})
    kept = Draft.objects.filter(user=user).order_by("-saved_at").values("pk")[:MOST_FORMS]
    Draft.objects.filter(user=user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    return draft


def _checked(value):
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [clean_text(one) for one in value]
    raise ValidationError(_("A draft holds texts only."))


def draft_of(user, form):
    """{field: text}, to be used as a form's initial values; empty without a draft."""
    draft = Draft.objects.filter(user=user, form=form).first()
    return draft.data if draft else {}


def clear_draft(user, form):
    Draft.objects.filter(user=user, form=form).delete()
