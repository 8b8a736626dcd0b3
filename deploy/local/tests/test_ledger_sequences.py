"""A subject's sayings are taken up in their turn."""

from deploy.local.ledger.records import Said
from deploy.local.ledger.sequences import Place
from deploy.local.ledger.sequences import Sequence as Sayings


def said(number: int, digest: int = 0) -> Said:
    return Said("source", "subject", number, "Kind", digest, {})


def test_what_overtook_is_taken_up_in_its_turn() -> None:
    sayings = Sayings()
    assert sayings.place(said(1)) is Place.NEXT
    assert sayings.place(said(3)) is Place.AHEAD
    assert sayings.place(said(3)) is Place.AGAIN
    assert sayings.missing == [2]
    assert sayings.following() is None
    assert sayings.place(said(2)) is Place.NEXT
    assert sayings.following() == said(3)
    assert sayings.following() is None
    assert (sayings.last, sayings.missing) == (3, [])
    assert sayings.place(said(2)) is Place.AGAIN
    assert sayings.place(said(2, digest=1)) is Place.CONTRADICTION
