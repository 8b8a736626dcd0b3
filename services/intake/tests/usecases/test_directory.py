"""What a process remembers of agencies is never older than the last registration it heard of."""

from collections.abc import Collection
from datetime import date
from typing import cast

from services.intake.domain.agencies import Agency
from services.intake.usecases.directory import Directory
from services.intake.usecases.ports import Registry

DAY = date(2025, 7, 1)


class Shelf:
    """A registry that counts its readings and may be interrupted by a registration."""

    def __init__(self, *agencies: Agency) -> None:
        self.agencies = {agency.code: agency for agency in agencies}
        self.readings: list[set[str]] = []
        self.interrupted_by: Directory | None = None

    async def load_agencies(self, codes: Collection[str]) -> dict[str, Agency]:
        self.readings.append(set(codes))
        if self.interrupted_by is not None:
            self.interrupted_by.forget()
        return {code: self.agencies[code] for code in codes if code in self.agencies}


def registry(shelf: Shelf) -> Registry:
    return cast(Registry, shelf)


async def test_what_is_known_is_read_once_and_what_is_missing_each_time() -> None:
    shelf, directory = Shelf(Agency("H19.01", 1, "Một", DAY)), Directory()
    for _ in range(2):
        found = await directory.agencies({"H19.01", "H19.99"}, registry(shelf))
        assert found.keys() == {"H19.01"}
    assert shelf.readings == [{"H19.01", "H19.99"}, {"H19.99"}]


async def test_successors_come_along() -> None:
    closed = Agency("H10.01", 1, "Cũ", DAY, date(2025, 12, 31), "H19.01")
    shelf, directory = Shelf(closed, Agency("H19.01", 1, "Mới", DAY)), Directory()
    found = await directory.agencies({"H10.01"}, registry(shelf))
    assert found.keys() == {"H10.01", "H19.01"}


async def test_an_unknown_successor_is_asked_for_once() -> None:
    shelf = Shelf(Agency("H10.01", 1, "Cũ", DAY, date(2025, 12, 31), "H19.01"))
    assert (await Directory().agencies({"H10.01"}, registry(shelf))).keys() == {"H10.01"}
    assert shelf.readings == [{"H10.01"}, {"H19.01"}]


async def test_a_reading_a_registration_crossed_is_used_once_and_not_kept() -> None:
    shelf, directory = Shelf(Agency("H19.01", 1, "Một", DAY)), Directory()
    shelf.interrupted_by = directory
    await directory.agencies({"H19.01"}, registry(shelf))
    shelf.interrupted_by = None
    shelf.agencies["H19.01"] = Agency("H19.01", 2, "Hai", DAY)
    found = await directory.agencies({"H19.01"}, registry(shelf))
    assert found["H19.01"].name == "Hai"
