"""Signing in to Kafka: by name over TLS, or with nothing."""

import ssl
from collections.abc import Sequence

import pytest
from aiokafka import ConsumerRecord

from shared.broker import Ears
from shared.sign_in import NOBODY, SignIn


def test_nobody_signs_in_with_nothing() -> None:
    assert NOBODY.for_aiokafka() == {}
    assert NOBODY.for_faststream() is None


def test_a_name_goes_over_tls_with_the_broker_checked() -> None:
    options = SignIn("intake", "word").for_aiokafka()
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("intake", "word")
    context = options["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


async def hear_nothing(records: Sequence[ConsumerRecord]) -> None:
    pass


async def test_the_ear_and_the_relay_sign_in_alike() -> None:
    sign_in = SignIn("intake", "word")
    ears = Ears("127.0.0.1:1", ["topic"], "group", hear_nothing, sign_in=sign_in)
    # What FastStream hands to each aiokafka client it makes; it has no public name for it.
    kept = ears.broker._connection_kwargs
    for name, value in sign_in.for_aiokafka().items():
        if name != "ssl_context":
            assert kept[name] == value


def test_a_missing_authority_stops_the_start() -> None:
    with pytest.raises(OSError):
        SignIn("intake", "word", "/nowhere/ca.crt").for_aiokafka()


def test_the_password_is_not_printed() -> None:
    assert "word" not in repr(SignIn("intake", "word"))
