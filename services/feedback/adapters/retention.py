"""What feedback prunes: of dossiers that ended, the words of their notices and their rating links."""

from pathlib import Path

from shared.pruning import Plan
from shared.retention import ENDED, read_policy

POLICY = Path(__file__).parents[1] / "rules" / "retention.yaml"


def plan(rating_days: int) -> Plan:
    """Raises `PolicyError`, also where a rating link would not live as long as it is good for."""
    policy = read_policy(POLICY)
    # It is sent when the result is returned, or later where that is heard of late.
    policy.must_keep(ENDED, rating_days + 30, "RATING_DAYS, and thirty for what is heard late")
    goes = ("notices", "invitations")
    return Plan(
        policy, [(table, f"delete from {table} where dossier = any($1::text[])") for table in goes]
    )
