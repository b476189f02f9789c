"""Letters with a sign-in link: by SMTP where it is configured, else to the terminal of whoever runs the service.

Nobody on the way reads or answers for the mail server: its certificate is checked, and without TLS nothing is
sent. Only to a server on this very machine, or where the setting says `?tls=off`, does a letter go in the clear.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from urllib.parse import unquote, urlsplit

from allocator.domain.characters import one_line
from allocator.errors import UsageError

log = logging.getLogger("allocator.mail")
HERE = ("localhost", "127.0.0.1", "::1")
PORTS = {"smtp": 587, "smtps": 465}
SECONDS = 10  # to wait for a mail server
TAKEN, AWAY, UNFIT = "taken", "the mail server does not answer", "its address cannot be written to"


@dataclass(frozen=True)
class Server:
    """A mail server as `ALLOCATOR_SMTP_URL` names it."""

    host: str
    port: int
    user: str
    password: str
    tls: str  # from the start, before anything is said (STARTTLS), or off

    def connect(self) -> smtplib.SMTP:
        """A connection, signed in where a user is named. Raises OSError: not there, not who it says, or without TLS."""
        checked = ssl.create_default_context()
        if self.tls == "start":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=checked)
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.tls == "starttls":
                smtp.starttls(context=checked)
            if self.user:
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def server_of(url: str) -> Server:
    """Raises UsageError for what is no mail server's address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    asked = parts.query.removeprefix("tls=") if parts.query.startswith("tls=") else None
    if parts.scheme not in PORTS or not parts.hostname or (parts.query and asked != "off") or parts.path.strip("/"):
        raise UsageError(
            "ALLOCATOR_SMTP_URL: expected smtps://USER:PASSWORD@HOST:PORT, or "
            "smtp://… for STARTTLS; ?tls=off at its end "
            "sends letters in the clear."
        )
    plain = "off" if asked or parts.hostname in HERE else "starttls"
    tls = "start" if parts.scheme == "smtps" else plain
    if tls == "off" and parts.username and parts.hostname not in HERE:
        raise UsageError("ALLOCATOR_SMTP_URL: a password is not sent in the clear. Take ?tls=off or the user away.")
    return Server(
        parts.hostname, port or PORTS[parts.scheme], unquote(parts.username or ""), unquote(parts.password or ""), tls
    )


@dataclass(frozen=True)
class Mail:
    smtp_url: str
    sender: str
    reply_to: str = ""  # where answers go, where that is not the sender

    def send_link(self, to: str, address: str, minutes: int) -> None:
        """The link to sign in with, in a letter."""
        days = minutes // (24 * 60)
        life = f"{days} days" if days > 1 else f"{minutes} minutes"
        text = (
            f"Open this page and press the button to sign in. It works once, for {life}.\n\n{address}\n\n"
            "If you did not ask for it, leave it: nothing happens by itself.\n"
        )
        if self.smtp_url:
            self.send(to, "Your sign-in link", text)
        elif self.to_terminal:
            print(f"Sign-in link for {to}: {address}", file=sys.stderr, flush=True)
        else:
            log.warning("no mail server is set and no terminal is here: a sign-in link was not sent")

    @property
    def to_terminal(self) -> bool:
        """Whether links are shown to whoever runs the service: only where that is a person's own window, never a
        log."""
        return not self.smtp_url and sys.stderr.isatty()

    def send(self, to: str, subject: str, text: str) -> str:
        """One letter in plain text, and what became of it, which is also in the log: the asker is told nothing, because
        whether an address is known is nobody's business."""
        return self.post([(to, subject, text)])[0]

    def post(self, letters: Sequence[tuple[str, str, str]]) -> list[str]:
        """(to, subject, text) each; what became of each, in their order: TAKEN, or why not. None stops the rest;
        only where the server cannot be reached are those left not tried."""
        fates: list[str] = []
        smtp: smtplib.SMTP | None = None
        for letter in letters:
            try:
                fate, smtp = self._posted(smtp, *letter)
            except OSError as error:  # smtplib's errors are OSErrors
                log.error("mail server away", extra={"error": type(error).__name__})
                return fates + [AWAY] * (len(letters) - len(fates))
            fates.append(fate)
        if smtp is not None:
            with contextlib.suppress(OSError):
                smtp.quit()
        return fates

    def _posted(self, smtp: smtplib.SMTP | None, to: str, subject: str, text: str) -> tuple[str, smtplib.SMTP | None]:
        """(what became of it, the connection for the next). A connection that has ended is made again, once."""
        letter = EmailMessage()
        try:
            letter["From"], letter["To"], letter["Subject"] = self.sender, to, one_line(subject)
            letter["Date"] = format_datetime(localtime())
            letter["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2].strip("> ") or "localhost")
            if self.reply_to:
                letter["Reply-To"] = self.reply_to
            letter.set_content(text)
        except ValueError:
            return UNFIT, smtp
        for left in (1, 0):
            smtp = smtp or server_of(self.smtp_url).connect()
            try:
                smtp.send_message(letter)
                return TAKEN, smtp
            except smtplib.SMTPServerDisconnected:
                smtp.close()
                smtp = None
                if not left:
                    raise
            except smtplib.SMTPRecipientsRefused as error:
                code = next(iter(error.recipients.values()), (550, b""))[0]
                return self._refused(f"{code}"), smtp
            except smtplib.SMTPResponseException as error:
                return self._refused(f"{error.smtp_code}"), smtp
            except (smtplib.SMTPException, ValueError) as error:
                return self._refused(type(error).__name__), smtp
        raise AssertionError

    def _refused(self, why: str) -> str:
        log.error("letter not taken", extra={"error": why})
        return f"refused by the mail server ({why})"
