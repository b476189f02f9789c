"""Whom the service tells a password and a link: the mail server that the setting names, and nobody on the way."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from allocator.errors import UsageError
from allocator.service.mail import AWAY, TAKEN, Mail, server_of

ELSEWHERE = "127.0.0.2"  # this machine, by an address that does not say so
LETTER = ("head@example.org", "Your SIP", "https://sip.example.org/sign-in/secret")


def certificate(folder: Path, host: str, *, days: int) -> Path:
    """A certificate that nobody vouches for, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@contextmanager
def server(pem: Path | None, *, tls: str, host: str = ELSEWHERE) -> Iterator[tuple[int, list[bytes]]]:
    """A mail server with this certificate: its port, and every line that it was told. `tls`: start, starttls or none."""
    heard: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if pem:
        context.load_cert_chain(pem)

    class Clerk(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            sock = self.request
            try:
                if tls == "start":
                    sock = context.wrap_socket(sock, server_side=True)
                sock.sendall(b"220 here\r\n")
                file, inside = sock.makefile("rb"), False
                while line := file.readline():
                    heard.append(line)
                    word = line[:4].upper()
                    if inside:
                        inside = line != b".\r\n"
                        if not inside:
                            sock.sendall(b"250 taken\r\n")
                    elif word == b"EHLO":
                        sock.sendall(
                            b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
                            if tls == "starttls"
                            else b"250-here\r\n250 AUTH PLAIN\r\n"
                        )
                    elif word == b"STAR":
                        sock.sendall(b"220 go on\r\n")
                        sock = context.wrap_socket(sock, server_side=True)
                        file = sock.makefile("rb")
                    elif word == b"DATA":
                        inside = True
                        sock.sendall(b"354 go on\r\n")
                    else:
                        sock.sendall(b"235 in\r\n" if word == b"AUTH" else b"250 ok\r\n")
            except OSError:
                pass  # they did not trust us

    with socketserver.ThreadingTCPServer((host, 0), Clerk) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield s.server_address[1], heard
        s.shutdown()


@pytest.mark.parametrize("tls", ["start", "starttls"])
@pytest.mark.parametrize(("host", "days"), [("evil.invalid", 30), (ELSEWHERE, -1), (ELSEWHERE, 30)])
def test_a_server_that_nobody_vouches_for_is_told_nothing(tmp_path: Path, tls: str, host: str, days: int) -> None:
    """Another's name, run out, or signed by itself: neither password nor letter."""
    with server(certificate(tmp_path, host, days=days), tls=tls) as (port, heard):
        scheme = "smtps" if tls == "start" else "smtp"
        assert Mail(f"{scheme}://us:secret@{ELSEWHERE}:{port}", "sip@example.org").post([LETTER]) == [AWAY]
    assert not [line for line in heard if line.upper().startswith((b"AUTH", b"MAIL", b"RCPT"))]


@pytest.mark.parametrize("tls", ["start", "starttls"])
def test_a_server_that_is_vouched_for_takes_letters(tmp_path: Path, tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, ELSEWHERE, days=30)
    trusted, make = str(pem), ssl.create_default_context
    with server(pem, tls=tls) as (port, heard):
        monkeypatch.setattr(ssl, "create_default_context", lambda: make(cafile=trusted))
        scheme = "smtps" if tls == "start" else "smtp"
        assert Mail(f"{scheme}://us:secret@{ELSEWHERE}:{port}", "sip@example.org").post([LETTER]) == [TAKEN]
    assert any(b"sign-in/secret" in line for line in heard)


def test_without_tls_nothing_goes_unless_the_setting_says_so() -> None:
    with server(None, tls="none") as (port, heard):
        assert Mail(f"smtp://{ELSEWHERE}:{port}", "sip@example.org").post([LETTER]) == [AWAY]
        assert not any(line.upper().startswith(b"MAIL") for line in heard)
        assert Mail(f"smtp://{ELSEWHERE}:{port}?tls=off", "sip@example.org").post([LETTER]) == [TAKEN]
    with server(None, tls="none", host="127.0.0.1") as (port, _):
        assert Mail(f"smtp://127.0.0.1:{port}", "sip@example.org").post([LETTER]) == [TAKEN]


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://h:port",
        "smtp://h?tls=no",
        "smtp://h/x",
        "smtp://us:secret@mail.example.org?tls=off",
        "smtp://[::1",
        "smtp://h?ssl=off",
    ],
)
def test_an_address_that_is_none_is_told_at_the_start(url: str) -> None:
    with pytest.raises(UsageError, match="ALLOCATOR_SMTP_URL") as told:
        server_of(url)
    assert "secret" not in told.value.text
