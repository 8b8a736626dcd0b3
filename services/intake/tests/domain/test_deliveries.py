"""How often a notice is tried, and to which address."""

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
)

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
    assert message_id(code, "greeting") == message_id(code, "greeting")
    assert message_id(code, "greeting") != message_id(code, "thanks")
    assert "." not in message_id(code, "greeting")


@pytest.mark.parametrize("address", ["an@example.vn", " a.b+c@mail.example.com "])
def test_a_mailbox_is_written_to(address: str) -> None:
    assert mailbox(address) == address.strip()


@pytest.mark.parametrize(
    "address",
    [None, "", "không có", "an@localhost", "a@b.vn, c@d.vn", "a@b.vn\r\nBcc: c@d.vn", "<a@b.vn>"],
)
def test_what_is_no_single_mailbox_is_not_written_to(address: str | None) -> None:
    assert mailbox(address) is None
