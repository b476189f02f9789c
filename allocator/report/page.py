"""The self-contained HTML report: opens with the director's page, prints well, asks nothing of the network."""

from __future__ import annotations

from functools import cache
from typing import Any

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.policy import settings
from allocator.domain.round import Round
from allocator.report import terms_svg
from allocator.report.director import director
from allocator.report.map_svg import letters, svg_map
from allocator.report.terminal import standing, why


@cache
def environment() -> Any:
    """Jinja with every value escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    env = Environment(
        loader=PackageLoader("allocator.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    env.filters["days"] = lambda d: f"{d:g}"
    env.filters["day"] = lambda d: f"{d.day} {d:%B %Y}"
    return env


def page(facts: Facts, plan: Plan, now: Round | None = None) -> str:
    """The whole page as one text; `now` is the round that the plan stands in, where it stands in one."""
    rows = sorted(plan.assignments, key=lambda a: (a.school, a.urn, a.post != "lead", a.from_))
    schools = {a.urn: a.school for a in plan.assignments} | {u.urn: u.school for u in plan.unfilled}
    names = {x.sip: x.name for x in plan.loads}
    team = terms_svg.of_team(facts, plan)
    one_scale = terms_svg.scale(team)
    text: str = (
        environment()
        .get_template("report.html.j2")
        .render(
            plan=plan,
            d=director(facts, plan, now),
            rows=rows,
            schools=schools,
            names=names,
            letters=letters(plan),
            map=svg_map(facts, plan),
            terms=[(t.name, terms_svg.picture(t, one_scale)) for t in team],
            standing=standing(plan),
            most=max([x.capacity for x in plan.loads] + [x.days for x in plan.loads] + [1]),
            why=why,
            changed=[(k, v, d, m) for k, v, d, m, _ in settings(facts.policy) if v != d],
            year=facts.case.year,
        )
    )
    return text
