"""Every sentence that a head or a SIP is told, after anything that may happen in a year, read by one who believes nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from openpyxl import load_workbook

from allocator.check.audit import audit
from allocator.domain.plan import Plan
from allocator.intake.read import read_case
from allocator.questions.frontier import frontier
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.contrast import proofs
from allocator.reasons.spoken import lost_to_sip
from allocator.reasons.turns import losses
from allocator.reasons.why import explain
from allocator.report.director import director
from allocator.report.plan_workbook import write_workbook
from scenarios.tables import HERE
from tests.make import case, led, policy, school, sip
from tests.reasons.events import states
from tests.reasons.reader import Reader
from tests.sizes import HOURS, whole_or

CASES = whole_or(("hartwell", "st-oswin", "cluster-asks", "tenure-bites"), ("tenure-bites",))


def read_aloud(plan: Plan) -> tuple[int, list[str]]:
    """How many sentences were read to heads and SIPs, and which of them are not so."""
    ready, reader = ready_from(plan), Reader(plan)
    wrong = []
    for a in plan.assignments:
        if a.settled or not ready.held_by(a):
            continue
        last = [x for x in plan.assignments if (x.urn, x.post, x.sip) == (a.urn, a.post, a.sip) and not x.settled][-1]
        for audience in ("school", "sip"):
            said = explain(ready, plan, a.urn, a.post, audience=audience, holder=a.sip)
            wrong += [f"{a.urn} ({a.post}), to {audience}: {x}" for x in reader.read(last, audience, said.text)]
    for s in ready.facts.sips:
        lost = [c for c in losses(plan, s) if c.claims]
        wrong += [x for x in [reader.read_lost(c, lost_to_sip(ready.facts, c)) for c in lost] if x]
    return reader.n, wrong


def after(name: str) -> Iterator[tuple[str, Plan]]:
    reading = read_case(HERE / name)
    assert reading.case is not None
    yield from states(solve(reading.case, reading.policy))


def counted(plan: Plan, tmp_path: Path) -> None:
    """What every page counts, against a count of our own from history and rows."""
    made, rules = world(plan)
    year = int(made.year[:4])
    past: dict[str, set[str]] = {}
    for h in made.history:
        if int(h.year[:4]) == year - 1 and h.role in (None, "lead"):
            past.setdefault(h.urn, set()).add(h.sip)
    ready = ready_from(plan)
    had = {p.urn: past[p.urn] for p in ready.facts.year_posts if len(past.get(p.urn, ())) == 1}
    rows: dict[str, list[str]] = {}
    for a in sorted(plan.assignments, key=lambda a: a.from_):
        if a.post == "lead":
            rows.setdefault(a.urn, []).append(a.sip)
    gaps = {u.urn for u in plan.unfilled if u.post == "lead"}
    full = {u for u in rows if u not in gaps}
    changed = {u for u in full & had.keys() if set(rows[u]) != had[u]}
    assert changed <= {
        c.urn for c in plan.changes if c.post == "lead"
    }  # the list to open before confirming; the board's marks
    assert {c.urn for c in plan.changes if c.post == "lead"} & full & had.keys() == changed
    s = plan.summary
    assert s.kept + s.changed + s.had_none == len(full)  # the desk
    page = director(ready.facts, plan)
    assert sum(n for _, n in page.changes) == len({c.urn for c in plan.changes if c.post == "lead"})
    assert page.wishes == (sum(w.met for w in plan.wishes), len(plan.wishes))
    write_workbook(made, rules, plan, tmp_path / "plan.xlsx")
    book = load_workbook(io.BytesIO((tmp_path / "plan.xlsx").read_bytes()), read_only=True)
    told = [r for r in book["changes"].iter_rows(min_row=2, values_only=True) if r[1]]
    assert sorted((str(r[1]), str(r[2])) for r in told) == sorted((c.urn, str(c.post)) for c in plan.changes)


@pytest.mark.parametrize("name", CASES)
def test_no_sentence_is_false_after_anything_that_happens_and_all_pages_count_alike(name: str, tmp_path: Path) -> None:
    total = 0
    for what, plan in islice(after(name), 0, None, whole_or(1, 1, 3)):
        n, wrong = read_aloud(plan)
        total += n
        assert not wrong, f"{name}, {what}"
        open_ = {"certificate"} if what == "unproved" else set()  # it is proved after all, and says that it is not
        assert {b.rule for b in audit(*world(plan), plan)} == open_, f"{name}, {what}"
        counted(plan, tmp_path)
        if HOURS:
            assert [x for _, x in proofs(ready_from(plan), plan) if x] == [], f"{name}, {what}"
    print(f"{name}: {total:,} sentences")
    assert total > whole_or(500, 500, 150)


@pytest.mark.parametrize(
    "name",
    whole_or(("cluster-asks", "head-moves", "tenure-bites", "kept-lock", "hartwell"), ("cluster-asks", "tenure-bites")),
)
def test_with_no_more_changes_the_frontier_has_nothing_worse_than_the_plan(name: str) -> None:
    reading = read_case(HERE / name)
    assert reading.case is not None
    plan = solve(reading.case, reading.policy)
    changed = sum(c.post == "lead" for c in plan.changes)
    best = max(p.points for p in frontier(plan) if p.changed <= changed)
    assert best == plan.summary.points + plan.summary.team_points


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sip B stays your School Improvement Partner for 2026/27.", "has not been there all the time"),
        ("Sip B will be your School Improvement Partner from 1 September 2026; Sip A has left us.", "no such cause"),
        ("Sip B will be your School Improvement Partner from 2 September 2026.", "does not come then"),
        ("Among the reasons for Sip B: you asked for help with phonics, which they know well.", "not so"),
        ("You have 4 days for the year.", "5 days"),
        (
            "You asked for fresh eyes. We have not been able to do that this year: nobody who may take your school meets that.",
            "was not asked",
        ),
        ("Sip B is the best of all.", "not understood"),
    ],
)
def test_the_reader_finds_what_is_not_so(text: str, found: str) -> None:
    years = [f"20{n}/{n + 1}" for n in range(21, 26)]
    schools = [school("1", focus=("phonics",))]
    plan = solve(case(schools, [sip(), sip("B")], history=led("1", "A", *years)), policy())
    (problem,) = Reader(plan).read(plan.assignments[0], "school", text)
    assert problem.startswith(found)
