"""The notebook sees every way in which what was answered and what is kept can differ."""

import pytest

from deploy.local.faults.notebook import Entry, Notebook, contradictions

Rows = dict[str, tuple[list[str], str, int, str]]
"""By name: codes, state, moves, agency."""


def book() -> Notebook:
    """One dossier, handed in at A, accepted, resolved."""
    book = Notebook()
    entry = book.begin("A")
    book.taken(entry, "A-1", "accepted")
    book.moved(entry, "resolved", "A")
    return book


def only(book: Notebook) -> Entry:
    (entry,) = book.entries.values()
    return entry


def test_what_was_answered_is_what_is_kept() -> None:
    assert contradictions(book().entries, {"phiếu 1": (["A-1"], "resolved", 3, "A")}) == []


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ({}, "phiếu 1: A-1 is gone"),
        ({"phiếu 1": (["A-1", "A-2"], "resolved", 3, "A")}, "handed in once and is A-1, A-2"),
        ({"phiếu 1": (["A-7"], "resolved", 3, "A")}, "is kept as"),
        ({"phiếu 1": (["A-1"], "accepted", 2, "A")}, "is kept as"),
        ({"phiếu 1": (["A-1"], "resolved", 4, "A")}, "is kept as"),
        ({"phiếu 1": (["A-1"], "resolved", 3, "B")}, "is kept as"),
    ],
)
def test_every_difference_is_named(rows: Rows, complaint: str) -> None:
    (found,) = contradictions(book().entries, rows)
    assert complaint in found


def test_a_dossier_that_nobody_handed_in_is_named() -> None:
    rows: Rows = {"phiếu 1": (["A-1"], "resolved", 3, "A"), "phiếu 2": (["A-2"], "x", 1, "A")}
    assert contradictions(book().entries, rows) == ["nobody handed in phiếu 2"]


def test_another_code_under_the_same_key_is_strange() -> None:
    again = book()
    again.taken(only(again), "A-1", "accepted")
    assert again.strange == []
    again.taken(only(again), "A-2", "accepted")
    assert again.strange == ["phiếu 1 was A-1, and asked again A-2"]
    assert only(again).moves == 3, "asking again is no move"
