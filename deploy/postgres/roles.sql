-- One role and one schema per service; each role reaches its own schema and nothing else.
-- Run as an administrator, connected to the product's database. Running it again changes nothing.
-- Passwords are not set here: deploy/local and deploy/postgres/passwords.sh do that.

DO $$
DECLARE
    service text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger') THEN
        CREATE ROLE ledger LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ledger', current_database());
    -- The ledger proves; it never repairs.
    ALTER ROLE ledger SET default_transaction_read_only = on;
    ALTER ROLE ledger SET search_path = '';

    FOREACH service IN ARRAY ARRAY['intake', 'deadline', 'feedback'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', service);
        END IF;
        -- A managed server's administrator is no superuser and must be a member to give schemas away.
        EXECUTE format('GRANT %I TO CURRENT_USER', service);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), service);
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', service);
        EXECUTE format('ALTER ROLE %I SET search_path = %I', service, service);

        EXECUTE format('GRANT USAGE ON SCHEMA %I TO ledger', service);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO ledger', service);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO ledger',
            service, service);
    END LOOP;
END
$$;
