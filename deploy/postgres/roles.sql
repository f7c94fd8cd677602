-- What the running application may do in PostgreSQL. Run as the owner of the tables, after each `manage.py migrate`:
--
--   psql "$OWNER_DATABASE_URL" -v ON_ERROR_STOP=1 -v app=heed_app -f deploy/postgres/roles.sql
--
-- The owner runs migrations. The application's role owns nothing: it cannot drop or disable a trigger, change a table,
-- delete a record or touch a kept version. Make the role once, as a superuser:
--
--   CREATE ROLE heed_app LOGIN PASSWORD '...' NOSUPERUSER NOCREATEDB NOCREATEROLE;

BEGIN;

GRANT USAGE ON SCHEMA public TO :"app";
REVOKE CREATE ON SCHEMA public FROM PUBLIC, :"app";
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM :"app";

-- Records are not deleted; versions and seals are written once.
SELECT format('REVOKE %s ON %s FROM %I',
              CASE WHEN bool_or(tgtype & 3 = 3) THEN 'UPDATE, DELETE' ELSE 'DELETE' END, tgrelid::regclass, :'app')
  FROM pg_trigger
 WHERE NOT tgisinternal AND tgname LIKE 'keep\_%' AND tgname NOT LIKE '%\_truncate'
 GROUP BY tgrelid
\gexec

COMMIT;
