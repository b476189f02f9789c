"""What is erased is gone from the store, and what is left is proved as before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.check.audit import audit
from allocator.domain.policy import Policy
from allocator.domain.seal import unbroken
from allocator.errors import NotThere
from allocator.reasons.answer import solve, world
from allocator.service import roles
from allocator.store import erase, keep, retention
from allocator.store.tables import (
    AskRow,
    AuditRow,
    EventRow,
    Grant,
    Job,
    LetterRow,
    PlanRow,
    RoundRow,
    Someone,
    UploadRow,
)
from tests.service.office import MEL, Desk, facts, open_office

NAME, EMAIL = "Amira Khan", "amira.khan@example.org"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The office, with SIP A called Amira Khan in data and plan, who has an account, letters, and is written about."""
    made = open_office(tmp_path)
    named = facts()
    sips = tuple(
        s.model_copy(update={"name": NAME, "email": EMAIL, "pen_portrait": "I led."}) if s.sip == "A" else s
        for s in named.sips
    )
    named = named.model_copy(update={"sips": sips})
    plan = solve(named, Policy())
    with made.db.write() as s:
        s.add(RoundRow(id="n", programme_id="p", name="2026/27 again", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, "n", lock=True)
        keep.keep_case(s, row, named, Policy(), [], MEL)
        kept = keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "n"), plan), MEL)
        today = dt.date.today()
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, today, today + dt.timedelta(days=20)))
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "1", "veto", "head", today, reason="Amira was rude to us."))
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "3", "query", "head", today, reason="Which day?"))
        grant = roles.enrol(s, EMAIL, NAME, "p", "sip", sip="A")
        keep.note(s, None, "user added", EMAIL, programme="p", detail="sip A")
        s.add(LetterRow(id="l", round_id="n", kind="school", key="1", person_id=grant.person_id, role="school", email=EMAIL, next="/",
                        heading=f"{NAME} is proposed", text=f"Dear head, {NAME} is proposed.", hash="h", at=keep.now(),
                        expires_at=keep.now(), fate="taken"))  # fmt: skip
        s.add(AskRow(round_id="n", n=1, at=keep.now(), by=MEL.model_dump(mode="json"), kind="answered", whose="school", key="1",
                     data={"note": "We like Khan.", "going_on": "keep"}))  # fmt: skip
        made.ids["named"] = kept.id
    yield made
    made.db.close()


def bytes_of(desk: Desk) -> bytes:
    path = Path(str(desk.db.url.database))
    return b"".join(p.read_bytes() for p in path.parent.iterdir() if p.name.startswith(path.stem))


def test_a_person_is_gone_from_every_byte_and_the_plans_hold(desk: Desk) -> None:
    done = erase.person(desk.db, "p", EMAIL)
    assert (done.left, done.ids) == (0, ())
    assert done.rows > 8
    raw = bytes_of(desk).lower()
    for told in (NAME, EMAIL, "Amira was rude", "We like Khan", "I led."):
        assert told.lower().encode() not in raw, told
    with desk.db.read() as s:
        row, place = keep.desk(s, "n")
        assert row.id == desk.ids["named"]
        plan = unbroken(place.plan)
        assert audit(*world(plan), plan) == []  # every rule, figure, hash and word
        assert {a.name for a in plan.assignments if a.sip == "A"} == {done.mark}
        assert place.round.pairs["1", "lead"].stage == "refused"  # that it was refused stays
        assert "Which day?" in {q.text for q in place.round.queries}  # of others nothing is taken
        assert s.scalars(sa.select(Someone).where(Someone.email == EMAIL)).first() is None
        said = s.scalars(sa.select(AuditRow).where(AuditRow.action == "person erased")).one()
        assert said.subject == done.mark
    with pytest.raises(NotThere):
        erase.person(desk.db, "p", EMAIL)


def test_of_a_person_known_elsewhere_only_this_programme_lets_go(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, EMAIL, NAME, "q", "auditor")
    erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        who = s.scalars(sa.select(Someone).where(Someone.email == EMAIL)).one()
        assert [g.programme_id for g in s.scalars(sa.select(Grant).where(Grant.person_id == who.id))] == ["q"]


def test_an_id_that_reads_like_the_name_is_told(desk: Desk) -> None:
    with desk.db.write() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        row.case = {
            **row.case,
            "sips": [{**x, "name": "Ada A. Byron"} if x["sip"] == "A" else x for x in row.case["sips"]],
        }
    assert erase.Marks("x", names={"Amira Khan"}).told("amira")
    assert not erase.Marks("x", names={"Amira Khan"}).told("S12")


def test_a_round_is_gone_and_its_hashes_told(desk: Desk) -> None:
    with desk.db.read() as s:
        other, mine = keep.current(s, "r"), keep.current(s, "n")
        assert other is not None
        assert mine is not None
        content = mine.content
    assert erase.round_(desk.db, "n") > 5
    raw = bytes_of(desk).lower()
    assert b"amira was rude" not in raw
    assert b"we like khan" not in raw
    with desk.db.read() as s:
        assert s.get(RoundRow, "n") is None
        assert s.get(PlanRow, desk.ids["named"]) is None
        line = s.scalars(sa.select(AuditRow).where(AuditRow.action == "round erased")).one()
        assert content in line.detail
        _, place = keep.desk(s, "r")
        assert audit(*world(place.plan), place.plan) == []
    with pytest.raises(NotThere):
        erase.round_(desk.db, "n")


# -- by the schedule ----------------------------------------------------------------------------------------------------


def test_each_kind_goes_after_its_days_and_not_before(desk: Desk) -> None:
    with desk.db.write() as s:
        s.add(UploadRow(round_id="n", name="f", media="m", base64="eA==", by={}, at=keep.now()))
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
        s.execute(sa.update(Job).values(state="done", ended_at=keep.now()))
    rules = {r.key: r.days for r in retention.RULES}
    now = keep.now()
    for key in rules:
        alone = {k: 10**5 for k in rules if k != key}
        when = now + dt.timedelta(days=rules[key], hours=-1)
        assert retention.apply(desk.db, alone, now=when, dry=True)[key] == 0, key
        when += dt.timedelta(hours=2)
        dry = retention.apply(desk.db, alone, now=when, dry=True)
        assert dry[key] > 0, key
        assert retention.apply(desk.db, alone, now=when) == dry
        assert {k for k in dry if dry[k]} == {key}
    with desk.db.read() as s:
        assert list(s.scalars(sa.select(RoundRow))) == []
        assert {a.action for a in s.scalars(sa.select(AuditRow))} == {"round erased"}


def test_a_reason_goes_and_the_fact_stays(desk: Desk) -> None:
    with desk.db.read() as s:
        before = keep.standing(s, "n")
    when = keep.now() + dt.timedelta(days=401)
    assert retention.apply(desk.db, {}, now=when)["reasons"] == 4  # a refusal and a question, another elsewhere, a note
    assert b"amira was rude" not in bytes_of(desk).lower()
    with desk.db.read() as s:
        after = keep.standing(s, "n")
        reasons = [e.data["reason"] for e in s.scalars(sa.select(EventRow)) if e.data.get("answer") == "veto"]
    assert reasons == [retention.GONE]
    assert (after.refused, after.pairs.keys(), after.length) == (before.refused, before.pairs.keys(), before.length)


def test_longer_or_shorter_by_setting(desk: Desk) -> None:
    with desk.db.write() as s:
        s.execute(sa.update(Job).values(state="done", ended_at=keep.now() - dt.timedelta(days=10)))
    assert retention.apply(desk.db, {}, dry=True)["work"] == 0
    assert retention.apply(desk.db, {"work": 5}, dry=True)["work"] > 0
