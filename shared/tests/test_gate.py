"""The gate before what anybody may ask."""

import pytest
from fastapi import Request

from shared.gate import Gate
from shared.problems import Problem


class Watch:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def asking(client: str, forwarded: str | None = None) -> Request:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    return Request({"type": "http", "client": (client, 1), "headers": headers})


def test_so_many_pass_at_once_and_then_one_each_interval() -> None:
    watch = Watch()
    gate = Gate(6, now=watch)
    assert [gate.seconds_to_wait("a") for _ in range(6)] == [0.0] * 6
    assert gate.seconds_to_wait("a") == pytest.approx(10)
    assert gate.seconds_to_wait("b") == 0
    watch.seconds += 10
    assert gate.seconds_to_wait("a") == 0
    assert gate.seconds_to_wait("a") > 0
    watch.seconds += 60
    assert [gate.seconds_to_wait("a") for _ in range(7)].count(0.0) == 6


def test_what_costs_more_counts_more_and_a_refusal_costs_nothing() -> None:
    gate = Gate(6, now=Watch())
    assert gate.seconds_to_wait("a", 4) == 0
    assert gate.seconds_to_wait("a", 4) == pytest.approx(20)
    assert gate.seconds_to_wait("a", 2) == 0


def test_a_refusal_says_when_to_come_again() -> None:
    gate = Gate(1, now=Watch())
    gate.admit(asking("192.0.2.1"))
    with pytest.raises(Problem) as refused:
        gate.admit(asking("192.0.2.1"))
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "60"}


def test_memory_is_bounded_and_the_longest_unseen_is_forgotten_first() -> None:
    gate = Gate(1, now=Watch(), most_callers=3)
    for number in range(10_000):
        gate.seconds_to_wait(str(number))
    assert len(gate._busy_until) == 3
    assert gate.seconds_to_wait("9999") > 0
    assert gate.seconds_to_wait("0") == 0


@pytest.mark.parametrize(
    ("proxies", "first", "second", "is_same"),
    [
        (0, ("10.0.0.1", "198.51.100.1"), ("10.0.0.1", "198.51.100.2"), True),
        (1, ("10.0.0.1", "198.51.100.1"), ("10.0.0.1", "198.51.100.2"), False),
        # What the caller wrote itself changes nothing: the proxy appends.
        (1, ("10.0.0.1", "1.1.1.1, 198.51.100.1"), ("10.0.0.1", "2.2.2.2, 198.51.100.1"), True),
        (
            2,
            ("10.0.0.1", "198.51.100.1, 10.0.0.9"),
            ("10.0.0.1", "9.9.9.9, 198.51.100.1, 10.0.0.9"),
            True,
        ),
        (2, ("10.0.0.1", "198.51.100.1"), ("10.0.0.1", "198.51.100.2"), True),
        (0, ("2001:db8::1", None), ("2001:db8::ffff", None), True),
        (0, ("2001:db8:0:1::1", None), ("2001:db8:0:2::1", None), False),
        (0, ("192.0.2.1", None), ("::ffff:192.0.2.1", None), True),
    ],
)
def test_who_asks(
    proxies: int, first: tuple[str, str | None], second: tuple[str, str | None], is_same: bool
) -> None:
    gate = Gate(1, proxies, Watch())
    gate.admit(asking(*first))
    if is_same:
        with pytest.raises(Problem):
            gate.admit(asking(*second))
    else:
        gate.admit(asking(*second))


def test_zero_lets_everybody_through() -> None:
    gate = Gate(0)
    assert not any(gate.seconds_to_wait("a") for _ in range(1_000))
