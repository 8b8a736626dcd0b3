"""The figures of rules/*.yaml are readable, dated in order, and each has its source."""

from services.intake.adapters.rules import eras, floors


def test_eras_are_in_order_and_cited() -> None:
    dates = [era.valid_from for era in eras()]
    assert dates[0] is None
    assert [day for day in dates if day is not None] == sorted(day for day in dates if day)
    assert all(era.source for era in eras())


def test_floors_are_in_order_and_cited() -> None:
    dates = [floor.valid_from for floor in floors()]
    assert dates == sorted(dates)
    assert dates
    for floor in floors():
        assert floor.weekly_minutes_source
        assert floor.open_weekdays_source
        assert floor.open_until_source
