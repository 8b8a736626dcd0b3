"""Deliver the notices that are due: claim by lease, fetch the words, carry them, settle."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.deliveries import (
    TRIES,
    Fault,
    Settlement,
    after_fault,
    message_id,
    who_handles,
)
from services.intake.usecases.delivery_ports import (
    Addressee,
    Channel,
    Claim,
    Deliveries,
    DeliveryError,
    Letter,
    Wording,
    Words,
)

BATCH = 16
"""Claimed, and carried beside one another."""
TRY_SECONDS = 60.0
LEASE = timedelta(minutes=5)
"""Longer than any try: a claim comes back only of a process that died."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries: `chance` draws from [0, 1)."""

    deliveries: Deliveries
    words: Words
    channel: Channel
    now: Callable[[], datetime]
    chance: Callable[[], float]


async def deliver_notices(carrier: Carrier) -> list[Settlement]:
    """Try one set of what is due; what became of each. Empty: nothing is due.

    A delivery whose lease ran out is not ours any more: its settlement is not stored and not told.
    """
    now = carrier.now()
    claims = await carrier.deliveries.claim(now, now + LEASE, BATCH)
    settled = await asyncio.gather(*(_deliver(claim, carrier) for claim in claims))
    return [settlement for settlement in settled if settlement is not None]


async def _deliver(claim: Claim, carrier: Carrier) -> Settlement | None:
    try:
        async with asyncio.timeout(TRY_SECONDS):
            settlement = await _try(claim, carrier)
    except TimeoutError:
        settlement = _faulty(claim, Fault("TimeoutError"), carrier)
    except DeliveryError as error:
        settlement = _faulty(claim, error.fault, carrier)
    is_ours = await carrier.deliveries.settle(claim, settlement, carrier.now())
    return settlement if is_ours else None


async def _try(claim: Claim, carrier: Carrier) -> Settlement:
    if claim.attempts > TRIES:
        raise DeliveryError(Fault("LeaseExpired"))
    addressee = await carrier.deliveries.addressee(claim.dossier)
    contact = addressee.contact
    if not carrier.channel.reaches(contact):
        return Settlement("undeliverable", "NoAddress")
    wording = await carrier.words.of(claim.dossier, claim.notice, claim.number, contact.language)
    await carrier.channel.send(_letter(claim, wording, addressee))
    return Settlement("delivered")


def _letter(claim: Claim, wording: Wording, addressee: Addressee) -> Letter:
    language = addressee.contact.language
    more = who_handles(
        claim.notice, language, wording.handler, addressee.handler, addressee.officer
    )
    return Letter(
        message_id(claim.dossier, claim.notice, claim.number),
        claim.dossier,
        claim.notice,
        claim.number,
        language,
        "\n".join([wording.text, *more]),
        addressee.contact,
    )


def _faulty(claim: Claim, fault: Fault, carrier: Carrier) -> Settlement:
    return after_fault(claim.attempts, fault, carrier.now(), carrier.chance())
