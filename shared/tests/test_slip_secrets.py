"""The look-up code of a slip: derived, never stored."""

import re

import pytest

from shared.slip_secrets import SlipKeysError, SlipSecrets

CODE = "H19.01-261113-0001"
OLD, NEW = f"a:{'a' * 42}A", f"b:{'b' * 42}A"


def secret_of(secrets: SlipSecrets, code: str = CODE) -> str:
    found = secrets.of(code)
    assert found is not None
    return found


def test_a_slip_can_be_printed_again_and_bears_the_same_secret() -> None:
    once, again = SlipSecrets.read(NEW), SlipSecrets.read(NEW)
    assert secret_of(once) == secret_of(again)
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", secret_of(once))


def test_every_dossier_and_every_key_has_its_own() -> None:
    new, old = SlipSecrets.read(NEW), SlipSecrets.read(OLD)
    many = {secret_of(new, f"H19.01-261113-{number:04}") for number in range(1, 1_000)}
    assert len(many) == 999
    assert not new.matches("H19.01-261113-0002", secret_of(new))
    assert not new.matches(CODE, secret_of(old))


def test_a_slip_printed_under_an_older_key_opens_until_that_key_is_dropped() -> None:
    printed = secret_of(SlipSecrets.read(OLD))
    rotated = SlipSecrets.read(f"{NEW}, {OLD}")
    assert rotated.matches(CODE, printed)
    assert secret_of(rotated) == secret_of(SlipSecrets.read(NEW))
    assert not SlipSecrets.read(NEW).matches(CODE, printed)


def test_it_is_read_as_people_type_it() -> None:
    secrets = SlipSecrets.read(NEW)
    printed = secret_of(secrets)
    for typed in (printed.lower(), printed.replace("-", ""), f" {printed.replace('-', ' ')} "):
        assert secrets.matches(CODE, typed)
    misread = printed.replace("O", "0").replace("I", "1").replace("B", "8")
    assert secrets.matches(CODE, misread)


@pytest.mark.parametrize("typed", ["", "-", "ư" * 16, "А" * 16, "\x00", "A" * 1_000_000])
def test_what_is_no_secret_opens_nothing(typed: str) -> None:
    assert not SlipSecrets.read(NEW).matches(CODE, typed)


def test_without_a_key_nothing_is_printed_and_nothing_opens() -> None:
    secrets = SlipSecrets.read("")
    assert secrets.of(CODE) is None
    assert not secrets.matches(CODE, "")


def test_production_does_not_start_without_a_key() -> None:
    with pytest.raises(SlipKeysError, match="SLIP_KEYS: production needs a key"):
        SlipSecrets.read("").must_be_kept("production")
    SlipSecrets.read("").must_be_kept("local")
    SlipSecrets.read(NEW).must_be_kept("production")


@pytest.mark.parametrize("setting", ["x", "a:short", f"{NEW},{NEW}", f":{'a' * 43}", "a:!!!"])
def test_a_setting_that_is_none_stops_the_start_without_telling_it(setting: str) -> None:
    with pytest.raises(SlipKeysError) as refused:
        SlipSecrets.read(setting)
    assert "aaaa" not in str(refused.value) and "bbbb" not in str(refused.value)
