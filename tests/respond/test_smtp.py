"""The mail channel against a real mail server: what arrives, and what a refusal means."""

import shutil
import ssl
import subprocess
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from receivers import Mailbox, free_port, mail_sink

from opsdeck.errors import DeliveryError, UsageError
from opsdeck.model import Delivery
from opsdeck.respond.channels import build, smtp
from opsdeck.spec.model import Channel

NOW = datetime(2025, 9, 9, 12, 5, tzinfo=UTC)


def delivery(target: str = "engineer@company.com", title: str = "FIRING critical: x of cli") -> Delivery:
    said = {"title": title, "text": "it fires\nWhy: opsdeck alerts explain cli/x", "fired_seq": 7}
    return Delivery(f"7/mail/{target}", 7, "cli/x", "mail", target, said, "pending", NOW, 0, "", NOW)


def send(port: int, one: Delivery | None = None, **settings: str) -> None:
    said = {
        "host": "127.0.0.1",
        "port": str(port),
        "from": "Deck <deck@ops.example>",
        "tls": "none",
    } | settings
    build([Channel("mail", "smtp", said)], Path())["mail"].deliver(one or delivery(), NOW)


def test_the_mail_arrives(mailbox: Mailbox) -> None:
    send(mailbox.port)
    mail = mailbox.mails[0]
    assert (mail["To"], mail["From"]) == ("engineer@company.com", "Deck <deck@ops.example>")
    assert mail["Subject"] == "[opsdeck] FIRING critical: x of cli"
    assert mail.get_content().splitlines() == ["it fires", "Why: opsdeck alerts explain cli/x"]


def test_a_repeat_is_the_same_message(mailbox: Mailbox) -> None:
    send(mailbox.port)
    send(mailbox.port)
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert str(first["Message-ID"]) == f"<{first['Idempotency-Key']}@ops.example>"


def test_mails_say_that_no_person_wrote_them(mailbox: Mailbox) -> None:
    send(mailbox.port)
    assert mailbox.mails[0]["Auto-Submitted"] == "auto-generated"


def test_a_shared_mailbox_replaces_the_contact(mailbox: Mailbox) -> None:
    send(mailbox.port, to="ops@company.com")
    assert mailbox.mails[0]["To"] == "ops@company.com"


def test_a_line_end_never_reaches_a_header(mailbox: Mailbox) -> None:
    send(mailbox.port, delivery(title="fires\r\nBcc: everybody@company.com"))
    mail = mailbox.mails[0]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[opsdeck] fires Bcc: everybody@company.com"


def test_letters_of_any_alphabet_arrive(mailbox: Mailbox) -> None:
    send(mailbox.port, delivery(title="проверка ☃"))
    assert mailbox.mails[0]["Subject"] == "[opsdeck] проверка ☃"


@pytest.mark.parametrize("target", ["on-call engineer", "", "\r\n"], ids=["a role", "nothing", "a line end"])
def test_an_address_that_is_none_fails_for_good(mailbox: Mailbox, target: str) -> None:
    with pytest.raises(DeliveryError, match="not a mail address") as caught:
        send(mailbox.port, delivery(target))
    assert caught.value.permanent


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such mailbox", True), ("451 try later", False)])
def test_which_refusals_are_permanent(mailbox: Mailbox, answer: str, permanent: bool) -> None:
    mailbox.answers = [answer]
    with pytest.raises(DeliveryError, match=answer[:3]) as caught:
        send(mailbox.port)
    assert caught.value.permanent is permanent


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1") as caught:
        send(free_port())
    assert not caught.value.permanent


def test_no_mail_goes_out_in_the_clear_where_starttls_is_asked_for(mailbox: Mailbox) -> None:
    with pytest.raises(DeliveryError, match="STARTTLS") as caught:
        send(mailbox.port, tls="starttls")
    assert caught.value.permanent
    assert mailbox.mails == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("no openssl here to make a certificate")
    both = tmp_path / "server.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"]
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-out", str(both)]
    subprocess.run(["openssl", "req", *made, *subject], check=True, capture_output=True)
    return both


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key"))
    return context


def test_a_trusted_server_gets_the_mail_encrypted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_sink(tls_context=server_context(certificate), require_starttls=True) as box:
        send(box.port, tls="starttls")
        assert len(box.mails) == 1


def test_tls_from_the_first_byte(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_sink(ssl_context=server_context(certificate)) as box:
        send(box.port, tls="tls")
        assert len(box.mails) == 1


@pytest.mark.parametrize(("password", "arrives"), [("right", True), ("wrong", False)])
def test_a_server_that_asks_who_is_there(tmp_path: Path, password: str, arrives: bool) -> None:
    def check(
        _server: object, _session: object, _envelope: object, _mechanism: str, data: object
    ) -> AuthResult:
        return AuthResult(
            success=isinstance(data, LoginPassword) and data.password == b"right", handled=False
        )

    (tmp_path / "smtp.password").write_text(password + "\n")
    login = {"username": "deck", "password_file": str(tmp_path / "smtp.password")}
    with mail_sink(authenticator=check, auth_require_tls=False) as box:
        with nullcontext() if arrives else pytest.raises(DeliveryError, match="535"):
            send(box.port, **login)
        assert len(box.mails) == arrives


def test_a_server_with_a_strange_certificate_gets_nothing(certificate: Path) -> None:
    with mail_sink(tls_context=server_context(certificate)) as box:
        with pytest.raises(DeliveryError, match=r"(?i)certificate"):
            send(box.port, tls="starttls")
        assert box.mails == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"from": "deck@x"}, "'host'"),
        ({"host": "x"}, "'from'"),
        ({"host": "x", "from": "deck"}, "not a mail address"),
        ({"host": "x", "from": "deck@x", "tls": "maybe"}, "tls is"),
        ({"host": "x", "from": "deck@x", "password_file": "none"}, "cannot read"),
    ],
    ids=["no host", "no sender", "a sender that is none", "tls unknown", "no password there"],
)
def test_settings_that_cannot_work_say_so(settings: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        smtp.build(settings, tmp_path)


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_encryption(tls: str, port: int, tmp_path: Path) -> None:
    assert smtp.build({"host": "x", "from": "deck@x", "tls": tls}, tmp_path).port == port


def test_the_timeout_stays_within_the_lease_of_a_claim(tmp_path: Path) -> None:
    assert smtp.build({"host": "x", "from": "deck@x", "timeout": "10 minutes"}, tmp_path).timeout == 15
