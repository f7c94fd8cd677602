"""The environment, read once and strictly: a wrong value stops the start with a sentence."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

env = Env()


def text(name, default=""):
    """The value of `name`, or the content of the file named by `NAME_FILE` (for mounted secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error}") from error
    return os.environ.get(name, default)


def flag(name, default=False):
    return _read(env.bool, name, default, "yes or no")


def whole(name, default):
    return _read(env.int, name, default, "a whole number")


def parsed(name, parse):
    """The URL in `name` taken apart by `parse`. The value itself is not repeated: it may hold a password."""
    try:
        return parse(text(name))
    except Exception as error:
        raise ImproperlyConfigured(f"{name} is not an address that Heed understands; see .env.example.") from error


def choice(name, default, allowed):
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def words(name, default=()):
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()] or list(default)


def _read(reader, name, default, expected):
    try:
        return reader(name, default)
    except EnvError as error:
        raise ImproperlyConfigured(f"{name} must be {expected}, not {os.environ.get(name)!r}.") from error


def kept_secret(path):
    """The secret in the file `path`, made on the first start, readable by its owner only."""
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    value = secrets.token_urlsafe(48)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process made it in the same moment
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(value)
    return value
