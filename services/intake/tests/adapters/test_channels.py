"""Channels against real servers: a mail server, an HTTP server, a directory."""

import base64
import email
import email.policy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.loopback import HOST, free_port
from services.intake.adapters.channels.file_outbox import FileOutbox
from services.intake.adapters.channels.smtp import TITLES, Mail, MailServer
from services.intake.adapters.channels.webhook import Webhook, key_of, sign
from services.intake.domain.deliveries import message_id
from services.intake.usecases.delivery_ports import Contact, DeliveryError, Letter
from shared.events.feedback import Notice

NOW = datetime(2026, 11, 13, 2, 0, tzinfo=UTC)
SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
CODE = "000.00.01.H10-240322-0001"
CONTACT = Contact("vi", "0900", "nguoi.nop@example.vn")
LETTER = Letter(
    message_id(CODE, "greeting", 1),
    CODE,
    "greeting",
    1,
    "vi",
    "Xin chào Quý công dân!\nDòng hai",
    CONTACT,
)


async def test_a_file_per_notice_that_only_its_owner_reads(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox")
    await outbox.send(LETTER)
    await outbox.send(LETTER)
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == f"{LETTER.id}.json"
    assert file.stat().st_mode & 0o077 == 0
    told = json.loads(file.read_text())
    assert (told["text"], told["contact"]["phone"]) == (LETTER.text, "0900")


async def test_a_directory_that_cannot_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(DeliveryError, match=r"^FileExistsError 17$"):
        await FileOutbox(tmp_path / "outbox").send(LETTER)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    body = b'{"event_type":"ping","data":{"success":true}}'
    assert (
        sign(key_of(SECRET), "msg_loFOjxBNrRLzqYUf", 1731705121, body)
        == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    )


@pytest.mark.parametrize("secret", ["", "plJ3nmyCDGBKInavdOK15jsl", "whsec_%%%", "whsec_QUJD"])
def test_a_secret_that_is_none_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(ValueError, match="a webhook's") as refused:
        key_of(secret)
    assert "%%%" not in str(refused.value)
    assert "QUJD" not in str(refused.value)


class Gateway(BaseHTTPRequestHandler):
    """Answers with the status it is told, and keeps what came."""

    status = 204
    heard: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status, "the words of nguoi.nop@example.vn")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def gateway(answers: int) -> Iterator[tuple[str, type[Gateway]]]:
    handler = type("Answering", (Gateway,), {"status": answers, "heard": []})
    server = ThreadingHTTPServer((HOST, 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/notices", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def test_a_gateway_can_check_what_it_gets(client: httpx.AsyncClient) -> None:
    with gateway(204) as (url, handler):
        await Webhook(client, url, key_of(SECRET), lambda: NOW).send(LETTER)
    ((headers, body),) = handler.heard
    assert headers["webhook-id"] == LETTER.id
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["webhook-signature"] == sign(
        key_of(SECRET), LETTER.id, int(NOW.timestamp()), body
    )
    told = json.loads(body)
    assert told["type"] == "notice"
    assert told["data"] == {
        "dossier": CODE,
        "notice": "greeting",
        "number": 1,
        "language": "vi",
        "text": LETTER.text,
        "phone": "0900",
        "email": "nguoi.nop@example.vn",
    }


@pytest.mark.parametrize("status", [302, 400, 503])
async def test_a_gateways_refusal_is_a_fault_in_class_and_code(
    client: httpx.AsyncClient, status: int
) -> None:
    with gateway(status) as (url, _), pytest.raises(DeliveryError) as failed:
        await Webhook(client, url, key_of(SECRET), lambda: NOW).send(LETTER)
    assert failed.value.fault.reason == f"Webhook {status}"
    assert not failed.value.fault.is_final


async def test_a_gateway_that_is_away_is_a_fault(client: httpx.AsyncClient) -> None:
    url = f"http://{HOST}:{free_port()}/"
    with pytest.raises(DeliveryError, match=r"^Webhook ConnectError$"):
        await Webhook(client, url, key_of(SECRET), lambda: NOW).send(LETTER)


class Postbox:
    """A mail server's handler: takes what it is not told to refuse."""

    def __init__(self) -> None:
        self.refusing = {"RCPT": "", "DATA": ""}
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 aiosmtpd calls it by this name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.refusing["RCPT"]:
            return self.refusing["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.refusing["DATA"]:
            self.taken.append(envelope)
        return self.refusing["DATA"] or "250 OK"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, MailServer]]:
    box = Postbox()
    controller: Any = Controller(box, hostname=HOST, port=free_port())
    controller.start()
    yield box, MailServer(HOST, controller.port, "motcua@example.gov.vn", "none")
    controller.stop()


async def test_a_mail_arrives_with_its_diacritics(postbox: tuple[Postbox, MailServer]) -> None:
    box, server = postbox
    await Mail(server, lambda: NOW).send(LETTER)
    (envelope,) = box.taken
    assert envelope.rcpt_tos == ["nguoi.nop@example.vn"]
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["To"] == "nguoi.nop@example.vn"
    assert message["Subject"] == f"Xin chào: đã tiếp nhận hồ sơ {CODE}"
    assert message["Message-ID"] == f"<{LETTER.id}@example.gov.vn>"
    assert message.get_content().split() == LETTER.text.split()


@pytest.mark.parametrize(
    ("stage", "answer", "reason", "is_final"),
    [
        ("RCPT", "550 5.1.1 nguoi.nop@example.vn unknown", "Smtp 550", True),
        ("RCPT", "451 4.7.1 greylisted", "Smtp 451", False),
        ("DATA", "554 5.7.1 nguoi.nop@example.vn is spam", "Smtp 554", False),
    ],
)
async def test_a_mail_servers_refusal_is_kept_without_its_words(
    postbox: tuple[Postbox, MailServer], stage: str, answer: str, reason: str, is_final: bool
) -> None:
    box, server = postbox
    box.refusing[stage] = answer
    with pytest.raises(DeliveryError) as failed:
        await Mail(server, lambda: NOW).send(LETTER)
    assert (failed.value.fault.reason, failed.value.fault.is_final) == (reason, is_final)
    assert box.taken == []


async def test_a_mail_server_that_is_away_is_a_fault(
    postbox: tuple[Postbox, MailServer],
) -> None:
    away = replace(postbox[1], port=free_port())
    with pytest.raises(DeliveryError, match=r"^Smtp SMTPConnectError$"):
        await Mail(away, lambda: NOW).send(LETTER)


async def test_a_server_without_starttls_gets_no_letter(
    postbox: tuple[Postbox, MailServer],
) -> None:
    box, server = postbox
    with pytest.raises(DeliveryError, match=r"^Smtp SMTP"):
        await Mail(replace(server, tls="starttls"), lambda: NOW).send(LETTER)
    assert box.taken == []


def test_each_channel_asks_for_its_own_address(tmp_path: Path) -> None:
    mail = Mail(MailServer(HOST, 25, "x@example.vn", "none"), lambda: NOW)
    key = base64.b64encode(b"k" * 24).decode()
    hook = Webhook(httpx.AsyncClient(), "http://x.invalid", key_of(f"whsec_{key}"), lambda: NOW)
    nobody, telephone = Contact("vi", None, " "), Contact("vi", "0900", "không có")
    assert [one.reaches(nobody) for one in (mail, hook, FileOutbox(tmp_path))] == [
        False,
        False,
        True,
    ]
    assert [one.reaches(telephone) for one in (mail, hook)] == [False, True]


def test_every_notice_has_a_title_in_both_languages() -> None:
    notices = get_args(Notice)
    assert TITLES.keys() == {(language, one) for language in ("vi", "en") for one in notices}
