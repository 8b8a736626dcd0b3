"""What is asked on the rating page, and a unit's stars as a citizen reads them, in both languages."""

from services.feedback.domain.courtesy import LUON_NAMES, Name
from services.feedback.domain.ratings import OVERALL, Tally
from services.feedback.domain.scores.rules import ScoreRulesOn
from services.feedback.entrypoints.town_words import rating_of

ASKED_NAMES = {
    **{luon.value: name for luon, name in LUON_NAMES.items()},
    OVERALL: Name("Đánh giá chung", "Overall"),
}
"""What stars are asked for, in the page's order."""

STAR_MESSAGES = {
    asked: Name(f"Xin chọn số sao: {name.vi}", f"Please choose stars: {name.en}")
    for asked, name in ASKED_NAMES.items()
}
RATING_MESSAGES = {
    "dossier": Name(
        "Xin ghi mã hồ sơ như trên giấy hẹn.", "Please write the dossier code as on your slip."
    ),
    "secret": Name(
        "Xin ghi mã tra cứu như trên giấy hẹn.", "Please write the look-up code as on your slip."
    ),
    **STAR_MESSAGES,
}
"""What a form says beside a field that is wrong."""
NO_VOTES = Name("Chưa có phiếu bầu", "No votes yet")


def rating_line(tally: Tally, rules: ScoreRulesOn) -> Name:
    """ "Xếp hạng: 4,7 – 213 phiếu bầu", as the plan's own page says it; withheld where few voted, as on the page of stars."""
    if tally.votes == 0:
        return NO_VOTES
    rating = rating_of(tally, rules)
    if rating.is_withheld:
        return Name(
            f"{rating.votes} phiếu bầu – công bố từ {rules.fewest_votes} phiếu",
            f"Shown from {rules.fewest_votes} votes on",
        )
    return Name(f"Xếp hạng: {rating.vi}", f"Rating: {rating.en}")
