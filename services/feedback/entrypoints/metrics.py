"""What citizens' ratings and reports came to, counted once they are committed or refused."""

from prometheus_client import Counter

from services.feedback.domain.report_steps import Step
from services.feedback.domain.reports import Kind

RATINGS = Counter(
    "thanthien_ratings_total",
    "Ratings sent, through a link or at the counter, by what became of them",
    ["outcome"],
)
GIVEN, REFUSED = "given", "refused"
OUTCOMES = {404: "unknown_link", 409: "already_rated", 410: "expired", 422: REFUSED}
"""By the status they are answered with."""

REPORTS = Counter(
    "thanthien_reports_total",
    "Reports sent, by kind and whether they were taken; what cannot be read has no kind",
    ["kind", "outcome"],
)
TAKEN = "taken"
NO_KIND = "none"
STEPS = Counter("thanthien_report_steps_total", "Steps taken in the handling of reports", ["step"])

# A count that has not happened yet is nought, not missing.
for outcome in (GIVEN, *OUTCOMES.values()):
    RATINGS.labels(outcome)
for kind in Kind:
    REPORTS.labels(kind.value, TAKEN)
    REPORTS.labels(kind.value, REFUSED)
for step in Step:
    STEPS.labels(step.value)


def count_refused_rating(status: int) -> None:
    """A rating that was answered with a problem; a caller who asks too often has sent none."""
    if status in OUTCOMES:
        RATINGS.labels(OUTCOMES[status]).inc()
