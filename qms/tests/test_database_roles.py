"""What the application's own PostgreSQL role can and cannot do (deploy/postgres/roles.sql)."""

import os
import secrets
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from psycopg2 import errors, sql

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
ROLES = settings.BASE_DIR / "deploy/postgres/roles.sql"
RECORD_AN_ORGANISATION = (
    "from accounts.models import Organisation; from trail.context import acting_as_system\n"
    "with acting_as_system('command'): Organisation(name='Calder').save(verb='set up')"
)


@pytest.fixture(scope="module")
def as_app(postgres_url, tmp_path_factory):
    """A connection as the application's role to a migrated database in which one record stands."""
    if not shutil.which("psql"):
        pytest.skip("psql is not installed (apt-get install postgresql-client)")
    owner = urlsplit(postgres_url)
    name = f"heed_roles_{secrets.token_hex(4)}"
    password = secrets.token_hex(8)
    at = f"{owner.hostname}:{owner.port or 5432}/{name}"
    owner_url, app_url = owner._replace(path=f"/{name}").geturl(), f"postgres://{name}:{password}@{at}"
    server = psycopg2.connect(postgres_url)
    server.autocommit = True
    cursor = server.cursor()
    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password)))
    try:
        manage(tmp_path_factory.mktemp("var"), owner_url, "migrate", "--run-syncdb", "-v0")
        command = ["psql", owner_url, "-q", "-v", "ON_ERROR_STOP=1", "-v", f"app={name}", "-f", str(ROLES)]
        subprocess.run(command, check=True, capture_output=True)
        manage(tmp_path_factory.mktemp("var"), app_url, "shell", "-c", RECORD_AN_ORGANISATION)
        connection = psycopg2.connect(app_url)
        connection.autocommit = True
        yield connection
        connection.close()
    finally:
        cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
        server.close()


def manage(folder, database, *command):
    environment = os.environ | {"DATABASE_URL": database, "HEED_EMBEDDED": "yes", "HEED_VAR": str(folder)}
    ran = subprocess.run([*MANAGE, *command], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.service
def test_the_role_can_record_and_its_versions_are_kept(as_app):
    cursor = as_app.cursor()

    cursor.execute(
        "SELECT o.name, h.rev FROM accounts_organisation o JOIN accounts_historicalorganisation h USING (id)"
    )

    assert cursor.fetchall() == [("Calder", 1)]


@pytest.mark.service
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_organisation DISABLE TRIGGER ALL",
        "DROP TRIGGER keep_accounts_organisation ON accounts_organisation",
        "SET session_replication_role = replica",
        "DELETE FROM accounts_organisation",
        "TRUNCATE accounts_organisation",
        "UPDATE accounts_historicalorganisation SET name = 'Other'",
        "DELETE FROM accounts_historicalorganisation",
        "DELETE FROM trail_seal",
        "UPDATE trail_seal SET verb = 'seen'",
        "UPDATE django_migrations SET name = 'x'",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION keep_accounts_organisation() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    ],
)
def test_the_role_cannot_go_around_the_trail(as_app, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        as_app.cursor().execute(statement)


@pytest.mark.service
def test_a_change_that_does_not_raise_the_revision_is_refused(as_app):
    with pytest.raises(errors.CheckViolation):
        as_app.cursor().execute("UPDATE accounts_organisation SET name = 'Other'")
