"""Feedback's pages: its templates, and what they say of a problem. How pages are made is in `shared.pages`."""

from dataclasses import dataclass
from pathlib import Path

from fastapi.responses import HTMLResponse

from services.feedback.domain.courtesy import KHONG_NAMES, Name
from services.feedback.entrypoints.rating_words import ASKED_NAMES, RATING_MESSAGES
from services.feedback.entrypoints.report_words import (
    KIND_HINTS,
    KIND_NAMES,
    REPORT_MESSAGES,
    ROLE_NAMES,
    STATE_NAMES,
    VERDICT_NAMES,
    what_was_opened,
)
from shared.pages import CitizenPages
from shared.problems import Problem

DIRECTORY = Path(__file__).parent / "templates"

TITLES = {
    "unknown-link": Name("Đường dẫn không đúng", "This link is not one of ours"),
    "already-rated": Name("Quý công dân đã đánh giá rồi", "You have rated already"),
    "link-expired": Name("Đường dẫn đã hết hạn", "This link has expired"),
    "not-your-dossier": Name("Không tìm thấy hồ sơ", "Dossier not found"),
    "not-ready": Name("Hồ sơ chưa có kết quả", "There is no result yet"),
    "not-offered": Name("Chưa đánh giá được tại quầy", "Rating at the counter is not offered yet"),
    "unavailable": Name("Hệ thống tạm thời gián đoạn", "The system is away for a moment"),
    "unknown-report": Name("Không tìm thấy phản ánh", "Report not found"),
    "illegal-step": Name("Không thể làm việc này lúc này", "This cannot be done now"),
    "too-many-requests": Name("Xin chờ một chút", "One moment, please"),
}
"""What a page says of a problem, by its type; the others are put as below."""
OTHER_TITLE = Name("Chưa thực hiện được", "That did not work")

EXPLANATIONS = {
    "unknown-link": Name(
        "Xin kiểm tra lại đường dẫn trong thông báo đã gửi cho Quý công dân.",
        "Please check the link in the notice we sent you.",
    ),
    "already-rated": Name(
        "Mỗi đường dẫn chỉ dùng được một lần. Xin cảm ơn Quý công dân.",
        "Each link can be used once. Thank you.",
    ),
    "link-expired": Name(
        "Thời gian đánh giá đã qua. Quý công dân vẫn có thể gửi phản ánh.",
        "The time for rating is over. You may still send a report.",
    ),
    "not-your-dossier": Name(
        "Không có hồ sơ mang mã này, hoặc mã tra cứu không đúng. Xin kiểm tra lại trên giấy hẹn.",
        "No dossier has this code, or the look-up code is not its own. Please check them on your slip.",
    ),
    "not-ready": Name(
        "Xin đánh giá khi hồ sơ đã có kết quả.", "Please rate when the result is ready."
    ),
    "not-offered": Name(
        "Xin đánh giá qua đường dẫn trong thông báo trả kết quả.",
        "Please rate with the link in the notice of your result.",
    ),
    "unavailable": Name("Xin gửi lại sau ít phút.", "Please send it again in a few minutes."),
    "unknown-report": Name(
        "Xin kiểm tra lại mã phản ánh và mã bí mật.",
        "Please check the report code and the secret.",
    ),
    "too-many-requests": Name(
        "Có quá nhiều yêu cầu từ mạng này. Xin thử lại sau ít phút.",
        "Too many requests came from this network. Please try again in a few minutes.",
    ),
    "illegal-step": Name(
        "Phản ánh đã sang bước khác. Xin mở lại trang theo dõi.",
        "The report has moved on. Please open it again to follow it.",
    ),
}
OTHER_EXPLANATION = Name("Xin kiểm tra lại và thử lần nữa.", "Please check and try again.")


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of a problem."""

    title: Name
    explanation: Name


def said_of(problem: Problem) -> Said:
    """A problem in a citizen's words."""
    return Said(
        TITLES.get(problem.type, OTHER_TITLE), EXPLANATIONS.get(problem.type, OTHER_EXPLANATION)
    )


class Pages(CitizenPages):
    """Feedback's templates."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        super().__init__(
            directory,
            asked_names=ASKED_NAMES,
            khong_names=KHONG_NAMES,
            rating_messages=RATING_MESSAGES,
            report_messages=REPORT_MESSAGES,
            kind_names=KIND_NAMES,
            kind_hints=KIND_HINTS,
            state_names=STATE_NAMES,
            verdict_names=VERDICT_NAMES,
            role_names=ROLE_NAMES,
            what_was_opened=what_was_opened,
        )

    def show_problem(self, problem: Problem) -> HTMLResponse:
        """A problem in a citizen's words; where we have none of our own, with its detail."""
        said = said_of(problem)
        page = self.show(
            "problem",
            problem.status,
            title=said.title,
            explanation=said.explanation,
            detail="" if problem.type in TITLES else problem.detail,
        )
        page.headers.update(problem.headers)
        return page
