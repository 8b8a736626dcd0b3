"""Authors' identities sealed as JWE (RFC 7516): a fresh content key each, wrapped by a key of ours."""

import json
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64Error
from collections.abc import Collection, Mapping
from dataclasses import asdict

import structlog
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from services.feedback.domain.authors import Author
from services.feedback.usecases.ports import Identity, Sealed, SealError
from shared.identity import ConfigurationError

log = structlog.get_logger()

KEY_BYTES = 32
ALGORITHM, ENCRYPTION = "A256KW", "A256GCM"
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


class KeysError(ConfigurationError):
    """The setting IDENTITY_KEYS is not as asked. The message never holds a key."""


class Seals:
    """`SealsIdentities` with keys by their ids: the first seals, every one opens what it sealed."""

    def __init__(self, keys: Mapping[str, OctKey]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, setting: str) -> "Seals":
        """Keys as `id:base64url of 32 bytes`, the newest first, with commas between. Raises `KeysError`."""
        keys: dict[str, OctKey] = {}
        for place, entry in enumerate(filter(None, map(str.strip, setting.split(","))), start=1):
            key_id, colon, text = entry.partition(":")
            if not colon or not KEY_ID.fullmatch(key_id) or key_id in keys:
                raise KeysError(f"IDENTITY_KEYS: entry {place} has no id of its own before a colon")
            keys[key_id] = OctKey.import_key(_bytes_of(key_id, text))
        return cls(keys)

    @property
    def can_seal(self) -> bool:
        return bool(self._keys)

    @property
    def key_ids(self) -> frozenset[str]:
        return frozenset(self._keys)

    def seal(self, report: str, identity: Identity) -> Sealed:
        """Raises `SealError` without a key."""
        if not self._keys:
            raise SealError("there is no key to seal with")
        key_id, key = next(iter(self._keys.items()))
        # The report is sealed in: a row that is moved to another report does not open there.
        content = json.dumps(
            {"report": report, "author": asdict(identity.author), "words": identity.words}
        )
        header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": key_id}
        return Sealed(key_id, jwe.encrypt_compact(header, content.encode(), key))

    def open(self, report: str, sealed: Sealed) -> Identity:
        """Raises `SealError`."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise SealError(f"{report} is sealed with the key {sealed.key_id}, which is not here")
        try:
            opened = jwe.decrypt_compact(sealed.text, key, algorithms=[ALGORITHM, ENCRYPTION])
        except (JoseError, ValueError) as error:
            raise SealError(f"{report} does not open with the key {sealed.key_id}") from error
        content = json.loads(opened.plaintext or b"{}")
        if content.get("report") != report:
            raise SealError(f"what is sealed for {report} is another report's")
        return Identity(Author(**content["author"]), content["words"])


def must_open_all(here: Collection[str], used: Collection[str], environment: str) -> None:
    """Identities are sealed with `used`, and we have `here`.

    A service that could never open them again says so before anybody needs to: production does not
    start (`ConfigurationError`), elsewhere it is a warning. Without sealed identities no key is
    needed; nobody can give a name then.
    """
    if not (missing := sorted(set(used) - set(here))):
        return
    why = f"IDENTITY_KEYS lacks {', '.join(missing)}: identities are sealed with it"
    if environment == "production":
        raise ConfigurationError(why)
    log.warning("sealed identities cannot be opened", missing=missing)


def _bytes_of(key_id: str, text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64Error, ValueError) as error:
        raise KeysError(f"IDENTITY_KEYS: the key {key_id} is not base64url") from error
    if len(key) != KEY_BYTES:
        raise KeysError(f"IDENTITY_KEYS: the key {key_id} has {len(key)} bytes, not {KEY_BYTES}")
    return key
