"""One cause that empties many posts is one line; each post stands under one cause."""

from __future__ import annotations

from allocator.reasons.answer import solve
from allocator.reasons.emptied import emptied
from tests.make import case, policy, school, sip


def test_one_lapsed_check_empties_every_school_of_its_kind() -> None:
    schools = [school(str(n), phase="special" if n < 4 else "primary") for n in range(1, 6)]
    people = [sip("A", name="Ann Lea", phases=("special",), dbs_valid_until="2026-10-01"), sip("B", name="Bo Fox")]
    plan = solve(case(schools, people), policy())
    found = emptied(plan)
    assert [(c.kind, c.sips, len(c.posts)) for c in found] == [("check", ("A",), 3)]
    assert found[0].text == "Ann Lea has no valid DBS check: 3 posts empty (School 1, School 2 and School 3)."


def test_each_empty_post_stands_under_one_cause() -> None:
    schools = [school(str(n), phase=p) for n, p in enumerate(["special", "special", "secondary", "primary"])]
    people = [sip("A", name="Ann Lea", phases=("special",), dbs_valid_until="2026-10-01"), sip("B", name="Bo Fox")]
    plan = solve(case(schools, people), policy())
    found = emptied(plan)
    assert sorted(u.urn for c in found for u in c.posts) == sorted(u.urn for u in plan.unfilled) == ["0", "1", "2"]
    assert [len(c.posts) for c in found] == [2, 1]
    assert "nobody on the team may take it: 1 post" in found[1].text.casefold()
