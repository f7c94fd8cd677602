-- What the running application may do in PostgreSQL. Run as the owner of the tables, after each `manage.py migrate`:
--
--   psql "$OWNER_DATABASE_URL" -v ON_ERROR_STOP=1 -v app=heed_app -f deploy/postgres/roles.sql
--
-- The owner runs migrations. The application's role owns nothing: it cannot drop or disable a trigger, change a table,
-- delete a record or touch a kept version, but for emptying the columns that may name a person, which the triggers allow
-- where an erasure says so. Make the role once, as a superuser:
--
--   CREATE ROLE heed_app LOGIN PASSWORD '...' NOSUPERUSER NOCREATEDB NOCREATEROLE;

BEGIN;

GRANT USAGE ON SCHEMA public TO :"app";
REVOKE CREATE ON SCHEMA public FROM PUBLIC, :"app";
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"app";
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"app";

-- What roles may do, and which migrations ran, is written by the owner.
REVOKE INSERT, UPDATE ON auth_group, auth_group_permissions, auth_permission, django_content_type, django_migrations
  FROM :"app";

-- Rows are deleted only where they are no evidence: what waits, runs out, or is counted anew.
SELECT format('GRANT DELETE ON %I TO %I', tablename, :'app')
  FROM pg_tables
 WHERE schemaname = 'public' AND tablename IN (
       'account_emailaddress', 'account_emailconfirmation', 'accounts_invitation', 'accounts_user_groups',
       'axes_accessattempt', 'axes_accessattemptexpiration', 'axes_accessfailurelog', 'axes_accesslog',
       'django_session', 'kpis_bucket', 'kpis_series', 'kpis_watermark', 'mfa_authenticator', 'records_draft',
       'records_importrow', 'records_notification', 'records_submission', 'trail_pending')
\gexec

-- Versions, events and seals are written once ...
SELECT format('REVOKE UPDATE ON %s FROM %I', tgrelid::regclass, :'app')
  FROM pg_trigger
 WHERE NOT tgisinternal AND tgname LIKE 'keep\_%' AND tgtype & 3 = 3
\gexec

-- ... but for the columns that an erasure empties: those that the table's own trigger names.
SELECT format('GRANT UPDATE (%s) ON %s TO %I', string_agg(DISTINCT format('%I', may.name), ', '), t.tgrelid::regclass,
              :'app')
  FROM pg_trigger t
  JOIN pg_proc p ON p.oid = t.tgfoid
 CROSS JOIN LATERAL (
       SELECT (regexp_matches(p.prosrc, 'NEW\."(\w+)" IS NOT DISTINCT FROM ''', 'g'))[1]
        UNION
       SELECT (regexp_matches(p.prosrc, 'NEW\."(\w+)" IS (?:NOT )?NULL', 'g'))[1]
        UNION
       SELECT attname FROM pg_attribute WHERE attrelid = t.tgrelid AND attname = 'history_change_reason'
       ) AS may (name)
 WHERE NOT t.tgisinternal AND t.tgname LIKE 'keep\_%' AND t.tgtype & 3 = 3
   AND p.prosrc LIKE '%tg_op = ''UPDATE''%'
 GROUP BY t.tgrelid
\gexec

COMMIT;
