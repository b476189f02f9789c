"""The desk a round is run from, and the plans that come to it: adopted, changed by hand, resubmitted."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allocator.domain import canon
from allocator.domain.calendar import first_year
from allocator.domain.case import Case, PostKind
from allocator.domain.change import all_of
from allocator.domain.claims import ASKED, THE_GOVERNORS, THE_SCHOOL, THE_SIP
from allocator.domain.facts import Facts
from allocator.domain.fold import fold
from allocator.domain.happened import FACTS, Event, Fact, PlanPut
from allocator.domain.lineup import kept, line_ups
from allocator.domain.plan import Assignment, Plan
from allocator.domain.policy import RoundRules
from allocator.domain.round import Beside, Cause, Key, Pair, Person, Query, Round
from allocator.engine.tiers import Stop
from allocator.errors import RoundRefuses, UsageError
from allocator.questions.scenario import scenario
from allocator.reasons.answer import world
from allocator.words import counted, listed

WAITS = ("queried", "proposed", "refused")  # stages of a pair that is before the school, most pressing first


KEPT = 8
_known: list[tuple[Plan, Facts]] = []  # newest last
_reading = threading.Lock()


def facts_of(plan: Plan) -> Facts:
    """The facts of the case that a plan answers: far quicker than its setup. Of a plan that is asked about again and
    again they are read once. UsageError if the plan was altered."""
    with _reading:
        for known, facts in _known:
            if known is plan:
                return facts
        made = Facts(*world(plan))
        _known.append((plan, made))
        del _known[:-KEPT]
        return made


@dataclass(frozen=True)
class Desk:
    """The current plan and where its round stands."""

    plan: Plan
    round: Round

    @cached_property
    def facts(self) -> Facts:
        return facts_of(self.plan)

    @property
    def rules(self) -> RoundRules:
        return self.facts.policy.round

    @cached_property
    def rows(self) -> dict[Key, Assignment]:
        """The last holder of each post."""
        return {(a.urn, a.post): a for a in sorted(self.plan.assignments, key=lambda a: a.from_)}

    @cached_property
    def last(self) -> dict[Beside, Assignment]:
        """The last row of each pair."""
        return {(a.urn, a.post, a.sip): a for a in sorted(self.plan.assignments, key=lambda a: a.from_)}

    def row(self, pair: Pair) -> Assignment:
        return self.last[pair.beside]

    def name(self, urn: str) -> str:
        return f"{self.facts.name(urn)} ({urn})"

    def pair(self, urn: str, post: PostKind, sip: str | None = None) -> Pair:
        """The pair of the post's last holder, or of the SIP named."""
        mine = [p for p in self.round.everyone if p.key == (urn, post) and p.sip == sip]
        found = mine[0] if mine else self.round.pairs.get((urn, post)) if sip is None else None
        if found is None:
            who = self.facts.sips[sip].name if sip in self.facts.sips else sip or "Nobody"
            raise UsageError(f"{who} is {'not ' if sip else ''}proposed as {post} for {self.name(urn)}.", urn=urn)
        return found

    def before_them(self, urn: str, post: PostKind) -> Pair:
        """The pair of this post that the school has an answer to give to: what waits for one, the last holder's
        first."""
        main = self.pair(urn, post)
        mine = [main, *(p for p in self.round.beside.values() if p.key == main.key)]
        return min(mine, key=lambda p: WAITS.index(p.stage) if p.stage in WAITS else len(WAITS))


def plan_id(plan: Plan) -> str:
    """The plan's name: the same for equal plans, whenever they were made (16 hex digits)."""
    data = plan.model_dump(mode="json", by_alias=True)
    for key in ("created_at", "deterministic_time"):
        del data["made_with"][key]
    return canon.sha256(data)[:16]


def record(events: Sequence[Event], fact: Fact, by: Person, at: dt.datetime) -> Event:
    """The next event. It is read back and folded in first, so that one that cannot be read is never kept."""
    event = Event(len(events) + 1, at, by, FACTS.checked(fact))
    fold([*events, event])
    return event


def may_adopt(now: Round) -> None:
    """Refused while proposals are out: heads would hold letters of another plan."""
    out = {p.urn for p in now.everyone if not p.untold}
    if out:
        raise RoundRefuses(
            f"Proposals of the present plan are out for {counted(len(out), 'school')}: a new solve would "
            "change them unseen. "
            "Resubmit with least change, or withdraw the proposals first."
        )


def adopt(now: Round, plan: Plan) -> PlanPut:
    """A solved plan becomes the draft, while no proposal is out."""
    may_adopt(now)
    return _plan_fact(now, plan, "solved", None, ())


def settled(now: Round, case: Case) -> list[Mapping[str, Any]]:
    """What was settled in this round and the data do not know, as changes of them: who was refused, to whom governors
    said no, and who was let go. A new plan of the whole year keeps to it; of a school or SIP that the data no longer
    have nothing is said."""
    known = {(r.urn, r.sip) for r in case.refusals if r.kind == "veto" and r.year == case.year}
    refused = sorted((u, p, s) for u, p, s in now.refused if (u, s) not in known)
    wished = {(w.urn, w.sip) for w in case.wishes if w.by == "sip" and w.wish == "move_on" and w.strength == 3}
    let_go = sorted(
        {(q.urn, q.post, q.sip) for q in now.queries if q.opens and q.sip and q.about != "interest"}
        - {(u, "lead", s) for u, s in wished}
    )
    barred = {(i.urn, i.sip) for i in case.interests if i.outcome == "barred"}
    ties = [q for q in now.queries if q.opens and q.about == "interest" and (q.urn, q.sip) not in barred]
    year = first_year(case.year)
    found = [*(_refused(now, year, *key) for key in refused)]
    found += [_not_for(u, "appraisal", s, THE_GOVERNORS, year) for u, s in sorted(now.noes) if (u, s) not in known]
    found += [*(_let_go(year, *key) for key in let_go), *(tie(now, q, case) for q in ties)]
    has = {(d.urn, d.sip, d.post) for d in case.decisions if d.decision == "forbid"}
    urns, sips = {x.urn for x in case.schools}, {x.sip for x in case.sips}
    return [c for c in _once(found, has) if all(a["urn"] in urns and a["sip"] in sips for a in c.values())]


def _once(
    changes: Sequence[Mapping[str, Any]], has: Collection[tuple[str, str | None, str | None]] = ()
) -> list[Mapping[str, Any]]:
    """Each change once: a tie or a refusal may end two tasks at a school, and whoever is barred from a task is barred
    from it whoever says so. `has`: school, SIP and post of what is barred already (no post: all)."""
    out: list[Mapping[str, Any]] = []
    done = set(has)
    for c in changes:
        barred = c.get("forbid")
        key = (barred["urn"], barred["sip"], barred["post"]) if barred else None
        if c in out or (key and (key in done or (*key[:2], None) in done)):
            continue
        out.append(c)
        if key:
            done.add(key)
    return out


def _refused(now: Round, year: int, urn: str, post: PostKind, sip: str) -> Mapping[str, Any]:
    """A refusal of who leads the school bars the SIP from it; one of another task bars them from that task, whoever
    leads the school by now."""
    if post == "lead" or (urn, "lead", sip) in now.refused:
        return {"veto": {"urn": urn, "sip": sip}}
    return _not_for(urn, post, sip, THE_SCHOOL, year)


def tie(now: Round, asked: Query, case: Case) -> Mapping[str, Any]:
    """What was decided on a tie that a SIP declared, as a change of the register: the row that is open there, or a new
    one. Before the plan is in force it bars from the first day, whenever in the year that is planned."""
    rows = [i for i in case.interests if (i.sip, i.urn) == (asked.sip, asked.urn) and i.outcome in (None, "open")]
    row = {"sip": asked.sip, "urn": asked.urn, "kind": rows[0].kind if rows else "other"}
    early = asked.closed_on is not None and asked.closed_on < dt.date(first_year(case.year), 9, 1)
    on = asked.closed_on.isoformat() if asked.closed_on and (early or now.in_force) else None
    outcome = "barred" if asked.opens else "cleared"
    return {"interest": {**row, "declared_on": on, "outcome": outcome, "decided_by": asked.closed_by}}


def by_hand(
    desk: Desk, changes: Sequence[Mapping[str, Any]], reason: str, stop: Stop | None = None, *, rebuild: bool = False
) -> tuple[Plan, PlanPut]:
    """The manager changes the plan (a lock, a leaver, …) and says why; what schools accepted stays (domain 3.7).

    Once the plan is in force this is a repair of the year, and only the days not yet worked are passed on. With
    `rebuild` everything is free: only while no proposal is out. Who was refused and is moved by hand stays refused, or
    a later repair could bring them back.
    """
    if not reason.strip():
        raise RoundRefuses("A change by hand is kept with its reason. Say why in a sentence.")
    if rebuild:
        may_adopt(desk.round)
    locks = [a for c in all_of(changes) for kind, a in c.items() if kind == "lock"]
    to = {(a["urn"], a.get("post") or "lead"): a["sip"] for a in locks}
    refused = [_opened(desk, p) for p in desk.round.waiting if to.get(p.key, p.sip) != p.sip]
    given = all_of(_once([*changes, *refused]))
    cause: Cause = "repaired" if desk.round.in_force else "by_hand"
    plan = scenario(desk.plan, given, rebuild=rebuild, held=held_by_hand(desk.round, given)).plan(stop)
    return plan, _plan_fact(desk.round, plan, cause, reason, given)


def put_back(desk: Desk, earlier: Plan, why: str) -> PlanPut:
    """An earlier plan of the round, on the desk again. What schools accepted or refused since stays so.

    Raises RoundRefuses once the plan is in force (days have been worked), and where the earlier plan would take away
    an accepted pair or bring back a refused one.
    """
    now = desk.round
    if now.in_force:
        raise RoundRefuses(
            "The plan is in force, and days have been worked under it. Ask a what-if, and put its answer on the desk."
        )
    fact = _plan_fact(now, earlier, "by_hand", why, ())
    lost = [desk.name(urn) for urn, post in fact.moved if (urn, post) in now.accepted]
    if lost:
        raise RoundRefuses(
            f"{listed(sorted(set(lost)))} said yes to the present pair, which the earlier plan does not "
            "have. Nothing was changed."
        )
    refused = [desk.name(urn) for urn, post, sip in fact.pairs if (urn, post, sip) in now.refused]
    if refused:
        raise RoundRefuses(
            f"{listed(sorted(set(refused)))} refused the pair that the earlier plan has. Nothing was changed."
        )
    return fact


def held_by_hand(now: Round, changes: Sequence[Mapping[str, Any]]) -> list[Key]:
    """What a change by hand may not move: pairs that schools accepted, but for those the change names."""
    named = {str(args["urn"]) for change in changes for args in change.values() if "urn" in args}
    return [] if now.in_force else [k for k in now.accepted if k[0] not in named]


def resubmit(desk: Desk, stop: Stop | None = None) -> tuple[Plan, PlanPut]:
    """Every refusal that stands, answered at once: accepted pairs held, the fewest further moves (domain F1, F12)."""
    waiting = desk.round.waiting
    if not waiting:
        raise RoundRefuses("No refusal waits to be resubmitted.")
    given = all_of(_once([_opened(desk, p) for p in waiting]))
    schools, keys = {p.urn for p in waiting if p.post == "lead"}, [p.key for p in waiting]
    held = [k for k in desk.round.accepted if k[0] not in schools and k not in keys]
    plan = scenario(desk.plan, given, held=held, uncounted=keys).plan(stop)
    return plan, _plan_fact(desk.round, plan, "resubmitted", None, given)


def _not_for(urn: str, post: PostKind, sip: str, by: str, year: int, on: dt.date | None = None) -> Mapping[str, Any]:
    """Barred from one task at the school, from `on` or all of this year, and the next, as a refusal stands."""
    until, why = f"{year + 2}-08-31", ASKED[by, post]
    told = {"on": on.isoformat()} if on else {}
    return {"forbid": {"urn": urn, "sip": sip, "post": post, "until": until, "by": by, "reason": why, **told}}


def _from(desk: Desk, said: dt.date | None) -> dt.date | None:
    """From when a word said in force tells: days before it, or before the last repair, stay as they were. None: from
    the first day."""
    year, last = desk.facts.year, desk.plan.inputs.repaired
    if not desk.round.in_force or said is None or said <= year.first:
        return None
    return min(year.last, max(said, last.latest or last.since) if last else said)


def _opened(desk: Desk, p: Pair) -> Mapping[str, Any]:
    """A school's refusal, its governors' no, a tie that bars, or a SIP let go."""
    year = desk.facts.year.start_year
    if p.said_no:
        return _not_for(p.urn, p.post, p.sip, THE_GOVERNORS, year, _from(desk, p.governors_on))
    if not p.declined:
        return _refused(desk.round, year, *p.beside)
    mine = [q for q in desk.round.queries if q.opens and (q.urn, q.sip) == (p.urn, p.sip)]
    asked = next((q for q in reversed(mine) if q.about == "interest" or q.post == p.post), None)
    if asked is not None and asked.about == "interest":
        return tie(desk.round, asked, desk.facts.case)
    return _let_go(year, *p.beside)


def _let_go(year: int, urn: str, post: PostKind, sip: str) -> Mapping[str, Any]:
    """A wish to part that bars the pair, and is not the school's; of another task than to lead, that task alone."""
    if post != "lead":
        return _not_for(urn, post, sip, THE_SIP, year)
    return {"wish": {"by": "sip", "sip": sip, "urn": urn, "wish": "move_on", "strength": 3}}


def _plan_fact(
    now: Round, plan: Plan, cause: Cause, reason: str | None, changes: Collection[Mapping[str, Any]]
) -> PlanPut:
    rows = sorted(plan.assignments, key=lambda a: a.from_)
    last: dict[Key, str] = {(a.urn, a.post): a.sip for a in rows}
    beside = {(a.urn, a.post, a.sip) for a in rows if not a.settled and last[a.urn, a.post] != a.sip}
    behind = {(a.urn, a.post, a.sip) for a in rows} - {(a.urn, a.post, a.sip) for a in rows if not a.settled}
    moved = [k for k, p in sorted(now.pairs.items()) if last.get(k) != p.sip] if cause != "solved" else []
    follows = {(w.urn, w.sip) for w in plan.wishes if w.by == "school" and w.wish == "follow_head" and w.urn}
    return PlanPut(
        plan=plan_id(plan),
        cause=cause,
        reason=reason,
        changes=tuple(dict(c) for c in changes),
        pairs=tuple((u, k, s) for (u, k), s in sorted(last.items())),
        beside=tuple(sorted(beside)),
        behind=tuple(sorted(behind)),
        line_ups=kept(line_ups(plan)),
        moved=tuple(moved),
        follows=tuple(sorted(follows)),
        reply_days=plan.inputs.policy.get("round", {}).get("query_days", RoundRules().query_days),
    )
