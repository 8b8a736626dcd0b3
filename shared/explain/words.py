"""What each type of event means, in Vietnamese and English."""

from typing import NamedTuple


class Words(NamedTuple):
    """One happening in both languages."""

    vi: str
    en: str


WORDS = {
    "DossierSubmitted": Words("Hồ sơ được nộp", "The dossier was submitted"),
    "SupplementRequested": Words("Yêu cầu bổ sung hồ sơ", "A supplement was asked for"),
    "DossierSupplemented": Words("Hồ sơ được bổ sung", "The supplement came"),
    "DossierAccepted": Words("Hồ sơ được tiếp nhận", "The dossier was accepted"),
    "DossierRefused": Words("Từ chối hồ sơ", "The dossier was refused"),
    "DossierTransferred": Words("Chuyển đến đơn vị khác", "It went to another agency"),
    "DossierForwarded": Words("Chuyển hồ sơ trong đơn vị", "The counter forwarded it"),
    "DossierResolved": Words("Hồ sơ được giải quyết", "The dossier was resolved"),
    "DossierReturned": Words("Trả kết quả", "The result was returned"),
    "DossierWithdrawn": Words("Rút hồ sơ", "The dossier was withdrawn"),
    "DossierStopped": Words("Dừng giải quyết", "The dossier was stopped"),
    "DeadlineSet": Words("Tính thời hạn", "A clock was set"),
    "DeadlineRecomputed": Words("Tính lại thời hạn", "The dates were counted anew"),
    "DeadlineUncomputable": Words("Không tính được thời hạn", "No clock can be set"),
    "AppointmentSet": Words("Ấn định ngày hẹn trả", "The appointment was chosen"),
    "Reappointed": Words("Xin lỗi và hẹn lại", "Apologised, with a new date"),
    "ClockStopped": Words("Ngừng tính thời hạn", "The clock was stopped"),
    "AlarmRung": Words("Cảnh báo", "An alarm rang"),
    "DeadlineMet": Words("Đúng hạn", "The deadline was kept"),
    "DeadlineMissed": Words("Trễ hạn", "The deadline was missed"),
    "BreachWithdrawn": Words("Lệch đồng bộ: bỏ báo quá hạn", "The breach was taken back"),
    "NoticeSent": Words("Gửi thông báo cho người dân", "The citizen was told"),
    "RatingGiven": Words("Người dân đánh giá", "The citizen gave stars"),
    "ConductReported": Words("Tiếp nhận phản ánh", "Conduct was reported"),
    "ComplaintReceived": Words("Tiếp nhận khiếu nại", "A complaint was received"),
    "DenunciationReceived": Words("Tiếp nhận tố cáo", "A denunciation was received"),
    "ReportMoved": Words("Xử lý đơn", "Its handling took a step"),
}
"""By the short name of what may be said of a dossier or a report; a test holds them to the catalogue."""

UNREADABLE = Words("Không đọc được", "It cannot be read")

DETAILS = (
    "kind", "generation", "stage", "rung", "calls", "step", "verdict", "notice", "reason", "cause",
    "channel", "procedure", "from_agency", "agency", "status", "appointment_at", "legal_due",
    "pledge_due", "due_at", "is_late", "is_pledge_kept",
)  # fmt: skip
"""The fields of a body that are told beside it, in this order: codes, instants, enumerations."""


def words_for(type_name: str) -> Words:
    """A type in words; one we do not know by its own name."""
    parts = type_name.split(".")
    short = parts[2] if len(parts) == 4 and parts[0] == "thanthien" else ""
    return WORDS.get(short, Words(type_name, type_name))
