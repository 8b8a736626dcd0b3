"""What doctor asks the database: its schema, its role, its clock, the outbox and who relays it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg

from shared.clock import Clock
from shared.doctor.findings import Finding
from shared.postgres import is_contract, schema_state

LARGEST_SKEW = timedelta(seconds=2)
OLDEST_OUTBOX_ROW = timedelta(minutes=1)
BETWEEN_PRUNINGS = timedelta(days=2)
"""It is run daily; once it may fail."""

POWERS = """
select array(
    select power from pg_roles, lateral (values
        ('superuser', rolsuper), ('createdb', rolcreatedb), ('createrole', rolcreaterole),
        ('replication', rolreplication), ('bypassrls', rolbypassrls)) as powers (power, has)
    where rolname = current_user and has)
"""

# A schema that can be entered, or a table in one that can be read or written: either is too much.
FOREIGN_SCHEMAS = """
select nspname from pg_namespace n
where nspname <> current_schema() and nspname !~ '^pg_' and nspname <> 'information_schema'
  and (has_schema_privilege(n.oid, 'usage') or has_schema_privilege(n.oid, 'create'))
  and (nspname <> 'public' or has_schema_privilege(n.oid, 'create'))
order by nspname
"""

MEMBERSHIPS = """
select rolname from pg_roles
where rolname <> current_user and pg_has_role(current_user, oid, 'member') order by rolname
"""

# When a run last came to its end, and since when there has been something for one to look at.
PRUNED = """select
    (select ended_at from prunings where ended_at is not null order by id desc limit 1) as last_at,
    (select min(ended_at) from endings where forgotten_at is null) as oldest,
    clock_timestamp() as now"""

# An advisory lock of two numbers keeps them as classid and objid, without their signs.
LEADERS = """
select count(*) from pg_locks
where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())
  and classid::bigint = hashtext('relay')::bigint & 4294967295
  and objid::bigint = hashtext(current_schema())::bigint & 4294967295
"""


async def examine_schema(
    connection: asyncpg.Connection, directories: Sequence[Path]
) -> list[Finding]:
    """Whether the schema is this version's, or one that this version can work with.

    During an upgrade the previous version runs on the next one's schema: a migration only adds, and so
    takes nothing from it, unless it says that it contracts (docs/runbooks/upgrade.md).
    """
    missing, future, changed = await schema_state(connection, directories)
    found = []
    if ahead := [name for name in future if not is_contract(name)]:
        found.append(
            Finding(
                "schema",
                f"the schema is ahead: it has had {', '.join(ahead)}, which only add",
                "finish the upgrade: run the version that made it, or a later one",
                passes=True,
            )
        )
    if contracted := [name for name in future if is_contract(name)]:
        found.append(
            Finding(
                "schema",
                f"the schema is from the future: it has had {', '.join(contracted)}",
                "run the version that made it, or a later one",
            )
        )
    if changed:
        found.append(
            Finding(
                "schema",
                f"{', '.join(changed)} changed since it ran",
                "bring the released files back; changes go into a new migration",
            )
        )
    if waiting := [name for name in missing if is_contract(name)]:
        found.append(
            Finding(
                "schema",
                f"{', '.join(waiting)} waits until the version before is gone",
                "when every replica is of this version: migrate --contract",
                passes=True,
            )
        )
    if behind := [name for name in missing if not is_contract(name)]:
        found.append(
            Finding(
                "schema",
                f"the schema is behind: {', '.join(behind)} did not run",
                "run the command migrate",
            )
        )
    return found or [Finding("schema", "every migration ran, and no other")]


async def examine_role(connection: asyncpg.Connection) -> list[Finding]:
    """Whether the role can do more than reach its own schema (guarantee 8)."""
    role = await connection.fetchval("select current_user")
    powers = await connection.fetchval(POWERS)
    found = []
    if powers:
        said = f"role {role} has too many rights: {', '.join(powers)}"
        found.append(Finding("role", said, "ALTER ROLE … " + " ".join(f"NO{p}" for p in powers)))
    if groups := [row[0] for row in await connection.fetch(MEMBERSHIPS)] if not powers else []:
        said = f"role {role} is a member of {', '.join(groups)}"
        found.append(Finding("role", said, f"REVOKE {', '.join(groups)} FROM {role}"))
    schemas = [row[0] for row in await connection.fetch(FOREIGN_SCHEMAS)]
    if schemas and "superuser" not in powers:
        said = f"role {role} can reach other schemas: {', '.join(schemas)}"
        do = f"REVOKE ALL ON SCHEMA {', '.join(schemas)} FROM {role}, PUBLIC; see deploy/postgres/roles.sql"
        found.append(Finding("role", said, do))
    return found or [Finding("role", f"role {role} reaches its own schema and nothing else")]


async def examine_clock(connection: asyncpg.Connection, clock: Clock) -> Finding:
    """Whether the database's clock agrees with this machine's, taking half the way for the answer."""
    asked_at = clock.now()
    there = await connection.fetchval("select clock_timestamp()")
    answered_at = clock.now()
    skew = there - (asked_at + (answered_at - asked_at) / 2)
    side = "ahead of" if skew > timedelta() else "behind"
    said = f"the database's clock is {abs(skew).total_seconds():.3f} s {side} this machine's"
    do = "let both follow one NTP source" if abs(skew) > LARGEST_SKEW else None
    return Finding("clocks", said, do)


async def examine_relay(connection: asyncpg.Connection, clock: Clock) -> list[Finding]:
    """Whether somebody relays the outbox, and how old its oldest row is."""
    leaders = await connection.fetchval(LEADERS)
    leading = (
        Finding("relay", "one replica relays the outbox")
        if leaders
        else Finding("relay", "nobody relays the outbox", "start a replica: the command serve")
    )
    # By the event's own time: the row itself keeps none. A replay's rows are as old as their events.
    oldest = await connection.fetchrow(
        "select time, topic, subject, (select count(*) from outbox) as rows from outbox order by id limit 1"
    )
    if oldest is None:
        return [leading, Finding("outbox", "the outbox is empty")]
    age = clock.now() - oldest["time"]
    said = (
        f"the oldest of {oldest['rows']} rows is {age.total_seconds():.0f} s old:"
        f" {oldest['subject']} for {oldest['topic']}"
    )
    do = "look at the relay and the broker; the service's log says why it pauses"
    return [leading, Finding("outbox", said, do if age > OLDEST_OUTBOX_ROW else None)]


async def examine_pruning(connection: asyncpg.Connection) -> Finding:
    """Whether what the policy no longer keeps is deleted day by day."""
    [(last_at, oldest, now)] = await connection.fetch(PRUNED)
    if oldest is None:
        return Finding("pruning", "nothing has ended yet that could be pruned")
    said = "it has never come to its end"
    if last_at is not None:
        said = f"it came to its end last at {last_at:%Y-%m-%d %H:%M} UTC"
    is_late = max(last_at or oldest, oldest) < now - BETWEEN_PRUNINGS
    do = "let the command prune run daily: docs/runbooks/retention.md" if is_late else None
    return Finding("pruning", said, do)
