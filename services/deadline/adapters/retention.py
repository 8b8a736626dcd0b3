"""What deadline prunes: the clocks of dossiers that ended, once they are in the archive."""

from pathlib import Path

from shared.pruning import Plan
from shared.retention import read_policy

POLICY = Path(__file__).parents[1] / "rules" / "retention.yaml"

KEPT = """code, kind, agency, receiving_agency, procedure, received_at, complete_at, generation, state, legal_due,
pledge_due, reckoned_appointment_at, appointment_at, original_legal_due, original_appointment_at, reappointed_at, regime,
rules_version, calendar_version, resolved_at, stopped_at, stop_reason"""

ARCHIVE = f"""with rang as (
    select code, kind, count(*) as alarms from alarms
    where code = any($1::text[]) and rung <> 'breach' group by code, kind
)
insert into archived_clocks ({KEPT}, alarms)
select {KEPT}, coalesce(alarms, 0)
from clocks left join rang using (code, kind) where code = any($1::text[]) order by code, kind"""

# That a breach was called stays on record: people were called, and units are judged by it.
ALARMS = "delete from alarms where code = any($1::text[]) and rung <> 'breach'"

STILL_OPEN = """select distinct code from clocks
where code = any($1::text[]) and state in ('running', 'breached', 'stopped')"""


def plan() -> Plan:
    """Raises `PolicyError`."""
    goes = ("clocks", "past_generations", "uncomputable")
    deletions = [(table, f"delete from {table} where code = any($1::text[])") for table in goes]
    deletions.append(("alarms", ALARMS))
    return Plan(read_policy(POLICY), deletions, STILL_OPEN, first=[ARCHIVE])
