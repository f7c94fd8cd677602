"""In one line: how long the trail is, what its last check found, and how long ago."""

from dataclasses import dataclass

from evidence.checking import last_check
from trail.models import Checkpoint, Pending, Verification


@dataclass(frozen=True)
class CheckLine:
    """`check` is the last that ended, or None; `size` and `root` are the log's now; `waiting` is not sealed yet."""

    check: Verification | None
    size: int
    root: str
    waiting: int


def check_line(user):
    """What `components` show of the trail's state to whoever may read checks of it; None for others. Three queries."""
    if not user.has_perm("trail.view_verification"):
        return None
    last = Checkpoint.objects.order_by("-size").values_list("size", "root").first() or (0, "")
    return CheckLine(last_check(), *last, Pending.objects.count())
