"""The page for those who failed to sign in too often."""

from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from django.shortcuts import render
from django.utils import timezone


def locked_out(request, response, credentials):
    """Answer 429 with the moment from which signing in is possible again."""
    attempts = AccessAttempt.objects.filter(
        username=get_client_username(request, credentials), ip_address=request.axes_ip_address
    )
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first() or timezone.now()
    again_at = last + get_cool_off(request)
    answer = render(request, "account/locked.html", {"again_at": again_at}, status=429)
    answer["Retry-After"] = max(1, round((again_at - timezone.now()).total_seconds()))
    return answer
