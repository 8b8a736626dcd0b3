"""How far a dossier has come, and why its appointment is when it is, in a citizen's words."""

from collections.abc import Mapping
from datetime import datetime

from services.intake.domain.forms import Words
from services.intake.domain.papers import VERDICTS, Facts, limit_in_words, minute
from services.intake.domain.promises import Promise

NATIONAL_WORDS: Mapping[int, Words] = {
    1: Words("Mới đăng ký", "Submitted"),
    2: Words("Được tiếp nhận", "Accepted"),
    3: Words("Không được tiếp nhận", "Refused"),
    4: Words("Đang xử lý", "In progress"),
    5: Words("Yêu cầu bổ sung giấy tờ", "More documents are asked for"),
    6: Words("Yêu cầu thực hiện nghĩa vụ tài chính", "A fee is due"),
    7: Words("Công dân yêu cầu rút hồ sơ", "Withdrawn by the citizen"),
    8: Words("Dừng xử lý", "Stopped"),
    9: Words("Đã xử lý xong", "The result is ready"),
    10: Words("Đã trả kết quả", "The result was returned"),
}
"""The national status codes, all ten."""

VERB_WORDS: Mapping[str, Words] = {
    "submit": Words("Nộp hồ sơ", "Submitted"),
    "request_supplement": Words("Yêu cầu bổ sung", "More documents were asked for"),
    "supplement": Words("Đã bổ sung", "The documents came"),
    "accept": Words("Tiếp nhận", "Accepted"),
    "refuse": Words("Từ chối", "Refused"),
    "forward": Words("Chuyển bộ phận chuyên môn", "Handed to the department"),
    "transfer": Words("Chuyển cơ quan khác", "Handed to another agency"),
    "resolve": Words("Có kết quả", "The result is ready"),
    "return": Words("Trả kết quả", "The result was returned"),
    "withdraw": Words("Công dân rút hồ sơ", "Withdrawn by the citizen"),
    "stop": Words("Dừng xử lý", "Stopped"),
}
"""Every step of a dossier's life."""

NOT_KNOWN = Words("Ngày hẹn chưa có, sẽ được thông báo.", "There is no appointment yet.")
STOPPED = Words(
    "Thời gian hiện không tính: hồ sơ chờ bổ sung hoặc đã khép lại.",
    "Time does not run now: documents are awaited, or the dossier is closed.",
)
PLEDGED = Words(
    "Đơn vị cam kết trả sớm hơn hạn theo quy định.",
    "The agency pledges to be earlier than the law asks.",
)
OUT_OF_SYNC = Words(
    "Hồ sơ đã xong đúng hạn; tin báo đến muộn (lệch đồng bộ).",
    "It was done in time; only the message came late.",
)


def explained(facts: Facts, promise: Promise | None) -> tuple[Words, ...]:
    """What intake knows of why the appointment is when it is. Nothing is computed here: dates and
    verdicts are deadline's, the limit the procedure's, the reason that of Mẫu 04."""
    said: list[Words] = []
    if (limit := limit_in_words(facts.limit)) is not None:
        said.append(Words(f"Thời hạn theo quy định: {limit.vi}.", f"Time limit: {limit.en}."))
    if promise is None:
        return (*said, NOT_KNOWN)
    if facts.kept.legal_due is not None:
        due = minute(facts.kept.legal_due)
        said.append(Words(f"Hạn theo quy định: {due.vi}.", f"By law it is due at {due.en}."))
    if _is_earlier(promise.pledge_due, promise.legal_due):
        said.append(PLEDGED)
    said += _reappointed(facts)
    if promise.clock == "stopped":
        said.append(STOPPED)
    if promise.is_out_of_sync:
        said.append(OUT_OF_SYNC)
    if facts.kept.verdict is not None:
        kept = VERDICTS[facts.kept.verdict]
        said.append(Words(f"Kết quả: {kept.vi.lower()}.", f"Result: {kept.en.lower()}."))
    return tuple(said)


def _is_earlier(pledged: datetime | None, lawful: datetime | None) -> bool:
    return pledged is not None and lawful is not None and pledged < lawful


def _reappointed(facts: Facts) -> list[Words]:
    """A date is moved at most once (NĐ 61/2018 art. 19.9); the first one is not hidden."""
    if facts.reappointed is None:
        return []
    first, new = (minute(instant) for instant in facts.reappointed)
    said = [
        Words(f"Đã hẹn lại từ {first.vi} sang {new.vi}.", f"Moved from {first.en} to {new.en}.")
    ]
    if facts.apology is not None:
        reason = facts.apology.reason
        said.append(Words(f"Lý do hẹn lại: {reason}", f"Why it was moved: {reason}"))
    return said
