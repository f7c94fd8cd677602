"""Where a form keeps what was typed, for the person who typed it."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from records.drafts import MOST_BYTES, clear_draft, save_draft
from records.text import parse_json


@require_http_methods(["POST", "DELETE"])
def draft(request, form):
    """POST keeps a JSON object of texts, or the fields of a form that was sent as such; DELETE forgets it."""
    if request.method == "DELETE":
        clear_draft(request.user, form)
        return HttpResponse(status=204)
    try:
        kept = save_draft(request.user, form, _said(request))
    except ValidationError as fault:
        return JsonResponse({"error": " ".join(fault.messages)}, status=400)
    return JsonResponse({"saved_at": kept.saved_at.isoformat()})


@require_POST
def clear(request, form):
    """Forget the draft and go back to the form, which begins afresh."""
    clear_draft(request.user, form)
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(wanted)
    return HttpResponse(status=204)


def _said(request):
    if request.content_type != "application/json":
        return {name: values if len(values) > 1 else values[0] for name, values in request.POST.lists() if values}
    # A character may take four bytes, and JSON may write it as twelve.
    said = parse_json(request.body, max_bytes=MOST_BYTES * 12)
    if not isinstance(said, dict):
        raise ValidationError(_("A draft is an object of fields and their texts."))
    return said
