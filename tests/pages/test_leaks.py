"""What a head or SIP is sent, searched word by word: HTML and headers of all their pages in every state hold nothing of
another school, another person, points, prices, pay or interests (contract 5, domain N)."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient

from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.service import passes, roles
from allocator.service.roles import GrantRole
from allocator.store import keep, migrate
from allocator.store.database import Database
from tests.pages import states
from tests.pages.site import hartwell
from tests.pages.states import STATES, State
from tests.pages.test_matrix import MATRIX, OPEN
from tests.service.office import client_of
from tests.sizes import whole_or

pytestmark = pytest.mark.xdist_group("leaks")  # one office, with a round in each state
EVERY_SCHOOL = ("/sip/ask",)  # a SIP ticks interests against the list of all schools (practice, May)
SEARCHED = whole_or(STATES, ("told", "confirmed", "in force"), ("told",))
NEVER = ("points", "runner-up", "day rate", "certificate", "proved", "special measures", "veto reason", "capacity")


@dataclass
class Office:
    db: Database
    client: TestClient
    made: dict[str, State]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    db = Database(f"sqlite:///{tmp_path_factory.mktemp('leaks') / 'office.db'}")
    migrate.upgrade(db)
    return Office(db, client_of(db, "http://testserver"), {name: states.make(db, name) for name in SEARCHED})


def secrets_of(case: Case, plan: Plan, urns: set[str], sips: set[str]) -> Iterator[str]:
    """What must not be seen by whom only these schools and SIPs are known."""
    for s in case.schools:
        if s.urn not in urns:
            yield s.name
            yield s.urn
            yield from (e for e in (s.head_email, s.chair_email) if e)
    known = {p.name for p in case.sips if p.sip in sips}
    for p in case.sips:
        if p.sip not in sips and p.name not in known:
            yield p.name
            yield from ([f"{p.day_rate:g}"] if p.day_rate else [])
    yield from (str(a.points) for a in plan.assignments if a.points > 100)
    yield str(plan.summary.points)


@pytest.mark.parametrize("role", ["head", "chair", "sip"])
@pytest.mark.parametrize("name", SEARCHED)
def test_pages_hold_only_ones_own(office: Office, name: str, role: GrantRole) -> None:
    state = office.made[name]
    case, _, _ = hartwell()
    with office.db.read() as s:
        _, desk = keep.desk(s, state.id)
        plan = desk.plan
    mine = (
        {"urn": state.own["head"]["urn"], "sip": ""} if role != "sip" else {"urn": "", "sip": state.own["sip"]["sip"]}
    )
    with office.db.write() as s:
        grant = roles.enrol(s, f"{role}@{state.id}.example", role, state.id, role, **mine)
        token, _ = passes.begin(
            s, grant.person_id, roles.ROLE_OF[role], "token", dt.timedelta(days=1), programme=state.id
        )
    now = [a for a in plan.assignments if mine["urn"] == a.urn or mine["sip"] == a.sip]
    past = [h for h in case.history if mine["urn"] == h.urn or mine["sip"] == h.sip]
    urns = {a.urn for a in now} | {h.urn for h in past} | ({mine["urn"]} - {""})
    urns |= {i.urn for i in case.interests if i.urn and i.sip == mine["sip"]}  # what one declared oneself
    sips = {a.sip for a in now} | {h.sip for h in past if mine["urn"]} | ({mine["sip"]} - {""})
    own = " ".join(s.name for s in case.schools if s.urn in urns)
    hidden = {text for text in secrets_of(case, plan, urns, sips) if text not in own}
    schools = {s.name for s in case.schools} | {s.urn for s in case.schools}
    headers = {"Authorization": f"Bearer {token}"}
    names = {**state.names, **{k: v for k, v in mine.items() if v}}
    todo = [
        path.format(**names)
        for (method, path), (allowed, _) in MATRIX.items()
        if method == "GET" and allowed != OPEN and role in allowed
    ]
    seen = set(todo)
    while todo:
        path = todo.pop()
        answer = office.client.get(path, headers=headers)
        assert answer.status_code < 500, path
        links = {html.unescape(h).partition("#")[0] for h in re.findall(r'href="(/[^"]*)"', answer.text)}
        todo += sorted(h for h in links - seen if not h.startswith(("/static", "/api")))
        seen |= links
        text = answer.text + repr(answer.headers)
        found = {h for h in hidden if h in text and re.search(rf"(?<!\w){re.escape(h)}(?!\w)", text)}
        if path.partition("?")[0] in EVERY_SCHOOL:
            found -= schools
        published = path.partition("?")[0] == "/rules"  # settings and their numbers, the same for everybody
        found -= {h for h in found if published and h.isdigit()}
        assert found == set(), (path, sorted(found)[:5])
        mine_to_see = ("day rate",) if path == "/sip/held" else ()  # one's own pay is among what is held on one
        never = [w for w in NEVER if w not in mine_to_see and re.search(rf"\b{w}\b", text.casefold())]
        assert never == [] or published, path
    assert len(seen) > 3
