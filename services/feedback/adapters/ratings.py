"""Rating links, ratings and tallies in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from services.feedback.domain.ratings import Invitation, Stars, Tally

# One statement, so that a rating is never without its place in the tally, nor a link used for
# nothing. The dossier's primary key is the last guard against a second rating.
GIVE = """
with used as (
    update invitations set used_at = $7, is_used_at_counter = $10
    where token = $1 and used_at is null
    returning dossier, agency
),
rated as (
    insert into ratings (dossier, agency, smile, gentle, listen, help, rated_at, overall)
    select dossier, agency, $3, $4, $5, $6, $7, $8 from used where dossier = $2
    returning agency
)
insert into tallies as t (agency, votes, smile, gentle, listen, help, overall_apart)
select agency, 1, $3, $4, $5, $6, $9 from rated
on conflict (agency) do update
set votes = t.votes + 1, smile = t.smile + excluded.smile, gentle = t.gentle + excluded.gentle,
    listen = t.listen + excluded.listen, help = t.help + excluded.help,
    overall_apart = t.overall_apart + excluded.overall_apart
"""


class PostgresRatings:
    """`Ratings` on one connection, within its transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def invite(self, invitations: Sequence[Invitation]) -> None:
        if not invitations:
            return
        await self._connection.execute(
            """insert into invitations (token, dossier, agency, invited_at, expires_at)
               select * from unnest(
                   $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
               on conflict (dossier) do nothing""",
            [invitation.token for invitation in invitations],
            [invitation.dossier for invitation in invitations],
            [invitation.agency for invitation in invitations],
            [invitation.invited_at for invitation in invitations],
            [invitation.expires_at for invitation in invitations],
        )

    async def find(self, token: str) -> Invitation | None:
        row = await self._connection.fetchrow("select * from invitations where token = $1", token)
        return None if row is None else Invitation(**dict(row))

    async def find_of(self, dossier: str) -> Invitation | None:
        row = await self._connection.fetchrow(
            "select * from invitations where dossier = $1", dossier
        )
        return None if row is None else Invitation(**dict(row))

    async def give(
        self, invitation: Invitation, stars: Stars, rated_at: datetime, *, at_counter: bool
    ) -> None:
        """Raises `RuntimeError` when the link was used meanwhile: its dossier was not locked."""
        done = await self._connection.execute(
            GIVE,
            invitation.token,
            invitation.dossier,
            stars.smile,
            stars.gentle,
            stars.listen,
            stars.help,
            rated_at,
            stars.overall,
            stars.overall_apart,
            at_counter,
        )
        if done != "INSERT 0 1":
            raise RuntimeError(f"rated {invitation.dossier} without holding its lock: {done}")

    async def tally(self, agency: str) -> Tally:
        row = await self._connection.fetchrow(
            """select votes, smile, gentle, listen, help, overall_apart
               from tallies where agency = $1""",
            agency,
        )
        return Tally() if row is None else Tally(**dict(row))

    async def tallies(self) -> dict[str, Tally]:
        rows = await self._connection.fetch(
            "select agency, votes, smile, gentle, listen, help, overall_apart from tallies"
        )
        return {row[0]: Tally(*tuple(row)[1:]) for row in rows}
