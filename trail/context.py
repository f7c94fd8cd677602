"""Who is acting, by which way in, and why: known once per request, job or command, read by every save."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Acting:
    """`user` is None for the system itself; `address` is the network address that a request came from."""

    user: object = None
    channel: str = "system"
    request_id: str = ""
    reason: str = ""
    address: str = ""


NOBODY = Acting()
_acting = ContextVar("acting", default=NOBODY)


def current() -> Acting:
    return _acting.get()


@contextmanager
def acting_as(user, *, channel, request_id="", reason="", address=""):
    """Everything saved inside says that `user` did it, by `channel`."""
    token = _acting.set(Acting(user, channel, request_id, reason, address))
    try:
        yield
    finally:
        _acting.reset(token)


def acting_as_system(channel="job", *, request_id="", reason=""):
    return acting_as(None, channel=channel, request_id=request_id, reason=reason)
