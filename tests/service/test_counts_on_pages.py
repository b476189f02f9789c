"""After anything that may happen, desk, board, confirm list and director's page count what history and rows say (contract 2)."""

from __future__ import annotations

import html
import re

import pytest

from allocator import rounds
from allocator.domain.plan import Plan
from allocator.reasons.answer import world
from allocator.store import keep
from allocator.store.tables import RoundRow
from tests.rounds.test_counts import EVENTS, after
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long

ACTS = ("solve", "veto", "resubmission", "rebuild", *EVENTS)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_office(tmp_path_factory.mktemp("counts"))


def put(desk: Desk, id: str, plan: Plan) -> None:
    made, policy = world(plan)
    with desk.db.write() as s:
        s.add(RoundRow(id=id, programme_id="p", name=id, created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, id, lock=True)
        keep.keep_case(s, row, made, policy, [], MEL)
        keep.keep_plan(s, id, plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, id), plan), MEL)


def read(desk: Desk, path: str) -> str:
    answer = desk.client.get(f"http://testserver{path}", headers=desk.headers("manager"))
    assert answer.status_code == 200, answer.text
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def counted(plan: Plan) -> tuple[int, int, set[tuple[str, str]]]:
    """Schools whose lead changes, schools that keep theirs, and the pairs (URN, SIP) that begin with a change: from the history."""
    past = {h["urn"]: h["sip"] for h in plan.inputs.case["history"] if h["year"] == "2025/26"}
    changed, kept, pairs = set(), set(), set()
    for urn in {a.urn for a in plan.assignments}:
        was = past[urn]
        for a in sorted((a for a in plan.assignments if a.urn == urn), key=lambda a: a.from_):
            if a.sip != was:
                changed.add(urn)
                if not a.settled:
                    pairs.add((urn, a.sip))
            was = a.sip
        kept |= {urn} - changed
    return len(changed), len(kept), pairs


@long(but=("solve", "lock", "leaver", "cut"))
@pytest.mark.parametrize("act", ACTS)
def test_every_page_counts_what_history_says(desk: Desk, act: str) -> None:
    plan = after(act)
    put(desk, act, plan)
    changed, kept, pairs = counted(plan)
    at = f"/rounds/{act}"
    page = read(desk, f"{at}/plan")
    assert re.search(rf"\b{kept} keep last year's, {changed} changes?\b", read(desk, at) + page), page[:1500]
    assert re.search(rf"\b{changed} schools? changes? SIP", read(desk, f"{at}/board"))
    listed = read(desk, f"{at}/confirm/changed")
    assert f"{len(pairs)} pair{'' if len(pairs) == 1 else 's'} that changed" in listed
    assert f"The {len(pairs)} pair{'' if len(pairs) == 1 else 's'} that changed, each with why" in read(
        desk, f"{at}/confirm"
    )
    names = {a.urn: a.school for a in plan.assignments}
    for urn, _ in pairs:
        assert names[urn] in listed
