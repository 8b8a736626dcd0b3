"""Sealed identities: keys rotate, keys are never shown, and a lost key is noticed at the start."""

import json
from base64 import urlsafe_b64decode

import pytest

from services.feedback.adapters.seals import KeysError, Seals, must_open_all
from services.feedback.domain.authors import Author
from services.feedback.usecases.ports import Identity, Sealed, SealError
from shared.identity import ConfigurationError

OLD, NEW = f"2026a:{'a' * 42}A", f"2026b:{'b' * 42}A"
IDENTITY = Identity(Author("Nguyễn Thị Ví Dụ", "0900 000 001"), "lời kể")


def test_what_an_old_key_sealed_opens_after_a_new_one_seals() -> None:
    before = Seals.read(OLD).seal("PA-1", IDENTITY)
    after = Seals.read(f"{NEW}, {OLD}")
    assert after.open("PA-1", before) == IDENTITY
    assert (before.key_id, after.seal("PA-1", IDENTITY).key_id) == ("2026a", "2026b")


def test_the_same_identity_never_looks_the_same_and_never_shows() -> None:
    seals = Seals.read(NEW)
    texts = {seals.seal("PA-1", IDENTITY).text for _ in range(5)}
    assert len(texts) == 5
    for text in texts:
        header = json.loads(urlsafe_b64decode(text.partition(".")[0] + "=="))
        assert header == {"alg": "A256KW", "enc": "A256GCM", "kid": "2026b"}
        assert all(b"Nguy" not in _bytes(part) for part in text.split("."))


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_only_its_own_key_and_report_open_it() -> None:
    seals = Seals.read(NEW)
    sealed = seals.seal("PA-1", IDENTITY)
    for wrong, report, one in (
        (Seals.read(OLD), "PA-1", sealed),
        (Seals.read(f"2026b:{'c' * 42}A"), "PA-1", sealed),
        (seals, "PA-2", sealed),
        (seals, "PA-1", Sealed("2026b", sealed.text[:-4] + "AAAA")),
        (seals, "PA-1", Sealed("2026b", "not sealed")),
    ):
        with pytest.raises(SealError) as refused:
            wrong.open(report, one)
        assert "Ví Dụ" not in str(refused.value)


def test_without_a_key_nothing_is_sealed() -> None:
    seals = Seals.read("")
    assert not seals.can_seal
    with pytest.raises(SealError):
        seals.seal("PA-1", IDENTITY)


@pytest.mark.parametrize(
    "setting", ["bbbb", "x y:bbbb", f"{OLD},{OLD}", "2026a:short", "2026a:!!", f"2026a:{'ở' * 43}"]
)
def test_a_wrong_setting_is_named_and_never_shown(setting: str) -> None:
    with pytest.raises(KeysError, match="IDENTITY_KEYS") as refused:
        Seals.read(setting)
    assert setting.rpartition(":")[2] not in str(refused.value)


def test_production_does_not_start_with_identities_it_could_never_open() -> None:
    with pytest.raises(ConfigurationError, match="IDENTITY_KEYS lacks 2026a"):
        must_open_all({"2026b"}, {"2026a", "2026b"}, "production")
    must_open_all({"2026b"}, {"2026a"}, "local")
    must_open_all(set(), set(), "production")
    must_open_all({"2026b"}, set(), "production")
