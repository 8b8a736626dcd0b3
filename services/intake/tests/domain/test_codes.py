"""Rules 13 to 15: the shapes of a dossier's code."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.rules import eras
from services.intake.domain import codes
from services.intake.domain.codes import Code
from services.intake.domain.refused import RefusedError

ERAS = eras()
BEFORE, SINCE = date(2020, 9, 14), date(2020, 9, 15)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("000.00.00.H49-190301-0001", Code("000.00.00.H49", date(2019, 3, 1), 1, "tt01-2018")),
        ("H10.01-240122-0042", Code("H10.01", date(2024, 1, 22), 42, "qd20-2020")),
        ("G09.20-20260609-0092637", Code("G09.20", date(2026, 6, 9), 92637, "long-date")),
        ("H49.12.34.H50-190301-0007", Code("H49.12.34.H50", date(2019, 3, 1), 7, "tt01-2018")),
        ("H49.12.34.H50-240301-0007", Code("H49.12.34.H50", date(2024, 3, 1), 7, "qd20-2020")),
    ],
)
def test_each_legal_shape_is_read_and_written_back(text: str, code: Code) -> None:
    assert codes.parse(text, ERAS) == code
    assert str(code) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H10.01",
        "H10.01-240122-001",
        "H10.01-240122-00001",
        "H10.01-240122-0000",
        "H10.01-240231-0001",
        "H10.01-20240231-0000001",
        "h10.01-240122-0001",
        "010.H10-240122-0001",
        "H10..01-240122-0001",
        "H10.01 -240122-0001",
        "H10.01-240122-0001\n",
        "H10.01-٢٤0122-0001",
        "000.00.00.H49-20260609-0092637",
        "H10." + "1" * 32 + "-240122-0001",
    ],
)
def test_anything_but_a_legal_shape_is_refused_with_the_value(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        codes.parse(text, ERAS)
    assert refused.value.field == "code"
    assert refused.value.value == text


@pytest.mark.parametrize(
    ("agency", "day", "prefix"),
    [
        ("H10.01", BEFORE, "000.00.01.H10-200914"),
        ("H10.01", SINCE, "H10.01-200915"),
        ("000.00.00.H49", BEFORE, "000.00.00.H49-200914"),
        ("000.00.00.H49", SINCE, "H49-200915"),
        ("001.02.03.H49", SINCE, "H49.03.02.001-200915"),
        ("H49.03.02.001", BEFORE, "001.02.03.H49-200914"),
    ],
)
def test_the_era_of_the_day_of_receipt_chooses_the_shape(
    agency: str, day: date, prefix: str
) -> None:
    assert codes.prefix(agency, day, ERAS) == prefix


def test_an_agency_too_long_for_the_old_shape_is_refused_in_its_era_only() -> None:
    assert codes.prefix("H10.1234", SINCE, ERAS) == "H10.1234-200915"
    with pytest.raises(RefusedError, match=r"does not fit"):
        codes.prefix("H10.1234", BEFORE, ERAS)
    with pytest.raises(RefusedError, match="four levels"):
        codes.prefix("H10.01.02.003.04", BEFORE, ERAS)


@pytest.mark.parametrize("agency", ["", "H1", "10.H10", "H10.", ".H10", "H10.0a", "H" + "1" * 35])
def test_an_agency_without_a_legal_shape_is_refused(agency: str) -> None:
    with pytest.raises(RefusedError, match="levels dotted"):
        codes.check_agency(agency)


def test_rule_14_the_10_000th_code_of_a_day_fails_loudly() -> None:
    assert codes.numbered("H10.01-240122", 9_999) == "H10.01-240122-9999"
    with pytest.raises(codes.DayFullError, match=r"H10\.01-240122"):
        codes.numbered("H10.01-240122", 10_000)


PARTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=4)
AGENCIES = st.builds(
    lambda letter, number, parts: ".".join([f"{letter}{number:02d}", *parts]),
    st.sampled_from("ABGH"),
    st.integers(0, 99),
    st.lists(PARTS, max_size=4),
)


@given(AGENCIES, st.dates(SINCE, date(2099, 12, 31)), st.integers(1, 9_999))
def test_every_code_we_generate_is_read_back_as_the_same(
    agency: str, day: date, order: int
) -> None:
    text = codes.numbered(codes.prefix(agency, day, ERAS), order)
    code = codes.parse(text, ERAS)
    assert (str(code), code.received_on, code.order) == (text, day, order)
    assert code.shape == "qd20-2020"


@given(st.integers(0, 99), st.dates(date(2018, 1, 1), BEFORE), st.integers(1, 9_999))
def test_old_codes_round_trip_too(level_2: int, day: date, order: int) -> None:
    text = codes.numbered(codes.prefix(f"H10.{level_2:02d}", day, ERAS), order)
    assert str(codes.parse(text, ERAS)) == text
    assert codes.parse(text, ERAS).shape == "tt01-2018"


@given(st.text(max_size=60))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    try:
        code = codes.parse(text, ERAS)
    except RefusedError:
        return
    assert str(code) == text
