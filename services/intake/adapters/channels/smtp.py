"""Notices by mail, through the administration's own server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from services.intake.domain.deliveries import Fault, mailbox
from services.intake.usecases.delivery_ports import Contact, DeliveryError, Letter

SECONDS = 20.0

Tls = Literal["none", "starttls", "tls"]

TITLES = {
    ("vi", "greeting"): "Xin chào: đã tiếp nhận hồ sơ",
    ("vi", "request"): "Xin phép: cần bổ sung hồ sơ",
    ("vi", "apology"): "Xin lỗi: trễ hẹn hồ sơ",
    ("vi", "thanks"): "Xin cảm ơn: đã trả kết quả hồ sơ",
    ("en", "greeting"): "We have received dossier",
    ("en", "request"): "Something is missing in dossier",
    ("en", "apology"): "We apologise: we are late with dossier",
    ("en", "thanks"): "Thank you: the result is returned for dossier",
    ("vi", "accepted"): "Đã tiếp nhận hồ sơ",
    ("vi", "supplemented"): "Đã nhận giấy tờ bổ sung hồ sơ",
    ("vi", "forwarded"): "Đang xử lý hồ sơ",
    ("vi", "transferred"): "Đã chuyển cơ quan giải quyết hồ sơ",
    ("vi", "resolved"): "Đã có kết quả hồ sơ",
    ("vi", "refused"): "Không tiếp nhận, giải quyết hồ sơ",
    ("vi", "stopped"): "Dừng giải quyết hồ sơ",
    ("vi", "withdrawn"): "Đã rút hồ sơ",
    ("vi", "reappointed"): "Xin lỗi và hẹn lại ngày trả kết quả hồ sơ",
    ("vi", "congratulations"): "Xin chúc mừng: kết quả hồ sơ",
    ("en", "accepted"): "We have accepted dossier",
    ("en", "supplemented"): "We have received what you added to dossier",
    ("en", "forwarded"): "We are working on dossier",
    ("en", "transferred"): "Another agency goes on with dossier",
    ("en", "resolved"): "The result is ready for dossier",
    ("en", "refused"): "We could not accept dossier",
    ("en", "stopped"): "Work has stopped on dossier",
    ("en", "withdrawn"): "You have withdrawn dossier",
    ("en", "reappointed"): "We apologise, and ask for a new date for dossier",
    ("en", "congratulations"): "Congratulations on the result of dossier",
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and in whose name. `password` is read at each use."""

    host: str
    port: int
    sender: str
    tls: Tls
    username: str | None = None
    password: Callable[[], str] | None = None


class Mail:
    """A mail to each citizen, in plain text."""

    name = "smtp"

    def __init__(self, server: MailServer, now: Callable[[], datetime]) -> None:
        self._server = server
        self._now = now

    def reaches(self, contact: Contact) -> bool:
        """Whether there is a mailbox that can be written to."""
        return mailbox(contact.email) is not None

    async def send(self, letter: Letter) -> None:
        server = self._server
        try:
            await aiosmtplib.send(
                self._written(letter),
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=None if server.password is None else server.password(),
                use_tls=server.tls == "tls",
                start_tls=server.tls == "starttls",
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            # This one mailbox is refused for good; a server's other 5xx are its operator's to mend.
            raise DeliveryError(Fault(f"Smtp {code}", is_final=code >= 500)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError(Fault(f"Smtp {error.code}")) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(Fault(f"Smtp {type(error).__name__}")) from error

    def _written(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._server.sender
        message["To"] = mailbox(letter.contact.email)
        title = TITLES[letter.language, letter.notice]
        message["Subject"] = f"{title} {letter.dossier}"
        message["Date"] = format_datetime(self._now())
        domain = self._server.sender.rpartition("@")[2].rstrip(">")
        message["Message-ID"] = f"<{letter.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = letter.language
        message.set_content(letter.text)
        return message
