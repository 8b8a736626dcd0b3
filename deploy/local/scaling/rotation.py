"""Which replicas take requests: what a load balancer that asks readiness would do."""

from collections.abc import Iterable

from deploy.local.stack import Stack


class Rotation:
    """A stack's replicas by service, in turn; who is about to stop is asked nothing new.

    `urls` is for `Client`, and changes as replicas come and go.
    """

    def __init__(self, stack: Stack, services: Iterable[str]) -> None:
        self._stack = stack
        self.urls: dict[str, list[str]] = {service: [] for service in services}
        for service, number in stack.replicas:
            self.urls[service].append(stack.url(service, number))

    async def bring(self, service: str, number: int) -> None:
        """Start a replica, and ask it once it is ready."""
        await self._stack.start_service(service, number)
        self.urls[service].append(self._stack.url(service, number))

    async def stop(self, service: str, number: int) -> None:
        """Ask it nothing new, let it drain and end."""
        self._leave_out(service, number)
        await self._stack.stop_service(service, number)

    def kill(self, service: str, number: int) -> None:
        """SIGKILL: it is in the middle of whatever it does."""
        self._stack.kill(service, number)
        self._leave_out(service, number)

    def count(self, service: str) -> int:
        return len(self.urls[service])

    def _leave_out(self, service: str, number: int) -> None:
        if self.count(service) < 2:
            raise ValueError(f"{service} has no replica beside {number} that could take requests")
        self.urls[service].remove(self._stack.url(service, number))
