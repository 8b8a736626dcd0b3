"""How long rows are kept: a service's `rules/retention.yaml`, read and checked."""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.topics import listed_topics

ENDED = "ended"
"""The term of what is kept of a subject after its last event."""
FOREIGN_IDS = "foreign_ids"
"""The term of the ids of foreign systems' events."""

SEGMENT_DAYS = 14
"""Kafka deletes whole segments: a record may outlive its topic's retention by one, a week unless set."""

Words = Annotated[str, StringConstraints(min_length=10)]


class PolicyError(ValueError):
    """A retention that must not be applied; says the file, the term and the rule."""


class Term(BaseModel):
    """So many days are rows kept, counted from what the term's name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(ge=1, le=36_525)
    tables: tuple[str, ...]
    because: Words
    source: Words


class Policy(BaseModel):
    """What is pruned, after how long, and what never is, each with its reason; every table is in one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pruned: dict[str, Term]
    kept: dict[str, Words]

    def days(self, term: str) -> int:
        """Raises `PolicyError` for a term that is not in the file."""
        if term not in self.pruned:
            raise PolicyError(f"retention.yaml: pruned.{term} is missing")
        return self.pruned[term].days

    def must_keep(self, term: str, least_days: int, why: str) -> None:
        """Raises `PolicyError` where a term is shorter than something else needs."""
        if (days := self.days(term)) < least_days:
            raise PolicyError(
                f"retention.yaml: pruned.{term}.days is {days}; at least {least_days} are asked: {why}"
            )


def read_policy(file: Path) -> Policy:
    """The policy of a service. Raises `PolicyError`.

    What says that an event was heard must outlive the event on its topic: else it would be heard twice.
    """
    try:
        policy = Policy.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise PolicyError(f"{file}: {_in_words(error)}") from error
    for term in {ENDED, FOREIGN_IDS} & policy.pruned.keys():
        policy.must_keep(term, least_days_heard(), "topics may deliver an event again for so long")
    return policy


def least_days_heard() -> int:
    """For how long at least it must be known what was heard: as long as any listed topic keeps records."""
    retention = (topic.retention_days or 0 for topic in listed_topics(with_local=False))
    return max(retention) + SEGMENT_DAYS


def _in_words(error: ValidationError) -> str:
    faults: list[Any] = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
