"""Notices as files in a directory: for the local stack, or for an office that carries them itself."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path

import orjson

from services.intake.domain.deliveries import Fault
from services.intake.usecases.delivery_ports import Contact, DeliveryError, Letter


class FileOutbox:
    """One JSON file per notice, named by its id: a repeat overwrites its like. Whole or not there."""

    name = "file"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def reaches(self, contact: Contact) -> bool:
        """Always: the directory is the address."""
        return True

    async def send(self, letter: Letter) -> None:
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError as error:
            raise DeliveryError(Fault(f"{type(error).__name__} {error.errno}")) from error

    def _write(self, letter: Letter) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._directory / f".{letter.id}.unfinished"
        # It holds personal data: nobody else's to read.
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(asdict(letter)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._directory / f"{letter.id}.json")
