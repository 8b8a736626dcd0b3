"""What intake prunes: answers to Idempotency-Keys, and of dossiers that ended how their notices were delivered."""

from pathlib import Path

from shared.pruning import ByAge, Plan
from shared.retention import read_policy

POLICY = Path(__file__).parents[1] / "rules" / "retention.yaml"

STILL_OPEN = """select distinct dossier from deliveries
where dossier = any($1::text[]) and state = 'pending'"""


def plan() -> Plan:
    """Raises `PolicyError`."""
    deletions = [("deliveries", "delete from deliveries where dossier = any($1::text[])")]
    by_age = [ByAge("answers", "answers", "answered_at")]
    return Plan(read_policy(POLICY), deletions, STILL_OPEN, by_age=by_age)
