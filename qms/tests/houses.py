"""Installations of their own for tests that run Heed's commands as people do, each with a folder and a database."""

import json
import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from psycopg2 import sql

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


class House:
    """One installation: a folder and a database, and its command line."""

    def __init__(self, folder, database="", **settings):
        self.folder, self.database, self.settings = folder, database, settings
        folder.mkdir(exist_ok=True)

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEED_")}
        own = {
            "HEED_VAR": str(self.folder),
            "HEED_EMBEDDED": "yes",
            "DATABASE_URL": self.database,
            "LOG_LEVEL": "WARNING",
        }
        return kept | own | self.settings | more

    def run(self, *command, status=0, **more):
        """What the command wrote; on its errors when a status other than 0 is expected."""
        ran = subprocess.run([*MANAGE, *command], env=self.environment(**more), capture_output=True, text=True)
        assert ran.returncode == status, ran.stdout + ran.stderr
        return ran.stderr + ran.stdout if status else ran.stdout

    def shell(self, text):
        return self.run("shell", "-v0", "-c", text)

    def told(self, text):
        """What `text` prints as JSON in its last line."""
        return json.loads(self.shell(text).splitlines()[-1])

    def start(self, text):
        """A process that runs `text`, once it has written its first line."""
        command = [*MANAGE, "shell", "-v0", "-c", text]
        one = subprocess.Popen(command, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert one.stdout.readline(), one.stderr.read()
        return one

    @property
    def anchors(self):
        return self.folder / "anchors" / "checkpoints.jsonl"


@contextmanager
def databases_of(request, are_wanted):
    """A function that makes a PostgreSQL database, maybe as a copy, and gives its URL; for SQLite always ""."""
    if not are_wanted:
        yield lambda like="": ""
        return
    url, made = urlsplit(request.getfixturevalue("postgres_url")), []
    server = psycopg2.connect(url.geturl())
    server.autocommit = True

    def build(like=""):
        made.append(f"heed_backup_{secrets.token_hex(4)}")
        template = urlsplit(like).path.strip("/") or "template1"
        server.cursor().execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(made[-1]), sql.Identifier(template))
        )
        return url._replace(path=f"/{made[-1]}").geturl()

    try:
        yield build
    finally:
        for name in made:
            server.cursor().execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        server.close()
