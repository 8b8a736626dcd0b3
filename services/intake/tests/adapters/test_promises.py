"""What a NOTIFY can carry."""

from services.intake.adapters.promises import NAMED_CODES, PAYLOAD_BYTES, payloads


def test_codes_are_announced_in_parts_that_notify_takes() -> None:
    codes = [f"{'H19.01.002.0003'}-261113-{n:04d}" + "X" * 30 for n in range(NAMED_CODES)]
    parts = payloads(codes)
    assert len(parts) > 1
    assert all(len(part) <= PAYLOAD_BYTES for part in parts)
    assert [code for part in parts for code in part.split()] == codes


def test_too_many_to_name_are_announced_as_many() -> None:
    assert payloads(["x"] * (NAMED_CODES + 1)) == ["many"]
