"""Letters with a sign-in link: by SMTP where it is configured, else to the terminal of whoever runs the service."""

from __future__ import annotations

import logging
import smtplib
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

log = logging.getLogger("allocator.mail")


@dataclass(frozen=True)
class Mail:
    smtp_url: str
    sender: str

    def send_link(self, to: str, address: str, minutes: int) -> None:
        """The link to sign in with, in a letter."""
        days = minutes // (24 * 60)
        life = f"{days} days" if days > 1 else f"{minutes} minutes"
        text = (
            f"Open this page and press the button to sign in. It works once, for {life}.\n\n{address}\n\n"
            "If you did not ask for it, leave it: nothing happens by itself.\n"
        )
        if self.smtp_url:  # beside the answer, which takes as long as for an address we do not know
            threading.Thread(target=self.send, args=(to, "Your sign-in link", text), name="letter").start()
        else:
            print(f"Sign-in link for {to}: {address}", file=sys.stderr, flush=True)

    def send(self, to: str, subject: str, text: str) -> bool:
        """A letter in plain text; False where no mail server is set. A letter that cannot be sent is logged, and the
        asker told nothing: whether an address is known is nobody's business."""
        if not self.smtp_url:
            return False
        self.post([(to, subject, text)])
        return True

    def post(self, letters: Sequence[tuple[str, str, str]]) -> list[str]:
        """(to, subject, text) each, on one connection; the addresses that were not taken, and why in the log."""
        url = urlsplit(self.smtp_url)
        left = [to for to, _, _ in letters]
        try:
            kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
            with kind(url.hostname or "localhost", url.port or 0, timeout=10) as smtp:
                if url.username:
                    if url.scheme != "smtps":
                        smtp.starttls()
                    smtp.login(unquote(url.username), unquote(url.password or ""))
                for to, subject, text in letters:
                    if self._posted(smtp, to, subject, text):
                        left.remove(to)
        except OSError as error:  # smtplib's errors are OSErrors
            log.error("letters not sent", extra={"error": type(error).__name__, "letters": len(left)})
        return left

    def _posted(self, smtp: smtplib.SMTP, to: str, subject: str, text: str) -> bool:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self.sender, to, subject
        letter.set_content(text)
        try:
            smtp.send_message(letter)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
            log.error("letter not sent", extra={"error": type(error).__name__})
            return False
        return True
