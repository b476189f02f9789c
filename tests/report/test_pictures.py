"""Pictures for a decision: from nought, the critical first, each with a sentence; a map drawn from the case."""

from __future__ import annotations

import re

from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.questions.frontier import Point
from allocator.questions.sweep import SweepResult
from allocator.reasons.answer import solve
from allocator.report import frontier_svg, sweep_svg, terms_svg
from allocator.report.places import drawing
from allocator.service.pages.cards import Bar
from tests.make import BARE, case, led, policy, school, sip


def point(changed: int, points: int) -> Point:
    return Point(changed, points, 0, True, ())


def test_the_frontier_begins_at_nought_and_says_where_most_is_had() -> None:
    points = [point(3, 69_648), point(5, 69_830), point(9, 69_842)]
    drawn = frontier_svg.picture(points)
    assert re.findall(r"(\d+) %</text>", drawn) == ["0", "25", "50", "75", "100"]
    assert ">0</text>" in drawn  # schools, too
    assert "3 schools changed: 0 %" in drawn
    assert "9 schools changed: 100 %" in drawn
    assert frontier_svg.sentence(points) == (
        "3 schools must change whatever is chosen. Nine tenths of all that changing could bring is had with 5 schools "
        "changed; beyond 9 nothing more is gained."
    )
    assert frontier_svg.sentence([point(0, 5)]) == "No school must change; changing more would bring nothing."


def test_who_leaves_posts_empty_stands_first() -> None:
    rows = [
        SweepResult("a", "Ann", 0, 9, 4, 3.5, ()),
        SweepResult("b", "Bo", 2, 1, 0, 0, ()),
        SweepResult("c", "Cy", 0, 2, 6, 0, ()),
    ]
    assert [r.label for r in sweep_svg.worst(rows)] == ["Bo", "Cy", "Ann"]
    assert sweep_svg.sentence(rows).startswith("Without Bo posts would stay empty.")
    assert (
        sweep_svg.sentence(rows[:1])
        == "Everybody can be replaced from within the team. Ann would be missed most: 4 other schools would move."
    )


def test_a_map_has_an_outline_names_and_a_scale() -> None:
    spots = [(0, 0), (20_000, 0), (20_000, 10_000), (0, 10_000), (10_000, 5_000)]
    rows = [school(str(n), easting=400_000 + e, northing=300_000 + m, cluster="Hill") for n, (e, m) in enumerate(spots)]
    facts = case(rows, [sip("A", easting=405_000, northing=302_000, days=60)])
    found = drawing(Facts(facts, Policy()), solve(facts, Policy()))
    assert found is not None
    assert len(found.outlines[0].split()) == 4  # the school in the middle is no corner
    assert [(p.name, p.schools) for p in found.places] == [("Hill", 5)]
    a, b = sorted(m.x for m in found.schools if m.urn in "01")
    assert found.bar / found.km == round((b - a) / 20, 1)


def test_no_limit_is_no_bar() -> None:
    assert Bar("Spring", 4.5, None, 100, None).text == "4.5 days"
    assert Bar("Spring", 4.5, 4, 100, 90).text == "4.5 of 4 days, over by 0.5"


def test_days_by_term_have_a_piece_a_school_and_say_where_a_limit_is_passed() -> None:
    team = [sip("A", autumn_2_days=2, days=30), sip("B", days=30)]
    rows = case([school("1"), school("2")], team, history=[*led("1", "A", "2025/26"), *led("2", "A", "2025/26")])
    facts = Facts(rows, policy(**BARE, capacity={"period_stretch": 3}))
    plan = solve(rows, facts.policy)
    found = terms_svg.of_team(facts, plan)
    mine = found[0]
    assert [t.name for t in found] == ["Sip A"]  # who has no days has no picture
    load = next(x for x in plan.loads if x.sip == "A")
    assert mine.totals == tuple(load.periods.model_dump().values())
    assert tuple(sum(p[1][n] for p in mine.pieces) for n in range(4)) == mine.totals
    assert [name for name, _ in mine.pieces] == ["School 1", "School 2"]
    assert mine.over == [1]
    drawn = terms_svg.picture(mine)
    assert drawn.count("stroke-dasharray") == 1  # one limit is on record
    assert f">{mine.totals[1]:g} of 2!</text>" in drawn
    assert "Over their limit in November and December." in terms_svg.sentence(mine)


def test_time_to_begin_is_a_piece_of_its_own() -> None:
    rows = case([school("1")], [sip("A")])
    facts = Facts(rows, Policy())
    mine = terms_svg.of_team(facts, solve(rows, facts.policy))[0]
    assert [name for name, _ in mine.pieces] == ["School 1", terms_svg.TO_BEGIN]
    assert sum(mine.pieces[1][1]) == facts.policy.days.new_pairing
