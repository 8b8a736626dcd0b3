"""What lies behind a rating: dossiers by the million with their scores, and links to rate by."""

from datetime import datetime

import asyncpg

from bench.dossiers import AGENCIES
from bench.open_clocks import without_indexes

TABLES = ["dossiers", "score_cases", "score_sums"]
DAYS = 90
"""Over how many days they were received."""

AGENCY = "($2::text[])[1 + number % cardinality($2::text[])]"
CODE = f"{AGENCY} || '-OLD-' || lpad(number::text, 8, '0')"
RECEIVED_AT = f"$3::timestamptz - interval '1 day' * (number % {DAYS})"

REGISTER = """insert into agencies (agency, name, time_zone)
select agency, agency, 'Asia/Ho_Chi_Minh' from unnest($1::text[]) as agency"""

DOSSIERS = f"""insert into dossiers (dossier, agency, status, accepted_by, received_at, accepted_at)
select {CODE}, {AGENCY}, 10, {AGENCY}, {RECEIVED_AT}, {RECEIVED_AT}
from generate_series(1, $1::bigint) as number"""

CASES = f"""insert into score_cases (name, kind, code, facts, agency, counted_on, sums, counts)
select 'dossier/' || code, 'dossier', code,
    json_build_object('agency', agency, 'received_at', received_at, 'is_accepted', true), agency,
    (received_at at time zone 'Asia/Ho_Chi_Minh')::date, '{{1,0}}', '{{1,1}}'
from (select {CODE} as code, {AGENCY} as agency, {RECEIVED_AT} as received_at
      from generate_series(1, $1::bigint) as number) as old"""

SUMS = """insert into score_sums (agency, counted_on, officer, slot, sums, counts)
select agency, counted_on, '', 0, array[count(*), 0], array[count(*), count(*)]
from score_cases group by 1, 2"""

LINKS = """with made as (
    insert into dossiers (dossier, agency, status)
    select agency || '-' || $1 || '-' || lpad(number::text, 8, '0'), agency, 10
    from (select number, ($2::text[])[1 + number % cardinality($2::text[])] as agency
          from generate_series(1, $3::bigint) as number) as new
    returning dossier, agency
)
insert into invitations (token, dossier, agency, invited_at, expires_at)
select 'token-of-' || replace(dossier, '.', '_'), dossier, agency, $4::timestamptz, $4::timestamptz + interval '30 days' from made
returning token"""


async def fill(connection: asyncpg.Connection, count: int, now: datetime) -> None:
    """The town's agencies, and so many dossiers, returned and scored, in tables nobody uses yet."""
    await connection.execute(REGISTER, list(AGENCIES))
    async with connection.transaction(), without_indexes(connection, ["score_cases", "score_sums"]):
        for statement in (DOSSIERS, CASES):
            await connection.execute(statement, count, list(AGENCIES), now, timeout=None)
        await connection.execute(SUMS, timeout=None)
    await connection.execute("vacuum (analyze) dossiers, score_cases, score_sums", timeout=None)


async def make_links(
    connection: asyncpg.Connection, label: str, count: int, now: datetime
) -> list[str]:
    """Tokens to rate by, each of a dossier of its own."""
    rows = await connection.fetch(LINKS, label, list(AGENCIES), count, now, timeout=None)
    return [row["token"] for row in rows]
