"""How often a notice is tried, and to which address."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.deliveries import (
    FIRST_WAIT,
    LONGEST_WAIT,
    TRIES,
    Fault,
    after_fault,
    mailbox,
    message_id,
    who_handles,
)
from services.intake.domain.hand_overs import Contact

NOW = datetime(2026, 11, 13, 2, 0, tzinfo=UTC)
FAULT = Fault("Smtp 451")


def wait(attempts: int, chance: float = 0.0) -> timedelta:
    again = after_fault(attempts, FAULT, NOW, chance)
    assert (again.state, again.reason) == ("pending", "Smtp 451")
    assert again.next_attempt_at is not None
    return again.next_attempt_at - NOW


def test_waits_double_up_to_the_longest() -> None:
    assert [wait(n).total_seconds() for n in (1, 2, 3)] == [30, 60, 120]
    assert wait(TRIES - 1) == LONGEST_WAIT


def test_a_mail_servers_evening_is_outlived() -> None:
    shortest = sum((wait(n, 0.999) for n in range(1, TRIES)), timedelta())
    longest = sum((wait(n) for n in range(1, TRIES)), timedelta())
    assert timedelta(hours=6) < shortest < longest < timedelta(hours=14)


def test_the_last_try_and_a_final_fault_give_up() -> None:
    for settled in (
        after_fault(TRIES, FAULT, NOW, 0.0),
        after_fault(1, Fault("Smtp 451", is_final=True), NOW, 0.0),
    ):
        assert (settled.state, settled.reason) == ("failed", "Smtp 451")
        assert settled.next_attempt_at is None


@given(st.integers(1, TRIES - 1), st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_wait_by_half_at_most(attempts: int, chance: float) -> None:
    assert max(FIRST_WAIT / 2, wait(attempts) / 2) <= wait(attempts, chance) <= wait(attempts)


def test_an_id_is_the_same_each_time_differs_by_notice_and_has_no_dot() -> None:
    code = "000.00.01.H10-240322-0001"
    assert message_id(code, "greeting", 1) == message_id(code, "greeting", 1)
    assert message_id(code, "greeting", 1) != message_id(code, "thanks", 1)
    assert message_id(code, "transferred", 1) != message_id(code, "transferred", 2)
    assert "." not in message_id(code, "greeting", 2)


def test_a_first_notice_keeps_the_id_it_had_before_there_were_others() -> None:
    """What an earlier version tried is not carried a second time under another name."""
    code = "000.00.01.H10-240322-0001"
    digest = hashlib.sha256(f"{code}/greeting".encode()).hexdigest()
    assert message_id(code, "greeting", 1) == f"msg_{digest[:32]}"


@pytest.mark.parametrize(
    ("notice", "said", "handler", "officer", "lines"),
    [
        ("forwarded", "cb-17", "cb-17", None, []),
        ("apology", None, "cb-17", None, ["Người xử lý: cán bộ mã cb-17."]),
        ("apology", None, None, None, []),
        (
            "request",
            "cb-17",
            "cb-18",
            Contact("Cán bộ Mẫu", "0271 000"),
            ["Liên hệ: Cán bộ Mẫu, điện thoại 0271 000."],
        ),
        ("congratulations", None, "cb-17", Contact("Cán bộ Mẫu", "0271 000"), []),
    ],
)
def test_who_handles_is_said_once_and_by_name_where_one_was_given(
    notice: str, said: str | None, handler: str | None, officer: Contact | None, lines: list[str]
) -> None:
    assert who_handles(notice, "vi", said, handler, officer) == lines


@pytest.mark.parametrize("address", ["an@example.vn", " a.b+c@mail.example.com "])
def test_a_mailbox_is_written_to(address: str) -> None:
    assert mailbox(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [None, "", "không có", "an@localhost", "a@b.vn, c@d.vn", "a@b.vn\r\nBcc: c@d.vn", "<a@b.vn>"],
)
def test_what_is_no_single_mailbox_is_not_written_to(address: str | None) -> None:
    assert mailbox(address) is None
