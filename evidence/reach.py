"""What of the trail a person may read: the kinds of record they may view, each within their scope."""

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q

from trail.history import tracked_models
from trail.models import Erased, Erasure, Seal, SecurityEvent
from trail.telling import tell

TOLD_AT_A_TIME = 2_000


class SealRows(models.QuerySet):
    """Seals; read for a file, each comes with its line."""

    def iterator(self, chunk_size=TOLD_AT_A_TIME):
        chunk = []
        for seal in super().iterator(chunk_size=chunk_size):
            chunk.append(seal)
            if len(chunk) == TOLD_AT_A_TIME:
                yield from _told(chunk)
                chunk = []
        yield from _told(chunk)


def _told(seals):
    tell(seals)
    return seals


def kinds_of(user):
    """The kinds of record whose versions `user` may read, as models in a steady order."""
    return [model for model in tracked_models() if user.has_perm(model.permission("view"))]


def sealed_kinds_of(user):
    """Those and what is written once: security events, and that something was erased."""
    kinds = kinds_of(user)
    if user.has_perm("trail.view_securityevent"):
        kinds.append(SecurityEvent)
    if user.has_perm("trail.view_seal") and user.scope_for("trail.view_seal") is None:
        kinds += [Erasure, Erased]
    return kinds


def seals_for(user, *, to_count=False):
    """The part of the trail that `user` may read.

    To be listed, what they may not read is left out on a walk along time; `to_count` goes by the index over kinds.
    """
    rows, whole, within = SealRows(Seal), [], Q()
    for model in sealed_kinds_of(user):
        rtype = model._meta.label_lower
        if model in (Erasure, Erased) or user.scope_for(_view(model)) is None:
            whole.append(rtype)
        elif model is SecurityEvent:
            people = get_user_model().objects.visible_to(user)
            within |= Q(rtype=rtype, changed_by__in=people.order_by().values("pk"))
        else:
            within |= Q(rtype=rtype, rid__in=model.objects.visible_to(user).order_by().values("pk"))
    hidden = [rtype for rtype in _sealed_kinds() if rtype not in whole]
    if not hidden:
        return rows
    if within or to_count:
        return rows.filter(Q(rtype__in=whole) | within)
    return rows.exclude(rtype__in=hidden)


def _sealed_kinds():
    return [model._meta.label_lower for model in (*tracked_models(), SecurityEvent, Erasure, Erased)]


def _view(model):
    return f"{model._meta.app_label}.view_{model._meta.model_name}"
