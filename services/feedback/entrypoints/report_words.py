"""What the report pages call things, in both languages, and what they say of a field that is wrong."""

from services.feedback.domain import attachments
from services.feedback.domain.courtesy import Name
from services.feedback.domain.report_steps import Verdict
from services.feedback.domain.reports import MOST_CHARACTERS, Kind

KIND_NAMES = {
    Kind.FEEDBACK: Name("Phản ánh, kiến nghị", "Feedback"),
    Kind.COMPLAINT: Name("Khiếu nại", "Complaint"),
    Kind.DENUNCIATION: Name("Tố cáo", "Denunciation"),
}
KIND_HINTS = {
    Kind.FEEDBACK: Name(
        "Về cách phục vụ. Không cần tên.", "How you were treated. No name is needed."
    ),
    Kind.COMPLAINT: Name(
        "Về một quyết định, việc làm của đơn vị. Cần ghi họ tên.",
        "Against a decision or an act of the agency. Your name is needed.",
    ),
    Kind.DENUNCIATION: Name(
        "Về hành vi vi phạm pháp luật. Cơ quan khác giải quyết; đơn vị bị tố cáo không được biết.",
        "Of a breach of the law. Another agency handles it; the one denounced is told nothing.",
    ),
}
STATE_NAMES = {
    "received": Name("Đã tiếp nhận", "Received"),
    "returned": Name("Trả lại: không thuộc thẩm quyền", "Given back: not ours to handle"),
    "asked": Name("Đề nghị bổ sung thông tin", "More was asked of you"),
    "answered": Name("Đã bổ sung thông tin", "You answered"),
    "accepted": Name("Đã thụ lý", "Accepted"),
    "refused": Name("Không thụ lý", "Not taken up"),
    "resolved": Name("Đã giải quyết", "Resolved"),
    "published": Name("Đã công khai kết quả", "The outcome was published"),
    "withdrawn": Name("Đã rút", "Withdrawn"),
}
VERDICT_NAMES = {
    Verdict.UPHELD: Name("Đúng", "Upheld"),
    Verdict.NOT_UPHELD: Name("Không đúng hoặc chưa đủ căn cứ", "Not upheld"),
    Verdict.FALSE: Name("Sai sự thật", "Found false"),
}
ROLE_NAMES = {
    "author": Name("Người gửi", "You"),
    "inspector": Name("Thanh tra", "Inspector"),
    "head_of_unit": Name("Thủ trưởng cơ quan giải quyết", "Head of the handling agency"),
    "officer": Name("Cán bộ cơ quan giải quyết", "Officer of the handling agency"),
}

REPORT_MESSAGES = {
    "kind": Name(
        "Xin chọn loại khác: chưa có cơ quan khác để giải quyết tố cáo về đơn vị này.",
        "Please choose another kind: no other agency can handle a denunciation of this one yet.",
    ),
    "agency": Name("Xin chọn đơn vị trong danh sách.", "Please choose an agency of the list."),
    "against": Name("Xin chọn ít nhất một điều.", "Please choose at least one."),
    "dossier": Name(
        "Không có hồ sơ mang mã này; xin xem lại hoặc bỏ trống.",
        "No dossier has this code; please check it or leave it empty.",
    ),
    "text": Name(
        f"Tối đa {MOST_CHARACTERS} ký tự; khiếu nại, tố cáo cần ghi nội dung.",
        f"At most {MOST_CHARACTERS} characters; a complaint or a denunciation says what it is about.",
    ),
    "author_name": Name(
        "Xin ghi họ tên, tối đa 100 ký tự, bằng chữ của một bảng chữ cái. Khiếu nại cần có họ tên.",
        "Please write your name: at most 100 characters, letters of one alphabet. A complaint needs it.",
    ),
    "author_phone": Name(
        "Xin ghi số điện thoại, 6 đến 20 chữ số.",
        "Please write a telephone number, 6 to 20 digits.",
    ),
    "author_email": Name(
        "Xin ghi địa chỉ thư điện tử, tối đa 100 ký tự.",
        "Please write an e-mail address, at most 100 characters.",
    ),
    "author_address": Name(
        "Xin ghi địa chỉ, tối đa 200 ký tự.", "Please write an address, at most 200 characters."
    ),
    "attachments": Name(
        f"Tối đa {attachments.MOST_ATTACHMENTS} tệp JPEG, PNG hoặc PDF, mỗi tệp không quá"
        f" {attachments.MOST_MEBIBYTES} MB. Xin chọn lại tệp; những gì đã nhập vẫn còn.",
        f"At most {attachments.MOST_ATTACHMENTS} files, JPEG, PNG or PDF, each of at most"
        f" {attachments.MOST_MEBIBYTES} MB. Please choose them again; what you typed is still here.",
    ),
}
"""What a form says beside a field that is wrong: the whole rule of the field."""


def what_was_opened(what: str) -> Name:
    """`identity`, or `attachment 1`, in both languages."""
    if what == "identity":
        return Name("Danh tính người gửi", "Who you are")
    number = what.rpartition(" ")[2]
    return Name(f"Tệp đính kèm {number}", f"Attachment {number}")
