"""Things of the trail for tests."""

from trail.models import SecurityEvent


def make_event(verb="looked", **facts):
    """A row that is written once and waits to be sealed; nobody did it."""
    return SecurityEvent.objects.create(verb=verb, changed_by=facts.pop("changed_by", None), **facts)
