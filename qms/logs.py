"""Logs: one line per request and per event, as words on a laptop and as JSON in production.

Every line carries the id of the request or job it belongs to. No path, query, address or name of a person is written:
a path may hold a secret link, a query a customer's name.
"""

import logging
import time

import structlog
from django.contrib.auth import SESSION_KEY

from trail.context import current

log = logging.getLogger("heed.request")


def add_what_it_belongs_to(logger, method, event):
    """The way in and the id of the request or job that is being served."""
    acting = current()
    if acting.request_id:
        event.setdefault("channel", acting.channel)
        event.setdefault("request_id", acting.request_id)
    return event


SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(["method", "route", "status", "ms", "person", "request_id", "job"]),
    add_what_it_belongs_to,
    structlog.processors.format_exc_info,
]


def configuration(level, as_json):
    """Django's LOGGING. Words carry no time, since the log they go to (`up`, systemd) writes it."""
    if as_json:
        shown = [structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()]
    else:
        shown = [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "axes": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},  # a 4xx is on the request's own line, without its path
            "celery.beat": {"level": "WARNING"},  # its ticks and the tasks they start come every few seconds
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }


class RequestLogMiddleware:
    """Writes the line of each request: method, route, status, milliseconds and who, by number."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        # No route where the address leads nowhere, or an earlier middleware has answered.
        route = f"/{request.resolver_match.route}" if request.resolver_match else ""
        seen = {
            "method": request.method,
            "route": route,
            "status": response.status_code,
            "ms": round((time.perf_counter() - began) * 1000),
        }
        if trail_id := getattr(request, "trail_id", ""):  # absent when an earlier middleware has answered
            seen["request_id"] = trail_id
        session = getattr(request, "session", None)
        if session is not None and session.accessed:
            seen["person"] = session.get(SESSION_KEY, "")
        log.info("request", extra=seen)
        return response
