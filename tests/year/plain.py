"""The bars of a year read straight from the tables, one day after another; shares nothing with the auditor or the rules.

Not every rule: those that an event within the year brings. A row is looked at from the day on which its plan decides.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator

from allocator.domain.case import Case, School, Sip
from allocator.domain.change import apply
from allocator.domain.plan import Assignment, Plan
from allocator.domain.policy import Policy

DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 9, 1)
Spell = tuple[dt.date, dt.date]


def strange(case: Case, policy: Policy, plan: Plan, before: Plan | None) -> list[str]:
    """What a plan of 2026/27 may not say, by the tables; `before` is the plan that it goes on from."""
    return list(_Plain(case, policy, plan, before).all())


class _Plain:
    def __init__(self, case: Case, policy: Policy, plan: Plan, before: Plan | None) -> None:
        self.case, self.policy, self.plan = case, policy, plan
        kept = plan.inputs.repaired
        self.since = kept.since if kept else FIRST
        self.sips = {s.sip: s for s in case.sips}
        self.schools = {s.urn: s for s in case.schools}
        self.olds: dict[str, set[str]] = {u: {u} for u in self.schools}
        for _ in case.successions:
            for row in case.successions:
                if row.new_urn in self.olds:
                    self.olds[row.new_urn] |= {row.old_urn} | self.olds.get(row.old_urn, set())
        self.accepted: set[tuple[str, Spell]] = set()
        self.had: dict[tuple[str, str, str], list[Spell]] = defaultdict(list)
        if before is not None and kept and not kept.rebuild:
            old, _ = apply(
                Case.model_validate(before.inputs.case),
                Policy.model_validate(before.inputs.policy),
                before.inputs.changes,
            )
            self.accepted = {(s.sip, run) for s in old.sips for run in away(old, s.sip)}
            for x in before.assignments:
                self.had[x.urn, x.post, x.sip].append((x.from_, x.to))

    def all(self) -> Iterator[str]:
        rows = [x for x in self.plan.assignments if x.to >= self.since]
        for x in rows:
            school, sip = self.schools.get(x.urn), self.sips.get(x.sip)
            if school is None or sip is None:
                yield f"{x.urn} or {x.sip} is not in the tables after {self.since}"
                continue
            start = max(x.from_, self.since)
            yield from (f"{x.sip} at {x.urn} ({x.post}): {why}" for why in self.window(x, school, sip, start))
            for day in days(start, x.to):
                yield from (
                    f"{x.sip} at {x.urn} ({x.post}) on {day}: {why}" for why in self.barred(x, school, sip, day)
                )
            yield from self.absent(x, start)
        for day in sorted({self.since, *(d for x in rows for d in (x.from_, x.to + DAY) if d > self.since)}):
            yield from self.together([x for x in rows if x.from_ <= day <= x.to], day)
        yield from self.caps(rows)

    def window(self, x: Assignment, school: School, sip: Sip, start: dt.date) -> Iterator[str]:
        if school.closes_on and x.to > school.closes_on:
            yield "closed"
        if school.opens_on and start < school.opens_on:
            yield "not open yet"
        if self.policy.participation.on and school.participation not in (None, "needs_sip", "buys_in"):
            yield "not in the run"
        if self.policy.require_training and not sip.trained:
            yield "not trained"
        if x.post == "appraisal" and self.policy.appraisal.on and not sip.appraisal_trained:
            yield "not trained for appraisal"
        if self.policy.authority.on and sip.las and school.la and school.la not in sip.las:
            yield "another authority"

    def barred(self, x: Assignment, school: School, sip: Sip, day: dt.date) -> Iterator[str]:
        here, p = self.olds[x.urn], self.policy
        if p.availability.on:
            if sip.status not in (None, "active") or (sip.joined_on or day) > day:
                yield "not there"
            if min(sip.leaves_on or day, sip.contract_ends or day) < day:
                yield "has left"
        if p.require_dbs and ((sip.dbs_valid_until or day) < day or (sip.dbs_checked_on or day) > day):
            yield "no check in force"
        for r in self.case.refusals if p.refusal.on else ():
            vetoed = r.kind == "veto" and r.year in ("2025/26", "2026/27")
            broke = r.kind == "breakdown" and not self.decided("clear_breakdown", x.urn, x.sip)
            if r.sip == x.sip and r.urn in here and (r.on or day) <= day and (vetoed or broke):
                yield r.kind
        for d in self.case.decisions if p.decision.on else ():
            live = d.on <= day and (d.until is None or d.until >= FIRST)
            if d.decision == "forbid" and (d.urn, d.sip) == (x.urn, x.sip) and d.post in (None, x.post) and live:
                yield "forbidden"
        for i in self.case.interests if p.interest.on else ():
            reach = i.urn in here or (i.trust and i.trust == school.trust) or (i.la and i.la == school.la)
            counts = i.kind != "former_adviser" and i.outcome != "cleared" and not (i.until and i.until < FIRST)
            if i.sip == x.sip and reach and counts and (i.declared_on or day) <= day:
                yield "an interest"

    def decided(self, kind: str, urn: str, sip: str) -> bool:
        live = (d for d in self.case.decisions if d.until is None or d.until >= FIRST)
        on = self.policy.decision.on
        return on and any((d.decision, d.urn) == (kind, urn) and d.sip in (None, sip) for d in live)

    def absent(self, x: Assignment, start: dt.date) -> Iterator[str]:
        """An absence lets one go on only if it stood so before, or take days on only if it is less than half of them."""
        out = {d for run in away(self.case, x.sip) if (x.sip, run) not in self.accepted for d in days(*run)}
        mine = self.had.get((x.urn, x.post, x.sip), [])
        taken = [d for d in days(start, x.to) if d in out or not any(a <= d <= z for a, z in mine)]
        for n, day in enumerate(taken if self.policy.availability.on else ()):
            if n == 0 or taken[n - 1] + DAY < day:  # a run of them
                run = [d for m, d in enumerate(taken[n:]) if d == day + m * DAY]
                late = x.from_ == day == self.sips[x.sip].joined_on  # then the days before are theirs, too
                begin = max(self.since, self.schools[x.urn].opens_on or FIRST) if late else day
                if 2 * len(out.intersection(run)) >= len(run) + max(0, (day - begin).days):
                    yield f"{x.sip} at {x.urn} ({x.post}): away from {run[0]}"

    def together(self, rows: list[Assignment], day: dt.date) -> Iterator[str]:
        who, p = {(x.urn, x.post): x.sip for x in rows}, self.policy
        for (urn, post), sip in who.items():
            apart = (post == "support" and p.separation.on) or (
                post == "appraisal"
                and p.appraisal.on
                and urn in self.schools
                and self.schools[urn].appraisal == "different"
            )
            if apart and who.get((urn, "lead")) == sip:
                yield f"{sip} is lead and {post} at {urn} on {day}"
        for sip, n in (
            Counter(sip for (_, post), sip in who.items() if post == "lead").items() if p.portfolio.on else ()
        ):
            most = self.sips[sip].max_schools if sip in self.sips else None
            if most is not None and n > most:
                yield f"{sip} leads {n} schools on {day}"

    def caps(self, rows: list[Assignment]) -> Iterator[str]:
        given: Counter[str] = Counter()
        for x in self.plan.assignments:
            given[x.sip] += round(4 * (x.days + x.extra_days))
        for load in self.plan.loads:
            if load.sip in given and round(4 * load.days) != given[load.sip]:
                yield f"{load.sip} gives {given[load.sip] / 4} days by rows and {load.days} by loads"
            new = any(x.sip == load.sip and x.from_ >= self.since and x.days for x in rows)
            if self.policy.capacity.on and new and given[load.sip] > 4 * self.sips[load.sip].days:
                yield f"{load.sip} gives {given[load.sip] / 4} days and offers {self.sips[load.sip].days}"
        most = self.policy.budget.days
        if most is not None and any(x.from_ >= self.since and x.days for x in rows) and sum(given.values()) > 4 * most:
            yield f"{sum(given.values()) / 4} days in all, and the budget is {most}"


def days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + n * DAY for n in range((end - start).days + 1)]


def away(case: Case, sip: str) -> list[Spell]:
    """A SIP's absences, those without a day between as one."""
    out = {d for a in case.absences if a.sip == sip for d in days(a.away_from, a.away_to)}
    ends = [d for d in sorted(out) if d + DAY not in out]
    return list(zip([d for d in sorted(out) if d - DAY not in out], ends, strict=True))
