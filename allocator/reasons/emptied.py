"""What leaves posts empty, cause by cause, the widest first: one lapsed check that empties six posts is one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from allocator.domain.plan import Plan, Unfilled
from allocator.words import listed, noun

WHY = {  # what a fix is about -> what is the matter, for one and for several people
    "check": ("{who} has no valid DBS check", "{who} have no valid DBS check"),
    "days": ("{who} has no days left", "{who} have no days left"),
    "period_days": ("{who} has no days left in a period", "{who} have no days left in a period"),
    "max_schools": ("{who} leads as many schools as may be", "{who} lead as many schools as may be"),
    "min_schools": ("{who} would lead fewer schools than agreed", "{who} would lead fewer schools than agreed"),
    "interest": ("{who} has an interest that nobody has decided", "{who} have interests that nobody has decided"),
    "unlock": ("{who} is locked elsewhere", "{who} are locked elsewhere"),
    "decision": ("a decision of yours would let {who} by", "a decision of yours would let {who} by"),
}
ALONE = {
    "budget": "all days together are at their limit",
    "sip_joins": "nobody on the team may take {}",
    "policy": "a setting stands in the way",
}
CLASH = {
    "dbs": "check",
    "capacity": "days",
    "portfolio": "max_schools",
    "interest": "interest",
}  # rule of a clash -> kind
LEAST = "nothing on the menu of fixes would fill {}"
NAMED = 2


@dataclass(frozen=True)
class Emptied:
    """A cause, and the posts that it leaves empty. `kind`: the change that would mend it; empty where none was
    found."""

    kind: str
    sips: tuple[str, ...]
    posts: tuple[Unfilled, ...]
    text: str


def emptied(plan: Plan) -> tuple[Emptied, ...]:
    """Each empty post under one cause: the one that leaves most posts empty, of those whose mending would fill it."""
    left = list(plan.unfilled)
    names: Mapping[str, str] = {x.sip: x.name for x in plan.loads}
    out = []
    while left:
        by: dict[str, list[Unfilled]] = defaultdict(list)
        for u in left:
            for kind in _kinds(u):
                by[kind].append(u)
        kind = min(by, key=lambda k: (-len(by[k]), k == "sip_joins", k))
        posts = by[kind]
        sips = {
            str(f.changes[0][kind]["sip"])
            for u in posts
            for f in u.fixes
            if kind and "sip" in f.changes[0].get(kind, {})
        }
        out.append(
            Emptied(kind, tuple(sorted(sips)), tuple(posts), _text(kind, sorted(names.get(s, s) for s in sips), posts))
        )
        left = [u for u in left if u not in posts]
    return tuple(out)


def _kinds(u: Unfilled) -> set[str]:
    """What its fixes are about; where none was found, what its clash is about."""
    found = {next(iter(f.changes[0])) for f in u.fixes}
    found = found - {"sip_joins"} or found  # somebody new is the last resort
    return found or {CLASH[c.rule] for c in u.clash if c.rule in CLASH} or {""}


def _people(u: Unfilled, kind: str) -> set[str]:
    mine = {str(f.changes[0][kind]["sip"]) for f in u.fixes if "sip" in f.changes[0].get(kind, {})}
    return mine or {c.sip for c in u.clash if c.sip and CLASH.get(c.rule) == kind}


def _text(kind: str, who: list[str], posts: list[Unfilled]) -> str:
    n = len(posts)
    if kind in WHY and who:
        several = len(who) > 1
        said = WHY[kind][several].format(
            who=listed(who if len(who) <= NAMED + 1 else [*who[:NAMED], f"{len(who) - NAMED} others"])
        )
    else:
        said = ALONE.get(kind, LEAST).format("it" if n == 1 else "them")
    schools = sorted({u.school + ("" if u.post == "lead" else f", {u.post}") for u in posts})
    shown = listed(schools if len(schools) <= NAMED + 1 else [*schools[:NAMED], f"{len(schools) - NAMED} others"])
    return f"{said[:1].upper()}{said[1:]}: {n} {noun(n, 'post')} empty ({shown})."
