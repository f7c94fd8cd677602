#!/bin/bash
# Makes the application's role where it is missing, sets its password and grants; used by compose.yaml after migrate.
set -euo pipefail
export PGPASSWORD="$(cat /run/secrets/owner-password)"
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/app-password)" <<'SQL'
SELECT 'CREATE ROLE heed_app NOSUPERUSER NOCREATEDB NOCREATEROLE'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'heed_app') \gexec
ALTER ROLE heed_app LOGIN PASSWORD :'password';
SQL
psql -v ON_ERROR_STOP=1 -v app=heed_app -f "$(dirname "$0")/roles.sql"
