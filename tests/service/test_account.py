"""Account given: documents filled from what is in force, a pair's pack that another machine checks, a copy, outcomes, the public."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from allocator.cli.commands import app
from allocator.domain.plan import plan_text
from allocator.domain.policy import Policy
from allocator.errors import NotThere, UsageError
from allocator.reasons.answer import solve
from allocator.service.account.about import FILL, of_case
from allocator.service.account.documents import DOCUMENTS
from allocator.service.account.outcomes import FEW, outcomes, rows
from allocator.service.account.pair import pack, verify
from allocator.service.environment import Settings
from allocator.service.subject_access import copy_for
from allocator.store import keep, retention
from allocator.store.tables import AuditRow, Grant, LetterRow
from tests.make import case, led, school, sip
from tests.service.office import Desk, facts, open_office

SITE = "http://testserver"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


# -- documents ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_a_document_says_what_is_in_force(name: str) -> None:
    policy = Policy.model_validate(
        {"name": "steady", "round": {"query_days": 17, "ladder": ["head of service", "director"]}}
    )
    settings = Settings(keep_reasons_days=123, keep_rounds_days=4567)
    about = of_case(
        facts(), policy, "Hill primaries", settings, organisation="Hill Council", contact="sip@hill.example"
    )
    text = DOCUMENTS[name][1](about)
    assert "Hill primaries" in text
    if name != "retention":
        assert "Hill Council" in text
        assert FILL in text  # what only they know is not made up
    if name in ("transparency", "impact", "notice"):
        assert "17 days" in text
        assert "head of service, director" in text
    if name != "transparency":
        assert "123" in text
    assert ("4,567" if name in ("impact", "processing", "retention") else "4567") in text


def test_the_transparency_record_has_every_field_of_the_standard() -> None:
    text = DOCUMENTS["transparency"][1](of_case(facts(), Policy(), "p", Settings()))
    for field in (
        "Name",
        "Description",
        "Website",
        "Contact",
        "Organisation",
        "Phase",
        "Region",
        "Senior responsible owner",
        "External supplier",
        "Procurement",
        "Scope",
        "Benefit",
        "Previous process",
        "Alternatives considered",
        "Process integration",
        "Information provided",
        "Frequency and scale",
        "Human decisions and review",
        "Required training",
        "Appeals and review",
        "Architecture",
        "Model",
        "Performance",
        "Sources",
        "Personal data",
        "Sensitive attributes",
        "Sharing",
        "Access",
        "Storage and retention",
    ):
        assert f"| {field} |" in text, field
    assert all(f"| {title} |" in text for title, *_ in of_case(facts(), Policy(), "p", Settings()).weights())


def test_the_schedule_told_is_the_one_applied() -> None:
    text = DOCUMENTS["retention"][1](of_case(facts(), Policy(), "p", Settings()))
    for rule in retention.schedule(Settings().kept):
        assert f"| {rule.what} | {rule.days:,} |" in text
    assert set(Settings().kept) == {r.key for r in retention.RULES}
    assert Settings().kept == {r.key: r.days for r in retention.RULES}


# -- the story of one pair -------------------------------------------------------------------------------------------------


def made(desk: Desk, urn: str = "1") -> bytes:
    with desk.db.read() as s:
        return pack(s, keep.the_round(s, "r"), urn).zipped()


def spoilt(data: bytes, name: str, change: Callable[[bytes], bytes], *, manifest: bool = False) -> bytes:
    """The pack with one file changed; `manifest`: its hash made to fit, as a forger would."""
    import hashlib

    with zipfile.ZipFile(io.BytesIO(data)) as old:
        files = {n: old.read(n) for n in old.namelist()}
    files[name] = change(files[name])
    if manifest:
        told = json.loads(files["manifest.json"])
        told["sha256"][name] = hashlib.sha256(files[name]).hexdigest()
        files["manifest.json"] = json.dumps(told).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for n, body in files.items():
            new.writestr(n, body)
    return out.getvalue()


def test_a_pack_tells_the_story_and_holds_elsewhere(desk: Desk) -> None:
    me = desk.headers("manager")
    body = {"urn": "1", "answer": "accept", "by": "head", "via": "telephone"}
    assert desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=me).status_code == 200
    with desk.db.write() as s:
        who = s.scalars(
            sa.select(Grant.person_id).where(Grant.urn == "1", Grant.role == "head", Grant.programme_id == "p")
        ).one()
        s.add(
            LetterRow(
                id="l",
                round_id="r",
                kind="school",
                key="1",
                person_id=who,
                role="school",
                email="head@example.org",
                next="/",
                heading="Your SIP",
                text="Dear head,\n\nA is proposed.",
                hash="h",
                at=keep.now(),
                expires_at=keep.now(),
                fate="taken",
            )
        )
    data = made(desk)
    assert verify(data, again=True) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        story = archive.read("story.md").decode()
    for part in (
        "1 Hill School",
        "## 1 The data",
        "## 2 The rules",
        "## 3 The plan",
        "## 4 What happened",
        "manager): answered: head accept",
        "## 5 Letters as sent",
        "> A is proposed.",
        "## 6 The audit log",
        "answer; accept by head, telephone",
        "proved",
    ):
        assert part in story, part


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("plans/1.json", b'"filled": 4', b'"filled": 5', "the auditor finds"),
        ("plans/1.json", b"2 Hill School", b"2 Mill School", "its inputs are not those"),
        ("events.json", b'"chair"', b'"head"', "not as it was packed"),
        ("claim.json", b'"stage": "proposed"', b'"stage": "confirmed"', "not what the events come to"),
        ("claim.json", b'"manager": "', b'"manager": "Not ', "told to the manager is not the one"),
        ("letters.json", b"[", b"[1, ", "not as it was packed"),
    ],
)
def test_a_pack_that_was_altered_does_not_hold(desk: Desk, name: str, old: bytes, new: bytes, told: str) -> None:
    data = made(desk)
    forged = spoilt(
        data, name, lambda b: b.replace(old, new, 1) if old in b else b + b" ", manifest="packed" not in told
    )
    assert any(told in w for w in verify(forged)), verify(forged)


def test_a_pack_from_before_versions_holds_and_one_of_a_newer_program_says_so(desk: Desk) -> None:
    def events(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
        def changed(body: bytes) -> bytes:
            rows = json.loads(body)
            for row in rows:
                change(row)
            return json.dumps(rows).encode()

        return changed

    data = made(desk)
    before = spoilt(data, "events.json", events(lambda row: row.pop("version")), manifest=True)
    first = spoilt(before, "manifest.json", lambda b: b.replace(b"allocator.pair/2", b"allocator.pair/1"))
    assert b"allocator.pair/1" in first
    assert verify(first, again=True) == []
    newer = spoilt(data, "events.json", events(lambda row: row.update(version=9)), manifest=True)
    with pytest.raises(UsageError, match=r"Event 1 \(plan\) is of version 9"):
        verify(newer)
    broken = spoilt(data, "events.json", events(lambda row: row.update(data={})), manifest=True)
    with pytest.raises(UsageError, match="This pack cannot be read"):
        verify(broken)


def test_what_is_no_pack_is_said_so() -> None:
    for data in (
        b"",
        b"PK",
        b"x" * 100,
        spoilt_zip({"manifest.json": b"{}"}),
        spoilt_zip({"manifest.json": b'{"format": "allocator.pair/1"}'}),
    ):
        with pytest.raises(UsageError):
            verify(data)


def spoilt_zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n, body in files.items():
            archive.writestr(n, body)
    return out.getvalue()


def test_an_auditors_pack_has_not_why_a_school_refused(desk: Desk) -> None:
    body = {"urn": "1", "answer": "veto", "reason": "because of the stairs"}
    assert (
        desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers("head")).status_code
        == 200
    )
    for name, has in (("manager", True), ("auditor", False)):
        answer = desk.client.get(f"{SITE}/rounds/r/account/pair?urn=1", headers=desk.headers(name))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            whole = b"".join(archive.read(n) for n in archive.namelist())
        assert (b"the stairs" in whole) is has
        assert verify(answer.content) == []
    with desk.db.read() as s:
        assert len(list(s.scalars(sa.select(AuditRow).where(AuditRow.action == "pack of a pair made")))) == 2


def test_the_commands(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("ALLOCATOR_")]:  # some steer the tests
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALLOCATOR_DATABASE_URL", f"sqlite:///{desk.db.url.database}")
    run, zipped = CliRunner(), tmp_path / "pair.zip"
    assert run.invoke(app, ["account", "pair", "r", "1", "-o", str(zipped)]).exit_code == 0
    assert "holds" in run.invoke(app, ["account", "check", str(zipped)]).output
    zipped.write_bytes(spoilt(zipped.read_bytes(), "story.md", lambda b: b + b"!"))
    assert run.invoke(app, ["account", "check", str(zipped)]).exit_code == 5
    told = run.invoke(app, ["account", "person", "sip@example.org", "--programme", "p"])
    assert "How it is worked out" in told.output
    plan = tmp_path / "plan.json"
    plan.write_text(plan_text(solve(facts(), Policy())))
    groups = tmp_path / "region.csv"
    groups.write_text("urn,region\n1,north\n2,south\n")
    counted = run.invoke(app, ["account", "outcomes", str(plan), "--groups", str(groups)]).output
    assert "region: north" in counted
    assert max(map(len, counted.splitlines())) <= 80


# -- a copy, outcomes, the public --------------------------------------------------------------------------------------------


def test_a_copy_has_the_decision_the_letters_and_the_logic(desk: Desk) -> None:
    with desk.db.read() as s:
        parts = dict(copy_for(s, "p", "head@example.org"))
        text = str(parts)
        assert any(h.endswith("what was proposed, and why") for h in parts)
        assert "How it is worked out" in parts
        assert "3 Hill School" not in text  # nothing of other schools
        with pytest.raises(NotThere):
            copy_for(s, "q", "head@example.org")
    users = desk.client.get("/users?programme=p", headers=desk.headers("manager")).json()["items"]
    (grant,) = [u["id"] for u in users if u["email"] == "sip@example.org"]
    page = desk.client.get(f"{SITE}/programmes/p/people/{grant}/held", headers=desk.headers("manager"))
    assert "take out the names of others" in page.text
    own = desk.client.get(f"{SITE}/sip/held", headers=desk.headers("sip")).text
    assert "what was proposed, and why" in own


def test_outcomes_add_up_and_hide_the_few() -> None:
    given = case(
        [school(str(n), pupils=90 * n, phase="primary") for n in range(1, 7)],
        [sip("A", days=30), sip("B", days=30, kind="serving_head")],
        history=[r for n in range(1, 7) for r in led(str(n), "A" if n < 4 else "B", "2025/26")],
    )
    plan = solve(given, Policy())
    lines = outcomes(given, plan, groups={"region": {"1": "north", "2": "north"}})
    for of in {x.of for x in lines}:
        mine = [x for x in lines if x.of == of]
        if of == "kind of SIP":
            assert sum(x.days for x in mine) == sum(load.days for load in plan.loads)
        else:
            assert sum(x.how_many for x in mine) == 6
            assert sum(x.days for x in mine) == sum(a.days for a in plan.assignments)
    assert {x.group for x in lines if x.of == "region"} == {"north", "not given"}
    hidden = rows(lines, hide=True)
    assert all(r[2] == "" for r, x in zip(hidden, lines, strict=True) if x.how_many < FEW)
    assert any(r[2] for r in hidden)


def test_the_public_page_is_there_only_by_setting_and_names_nobody(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    assert open_office(tmp_path / "a").client.get(f"{SITE}/published/p").status_code == 404
    desk = open_office(tmp_path / "b", public_rules=True)
    page = desk.client.get(f"{SITE}/published/p")
    assert page.status_code == 200
    assert "What counts, and for how much" in page.text
    for hidden in ("Hill School", "example.org", "Mel"):
        assert hidden not in page.text
    assert desk.client.get(f"{SITE}/published/q").status_code == 404


def test_a_pack_with_a_damaged_byte_is_refused_in_words(desk: Desk) -> None:
    """The first byte of each file's packed data says how it is packed; this one says a way that there is not."""
    whole = desk.client.get(f"{SITE}/rounds/r/account/pair?urn=1", headers=desk.headers("manager")).content
    packed = again(whole, {})
    assert verify(packed) == []  # packed by another program, it is the same
    with zipfile.ZipFile(io.BytesIO(packed)) as z:
        files = [(i.filename, i.header_offset) for i in z.infolist()]
    assert len(files) > 4
    for name, at in files:
        spoilt_at, (named, more) = bytearray(packed), struct.unpack("<HH", packed[at + 26 : at + 30])
        spoilt_at[at + 30 + named + more] |= 0b110
        with pytest.raises(zlib.error), zipfile.ZipFile(io.BytesIO(spoilt_at)) as z:
            z.read(name)
        with pytest.raises(UsageError, match="pack"):
            verify(bytes(spoilt_at))


def again(whole: bytes, other: dict[str, str]) -> bytes:
    """The pack, deflated, with other words in some of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as z, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in z.namelist():
            new.writestr(name, other.get(name, z.read(name)))
    return out.getvalue()


@pytest.mark.parametrize(
    "claim", ["[]", "{}", '{"urn": "1", "post": "lead", "pair": null, "told": 1}', "1", "[" * 9999]
)
def test_a_pack_whose_claim_has_another_form_is_refused_in_words(desk: Desk, claim: str) -> None:
    whole = desk.client.get(f"{SITE}/rounds/r/account/pair?urn=1", headers=desk.headers("manager")).content
    with pytest.raises(UsageError, match="cannot be read"):
        verify(again(whole, {"claim.json": claim}))
