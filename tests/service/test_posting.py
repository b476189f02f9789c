"""Letters: one that cannot go never stops the rest; told is who had theirs; what became of each is on record."""

from __future__ import annotations

import re
import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import roles
from allocator.service.mail import AWAY, TAKEN, UNFIT, Mail
from allocator.store import keep
from allocator.store.tables import AuditRow, Grant, LetterRow, RoundRow, Someone, Wording
from tests.service.office import MEL, Desk, facts, open_office

SITE = "http://testserver"


class Server(smtplib.SMTP):
    """A mail server that does with each address what its name says."""

    taken: ClassVar[list[EmailMessage]] = []
    made: ClassVar[int] = 0
    down: ClassVar[bool] = False

    def __init__(self, *_: Any, **__: Any) -> None:
        if Server.down:
            raise ConnectionRefusedError
        Server.made += 1

    def send_message(self, msg: Any, *_: Any, **__: Any) -> dict[str, tuple[int, bytes]]:
        to = str(msg["To"])
        match to.split("@")[0]:
            case "refused":
                raise smtplib.SMTPRecipientsRefused({to: (550, b"who?")})
            case "full":
                raise smtplib.SMTPDataError(452, b"no room")
            case "smtputf8":
                raise smtplib.SMTPNotSupportedError("no")
            case "drops" if not any(m["To"] == to for m in Server.taken):
                Server.taken.append(msg)
                raise smtplib.SMTPServerDisconnected("gone")
            case "dies":
                Server.down = True
                raise smtplib.SMTPServerDisconnected("gone")
        self.taken.append(msg)
        return {}

    def close(self) -> None: ...

    def quit(self) -> tuple[int, bytes]:
        return 221, b""


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    monkeypatch.setattr(smtplib, "SMTP", Server)
    Server.taken, Server.made, Server.down = [], 0, False
    return Server


def letter(name: str) -> tuple[str, str, str]:
    return f"{name}@example.org", "Your SIP", "text"


def test_one_letter_that_cannot_go_never_stops_the_rest(server: type[Server]) -> None:
    mail = Mail("smtp://localhost:25", "sip@example.org")
    fates = mail.post(
        [
            letter("one"),
            letter("refused"),
            ("a@b\nBcc: c@d", "x", "y"),
            letter("full"),
            letter("smtputf8"),
            ("two@example.org", "A heading\nof two lines", "text"),
            letter("three"),
        ]
    )
    assert [f == TAKEN for f in fates] == [True, False, False, False, False, True, True]
    assert fates[1:5] == [
        "refused by the mail server (550)",
        UNFIT,
        "refused by the mail server (452)",
        "refused by the mail server (SMTPNotSupportedError)",
    ]
    assert server.taken[1]["Subject"] == "A heading of two lines"
    assert server.made == 1


@pytest.mark.parametrize("sender", ["sip@example.org", "School Improvement <sip@example.org>"])
def test_a_letter_says_when_it_was_written_which_it_is_and_where_answers_go(server: type[Server], sender: str) -> None:
    Mail("smtp://localhost:25", sender, "office@example.org").post([letter("one"), letter("two")])
    Mail("smtp://localhost:25", sender).post([letter("three")])
    ids = [x["Message-ID"] for x in server.taken]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"<[^<>@\s]+@example\.org>", x) for x in ids)
    assert [x["Reply-To"] for x in server.taken] == ["office@example.org"] * 2 + [None]
    for x in server.taken:
        assert x["Date"].datetime.utcoffset() is not None
        assert abs((x["Date"].datetime - keep.now()).total_seconds()) < 60


def test_a_connection_that_ends_is_made_again_once(server: type[Server]) -> None:
    mail = Mail("smtp://localhost:25", "sip@example.org")
    assert mail.post([letter("one"), letter("drops"), letter("two")]) == [TAKEN] * 3
    assert server.made == 2
    assert mail.post([letter("one"), letter("dies"), letter("two"), letter("three")]) == [TAKEN, AWAY, AWAY, AWAY]


def drafts(folder: Path, emails: dict[str, str]) -> Desk:
    """The office with a mail server, and a round of drafts `n` whose heads have these addresses, unchecked as they once were."""
    desk = open_office(folder, smtp_url="smtp://localhost:25")
    rows = tuple(x.model_copy(update={"head_email": emails.get(x.urn)}) for x in facts().schools)
    given = facts().model_copy(update={"schools": rows})
    plan = solve(given, Policy())
    with desk.db.write() as s:
        s.execute(sa.delete(Grant).where(Grant.role.in_(("head", "chair"))))
        s.add(RoundRow(id="n", programme_id="p", name="again", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, "n", lock=True)
        keep.keep_case(s, row, given, Policy(), [], MEL)
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "n"), plan), MEL)
    return desk


def send(desk: Desk, page: str, **form: object) -> str:
    """What the manager is told."""
    answer = desk.client.post(
        f"{SITE}/rounds/n/publish/{page}", data=form, headers=desk.headers("manager"), follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    return unquote(answer.headers["set-cookie"].split(";")[0])


def stages(desk: Desk) -> dict[str, str]:
    with desk.db.read() as s:
        return {p.urn: p.stage for p in keep.standing(s, "n").pairs.values()}


def test_told_is_who_had_a_letter(tmp_path: Path) -> None:
    desk = drafts(
        tmp_path, {"1": "good@x.example", "2": "refused@x.example", "3": "a@b.example\nBcc: spy@evil.example"}
    )
    told = send(desk, "send", urns=["1", "2", "3", "4"])
    assert stages(desk) == {"1": "proposed", "2": "draft", "3": "draft", "4": "draft"}
    assert "1 school told. 1 letter sent by mail." in told
    assert all(word in told for word in ("refused@x.example", "550", UNFIT, "No address for 4 Hill School: not told"))
    with desk.db.read() as s:
        fates = {r.key: r.fate for r in s.scalars(sa.select(LetterRow))}
        noted = [r.subject for r in s.scalars(sa.select(AuditRow).where(AuditRow.action == "letter sent"))]
    assert (fates["1"], fates["3"], noted) == (TAKEN, UNFIT, ["n/school/1"])
    assert "Sip A" in Server.taken[0].get_content()
    assert "1 school told" in send(desk, "send", urns=["4"], by_hand="1")
    assert stages(desk)["4"] == "proposed"


def test_a_heading_of_two_lines_goes_as_one(tmp_path: Path) -> None:
    desk = drafts(tmp_path, {str(n): f"h{n}@x.example" for n in range(1, 5)})
    with desk.db.write() as s:
        s.add(
            Wording(
                programme_id="p", kind="school", text="Your SIP\nfor {{ year }}\n\n{{ opening }}", by="m", at=keep.now()
            )
        )
    send(desk, "send", urns=["1", "2", "3", "4"])
    assert set(stages(desk).values()) == {"proposed"}
    assert {m["Subject"] for m in Server.taken} == {"Your SIP for 2026/27"}


def test_with_the_mail_server_away_nobody_is_told(tmp_path: Path, server: type[Server]) -> None:
    desk = drafts(tmp_path, {str(n): f"h{n}@x.example" for n in range(1, 5)})
    server.down = True
    told = send(desk, "send", urns=["1", "2", "3", "4"])
    assert ("0 schools told" in told, AWAY in told) == (True, True)
    assert set(stages(desk).values()) == {"draft"}
    server.down = False
    assert "4 schools told. 4 letters sent" in send(desk, "send", urns=["1", "2", "3", "4"])
    assert "SIPs asked" in send(desk, "sound", sips=["A", "B"])  # neither has an address: the manager rings


def test_a_newer_letter_ends_the_link_of_the_older_and_a_lost_role_ends_both(tmp_path: Path) -> None:
    desk = drafts(tmp_path, {"1": "good@x.example"})

    def sent() -> str:
        send(desk, "send", urns=["1"])
        found = re.search(r"http://testserver/letters/(\S+)", Server.taken[-1].get_content())
        assert found
        return found[1]

    def status(secret: str) -> int:
        return int(desk.client.get(f"{SITE}/letters/{secret}").status_code)

    first = sent()
    send(desk, "withdraw", urn="1", reason="again")
    second = sent()
    assert (status(first), status(second), status("nothing")) == (410, 200, 410)
    with desk.db.write() as s:
        for grant in s.scalars(sa.select(Grant).where(Grant.role == "head")):
            roles.take_back(s, grant)
    assert status(second) == 410


def test_who_lost_a_school_reads_its_letter_no_more_though_they_head_another(tmp_path: Path) -> None:
    desk = drafts(tmp_path, {"1": "good@x.example", "2": "good@x.example", "3": "third@x.example"})
    send(desk, "send", urns=["1", "2", "3"])
    links = {str(m["To"]): re.findall(r"http://testserver/letters/(\S+)", m.get_content()) for m in Server.taken}

    def shown(secret: str) -> tuple[int, int]:
        """To read, and to ask for a link that answers."""
        at = f"{SITE}/letters/{secret}"
        return desk.client.get(at).status_code, desk.client.post(at, headers={"Origin": SITE}).status_code

    with desk.db.read() as s:
        about = {row.email: set(row.about) for row in s.scalars(sa.select(LetterRow))}
        mine = s.scalars(sa.select(Grant.urn).join(Someone, Someone.id == Grant.person_id))
        assert set(mine.all()) >= {"1", "2", "3"}
    assert about["third@x.example"] == {"3"}
    secret = links["third@x.example"][-1]
    assert shown(secret) == (200, 200)
    with desk.db.write() as s:
        person = s.scalars(sa.select(Someone.id).where(Someone.email == "third@x.example")).one()
        roles.enrol(s, "third@x.example", "Third Head", "p", "head", urn="4")
        roles.take_back(s, s.scalars(sa.select(Grant).where(Grant.person_id == person, Grant.urn == "3")).one())
        assert s.scalars(sa.select(Grant).where(Grant.person_id == person)).one().urn == "4"
    assert shown(secret) == (410, 410)
