"""A gate before what anybody may ask: so many requests a minute from one address, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil

from fastapi import Request

from shared.problems import Problem

MOST_CALLERS = 50_000
"""Addresses remembered: a few MB. Past that the one not seen for longest is forgotten."""
IPV6_NETWORK_BITS = 64
"""One household or office has as many IPv6 addresses as it likes, in one such network."""
MINUTE = 60.0


class Gate:
    """Lets each caller make `per_minute` requests a minute, that many at once; 0: as many as they like.

    It counts in this process: with N replicas a caller has at most N times as much (ADR 22).
    """

    def __init__(
        self,
        per_minute: int,
        trusted_proxies: int = 0,
        now: Callable[[], float] = time.monotonic,
        most_callers: int = MOST_CALLERS,
    ) -> None:
        """`trusted_proxies`: how many of our own stand in front and append to X-Forwarded-For."""
        self._interval = MINUTE / per_minute if per_minute else 0.0
        self._trusted_proxies = trusted_proxies
        self._now = now
        self._most_callers = most_callers
        self._busy_until: OrderedDict[str, float] = OrderedDict()

    def admit(self, request: Request, cost: int = 1) -> None:
        """Let a request through that counts as `cost`. Raises `Problem` 429 with Retry-After."""
        if seconds := self.seconds_to_wait(self._caller(request), cost):
            raise too_many(seconds)

    def seconds_to_wait(self, caller: str, cost: int = 1) -> float:
        """0 where the caller may go on, which is counted; else for how long it must wait.

        The generic cell rate algorithm: one number per caller says until when its allowance is used up.
        """
        if not self._interval:
            return 0.0
        now = self._now()
        until = max(now, self._busy_until.get(caller, now)) + self._interval * cost
        excess = until - now - MINUTE
        if excess > self._interval / 1_000:  # what adding up fractions leaves
            return excess
        self._busy_until[caller] = until
        self._busy_until.move_to_end(caller)
        if len(self._busy_until) > self._most_callers:
            self._busy_until.popitem(last=False)
        return 0.0

    def _caller(self, request: Request) -> str:
        """The address of who asks, as the outermost proxy of ours saw it.

        What stands further left in X-Forwarded-For a caller may have written, and is not looked at.
        """
        address = request.client.host if request.client else ""
        if self._trusted_proxies:
            told = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
            if len(told) >= self._trusted_proxies:
                address = told[-self._trusted_proxies].strip() or address
        return _network(address)


def too_many(seconds: float) -> Problem:
    """The 429 of who asks too often."""
    problem = Problem(
        429,
        "Too many requests",
        f"too many requests from this network; ask again in {ceil(seconds)} s",
        type="too-many-requests",
    )
    problem.headers = {"Retry-After": str(ceil(seconds))}
    return problem


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(int(found) >> (128 - IPV6_NETWORK_BITS))
    return str(found)
