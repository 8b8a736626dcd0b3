"""How a client signs in to Kafka: with nothing (a closed network), or by name over TLS."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from faststream.security import BaseSecurity, SASLScram512


@dataclass(frozen=True, slots=True)
class SignIn:
    """A name and a password (SCRAM-SHA-512), said over TLS to a broker that `ca_file` vouches for.

    An empty name: no signing in and no TLS. An empty `ca_file`: the system's authorities.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    def for_aiokafka(self) -> dict[str, Any]:
        """Keyword arguments of every aiokafka client. Raises `OSError` for an unreadable CA file."""
        if not self.username:
            return {}
        return {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
            "ssl_context": self._context(),
        }

    def for_faststream(self) -> BaseSecurity | None:
        """The same for FastStream's broker."""
        if not self.username:
            return None
        return SASLScram512(self.username, self.password, ssl_context=self._context(), use_ssl=True)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file or None)


NOBODY = SignIn()
"""Signs in with nothing: the local stack and the compose file."""
