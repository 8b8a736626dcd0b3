#!/bin/bash
# Gives the roles of roles.sql their passwords, from the container's environment, once: when the
# database is made. Change one later with ALTER ROLE … PASSWORD and the new value in .env.
set -euo pipefail

# In the environment, not on the command line: a process's arguments can be read by others.
export INTAKE_PASSWORD DEADLINE_PASSWORD FEEDBACK_PASSWORD LEDGER_PASSWORD

psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv intake INTAKE_PASSWORD
\getenv deadline DEADLINE_PASSWORD
\getenv feedback FEEDBACK_PASSWORD
\getenv ledger LEDGER_PASSWORD
ALTER ROLE intake PASSWORD :'intake';
ALTER ROLE deadline PASSWORD :'deadline';
ALTER ROLE feedback PASSWORD :'feedback';
ALTER ROLE ledger PASSWORD :'ledger';
SQL
