"""Which units are the worst, and how long one has been silent."""

from datetime import timedelta

import pytest

from services.deadline.domain.units import Standing, silence, worst
from services.deadline.tests.offices import local, terms


def test_the_worst_are_those_with_the_greatest_share_of_breaches() -> None:
    city = Standing("city", open=13_000, at_risk=900, breached=700)
    hamlet = Standing("hamlet", open=4, at_risk=1, breached=2)
    town = Standing("town", open=100, at_risk=0, breached=20)
    calm = Standing("calm", open=500, at_risk=3, breached=0)
    quiet = Standing("quiet", open=90, at_risk=3, breached=0)
    ranked = worst([calm, quiet, hamlet, city, town], 4)
    assert [one.agency for one in ranked] == ["town", "city", "hamlet", "calm"]


@pytest.mark.parametrize(
    ("heard", "now", "hours"),
    [
        ("2026-11-12 08:00", "2026-11-12 11:00", 3.0),
        ("2026-11-12 11:00", "2026-11-12 14:00", 1.0),  # lunch is no silence
        ("2026-11-13 16:30", "2026-11-16 07:15", 0.75),  # nor is a weekend
        ("2026-02-13 17:00", "2026-02-22 12:00", 0.0),  # nor Tết
        ("2026-11-12 08:00", "2026-11-12 07:59", 0.0),  # heard by a clock that is ahead
    ],
)
def test_silence_is_counted_in_working_time(heard: str, now: str, hours: float) -> None:
    office = terms("none").timetable
    assert silence(office, local(heard), local(now)) == timedelta(hours=hours)
