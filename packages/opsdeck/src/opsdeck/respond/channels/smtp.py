"""Mail: one message per notification. Settings: `host`, `port`, `from`, `to`, `tls`, `username`, `password_file`, `timeout`.

`tls` is `starttls` (the default), `tls` or `none`; `to` replaces the contact's address, for a shared mailbox.
The Message-ID is made of the idempotency key: a repeated mail is the same mail to a mailbox that looks.
"""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

from opsdeck.errors import DeliveryError, UsageError
from opsdeck.model import Delivery
from opsdeck.respond.channels.api import identity
from opsdeck.respond.channels.settings import needed, seconds, secret

PORTS = {"starttls": 587, "tls": 465, "none": 25}
PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Smtp:
    """Sends over one mail server, a connection per message; `timeout` in seconds."""

    host: str
    port: int
    sender: str
    to: str
    tls: str
    username: str
    password: str
    timeout: float

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        message = compose(delivery, self.sender, self.to or delivery.target, now)
        try:
            with self._connect() as server:
                self._greet(server)
                server.send_message(message)
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(f"smtp: {error}", permanent=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise DeliveryError(
                f"smtp: the address was refused ({codes[0]})", permanent=_permanent(*codes)
            ) from None
        except smtplib.SMTPResponseException as error:
            said = (
                error.smtp_error.decode(errors="replace")
                if isinstance(error.smtp_error, bytes)
                else error.smtp_error
            )
            raise DeliveryError(
                f"smtp: {error.smtp_code} {said}", permanent=_permanent(error.smtp_code)
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"smtp: {self.host}:{self.port}: {error}", permanent=False) from error

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        if self.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.username:
            server.login(self.username, self.password)


def compose(delivery: Delivery, sender: str, to: str, now: datetime) -> EmailMessage:
    """The mail. No line end of any value reaches a header; raises DeliveryError for an address that is none."""
    address = parseaddr(_line(to))[1]
    if "@" not in address:
        raise DeliveryError(
            f"smtp: {to!r} is not a mail address", permanent=True, hint="opsdeck spec show contacts"
        )
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message = EmailMessage()
    message["Message-ID"] = f"<{identity(delivery)}@{domain}>"
    message["Date"] = format_datetime(now)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = _line(f"[opsdeck] {delivery.payload['title']}")
    message["Idempotency-Key"] = identity(delivery)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(str(delivery.payload["text"]) + "\n")
    return message


def build(settings: Mapping[str, str], home: Path) -> Smtp:
    """Raises UsageError for a setting that is missing or wrong, or a password file that cannot be read."""
    tls = settings.get("tls") or "starttls"
    if tls not in PORTS:
        raise UsageError(f"smtp: tls is {', '.join(PORTS)}, not {tls!r}", hint="opsdeck spec check")
    sender = _line(needed(settings, "from"))
    if "@" not in parseaddr(sender)[1]:
        raise UsageError(f"smtp: from: {sender!r} is not a mail address", hint="opsdeck spec check")
    return Smtp(
        host=needed(settings, "host"),
        port=int(settings.get("port") or PORTS[tls]),
        sender=sender,
        to=settings.get("to", ""),
        tls=tls,
        username=settings.get("username", ""),
        password=secret(settings, "password_file", home),
        timeout=seconds(settings),
    )


def _permanent(*codes: int) -> bool:
    return all(code >= PERMANENT for code in codes)


def _line(text: str) -> str:
    return " ".join(text.split())
