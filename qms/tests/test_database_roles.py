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
# What a day at the firm asks of the database: everything here is done as the application's own role.
WORK = """
from datetime import date
from django.test import Client
from accounts import services
from accounts.models import Organisation, User
from customers.models import Contact, Customer
from kpis import rollup
from records import jobs
from records.tasks import forget_sent_forms
from trail import erasing
from trail.context import acting_as
from trail.sealing import seal
tom = services.set_up(organisation_name="Calder", time_zone="Europe/London", name="Tom Ash", email="tom@calder.example",
                      password="calder-demo-2026", looks_after_quality=True)
with acting_as(tom, channel="form"):
    customer = Customer(name="Halden Water")
    customer.save()
    contact = Contact(name="Ada Byron", email="ada@halden.example", customer=customer)
    contact.save()
    contact.email = "ada.byron@halden.example"
    contact.save()
    Customer.objects.change(by=tom, verb="renamed", name="Halden Water plc")
seal()
rollup.fold_in()
rollup.rebuild()
client = Client(SERVER_NAME="127.0.0.1")
signed = client.post("/accounts/login/", {"login": tom.email, "password": "wrong"})
signed = client.post("/accounts/login/", {"login": tom.email, "password": "calder-demo-2026"})
assert signed.status_code == 302, signed.status_code
for page in ("/", "/complaints/", "/customers/?format=csv", "/trail/", "/kpis/", "/people/", "/admin/"):
    answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    b"".join(answer)
client.post("/accounts/password/reset/", {"email": tom.email})
assert client.post("/accounts/logout/").status_code == 302
services.appoint(by=tom, person=User.objects.get(), role="manager", from_on=date(2026, 1, 1))
jobs.run_due()
forget_sent_forms()
erasing.erase(contact, by=tom, basis="Asked for")
assert Contact.objects.get().email == "" and set(Contact.history.values_list("email", flat=True)) == {""}
seal()
rollup.fold_in()
"""


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
        folder = tmp_path_factory.mktemp("var")
        manage(folder, app_url, "shell", "-c", WORK)
        manage(folder, app_url, "verify_trail")
        manage(folder, app_url, "backup")
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
def test_the_role_can_do_the_work_of_a_day_and_its_versions_are_kept(as_app):
    cursor = as_app.cursor()

    cursor.execute(
        "SELECT c.name, h.rev, h.name FROM customers_customer c JOIN customers_historicalcustomer h USING (id)"
    )

    assert sorted(cursor.fetchall()) == [
        ("Halden Water plc", 1, "Halden Water"),
        ("Halden Water plc", 2, "Halden Water plc"),
    ]


@pytest.mark.service
def test_of_versions_it_may_change_only_what_an_erasure_empties(as_app):
    cursor = as_app.cursor()
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.column_privileges "
        "WHERE grantee = current_user AND privilege_type = 'UPDATE'"
    )
    may = {}
    for table, column in cursor.fetchall():
        may.setdefault(table, set()).add(column)

    assert may["trail_opening"] == {"salt", "commitments"}
    assert may["trail_securityevent"] == {"address", "detail"}
    assert {"name", "email", "history_change_reason"} <= may["customers_historicalcontact"]
    assert not may["customers_historicalcontact"] & {"id", "rev", "reference", "changed_at", "changed_by_id", "verb"}
    for table in ("trail_seal", "trail_checkpoint", "trail_key", "trail_schema", "trail_erasure", "trail_erased"):
        assert table not in may, table


@pytest.mark.service
def test_nothing_is_its_own(as_app):
    cursor = as_app.cursor()
    cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
    assert cursor.fetchone() == (0,)


@pytest.mark.service
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE accounts_organisation DISABLE TRIGGER ALL",
        "DROP TRIGGER keep_accounts_organisation ON accounts_organisation",
        "ALTER TABLE trail_seal DISABLE TRIGGER USER",
        "DROP TRIGGER keep_trail_seal ON trail_seal",
        "DROP TABLE trail_seal",
        "SET session_replication_role = replica",
        "DELETE FROM accounts_organisation",
        "TRUNCATE accounts_organisation",
        "UPDATE accounts_historicalorganisation SET name = 'Other'",
        "DELETE FROM accounts_historicalorganisation",
        "UPDATE accounts_historicalorganisation SET rev = rev",
        "DELETE FROM trail_seal",
        "TRUNCATE trail_seal",
        "TRUNCATE customers_historicalcontact",
        "DELETE FROM trail_opening",
        "UPDATE trail_opening SET history_id = 1",
        "UPDATE trail_checkpoint SET root = ''",
        "DELETE FROM trail_checkpoint",
        "UPDATE trail_key SET public_key = ''",
        "UPDATE trail_securityevent SET verb = 'signed out'",
        "DELETE FROM trail_securityevent",
        "DELETE FROM trail_erased",
        "DELETE FROM accounts_user",
        "DELETE FROM customers_contact",
        "UPDATE auth_group_permissions SET group_id = group_id",
        "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)",
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


@pytest.mark.service
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers_historicalcontact SET email = 'other@halden.example'",
        "UPDATE customers_historicalcustomer SET reason = ''",
        "UPDATE trail_securityevent SET detail = ''",
        "UPDATE trail_opening SET salt = NULL, commitments = NULL",
    ],
)
def test_what_may_name_a_person_changes_only_where_an_erasure_says_so(as_app, statement):
    with pytest.raises(errors.CheckViolation):
        as_app.cursor().execute(statement)
