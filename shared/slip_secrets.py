"""The look-up code printed on a slip: derived from the dossier's code, so that it is stored nowhere.

A service that is given the keys can print it again and can check it; nobody else can guess it.
"""

import hmac
import re
from base64 import b32encode, urlsafe_b64decode
from binascii import Error as NotBase64Error
from collections.abc import Mapping

from shared.identity import ConfigurationError

KEY_BYTES = 32
SECRET_BYTES = 10
"""80 bits: 16 letters and digits, short enough to be typed, and behind a rate limit."""
GROUP = 4
LONGEST_TYPED = 64
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "-": None, " ": None})
"""Digits that base32 has not, as the letters they are mistaken for; and what groups are parted with."""


class SlipKeysError(ConfigurationError):
    """The setting SLIP_KEYS is not as asked. The message never holds a key."""


class SlipSecrets:
    """Look-up codes under keys by their ids: the first is printed, every one is accepted.

    To rotate, put a new key in front; drop the old one when the slips printed under it are of no more use.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = list(keys.values())

    @classmethod
    def read(cls, setting: str) -> "SlipSecrets":
        """Keys as `id:base64url of 32 bytes`, the newest first, with commas between.

        Empty: no slip bears a look-up code, and none is accepted. Raises `SlipKeysError`.
        """
        keys: dict[str, bytes] = {}
        for place, entry in enumerate(filter(None, map(str.strip, setting.split(","))), start=1):
            key_id, colon, text = entry.partition(":")
            if not colon or not _KEY_ID.fullmatch(key_id) or key_id in keys:
                raise SlipKeysError(f"SLIP_KEYS: entry {place} has no id of its own before a colon")
            keys[key_id] = _bytes_of(key_id, text)
        return cls(keys)

    def must_be_kept(self, environment: str) -> None:
        """Production prints no slip that opens nothing. Raises `SlipKeysError` without a key."""
        if environment == "production" and not self._keys:
            raise SlipKeysError("SLIP_KEYS: production needs a key, as id:base64url of 32 bytes")

    @property
    def has_key(self) -> bool:
        """Whether any slip bears a look-up code that can be checked here."""
        return bool(self._keys)

    def of(self, code: str) -> str | None:
        """The look-up code of a dossier, `XXXX-XXXX-XXXX-XXXX`; None without a key."""
        if not self._keys:
            return None
        secret = _derived(self._keys[0], code).decode()
        return "-".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))

    def matches(self, code: str, typed: str) -> bool:
        """Whether `typed` is the dossier's, in either case, with or without hyphens.

        Knows nothing of which dossiers exist, so that its answer and its time cannot tell.
        """
        given = typed[:LONGEST_TYPED].upper().translate(_MISREAD).encode()
        # Every key is tried, so that the time does not tell which one fits.
        fits = [hmac.compare_digest(_derived(key, code), given) for key in self._keys]
        return any(fits)


def _derived(key: bytes, code: str) -> bytes:
    return b32encode(hmac.digest(key, b"slip\0" + code.encode(), "sha256")[:SECRET_BYTES])


def _bytes_of(key_id: str, text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SlipKeysError(f"SLIP_KEYS: {key_id} is not {KEY_BYTES} bytes in base64url")
    return key
