"""Deadline's tables, as a replay sees them: what the topics give back, and what is only here."""

from shared.replaying.plan import Check, Table

REBUILT = (
    Table("agencies", ("agency",), ignored=("version",)),
    Table("procedures", ("procedure",), ignored=("version",)),
    Table("clocks", ("code", "kind"), "code"),
    Table("past_generations", ("code", "kind", "generation"), "code"),
    Table("alarms", ("code", "kind", "generation", "rung"), "code"),
    Table("recomputed", ("code", "kind", "recomputation"), "code"),
    Table("uncomputable", ("code", "kind", "generation"), "code", ignored=("why",)),
    Table("lateness", ("agency", "kind", "due_on", "outcome"), sums=("count",)),
)

CARRIED_FIRST = ("directory", "decrees", "recomputations")
"""Decrees, and why somebody counted anew: of them the topics have only that they were."""

CARRIED = ("reappointments", "letter_actions", "replicas", "archived_clocks", "units_heard")
"""The reason and signer of each Mẫu 04; what was done to dead letters; which replicas there are; what was over long
before the topics begin; when each unit was last heard of."""

CHECKS = (
    Check(
        "Mẫu 04 was said, and its reason and signer are not kept",
        """select c.code from clocks c join replay_lives l on l.code = c.code and l.left_because is null
           where c.reappointed_at is not null and not exists (
               select from {live}.reappointments r where r.code = c.code and r.kind = c.kind
                   and r.reappointed_at = c.reappointed_at)
           order by c.code""",
    ),
    Check(
        "a decree was said, and is not kept",
        """select s.subject || ' ' || (b.body ->> 'version') from replay_said s,
               lateral (select convert_from(s.body, 'UTF8')::json as body) as b
           where s.type = 'thanthien.deadlines.CalendarRevised.v1' and not exists (
               select from {live}.decrees d where d.calendar_version = b.body ->> 'version')
           order by 1""",
    ),
)
