"""The national list's time limits, as they are written there."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import procedures
from services.intake.domain.procedures import Limit, RefusedLine
from services.intake.domain.refused import RefusedError

DAY = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("30 Ngày làm việc", ("working_days", 30)),
        ("07 Ngày làm việc", ("working_days", 7)),
        ("20 Ngày", ("days", 20)),
        ("155 Ngày", ("days", 155)),
        ("01 Giờ", ("hours", 1)),
        ("14 Giờ", ("hours", 14)),
        ("0 Giờ", ("same_day", 0)),
        ("Không quy định", ("none", 0)),
        ("  5   ngày  làm việc ", ("working_days", 5)),
    ],
)
def test_a_readable_limit_is_read(text: str, limit: tuple[str, int]) -> None:
    assert procedures.read_limit(text) == limit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10-25",
        "0.5 Giờ",
        "0 Ngày",
        "-1 Ngày",
        "9999 Ngày",
        "30",
        "Ngày",
        "Chậm nhất là ngay trước khi tàu rời cảng",
    ],
)
def test_an_unreadable_limit_is_refused_never_guessed(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        procedures.read_limit(text)
    assert (refused.value.field, refused.value.value) == ("thoi_han", text)


def line(code: str, limit: str, name: str = "Thủ tục") -> dict[str, str]:
    return {"ma_thu_tuc": code, "ten_thu_tuc": name, "thoi_han": limit}


def test_lines_that_agree_are_one_procedure() -> None:
    read, refused = procedures.read_lines(
        [(2, line("1.1", "7 Ngày")), (3, line("1.1", "07 Ngày")), (4, line("1.2", "01 Giờ"))], DAY
    )
    assert refused == []
    assert [(p.code, p.limits) for p in read] == [
        ("1.1", (Limit(DAY, None, "days", 7),)),
        ("1.2", (Limit(DAY, None, "hours", 1),)),
    ]


def test_lines_that_disagree_are_all_refused() -> None:
    read, refused = procedures.read_lines(
        [(2, line("1.1", "7 Ngày")), (3, line("1.1", "14 Ngày")), (4, line("1.2", "7 Ngày"))], DAY
    )
    assert [p.code for p in read] == ["1.2"]
    assert [(r.line, r.field, r.value) for r in refused] == [
        (2, "thoi_han", "7 Ngày"),
        (3, "thoi_han", "14 Ngày"),
    ]


def test_a_line_that_cannot_be_read_names_line_field_value_and_rule_and_spoils_its_procedure() -> (
    None
):
    read, refused = procedures.read_lines(
        [(2, line("1.1", "01 Giờ")), (3, line("1.1", "0.5 Giờ"))], DAY
    )
    assert read == []
    assert refused[1] == RefusedLine(3, "thoi_han", "0.5 Giờ", procedures.READABLE)
    assert refused[0].line == 2


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (line("", "7 Ngày"), "ma_thu_tuc"),
        (line("1 1", "7 Ngày"), "ma_thu_tuc"),
        (line("1.1", "7 Ngày", name=" "), "ten_thu_tuc"),
        (line("1.1", "7 Ngày", name="x" * 1001), "ten_thu_tuc"),
    ],
)
def test_a_line_without_code_or_name_is_refused(broken: dict[str, str], field: str) -> None:
    read, refused = procedures.read_lines([(2, broken)], DAY)
    assert read == []
    assert [entry.field for entry in refused] == [field]


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ([], "limits"),
        ([Limit(DAY, None, "days", 0)], "limits.0.amount"),
        ([Limit(DAY, None, "none", 3)], "limits.0.amount"),
        ([Limit(DAY, date(2023, 12, 31), "days", 3)], "limits.0.valid_to"),
        (
            [Limit(DAY, None, "days", 3), Limit(date(2025, 1, 1), None, "days", 2)],
            "limits.1.valid_from",
        ),
        (
            [
                Limit(date(2025, 1, 1), None, "days", 2),
                Limit(DAY, date(2025, 1, 1), "days", 3),
            ],
            "limits.0.valid_from",
        ),
    ],
)
def test_rule_13_every_day_of_receipt_has_one_limit_at_most(
    limits: list[Limit], field: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        procedures.check_limits(limits)
    assert refused.value.field == field


@given(st.text(max_size=40))
def test_any_text_is_a_limit_or_refused(text: str) -> None:
    try:
        kind, amount = procedures.read_limit(text)
    except RefusedError:
        return
    procedures.check_limits([Limit(DAY, None, kind, amount)])
