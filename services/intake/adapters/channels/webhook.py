"""Notices to a gateway (SMS, Zalo), signed as Standard Webhooks asks: standardwebhooks.com."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import httpx
import orjson

from services.intake.domain.deliveries import Fault
from services.intake.usecases.delivery_ports import Contact, DeliveryError, Letter

PREFIX = "whsec_"
LEAST_KEY_BYTES = 16
"""The scheme asks for 24 to 64; its own published example has 18."""
MOST_KEY_BYTES = 64
SECONDS = 20.0


def key_of(secret: str) -> bytes:
    """The key in `whsec_…`. Raises `ValueError` that says what is wrong, without the secret."""
    encoded = secret.strip()
    if not encoded.startswith(PREFIX):
        raise ValueError(f"a webhook's secret begins with {PREFIX}")
    try:
        key = base64.b64decode(encoded[len(PREFIX) :], validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook's secret is base64 after its prefix") from error
    if not LEAST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise ValueError(f"a webhook's key has {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} bytes")
    return key


def sign(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 of `id.timestamp.body`. `timestamp`: seconds since 1970."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhook:
    """POSTs each notice to one address; any 2xx means that it is carried."""

    name = "webhook"

    def __init__(
        self, client: httpx.AsyncClient, url: str, key: bytes, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._url = url
        self._key = key
        self._now = now

    def reaches(self, contact: Contact) -> bool:
        """A telephone, or at least a mailbox: the gateway chooses."""
        return bool((contact.phone or "").strip() or (contact.email or "").strip())

    async def send(self, letter: Letter) -> None:
        now = self._now()
        body = _body(letter, now)
        timestamp = int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": letter.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._key, letter.id, timestamp, body),
        }
        try:
            answer = await self._client.post(
                self._url, content=body, headers=headers, timeout=SECONDS
            )
        except httpx.HTTPError as error:
            raise DeliveryError(Fault(f"Webhook {type(error).__name__}")) from error
        if not answer.is_success:
            raise DeliveryError(Fault(f"Webhook {answer.status_code}"))


def _body(letter: Letter, now: datetime) -> bytes:
    return orjson.dumps(
        {
            "type": "notice",
            "timestamp": now.isoformat(),
            "data": {
                "dossier": letter.dossier,
                "notice": letter.notice,
                "number": letter.number,
                "language": letter.language,
                "text": letter.text,
                "phone": letter.contact.phone,
                "email": letter.contact.email,
            },
        }
    )
