"""The plan's lists, in Vietnamese and English: 4 luôn, 5 không. Its 4 xin are the first kinds of notice.

Source: kế hoạch "Chính quyền thân thiện" of Chơn Thành town, 22/01/2024.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Name:
    """One thing's name in both languages."""

    vi: str
    en: str


class Luon(StrEnum):
    """The four "always" a citizen gives stars for; the values are the fields of `RatingGiven`."""

    SMILE = "smile"
    GENTLE = "gentle"
    LISTEN = "listen"
    HELP = "help"


class Khong(IntEnum):
    """The five "never" a report is made against, by their number in the plan."""

    ARROGANCE = 1
    BUREAUCRACY = 2
    CORRUPTION = 3
    FLATTERY = 4
    ABUSE = 5


LUON_NAMES = {
    Luon.SMILE: Name("Luôn mỉm cười", "Always smile"),
    Luon.GENTLE: Name("Luôn nhẹ nhàng", "Always be gentle"),
    Luon.LISTEN: Name("Luôn lắng nghe", "Always listen"),
    Luon.HELP: Name("Luôn giúp đỡ", "Always help"),
}

KHONG_NAMES = {
    Khong.ARROGANCE: Name(
        "Không cửa quyền, hách dịch, gây khó khăn, phiền hà",
        "No arrogance, bullying, obstruction or harassment",
    ),
    Khong.BUREAUCRACY: Name(
        "Không quan liêu, vô cảm, vô trách nhiệm",
        "No red tape, indifference or irresponsibility",
    ),
    Khong.CORRUPTION: Name(
        "Không tham nhũng, lãng phí, lợi ích nhóm",
        "No corruption, waste or vested interests",
    ),
    Khong.FLATTERY: Name(
        "Không xu nịnh, chạy chọt, gian dối",
        "No flattery, string-pulling or deceit",
    ),
    Khong.ABUSE: Name(
        "Không lợi dụng chức vụ, quyền hạn trong thực thi công vụ",
        "No abuse of office or power in public duty",
    ),
}
