"""Who wrote a report: lookalike names refused, and an author's details masked in their words."""

import time
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.authors import MASK, Author, author_of, mask
from services.feedback.domain.reports import ReportRefusedError

AUTHOR = Author("Nguyễn Văn Đờ", "0900 000 001", "a@example.vn", "Số 1, đường Ví Dụ")


def test_nobody_is_named_where_every_field_is_empty() -> None:
    assert author_of("", " ", "", "") is None


def test_a_name_is_kept_in_composed_letters() -> None:
    assert author_of(normalize("NFD", "Nguyễn"), "", "", "") == Author("Nguyễn")


@pytest.mark.parametrize(
    ("name", "phone", "email", "address", "field"),
    [
        ("", "0900000001", "", "", "author_name"),
        ("a" * 101, "", "", "", "author_name"),
        ("Аnna Ví Dụ", "", "", "", "author_name"),  # its first letter is Cyrillic
        ("Ví\u202eDụ", "", "", "", "author_name"),  # turns the direction of writing round
        ("Ví\u200bDụ", "", "", "", "author_name"),  # a space of no width
        ("Ví\x00Dụ", "", "", "", "author_name"),
        ("Ví Dụ", "gọi tôi", "", "", "author_phone"),
        ("Ví Dụ", "", "không có", "", "author_email"),
        ("Ví Dụ", "", "", "a" * 201, "author_address"),
    ],
)
def test_lookalike_and_impossible_details_are_refused_by_field(
    name: str, phone: str, email: str, address: str, field: str
) -> None:
    with pytest.raises(ReportRefusedError) as refused:
        author_of(name, phone, email, address)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("Tôi là Nguyễn Văn Đờ, chờ lâu", f"Tôi là {MASK}, chờ lâu"),
        ("TÔI LÀ NGUYỄN VĂN ĐỜ", f"TÔI LÀ {MASK}"),
        ("toi la nguyen van do.", f"toi la {MASK}."),
        ("Nguyễn\nVăn  Đờ", MASK),
        (normalize("NFD", "Nguyễn Văn Đờ!"), f"{MASK}!"),
        ("gọi 0900000001 hay +84 900.000.001 nhé", f"gọi {MASK} hay {MASK} nhé"),
        ("viết cho A@Example.VN", f"viết cho {MASK}"),
        ("nhà ở số 1, ĐƯỜNG ví dụ", f"nhà ở {MASK}"),
        ("không có gì để che", "không có gì để che"),
        ("", ""),
    ],
)
def test_an_authors_details_are_masked_however_they_are_written(words: str, masked: str) -> None:
    assert mask(words, AUTHOR) == masked


@given(before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_name_never_survives_whatever_stands_around_it(before: str, after: str) -> None:
    masked = mask(f"{before} {AUTHOR.name} {after}", AUTHOR)
    assert AUTHOR.name not in masked
    assert MASK in masked


def test_masking_a_hostile_text_takes_no_time() -> None:
    began = time.perf_counter()
    for words in ("0" * 4000, " " * 4000, "+84 " * 1000, "nguyen " * 571, "a@" * 2000):
        mask(words, AUTHOR)
    assert time.perf_counter() - began < 2
