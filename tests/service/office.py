"""A service in this process on a small store, with one person of each kind, and the round in a state worth asking about."""

from __future__ import annotations

import atexit
import copy
import datetime as dt
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.datastructures import State
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.domain.round import Person
from allocator.jobs.asks import ChoicesAsk, ExportAsk, JobAsk, SolveAsk
from allocator.jobs.queue import Queue
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.service.access import hands
from allocator.service.app import create_app
from allocator.service.environment import Settings
from allocator.service.limits import Folded, Limiter
from allocator.store import keep, migrate
from allocator.store.database import Database
from allocator.store.tables import Job, Programme, RoundRow
from tests.make import case, led, school, sip

PEOPLE = {  # name -> (programme, role, urn, sip)
    "manager": ("p", "manager", "", ""),
    "auditor": ("p", "auditor", "", ""),
    "head": ("p", "head", "1", ""),
    "chair": ("p", "chair", "1", ""),
    "other head": ("p", "head", "3", ""),
    "sip": ("p", "sip", "", "A"),
    "other sip": ("p", "sip", "", "C"),
    "manager elsewhere": ("q", "manager", "", ""),
    "auditor elsewhere": ("q", "auditor", "", ""),
    "head elsewhere": ("q", "head", "1", ""),
    "sip elsewhere": ("q", "sip", "", "A"),
}
MEL = Person(id="m", name="Mel", role="manager")


def facts() -> Case:
    """A leads 1 and 2, B leads 3 and 4, nobody needs C."""
    history = [row for n in range(1, 5) for row in led(str(n), "A" if n < 3 else "B", "2025/26")]
    schools = [school(str(n), name=f"{n} Hill School") for n in range(1, 5)]
    interests = [{"sip": "C", "urn": "4", "kind": "family"}]
    return case(schools, [sip("A"), sip("B"), sip("C")], history=history, interests=interests)


@dataclass
class Desk:
    """The store, the client, a token for each person, and ids of what is there."""

    db: Database
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def settle(self) -> None:
        """What was done beside the answers is done."""
        office = self.client.app.state.office  # type: ignore[attr-defined]
        office.hands.shutdown()
        office.hands = hands()

    def headers(self, name: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}


def planned(s: Session, id: str, case: Case, policy: Policy, plan: Plan, programme: str = "") -> RoundRow:
    """A round with these data and this plan on its desk, in this programme, or in a new one of the round's id."""
    if not programme:
        s.add(Programme(id=id, name="A programme", created_at=keep.now()))
        s.flush()
    name = f"2026/27 {id}" if programme else "2026/27"
    s.add(RoundRow(id=id, programme_id=programme or id, name=name, created_at=keep.now()))
    s.flush()
    row = keep.the_round(s, id, lock=True)
    keep.keep_case(s, row, case, policy, [], MEL)
    keep.keep_plan(s, id, plan)
    keep.keep_fact(s, row, rounds.adopt(keep.standing(s, id), plan), MEL)
    return row


def refused(desk: Desk, case: Case) -> None:
    """The round `rq`, in which school 1 refuses its SIP and a manager is to decide."""
    policy, today = Policy.model_validate({"round": {"vetoes": 0}}), keep.now().date()  # every refusal goes to a person
    plan = solve(case, policy)
    with desk.db.write() as s:
        row = keep.the_round(s, "rq", lock=True)
        keep.keep_case(s, row, case, policy, [], MEL)
        keep.keep_plan(s, "rq", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "rq"), plan), MEL)
        keep.step(s, "rq", MEL, lambda d: rounds.propose(d, None, today))
        keep.step(s, "rq", MEL, lambda d: rounds.answer(d, "1", "veto", "head", today))


def open_office(folder: Path, **settings: object) -> Desk:
    """A copy of the office, with a service on it."""
    made, tokens, ids = _office()
    shutil.copy(made, folder / "office.db")
    db = Database(f"sqlite:///{folder / 'office.db'}")
    return Desk(db, client_of(db, "http://testserver/api/v1", **settings), dict(tokens), dict(ids))


def client_of(db: Database, base_url: str, **settings: object) -> TestClient:
    """A client of the service in this process, on this store; what the service counts and remembers begins anew."""
    told: dict[str, Any] = {"writes_per_minute": 100_000, "reads_per_minute": 100_000, "sign_ins_per_minute": 1000}
    built = _service(**told | settings)
    app, office = copy.copy(built), built.state.office
    queue = Queue(db, office.settings.silent_seconds)
    app.state = State(
        {
            **built.state._state,
            "office": replace(
                office, db=db, queue=queue, limiter=Limiter(), folded=Folded(), hands=hands(), probe=None
            ),
        }
    )
    client = TestClient(app, base_url=base_url, raise_server_exceptions=False, client=("127.0.0.1", 50000))
    client.portal = _portal()
    return client


@cache
def _service(**settings: Any) -> FastAPI:
    """The routes and all around them, put together once for these settings: that takes longer than most tests."""
    app = create_app(Settings(**settings), Database("sqlite://"))
    app.middleware_stack = app.build_middleware_stack()
    return app


@cache
def _portal() -> BlockingPortal:
    """One thread with an event loop for all requests of this process, instead of one for each."""
    opened = start_blocking_portal()
    portal = opened.__enter__()
    atexit.register(opened.__exit__, None, None, None)
    return portal


@cache
def _office() -> tuple[Path, dict[str, str], dict[str, str]]:
    """Programme p has round r: solved, proposed, a query open, an export done, a job waiting. Programme q is empty.

    Made once a process: (the store's file, tokens, ids).
    """
    path = Path(tempfile.mkdtemp()) / "office.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    db, tokens = Database(f"sqlite:///{path}"), {}
    migrate.upgrade(db)
    with db.write() as s:
        for id in ("p", "q"):
            s.add(Programme(id=id, name=f"Programme {id}", created_at=keep.now()))
            s.flush()
            row = RoundRow(id="r" if id == "p" else "rq", programme_id=id, name="2026/27", created_at=keep.now())
            s.add(row)
            s.flush()
        for name, (programme, role, urn, sip_id) in PEOPLE.items():
            email = f"{name.replace(' ', '.')}@example.org"
            grant = roles.enrol(s, email, name, programme, role, urn=urn, sip=sip_id)  # type: ignore[arg-type]
            life = dt.timedelta(days=1)
            tokens[name], _ = passes.begin(s, grant.person_id, roles.ROLE_OF[role], "token", life, programme=programme)
    plan = solve(facts(), Policy())
    today = keep.now().date()
    with db.write() as s:
        row = keep.the_round(s, "r", lock=True)
        keep.keep_case(s, row, facts(), Policy(), [], MEL)
        kept = keep.keep_plan(s, "r", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "r"), plan), MEL)
        keep.step(s, "r", MEL, lambda d: rounds.propose(d, None, today))
        keep.step(s, "r", MEL, lambda d: rounds.answer(d, "4", "query", "head", today, reason="why him?"))
        made = SolveAsk(case=1, seed=1)
        left = ChoicesAsk(plan=kept.id, changes=({"sip_leaves": {"sip": "A"}},), chosen=())
        asks: tuple[tuple[str, JobAsk, str, dict[str, object] | None], ...] = (
            ("waiting", made, "queued", None),
            (
                "exported",
                ExportAsk(plan=kept.id, format="html"),
                "done",
                {"content_type": "text/html", "base64": "aGk="},
            ),
            ("chosen", left, "done", {"plan": kept.id, "lists": [], "contests": []}),
            ("stopped", made, "cancelled", {"plan": kept.id, "status": "feasible", "unfilled": 0}),
        )
        for id, ask, state, result in asks:
            s.add(
                Job(
                    id=id,
                    programme_id="p",
                    round_id="r",
                    kind=ask.kind,
                    by=MEL.model_dump(mode="json"),
                    state=state,
                    version=ask.version,
                    request=ask.plain(),
                    result=result,
                    created_at=keep.now(),
                )
            )
        ids = {
            "plan": kept.id,
            "round": "r",
            "programme": "p",
            "job": "waiting",
            "file": "exported",
            "query": "r-1",
        }
    db.close()  # everything is in the one file
    return path, tokens, ids
