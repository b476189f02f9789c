"""Acts of every kind, the server killed while it does them: each that was accepted is there once, and none is there twice."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.store import keep, migrate
from allocator.store.database import Database
from allocator.store.tables import AuditRow, CaseRow, EventRow, Job, LetterRow, Programme, RoundRow, SentRow
from tests.jobs.acts import Server
from tests.make import case, school, sip
from tests.service.office import MEL
from tests.sizes import long, whole_or
from tests.stores import KINDS, store_url

DEATHS = whole_or(500, 8, 4)  # in each store
KIND = ("question", "confirmation", "upload", "proposal", "letter", "solve")
ACTS = DEATHS // 4 + 6  # of each kind, at most: some have ended before they are killed


@dataclass
class Round:
    """A round in which there is something of each kind to do; schools of a kind are K0, K1, …"""

    db: Database
    plan: str
    token: str

    def request(self, kind: str, n: int) -> dict[str, Any]:
        api, sent = "/api/v1", {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"{kind} {n}"}
        asked: dict[str, tuple[str, str, dict[str, Any]]] = {
            "question": (
                "POST",
                f"{api}/plans/{self.plan}/answers",
                {"urn": "question0", "answer": "query", "by": "head", "via": "telephone", "reason": f"why {n}?"},
            ),
            "confirmation": (
                "POST",
                f"{api}/plans/{self.plan}/confirmations",
                {"pairs": [{"urn": f"confirmation{n}"}]},
            ),
            "upload": ("PUT", f"{api}/rounds/u/case", canon.case_out(upload(n))),
            "proposal": (
                "POST",
                f"{api}/plans/{self.plan}/publication",
                {"action": "propose", "urns": [f"proposal{n}"]},
            ),
            "solve": ("POST", f"{api}/rounds/u/solves", {"seed": n, "adopt": False}),
        }
        if kind == "letter":  # the page that mails it
            return {"method": "POST", "path": "/rounds/r/publish/send", "data": {"urns": f"letter{n}"}, "headers": sent}
        method, path, body = asked[kind]
        return {"method": method, "path": path, "json": json.loads(json.dumps(body, default=str)), "headers": sent}


def upload(n: int) -> Case:
    return case([school("1", pupils=100 + n)], [sip("A")])


def a_round(url: str) -> Round:
    db, today = Database(url), dt.date.today()
    migrate.upgrade(db)
    schools = [
        school(f"{k}{n}", head_email=f"{k}{n}@example.org")
        for k in ("confirmation", "proposal", "letter")
        for n in range(ACTS)
    ]
    facts = case([school("question0"), *schools], [sip("A", days=40 * ACTS, max_schools=9999)])
    plan = solve(facts, Policy())
    with db.write() as s:
        s.add(Programme(id="p", name="P", created_at=keep.now()))
        s.flush()
        s.add_all(RoundRow(id=id, programme_id="p", name=id, created_at=keep.now()) for id in "ru")
        s.flush()
        grant = roles.enrol(s, "m@example.org", "Mel", "p", "manager")
        life = dt.timedelta(days=1)
        token, _ = passes.begin(s, grant.person_id, "manager", "token", life, programme="p")
        row = keep.the_round(s, "r", lock=True)
        keep.keep_case(s, row, facts, Policy(), [], MEL)
        name = keep.keep_plan(s, "r", plan).id
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "r"), plan), MEL)
        told = ["question0", *(f"confirmation{n}" for n in range(ACTS))]
        keep.step(s, "r", MEL, lambda d: rounds.propose(d, told, today, today + dt.timedelta(days=20)))
        for urn in told[1:]:
            keep.step(s, "r", MEL, lambda d, u=urn: rounds.answer(d, u, "accept", "head", today))  # type: ignore[misc]
    with db.write() as s:
        keep.keep_case(s, keep.the_round(s, "u", lock=True), upload(10**6), Policy(), [], MEL)
    return Round(db, name, token)


@long(but="postgresql")
@pytest.mark.parametrize("store", KINDS)
def test_killed_in_the_middle_of_acts_of_every_kind(store: str, tmp_path: Path) -> None:
    dice, box = random.Random(11), tmp_path / "mail"
    box.touch()
    with store_url(store, tmp_path) as url:
        at, deaths, done = a_round(url), 0, Counter[str]()
        server, slow = Server(url, box), dict.fromkeys(KIND, 0.2)
        try:
            for n in range(ACTS):
                for kind in KIND:
                    asked = at.request(kind, n)
                    if deaths < DEATHS:  # somewhere in an act of this kind, as long as they have been
                        answer = server.ask(dice.uniform(0.1, 1.0) * slow[kind], **asked)
                        deaths += answer is None
                    again = server.ask(None, **asked)
                    assert again is not None
                    slow[kind] = 0.5 * slow[kind] + 0.5 * again["seconds"]
                    assert (
                        again["status"] in (200, 201, 202, 303)
                        or "answer_lost" in again["text"]
                        or (kind == "letter" and again["status"] == 409)
                    ), (kind, again)
                    done[kind] += 1
                if deaths == DEATHS:
                    break
        finally:
            server.end()
        assert deaths == DEATHS, done
        whole(at, done, [json.loads(x)[0] for x in box.read_text().splitlines()])
        at.db.close()


def whole(at: Round, done: Counter[str], mails: list[str]) -> None:
    """Everything once; the logs without a gap; told is who had a letter."""
    with at.db.read() as s:
        events = list(s.scalars(sa.select(EventRow).where(EventRow.round_id == "r").order_by(EventRow.n)))
        assert [e.n for e in events] == list(range(1, len(events) + 1))
        stands = keep.standing(s, "r")
        asked = [q.text for q in stands.queries]
        assert asked == [f"why {n}?" for n in range(done["question"])]
        confirmed = [e.data for e in events if e.kind == "confirmed"]
        assert len(confirmed) == done["confirmation"]
        assert sum(p.stage == "confirmed" for p in stands.everyone) == done["confirmation"]
        versions = list(s.scalars(sa.select(CaseRow.case).where(CaseRow.round_id == "u").order_by(CaseRow.n)))[1:]
        assert [v["schools"][0]["pupils"] for v in versions] == [100 + n for n in range(done["upload"])]
        told = Counter(u for e in events if e.kind == "proposed" for u in e.data["urns"])
        assert {n for u, n in told.items()} == {1}
        assert {f"proposal{n}" for n in range(done["proposal"])} <= told.keys()
        letters = [x["id"] for e in events if e.kind == "letters" for x in e.data["letters"]]
        kept = set(s.scalars(sa.select(SentRow.id).where(SentRow.round_id == "r")))
        assert set(letters) == kept
        assert len(letters) == len(kept)
        sent = {u for u in told if u.startswith("letter")}
        taken = set(s.scalars(sa.select(LetterRow.key).where(LetterRow.fate == "taken")))
        assert sent <= taken <= {m.split("@")[0] for m in mails}  # nobody counts as told whom no letter reached
        jobs = list(s.scalars(sa.select(Job.request).where(Job.round_id == "u")))
        assert sorted(j["seed"] for j in jobs) == list(range(done["solve"]))
        lines = Counter(s.scalars(sa.select(AuditRow.action)))
        assert (lines["answer"], lines["confirmed"]) == (done["question"], done["confirmation"])
