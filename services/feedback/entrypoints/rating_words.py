"""What is asked on the rating page, and a unit's stars as a citizen reads them, in both languages."""

from babel.numbers import format_decimal

from services.feedback.domain.courtesy import LUON_NAMES, Name
from services.feedback.domain.ratings import OVERALL, TENTH, Tally

ASKED_NAMES = {
    **{luon.value: name for luon, name in LUON_NAMES.items()},
    OVERALL: Name("Đánh giá chung", "Overall"),
}
"""What stars are asked for, in the page's order."""

STAR_MESSAGES = {
    asked: Name(f"Xin chọn số sao: {name.vi}", f"Please choose stars: {name.en}")
    for asked, name in ASKED_NAMES.items()
}
NO_VOTES = Name("Chưa có phiếu bầu", "No votes yet")


def rating_line(tally: Tally) -> Name:
    """ "Xếp hạng: 4,7 – 213 phiếu bầu", as the plan's own page says it: the mean to the tenth, and its votes."""
    overall = tally.overall(TENTH)
    if overall is None:
        return NO_VOTES
    votes = "vote" if tally.votes == 1 else "votes"
    return Name(
        f"Xếp hạng: {format_decimal(overall, '0.0', 'vi')} – {format_decimal(tally.votes, locale='vi')} phiếu bầu",
        f"Rating: {format_decimal(overall, '0.0', 'en')} – {format_decimal(tally.votes, locale='en')} {votes}",
    )
