"""Double sends: each form carries a token, and what it made is remembered with it.

The same form sent again, by a double click or by two requests at once, leads to the record that the first made.
What was typed anew on the same page, after going back, is another form.
"""

import hashlib
import json
import uuid
from datetime import timedelta

from django.utils import timezone

from .models import Submission

TOKEN = "token"
KEPT_FOR = timedelta(days=2)


class SentAlready(Exception):
    """This very form made the page at `url`."""

    def __init__(self, url):
        self.url = url
        super().__init__(url)


def new_token():
    return uuid.uuid4().hex


def token_of(request):
    """The token of the form that was sent, or a new one."""
    return request.POST.get(TOKEN, "")[:40] or new_token()


def claim(request):
    """Mark this form as sent, inside the transaction that makes its record. Raises SentAlready.

    Of two requests at once the second waits here for the first to commit. Returns None for a form without a token.
    """
    if not request.POST.get(TOKEN):
        return None
    submission, first = Submission.objects.get_or_create(key=_key(request), defaults={"user": request.user})
    if not first:
        raise SentAlready(submission.url)
    return submission


def came_to(submission, url):
    """Remember what came of the form."""
    if submission is not None:
        submission.url = url
        submission.save(update_fields=["url"])


def forget_old(now=None):
    """Drop what nobody will send again. Returns how many."""
    return Submission.objects.filter(sent_at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]


def _key(request):
    said = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    files = sorted((name, file.name, file.size) for name, file in request.FILES.items())
    text = json.dumps([request.user.pk, request.path, said, files])
    return hashlib.sha256(text.encode()).hexdigest()
