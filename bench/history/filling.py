"""Ten years of dossiers, every one returned, as policy leaves them: all that is kept for ever, and of the last years the rest.

Filled are the tables that a dossier's way through the services asks, and whose size is that of history. Left out are
`archived_clocks`, which nothing on that way touches, and at intake `moves`, `applicants` and `notices`, which are only added to, at the
same places as their dossiers.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date

import asyncpg

from bench.open_clocks import without_indexes
from bench.submissions import UNITS
from deploy.local.postgres import Database
from services.deadline.adapters import retention

WITHOUT_LOG: Mapping[str, str] = {"wal_level": "minimal", "max_wal_senders": "0"}
"""How the server is started that is filled; what is measured afterwards is logged and durable as ever."""

NOT_VACUUMED = "autovacuum_vacuum_insert_threshold = -1"

YEARS_DAYS = 3_650

OLD = f"""create unlogged table public.old as
select code, agency, at, at > $3::date - {retention.plan().policy.days("ended")} as is_kept
from (select agency || to_char(day, '-YYMMDD-') || lpad((n / 40 % 100 + 1)::text, 4, '0') as code, agency,
             day + time '02:00' + n % 28800 * interval '1 s' as at
      from (select n, ($2::text[])[1 + n % cardinality($2::text[])] as agency,
                   $3::date - 1 - ($1 - n) / greatest($1 / {YEARS_DAYS}, 1)::int as day
            from generate_series(1, $1::int) as n) as numbered) as dated"""

STEPS = '[{"rule":"day_limit","from":"2026-11-13","to":"2026-11-20","amount":5},{"rule":"next_working_day","from":"2026-11-20","to":"2026-11-20"}]'


def _said(source: str) -> str:
    return f"(source, subject, last_sequence) select '{source}', code, 2 from public.old"


def _heard(*sources: str) -> str:
    return f"""(source, subject, last_sequence, previous_sequence)
        select source, code, 2, 1 from public.old, unnest('{{{",".join(sources)}}}'::text[]) as source where is_kept"""


ENDINGS = """(subject, ended_at, forgotten_at)
    select code, at, case when not is_kept then at + interval '730 days' end from public.old"""

TABLES: Mapping[str, str] = {
    "intake.dossiers": """(code, procedure, procedure_revision, channel, receiving_agency, receiving_revision, agency,
            resolving_agency, state, status, received_at, complete_at, accepted_at, last_moved_at, leg, supplement_requests,
            moves, language, documents)
        select code, '1.000001', 1, 'counter', agency, 1, agency, agency, 'returned', 10, at, at, at, at, 0, 0, 4, 'vi',
            '[{"name": "Tờ khai", "copies": 1}]' from public.old""",
    "intake.promises": """(dossier, generation, appointment_at, legal_due, clock, is_at_risk, is_pledge_missed, is_breached,
            is_out_of_sync)
        select code, 1, at, at, 'met', false, false, false, false from public.old""",
    "intake.said": _said("thanthien/intake/dossiers"),
    "intake.endings": ENDINGS,
    "intake.heard": _heard("thanthien/deadline/deadlines", "thanthien/feedback/feedback"),
    "deadline.clocks": f"""(kind, code, agency, receiving_agency, procedure, received_at, complete_at, generation, state,
            legal_due, reckoned_appointment_at, appointment_at, original_legal_due, regime, rules_version, calendar_version,
            steps, resolved_at)
        select 'dossier', code, agency, agency, '1.000001', at, at, 1, 'met', at, at, at, at, 'nd61', 'nd61-0123456789ab',
            'vn-2026', '{STEPS}', at from public.old where is_kept""",
    "deadline.said": _said("thanthien/deadline/deadlines"),
    "deadline.endings": ENDINGS,
    "deadline.heard": _heard("thanthien/intake/dossiers"),
    "feedback.dossiers": """(dossier, agency, status, received_by, received_at, accepted_by, accepted_at, limits,
            appointments, told)
        select code, agency, 10, agency, at, agency, at, 1, array[at], '{greeting,accepted,resolved,thanks}' from public.old""",
    "feedback.score_cases": """(name, kind, code, facts, agency, counted_on, sums, counts)
        select 'dossier/' || code, 'dossier', code, json_build_object('agency', agency, 'received_at', at, 'is_accepted', true),
            agency, at::date, '{1,0}', '{1,1}' from public.old""",
    "feedback.score_sums": """(agency, counted_on, officer, slot, sums, counts)
        select agency, at::date, '', 0, array[count(*), 0], array[count(*), count(*)] from public.old group by 1, 2""",
    "feedback.notices": """(dossier, notice, agency, sent_at, written_at, text_vi, text_en)
        select code, 'thanks', agency, at, at, repeat('Xin cảm ơn. ', 20), repeat('Thank you. ', 20)
        from public.old where is_kept""",
    "feedback.said": _said("thanthien/feedback/feedback"),
    "feedback.endings": ENDINGS,
    "feedback.heard": _heard("thanthien/intake/dossiers", "thanthien/deadline/deadlines"),
}  # fmt: skip

FOREIGN_KEYS = """select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s not valid',
              conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
from pg_constraint
where contype = 'f' and $1::text[]::regclass[] && array[conrelid::regclass, confrelid::regclass]"""


async def fill(database: Database, count: int, today: date) -> None:
    """So many dossiers up to yesterday, in tables that nobody has used yet; each service's beside the others'."""
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute(OLD, count, list(UNITS), today, timeout=None)
    await connection.execute("analyze public.old", timeout=None)
    schemas = sorted({table.partition(".")[0] for table in TABLES})
    await asyncio.gather(*(_fill_schema(database, schema) for schema in schemas))
    await connection.execute("drop table public.old")
    await connection.close()


async def _fill_schema(database: Database, schema: str) -> None:
    tables = [table for table in TABLES if table.startswith(f"{schema}.")]
    connection = await asyncpg.connect(database.admin_dsn)
    # Into files that are of this transaction, which then need no log of their own (WITHOUT_LOG). History was vacuumed
    # long ago: it must not be so amid a measurement, for being new.
    async with connection.transaction(), _without_foreign_keys(connection, tables):
        await connection.execute(f"truncate {', '.join(tables)}")
        async with without_indexes(connection, tables):
            for table in tables:
                await connection.execute(f"alter table {table} set ({NOT_VACUUMED})")
                await connection.execute(f"insert into {table} {TABLES[table]}", timeout=None)
    await connection.execute(f"analyze {', '.join(tables)}", timeout=None)
    await connection.close()


@asynccontextmanager
async def _without_foreign_keys(
    connection: asyncpg.Connection, tables: Sequence[str]
) -> AsyncIterator[None]:
    """They come back for every row that is added from then on; what was filled in is not looked through."""
    keys = await connection.fetch(FOREIGN_KEYS, tables)
    for key in keys:
        await connection.execute(key["drop"])
    yield
    for key in keys:
        await connection.execute(key["make"])
