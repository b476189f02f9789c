"""What heads, chairs, SIPs and auditors are not shown; what the server holds to whatever a page sends; letters by mail."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import roles
from allocator.store import keep
from allocator.store.tables import LetterRow, RoundRow
from tests.make import case, led, school, sip
from tests.service.office import MEL, Desk, open_office

SITE = "http://testserver"
HIDDEN = ("points", "runner", "Next choice", "certificate", "margin", "he shouted")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def get(desk: Desk, name: str, path: str) -> httpx2.Response:
    return desk.client.get(SITE + path, headers=desk.headers(name), follow_redirects=False)


def post(desk: Desk, name: str, path: str, **form: Any) -> httpx2.Response:
    return desk.client.post(SITE + path, data=form, headers=desk.headers(name), follow_redirects=False)


def about(desk: Desk, name: str, path: str) -> str:
    """What the first form or link on the page is about."""
    found = re.search(r'about(?:=|" value=")([0-9a-f]{16})', get(desk, name, path).text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("name", "own", "others"),
    [
        ("head", "1 Hill School", ["2 Hill", "3 Hill", "4 Hill", "Sip B", "Sip C"]),
        ("chair", "1 Hill School", ["2 Hill", "3 Hill", "4 Hill", "Sip B", "Sip C"]),
        ("other head", "3 Hill School", ["1 Hill", "2 Hill", "4 Hill", "Sip A", "Sip C"]),
        ("sip", "1 Hill School", ["3 Hill", "4 Hill", "Sip B", "Sip C"]),
    ],
)
def test_nobody_sees_what_they_may_not(desk: Desk, name: str, own: str, others: list[str]) -> None:
    post(
        desk,
        "other head",
        "/school/answer",
        say="veto",
        reason="he shouted",
        about=about(desk, "other head", "/school"),
    )
    root = "/sip" if name == "sip" else "/school"
    says = {"sip": ("query", "move_on", "interest"), "chair": ("query",)}.get(name, ("query", "veto"))
    pages = [root, f"{root}/held"]
    if name != "other head":  # they have nothing to answer
        pages += [f"{root}/answer?about={about(desk, name, root)}&say={x}" for x in says]
    for path in pages:
        answer = get(desk, name, path)
        whole = answer.text + str(answer.headers)
        if answer.status_code == 200:
            assert own in whole or path.endswith("/held"), path
        assert [t for t in others if t in whole] == [], path
        own_words = name == "other head" and path.endswith("/held")  # what they wrote themselves
        assert [t for t in HIDDEN if t in whole and not own_words] == [], path


def test_a_form_of_another_is_not_taken(desk: Desk) -> None:
    theirs = about(desk, "other head", "/school")
    answer = post(desk, "head", "/school/answer", say="accept", about=theirs)
    assert answer.status_code == 409
    assert "has changed since" in answer.text
    assert post(desk, "sip", "/sip/answer", say="accept", about="0" * 16).status_code == 409


def test_a_stale_form_tells_a_head_nothing_of_others(desk: Desk) -> None:
    mine = about(desk, "head", "/school")
    answer = post(desk, "head", "/school/answer", say="accept", about=mine, version="1")
    assert answer.status_code == 303, answer.text


def test_what_was_read_is_what_is_answered(desk: Desk) -> None:
    mine = about(desk, "head", "/school")
    post(desk, "manager", "/rounds/r/publish/withdraw", urn="1", reason="sent in error")
    assert post(desk, "head", "/school/answer", say="accept", about=mine).status_code == 409
    assert "Nothing for you yet" in get(desk, "head", "/school").text


def accepted(d: rounds.Desk, urn: str, on: dt.date) -> rounds.Fact:
    return rounds.answer(d, urn, "accept", "head", on)


def test_all_are_confirmed_together_only_by_who_has_opened_those_that_changed(desk: Desk) -> None:
    with desk.db.write() as s:
        today = keep.now().date()
        for urn in ("1", "2", "3"):
            keep.step(s, "r", MEL, partial(accepted, urn=urn, on=today))
    refused = post(desk, "manager", "/rounds/r/confirm", all="1")
    assert refused.status_code == 409
    assert "Open the list of pairs that changed first" in refused.text
    get(desk, "auditor", "/rounds/r/confirm/changed")  # somebody else's opening is not one's own
    assert post(desk, "manager", "/rounds/r/confirm", all="1").status_code == 409
    get(desk, "manager", "/rounds/r/confirm/changed")
    assert post(desk, "manager", "/rounds/r/confirm", all="1").status_code == 303
    with desk.db.read() as s:
        done = [p.urn for p in keep.standing(s, "r").pairs.values() if p.stage == "confirmed"]
    assert sorted(done) == ["1", "2", "3"]


def test_why_a_head_refused_is_for_managers_only(desk: Desk) -> None:
    post(desk, "head", "/school/answer", say="veto", reason="he shouted", about=about(desk, "head", "/school"))
    for path in ("/rounds/r/answers", "/rounds/r/answers/1", "/rounds/r/log", "/rounds/r/answers/sip/A"):
        assert ("he shouted" in get(desk, "manager", path).text) == (path != "/rounds/r/answers/sip/A"), path
        auditor = get(desk, "auditor", path).text
        assert "he shouted" not in auditor
        main = auditor[auditor.index("<main") :]
        assert 'method="post"' not in main, path


def test_a_refusal_is_planned_again_without_touching_the_desk(desk: Desk) -> None:
    post(desk, "head", "/school/answer", say="veto", about=about(desk, "head", "/school"))
    asked = post(desk, "manager", "/rounds/r/answers/try")
    assert asked.status_code == 303
    assert "/jobs/" in asked.headers["location"]


def test_letters_go_as_files_and_leave_a_line(desk: Desk) -> None:
    for path, media in (
        ("school/all.pdf", "application/pdf"),
        ("school/1.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("sip/A.pdf", "application/pdf"),
    ):
        answer = get(desk, "manager", f"/rounds/r/out/letters/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), answer.text[:300]
    assert get(desk, "manager", "/rounds/r/out/letters/school/9.pdf").status_code == 404
    assert get(desk, "manager", "/rounds/r/out/letters/school/all.exe").status_code == 404
    assert "Exported: r/school/1.docx (letters)" in get(desk, "manager", "/rounds/r/log?audit=true").text


def test_a_manager_is_not_shown_another_managers_link_and_the_last_one_stays(desk: Desk) -> None:
    listed = get(desk, "manager", "/programmes/p/people").text
    grants = dict(re.findall(r'people/([0-9a-f]{32})/link.*?<span class="govuk-visually-hidden"> to ([^<]*?),', listed))
    of = {name: grant for grant, name in grants.items()}
    assert post(desk, "manager", f"/programmes/p/people/{of['auditor']}/link").status_code == 409
    assert post(desk, "manager", f"/programmes/p/people/{of['manager']}/remove").status_code == 409
    assert post(desk, "manager", f"/programmes/p/people/{of['head']}/link").status_code == 409  # another manages q
    with desk.db.write() as s:
        roles.enrol(s, "manager@example.org", "manager", "q", "manager")
    shown = post(desk, "manager", f"/programmes/p/people/{of['head']}/link")
    assert f"{SITE}/sign-in/" in shown.text
    assert post(desk, "manager elsewhere", f"/programmes/p/people/{of['head']}/link").status_code == 404


class Post(smtplib.SMTP):
    """A mail server that keeps what it is given and refuses one address."""

    taken: ClassVar[list[EmailMessage]] = []

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> Post:
        return self

    def __exit__(self, *_: object) -> None: ...

    def send_message(self, msg: Any, *_: Any, **__: Any) -> dict[str, tuple[int, bytes]]:
        if msg["To"] == "other.head@example.org":
            raise smtplib.SMTPRecipientsRefused({str(msg["To"]): (550, b"who?")})
        self.taken.append(msg)
        return {}

    def quit(self) -> tuple[int, bytes]:
        return 221, b"bye"


def test_letters_are_mailed_each_with_a_link_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib, "SMTP", Post)
    Post.taken.clear()
    desk = open_office(tmp_path, smtp_url="smtp://localhost:25")
    for urn in ("1", "3"):
        post(desk, "manager", "/rounds/r/publish/withdraw", urn=urn, reason="again")
    sent = post(desk, "manager", "/rounds/r/publish/send", urns=["1", "3"])
    assert sent.status_code == 303
    notice = sent.headers["set-cookie"]
    assert "1%20school%20told.%202%20letters%20sent%20by%20mail" in notice
    assert "other.head%40example.org" in notice
    letter, chair = sorted(Post.taken, key=lambda m: str(m["To"]), reverse=True)
    assert (letter["To"], chair["To"]) == ("head@example.org", "chair@example.org")
    assert "To the chair of governors of 1 Hill School" in chair.get_content()
    Post.taken.remove(chair)
    text = letter.get_content()
    assert "Sip A" in text
    assert "Sip B" not in text
    link = re.search(r"http://testserver/letters/(\S+)", text)
    assert link
    shown = desk.client.get(f"{SITE}/letters/{link[1]}")
    assert "Sip A" in shown.text
    assert "ask for someone else at this page" in shown.text
    assert link[1] not in shown.text  # whoever reads it is there already
    assert desk.client.get(f"{SITE}/school", follow_redirects=False).status_code == 303  # it signs nobody in
    for _ in range(2):  # asked twice at once, one link comes
        desk.client.post(f"{SITE}/letters/{link[1]}")
        desk.settle()
    assert [m["To"] for m in Post.taken] == ["head@example.org"] * 2
    key = re.search(r"http://testserver/sign-in/(\S+)\?next=/school", Post.taken[1].get_content())
    assert key
    opened = desk.client.get(f"/sign-in/{key[1]}").json()["opens"]
    assert [(d["role"], d["programme"]) for d in opened] == [("school", "p")]
    with desk.db.read() as s:
        fates = {r.email: (r.key, r.fate) for r in s.scalars(sa.select(LetterRow)) if r.kind == "school"}
        stages = {p.urn: p.stage for p in keep.standing(s, "r").pairs.values()}
    assert fates == {
        "head@example.org": ("1", "taken"),
        "other.head@example.org": ("3", "refused by the mail server (550)"),
    }
    assert (stages["1"], stages["3"]) == ("proposed", "draft")  # told is who had their letter
    assert "mailed" in get(desk, "manager", "/rounds/r/publish").text


def test_a_round_of_another_programme_is_not_there(desk: Desk) -> None:
    with desk.db.read() as s:
        assert s.get(RoundRow, "rq") is not None
    for path in ("publish", "answers", "confirm", "log", "out", "out/letters/school/all.pdf"):
        assert get(desk, "manager", f"/rounds/rq/{path}").status_code == 404, path


def test_governors_say_yes_before_an_appraisal_is_confirmed(desk: Desk) -> None:
    schools = [school("1", name="Dale School", appraisal="any")]
    given = case(schools, [sip("A", appraisal_trained=True)], history=led("1", "A", "2025/26"))
    plan, today = solve(given, Policy()), keep.now().date()
    with desk.db.write() as s:
        s.add(RoundRow(id="g", programme_id="p", name="2026/27 again", created_at=keep.now()))
        s.flush()
        keep.keep_plan(s, "g", plan)
        row = keep.the_round(s, "g", lock=True)
        keep.keep_case(s, row, given, Policy(), [], MEL)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "g"), plan), MEL)
        keep.step(s, "g", MEL, lambda d: rounds.propose(d, None, today))
        keep.step(s, "g", MEL, partial(accepted, urn="1", on=today))
    page = get(desk, "manager", "/rounds/g/confirm").text
    assert "have not said yes to Sip A" in page
    assert "Your governors decide" in get(desk, "head", "/school").text
    assert post(desk, "manager", "/rounds/g/confirm", pair="1/appraisal").status_code == 409
    assert post(desk, "manager", "/rounds/g/confirm/governors", urn="1", word="governors_yes").status_code == 303
    told = get(desk, "head", "/school").text
    assert "Your governors have said yes to it." in told
    assert "Your governors decide" not in told  # which they have
    assert post(desk, "manager", "/rounds/g/confirm", pair="1/appraisal").status_code == 303
    assert "The governors of Dale School said yes" in get(desk, "auditor", "/rounds/g/log").text
