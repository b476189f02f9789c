"""Settings of the service, from the environment. `allocator serve --settings` prints this reference."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from allocator.errors import UsageError

PREFIX = "ALLOCATOR_"
YES, NO = {"1", "yes", "true", "on"}, {"0", "no", "false", "off", ""}


def env(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True)
class Settings:
    """Each is read from ALLOCATOR_ and its name in capitals."""

    database_url: str = env("sqlite:///allocator.db", "where everything is kept: sqlite:///FILE or postgresql://…")
    public_url: str = env(
        "",
        "the address people use, as https://sip.example.org, for links in letters; blank = where this machine listens",
    )
    secure_cookies: bool = env(False, "cookies over HTTPS only; of itself so where the public address is https")
    smtp_url: str = env(
        "",
        "smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS; certificates are checked, and only "
        "?tls=off at its end, or a "
        "server on this machine, does without; blank = links are printed to the terminal",
    )
    mail_from: str = env("allocator@localhost", "the sender of those letters")
    mail_reply_to: str = env("", "where answers to those letters go; blank = to the sender")
    oidc_issuer: str = env(
        "", "sign-in by an OpenID Connect provider, such as https://login.microsoftonline.com/TENANT/v2.0"
    )
    oidc_client_id: str = env("", "the service's id there")
    oidc_client_secret: str = env("", "its secret there")
    cookie_secret: str = env("", "signs the step to the provider; set it where several servers share the work")
    link_minutes: int = env(10, "how long a sign-in link lives")
    shown_hours: int = env(72, "how long a link lives that a manager hands over, where no mail server is set")
    letter_days: int = env(45, "how long the link in a letter to a school or SIP shows that letter; it signs nobody in")
    complaints_ladder: str = env(
        "SIP; SIP manager; chair of the board", "who hears a complaint, in turn; the first is the SIP it is about"
    )
    concerns_ladder: str = env(
        "head; SIP manager; school improvement officer; director",
        "who hears a concern about a school, in turn; the first is its head",
    )
    ladder_days: int = env(10, "days in which each of them answers")
    public_rules: bool = env(False, "whether /published/PROGRAMME shows rules, weights and counts to everybody")
    tile_url: str = env(
        "", "a map's tile server, as https://HOST/{z}/{x}/{y}.png; blank = the map is drawn without one"
    )
    session_hours: int = env(12, "how long a session lives")
    idle_minutes: int = env(60, "how long a session may be left alone before it ends")
    token_days: int = env(90, "how long an API token lives when it says nothing else")
    open_jobs: int = env(
        20, "jobs that a programme, or a person in all programmes, may have waiting or running; more are answered 429"
    )
    upload_mb: int = env(10, "largest body accepted, in megabytes")
    national_mb: int = env(60, "largest body accepted on the page of national files, in megabytes")
    metrics_token: str = env(
        "", "what a machine elsewhere shows as a bearer to read /metrics; blank = it is read on this machine alone"
    )
    log_requests: bool = env(False, "a line of log for every request; without it only for those that end in a fault")
    job_seconds: float = env(1800.0, "longest time one job of any kind may take, all its solves together")
    reads_per_minute: int = env(1200, "requests that read, by one person in a minute; more are answered 429")
    writes_per_minute: int = env(600, "requests that write, by one person in a minute; more are answered 429")
    uploads_per_minute: int = env(30, "cases that one person may send in a minute")
    sign_ins_per_minute: int = env(
        10,
        "sign-in requests from one network address in a minute; one email address gets few letters, however many ask",
    )
    solve_seconds: float = env(300.0, "longest time one solve may take")
    keep_uploads_days: int = env(
        30, "days that files given as data and not taken are kept (docs/how-to/data-protection.md)"
    )
    keep_work_days: int = env(90, "days that ended jobs and what they made are kept")
    keep_reasons_days: int = env(
        400, "days that reasons of refusals and other free text of schools and SIPs are kept; the fact stays"
    )
    keep_letters_days: int = env(730, "days that the words of letters are kept; that they went stays")
    keep_versions_days: int = env(730, "days that replaced versions of a round's data are kept")
    keep_log_days: int = env(1095, "days that the audit log is kept")
    keep_ladders_days: int = env(1095, "days that complaints and concerns are kept after the last step")
    keep_rounds_days: int = env(2555, "days that a round is kept after the last thing that happened in it")
    silent_seconds: float = env(10.0, "seconds without a sign of life after which a worker's work is given to another")
    wait_seconds: int = env(60, "longest `Prefer: wait` honoured")

    @property
    def idle(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.idle_minutes)

    @property
    def kept(self) -> dict[str, int]:
        """How many days what is kept, as `store.retention` asks."""
        return {f.name[5:-5]: getattr(self, f.name) for f in fields(self) if f.name.startswith("keep_")}

    def rungs(self, kind: str) -> tuple[str, ...]:
        """Who hears a complaint or a concern, in turn."""
        said = self.complaints_ladder if kind == "complaint" else self.concerns_ladder
        return tuple(filter(None, (x.strip() for x in said.split(";"))))

    @property
    def https(self) -> bool:
        """Whether people reach the service over HTTPS: cookies and other pages are then held to it."""
        return self.secure_cookies or self.public_url.lower().startswith("https://")


def from_env(given: Mapping[str, str] | None = None) -> Settings:
    """Raises UsageError for a value that cannot be read, or a name that is not a setting."""
    env_ = os.environ if given is None else given
    names = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    for name in env_:
        if name.startswith(PREFIX) and name not in names:
            near = get_close_matches(name, names, 1)
            raise UsageError(f"{name}: there is no such setting.{f' Did you mean {near[0]}?' if near else ''}")
    made = Settings(**{f.name: _read(name, f.default, env_[name].strip()) for name, f in names.items() if name in env_})
    for kind in ("complaint", "concern"):
        if len(made.rungs(kind)) < 2:
            raise UsageError(f"{PREFIX}{kind.upper()}S_LADDER: expected two or more, separated by semicolons.")
    return made


def _read(name: str, default: Any, text: str) -> Any:
    kind: Any = type(default)
    if kind is bool:
        if text.lower() not in YES | NO:
            raise UsageError(f"{name}={text!r}: expected yes or no.")
        return text.lower() in YES
    if kind is str:
        return text
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not 0 < value < float("inf"):
        raise UsageError(f"{name}={text!r}: expected a {'whole ' if kind is int else ''}number above 0.")
    return value


def reference() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of each setting."""
    return [(PREFIX + f.name.upper(), str(f.default), f.metadata["text"]) for f in fields(Settings)]
