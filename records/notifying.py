"""Telling people, inside Heed."""

from .models import Notification


def notify(user, *, text, about=None, url=""):
    """Tell one person something, with a link to the record it is about."""
    if user is None:
        return None
    return Notification.objects.create(
        user=user,
        text=text[:300],
        url=url or (about.get_absolute_url() if about is not None else ""),
        reference=about.reference if about is not None else "",
    )
