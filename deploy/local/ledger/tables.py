"""Checks of tables against tables: plain SQL over the three schemas, one snapshot for all."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from deploy.local.ledger.findings import Check, Fault
from deploy.local.ledger.parties import HEARERS, SERVICES, SPEAKERS, source_of

_CLOCK = """select kind, code, agency, generation, state, appointment_at, legal_due, pledge_due, resolved_at
from deadline."""
CLOCKS = f"({_CLOCK}clocks union all {_CLOCK}archived_clocks)"
"""With those that `prune` has put away."""

# Every saying must have been heard: as many, in order, by each who listens.
UNHEARD = """
select coalesce(s.subject, h.subject) as subject,
       coalesce(s.last_sequence, 0) as said, coalesce(h.last_sequence, 0) as heard,
       exists (select from {hearer}.set_aside a
               where a.source = $1 and a.subject = coalesce(s.subject, h.subject)) as is_set_aside
from (select subject, last_sequence from {speaker}.said where source = $1) s
full join (select subject, last_sequence from {hearer}.heard where source = $1) h using (subject)
where s.last_sequence is distinct from h.last_sequence
  and not exists (select from {hearer}.endings e
                  where e.subject = s.subject and e.forgotten_at is not null and h.subject is null)
order by subject
"""

SAID = "select count(*) from {speaker}.said where source = $1"

OUTBOX = """
select topic, count(*) as rows, min(time) as since, min(subject) as subject
from {service}.outbox group by topic order by topic
"""

SET_ASIDE = """
select source, subject, count(*) as letters,
       (array_agg(cause order by cause in ('gap', 'follower'), sequence, id))[1] as cause,
       (array_agg(reason order by cause in ('gap', 'follower'), sequence, id))[1] as reason
from {service}.set_aside group by source, subject order by subject
"""

DISCARDED = """
select subject, type, discarded_because, discarded_by from {service}.discarded order by id
"""

# Each rule: what must hold, how many rows it is about, and the rows that break it
# (fault, subject, what is wrong).
RULES: Sequence[tuple[str, str, str]] = (
    (
        "intake kept every move it told of, as 1, 2, 3…",
        "select count(*) from intake.moves",
        f"""
        select case when coalesce(m.moves, 0) < s.last_sequence then 'lost' else 'unexplained' end,
               coalesce(d.code, s.subject),
               format('%s moves kept, %s counted, %s told', coalesce(m.moves, 0),
                      coalesce(d.moves, 0), coalesce(s.last_sequence, 0))
        from intake.dossiers d
        full join (select * from intake.said where source = '{source_of("dossiers")}') s
            on s.subject = d.code
        left join (select dossier, count(*) as moves, max(number) as highest
                   from intake.moves group by dossier) m on m.dossier = d.code
        where (d.moves, m.moves, m.highest)
            is distinct from (s.last_sequence::int, s.last_sequence, s.last_sequence::int)
        """,
    ),
    (
        "every generation of a clock is kept, none twice",
        "select count(*) from deadline.clocks",
        """
        select case when coalesce(p.past, 0) < c.generation - 1 then 'lost' else 'duplicated' end,
               coalesce(c.code, p.code),
               format('generation %s, %s past ones', c.generation, coalesce(p.past, 0))
        from deadline.clocks c
        full join (select kind, code, count(*) as past
                   from deadline.past_generations group by kind, code) p using (kind, code)
        where coalesce(p.past, 0) is distinct from c.generation - 1
        """,
    ),
    (
        "lateness was judged by when a thing happened",
        "select count(*) from deadline.clocks where resolved_at is not null",
        f"""
        select 'unexplained', code, format('%s, resolved %s, due %s', state, resolved_at, legal_due)
        from {CLOCKS} c
        where (state = 'missed') is distinct from (resolved_at > legal_due and resolved_at is not null
                                                   and legal_due is not null)
           or (state in ('met', 'missed', 'out_of_sync')) is distinct from (resolved_at is not null)
        """,
    ),
    (
        "every alarm is of its clock, and none rang early",
        "select count(*) from deadline.alarms",
        f"""
        select 'unexplained', a.code,
               format('%s of generation %s, due %s, rang %s', a.rung, a.generation, a.due_at, a.rang_at)
        from deadline.alarms a left join {CLOCKS} c using (kind, code)
        where c.code is null or a.generation > c.generation or a.rang_at < a.due_at
        """,
    ),
    (
        "every breach called, and every one taken back, is counted at its unit",
        "select count(*) from deadline.alarms where rung = 'breach'",
        f"""
        select 'unexplained', coalesce(counted.agency, found.agency),
               format('%s %s breaches counted, %s called', counted.kind, counted.called, found.called)
        from (select agency, kind, sum(count) as called from deadline.lateness
              where outcome = 'called' group by agency, kind) counted
        full join (select agency, kind, count(*) as called from deadline.alarms
                   where rung = 'breach' group by agency, kind) found using (agency, kind)
        where counted.called is distinct from found.called
        union all
        select 'unexplained', coalesce(counted.kind, found.kind),
               format('%s counted as out of sync, %s are', counted.taken, found.taken)
        from (select kind, sum(count) as taken from deadline.lateness
              where outcome = 'out_of_sync' group by kind) counted
        full join (select kind, count(*) as taken from {CLOCKS} c
                   where state = 'out_of_sync' group by kind) found using (kind)
        where coalesce(counted.taken, 0) < coalesce(found.taken, 0)
        """,
    ),
    (
        "intake repeats what deadline set and found",
        "select count(*) from intake.promises",
        f"""
        select case when p.dossier is null then 'lost' else 'unexplained' end,
               coalesce(c.code, p.dossier),
               format('intake: %s %s at %s; deadline: %s %s at %s', p.generation, p.clock,
                      p.appointment_at, c.generation, c.state, c.appointment_at)
        from intake.promises p
        full join (select * from {CLOCKS} c where kind = 'dossier') c on c.code = p.dossier
        where (p.generation, p.appointment_at, p.legal_due, p.pledge_due, p.clock, p.is_out_of_sync)
            is distinct from
              (c.generation, c.appointment_at, c.legal_due, c.pledge_due,
               case c.state when 'breached' then 'running' when 'out_of_sync' then 'met'
                            when 'ended' then 'stopped' else c.state end,
               c.state = 'out_of_sync')
        """,
    ),
    (
        "intake repeats how every hand-over was kept",
        "select count(*) from intake.hand_overs",
        f"""
        select case when h.dossier is null then 'lost' else 'unexplained' end,
               coalesce(c.code, h.dossier),
               format('%s: intake: %s, %s by %s at %s; deadline: %s, %s by %s at %s',
                      coalesce(c.kind, h.kind), h.generation, h.verdict, h.due_at, h.ended_at,
                      c.generation, c.state, c.appointment_at, c.ended_at)
        from (select distinct on (dossier, kind) * from intake.hand_overs
              order by dossier, kind, generation desc) h
        full join (select *, state in ('met', 'missed', 'out_of_sync') as is_judged,
                          case when state in ('met', 'missed', 'out_of_sync')
                               then resolved_at end as ended_at
                   from {CLOCKS} c where kind in ('forwarding', 'transfer_leg')) c
            on c.code = h.dossier and c.kind = h.kind
        where (h.generation, h.agency, h.due_at, h.verdict is not null,
               coalesce(h.verdict = 'late', false), h.ended_at)
            is distinct from
              (c.generation, c.agency, c.appointment_at, c.is_judged, c.state = 'missed',
               c.ended_at)
        """,
    ),
    (
        "feedback knows every dossier as intake does",
        "select count(*) from feedback.dossiers",
        """
        select case when f.dossier is null then 'lost' else 'unexplained' end,
               coalesce(d.code, f.dossier),
               format('intake: %s at %s; feedback: %s at %s', d.status, d.agency, f.status, f.agency)
        from intake.dossiers d full join feedback.dossiers f on f.dossier = d.code
        where (d.status, d.agency) is distinct from (f.status, f.agency)
        """,
    ),
    (
        "intake knows every notice that feedback sent",
        "select count(*) from intake.notices",
        """
        select case when i.dossier is null then 'lost'
                    when f.dossier is null then 'unexplained' else 'duplicated' end,
               coalesce(f.dossier, i.dossier),
               format('%s %s', coalesce(f.notice, i.notice), coalesce(f.number, i.number))
        from feedback.notices f
        full join (select dossier, notice, number, count(*) as times, min(sent_at) as sent_at
                   from intake.notices
                   where not exists (select from feedback.endings
                                     where subject = dossier and forgotten_at is not null)
                   group by dossier, notice, number) i using (dossier, notice, number)
        where (f.sent_at, 1) is distinct from (i.sent_at, i.times)
        """,
    ),
    (
        "a unit's stars are the sum of its votes",
        "select count(*) from feedback.ratings",
        """
        select case when coalesce(t.votes, 0) < coalesce(r.votes, 0) then 'lost' else 'duplicated' end,
               coalesce(t.agency, r.agency),
               format('%s votes counted, %s given', coalesce(t.votes, 0), coalesce(r.votes, 0))
        from feedback.tallies t
        full join (select agency, count(*) as votes, sum(smile) as smile, sum(gentle) as gentle,
                          sum(listen) as listen, sum(help) as help,
                          sum(coalesce(4 * overall - smile - gentle - listen - help, 0)) as overall_apart
                   from feedback.ratings group by agency) r using (agency)
        where (t.votes, t.smile, t.gentle, t.listen, t.help, t.overall_apart)
            is distinct from (r.votes, r.smile, r.gentle, r.listen, r.help, r.overall_apart)
        """,
    ),
    (
        "a unit's scores are the sum of its cases",
        "select count(*) from feedback.score_cases",
        """
        select 'unexplained', coalesce(s.agency, c.agency),
               format('%s, figure %s: %s of %s summed, %s of %s in its cases',
                      coalesce(s.counted_on, c.counted_on), coalesce(s.place, c.place),
                      s.added, s.counted, c.added, c.counted)
        from (select agency, counted_on, officer, place, sum(added) as added, sum(counted) as counted
              from feedback.score_sums,
                   unnest(sums, counts) with ordinality as u (added, counted, place)
              group by agency, counted_on, officer, place
              having sum(added) <> 0 or sum(counted) <> 0) s
        full join (select agency, counted_on, officer, place,
                          sum(added) as added, sum(counted) as counted
                   from feedback.score_cases,
                        unnest(sums, counts) with ordinality as u (added, counted, place)
                   where agency is not null
                   group by agency, counted_on, officer, place
                   having sum(added) <> 0 or sum(counted) <> 0) c
            using (agency, counted_on, officer, place)
        where (s.added, s.counted) is distinct from (c.added, c.counted)
        """,
    ),
    (
        "every dossier and every rating is scored once",
        "select count(*) from feedback.score_cases",
        """
        select case when c.code is null then 'lost' else 'unexplained' end,
               coalesce(c.code, o.code), format('a %s', coalesce(c.kind, o.kind))
        from (select kind, code from feedback.score_cases where kind in ('dossier', 'rating')) c
        full join (select 'dossier' as kind, dossier as code from feedback.dossiers
                   where agency is not null
                   union all select 'rating', dossier from feedback.ratings) o using (kind, code)
        where (c.code is null) <> (o.code is null)
        """,
    ),
)


async def check_rules(connection: asyncpg.Connection) -> list[Check]:
    """Every rule between tables."""
    checks = []
    for sentence, population, breaches in RULES:
        check = Check(sentence, examined=await connection.fetchval(population))
        for fault, subject, what in await connection.fetch(breaches):
            check.blame(Fault(fault), f"{subject}: {what}")
        checks.append(check)
    return checks


async def check_hearing(
    connection: asyncpg.Connection, behind: frozenset[tuple[str, str]]
) -> list[Check]:
    """Everything said was heard by everyone who should, each saying once.

    `behind` holds hearer and topic where records still wait to be read.
    """
    return [
        await _check_hearer(connection, topic, hearer, (hearer, topic) in behind)
        for topic, hearers in HEARERS.items()
        for hearer in hearers
    ]


async def _check_hearer(
    connection: asyncpg.Connection, topic: str, hearer: str, is_behind: bool
) -> Check:
    speaker, source = SPEAKERS[topic], source_of(topic)
    check = Check(
        f"{hearer} heard all that {speaker} said of {topic}",
        examined=await connection.fetchval(SAID.format(speaker=speaker), source),
    )
    query = UNHEARD.format(speaker=speaker, hearer=hearer)
    for row in await connection.fetch(query, source):
        subject, said, heard = row["subject"], row["said"], row["heard"]
        example = f"{topic} {subject}: {said} said, {heard} heard"
        if heard > said:
            check.blame(Fault.UNEXPLAINED, example, heard - said)
        elif is_behind:
            check.blame(Fault.STUCK, f"{example}, not read yet", said - heard)
        elif not row["is_set_aside"]:
            check.blame(Fault.LOST, example, said - heard)
    return check


async def check_waiting(connection: asyncpg.Connection) -> tuple[list[Check], list[str]]:
    """Outboxes and what is set aside: empty, or listed. Also notes on what was discarded."""
    outboxes = Check("the outboxes are empty")
    aside = Check("nothing is set aside")
    notes = []
    for service in SERVICES:
        for row in await connection.fetch(OUTBOX.format(service=service)):
            outboxes.examined += row["rows"]
            outboxes.blame(
                Fault.STUCK,
                f"{service} has {row['rows']} for {row['topic']} since {row['since']},"
                f" among them of {row['subject']}",
                row["rows"],
            )
        for row in await connection.fetch(SET_ASIDE.format(service=service)):
            aside.examined += row["letters"]
            aside.blame(Fault.STUCK, f"{service}: {_held(row)}", row["letters"])
        notes += [
            f"{service} discarded {row['type']} of {row['subject']}: {row['discarded_because']}"
            f" ({row['discarded_by']})"
            for row in await connection.fetch(DISCARDED.format(service=service))
        ]
    return [outboxes, aside], notes


def _held(row: Any) -> str:
    return f"{row['subject']} from {row['source']}, {row['letters']} letters: {row['cause']}, {row['reason']}"


async def read_behind(
    connection: asyncpg.Connection, ends: dict[tuple[str, int], int]
) -> frozenset[tuple[str, str]]:
    """Hearer and topic where a partition has records that were not read yet."""
    behind = set()
    for service in SERVICES:
        rows = await connection.fetch(
            f"select topic, partition, next_offset from {service}.progress"
        )
        read = {(row["topic"].split(".")[1], row["partition"]): row["next_offset"] for row in rows}
        for (topic, partition), end in ends.items():
            if service in HEARERS[topic] and read.get((topic, partition), 0) < end:
                behind.add((service, topic))
    return frozenset(behind)
