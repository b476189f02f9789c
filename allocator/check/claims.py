"""Every claim of a plan worked out again, from docs/reference/rules.md ("Claims"): why somebody is not there, what
came of a wish.

A price is shown by the plan that it names: the auditor scores that plan itself. That no cheaper one exists only a
solve can say; `verify --claims` asks one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocator.check.before import last_year
from allocator.check.derived import Book, Post
from allocator.check.ledger import by
from allocator.check.local import fresh_eyes, known_locally
from allocator.check.score import Auditor
from allocator.check.structure import Breach, Choice, Short, locks, most_schools
from allocator.check.together import one_lead
from allocator.domain.case import Decision, DecisionKind, Sip, Wish
from allocator.domain.claims import Cause, CouldNotBe, Outweighed, Price, WishAnswered
from allocator.domain.plan import Moved, Plan

WANTS = {"keep", "named", "follow_head"}
PARTS = {"change", "move_on"}
Line = dict[str, Any]


def check(a: Auditor, plan: Plan, choice: Choice, short: Short) -> Iterator[Breach]:
    """Every claim that is not as the tables and the plan have it; a bare plan says nothing."""
    if not said(plan):
        return
    look = _Claims(a, plan, choice, short)
    for what, rows in (("changes", plan.changes), ("moves", plan.moves)):
        for row in rows:
            yield from look.change(what, row)
    yield from look.wishes()


def said(plan: Plan) -> bool:
    """Whether the plan speaks at all: one made for its figures only has no words."""
    return any(c.because for c in (*plan.changes, *plan.moves)) or bool(plan.wishes)


@dataclass(frozen=True)
class Count:
    """Sentences of a plan: worked out again here, decided by an earlier plan, and left to a solve."""

    shown: int
    carried: int
    by_solve: int


def count(a: Auditor, plan: Plan) -> Count:
    """How many of the plan's sentences the auditor has shown: reasons, claims of changes and wishes, clashes,
    totals."""
    rows = (*plan.changes, *plan.moves)
    old = [r for r in rows if r.claims and a.stand.at((r.urn, r.post), r.on or a.book.first) is None]
    claims = [c for r in rows if r not in old for c in r.claims]
    claims += [c for w in plan.wishes for c in w.because]
    open_ = [c for c in claims if isinstance(c, Outweighed | CouldNotBe)]
    reasons = sum(bool(r.points) for x in plan.assignments for r in x.reasons)
    clashes = sum(len(u.clash) for u in plan.unfilled)
    whole = len(claims) + len(plan.wishes) + reasons + clashes + len(type(plan.summary).model_fields)
    return Count(whole - len(open_), sum(len(r.claims) for r in old), len(open_))


class _Claims:
    def __init__(self, a: Auditor, plan: Plan, choice: Choice, short: Short) -> None:
        self.a, self.b, self.stand, self.plan = a, a.book, a.stand, plan
        self.choice, self.short = choice, short
        self.locked = locks(a.stand)
        self.groups = one_lead(a.book)
        self.rows = by(plan.assignments, lambda x: (x.urn, str(x.post)))

    # -- changes -----------------------------------------------------------------------------------------------

    def change(self, what: str, row: Moved) -> Iterator[Breach]:
        key = self.stand.at((row.urn, row.post), row.on or self.b.first)
        if key is None or not row.because:  # decided by the plan before, or not put into words
            return
        want = self.absent(self.stand.by_key[key], row.from_ or "", row)
        where = f"{what}: {row.urn} ({row.post}) from {row.from_} to {row.to}"
        yield from self._compare(where, want, row.claims)
        if row.voluntary != any(c["kind"] == "asked_to_leave" for c in want):
            yield Breach("claims", f"{where}: voluntary is {row.voluntary}.", row.urn, row.post)

    def _compare(self, where: str, want: Sequence[Line], given: Sequence[Cause]) -> Iterator[Breach]:
        """Claims that should be against those that are; one that was put to a solve may say more."""
        for n in range(max(len(want), len(given))):
            right, claim = want[n] if n < len(want) else None, given[n] if n < len(given) else None
            told = _line(claim)
            if right and right["kind"] == "outweighed":
                solved = isinstance(claim, CouldNotBe) and {**right, "kind": "could_not_be"} == told
                if solved or (isinstance(claim, Outweighed) and told and {**told, "price": None} == right):
                    yield from self._price(where, claim)
                    continue
            if told != right:
                yield Breach("claims", f"{where}: it says {told or 'nothing'}, and should say {right or 'nothing'}.")

    def _price(self, where: str, claim: Cause | None) -> Iterator[Breach]:
        if not isinstance(claim, Outweighed) or claim.price is None:
            return
        then = dict(self.choice)
        for s in claim.price.shifts:
            if then.pop((s.urn, s.post), None) != s.from_:
                yield Breach("claims", f"{where}: {s.urn} ({s.post}) is not held by {s.from_ or 'anybody'}.")
            if s.to:
                then[s.urn, s.post] = s.to
        if claim.sip and then.get((claim.urn, claim.post)) != claim.sip:
            yield Breach("claims", f"{where}: the plan that its price is read from has no {claim.sip} there.")
        if (problem := self._scored(then, claim.price)) is not None:
            yield Breach("claims", f"{where}: {problem}")

    def _scored(self, then: Choice, price: Price) -> str | None:
        """What is wrong with a price, by the plan that it names."""
        if strange := [k for k, s in then.items() if k not in self.stand.by_key or s not in self.b.sips]:
            return f"the plan that its price is read from has no such post or SIP: {strange[0]}."
        short = {(t.urn, t.post): round(4 * t.days) for t in price.short}
        now, new = self.a.score(self.choice, self.short, checked=True), self.a.score(then, short)
        if new is None or now is None:
            return "the plan that its price is read from breaks a rule."
        sign = {n: -1 if n.startswith(("1d", "2", "3", "5")) else 1 for n in now.tiers}
        lost = {n: sign[n] * (v - new.tiers[n]) for n, v in now.tiers.items() if n != "5" and v != new.tiers[n]}
        if lost != {x.tier: x.by for x in price.lost}:
            return f"its price is {lost}, and is given as { {x.tier: x.by for x in price.lost} }."
        if not lost or next(iter(lost.values())) < 0:
            return "what it says was outweighed is as good as the plan, or better."
        return None

    # -- why somebody is not there -----------------------------------------------------------------------------

    def absent(self, at: Post, sip: str, row: Moved | None = None) -> list[Line]:
        """Claims of why this SIP does not hold the part."""
        near = list(self._near(at))
        if found := self._barred(at, sip):
            return found
        for rule, urns, parts in near:
            for part in parts:
                if found := self._barred(part, sip):
                    return [*found, _for_all(rule, urns)]
        if lock := self._lock(at, sip):
            return [lock]
        for rule, urns, parts in near:
            for part in parts:
                if lock := self._lock(part, sip):
                    return [lock, _for_all(rule, urns)]
        if asked := self._asked(at, sip):
            return [asked]
        if row is not None and self._back(row):
            return [{"kind": "returns", "sip": row.to}]
        for rule, urns, _ in near:
            if len({last_year(self.b, u, "lead") for u in urns}) > 1:
                return [_for_all(rule, urns)]
        return [self._apart(at, sip) or self._no_room(at, sip) or self._open(at, sip)]

    def _no_room(self, at: Post, sip: str) -> Line | None:
        """Whether the SIP alone could not hold it, however many days it goes short."""
        line = {"kind": "no_room", "urn": at.urn, "post": at.key[1], "sip": sip}
        if self.b.policy.portfolio.on and at.kind == "lead" and most_schools(self.stand, sip) == 0:
            return {**line, "period": "schools"}
        row, past = self.b.sips[sip], self.stand.spent(sip)
        ways = [self.stand.loads(at, row, q) for q in (0, *at.trims)]
        for n, most in enumerate(self.b.limits(row) if self.b.policy.capacity.on else []):
            if most is not None and all(used[n] > max(0, self.b.hard(most) - past[n]) for used in ways):
                return {**line, "period": ("autumn_1", "autumn_2", "spring", "summer")[n]}
        room = max(0, self.b.capacity(row) - sum(past))
        tight = self.b.policy.capacity.on and all(sum(used) > room for used in ways)
        return {**line, "period": "year"} if tight else None

    def _open(self, at: Post, sip: str) -> Line:
        if not self.plan.certificate.proved:
            return {"kind": "not_proved_best", "urn": at.urn, "sip": sip}
        mine = self.rows.get((at.urn, at.kind), ())
        held = next((x for x in mine if not x.settled and x.from_ <= at.end and at.begin <= x.to), None)
        if held is not None and sip in held.tied_with:
            return {"kind": "tied", "urn": at.urn, "sip": sip}
        return {"kind": "outweighed", "urn": at.urn, "post": at.key[1], "sip": sip, "price": None}

    def _barred(self, at: Post, sip: str) -> list[Line]:
        row = self.b.sips.get(sip)
        if row is None:
            return [{"kind": "gone", "sip": sip, "on": None}]
        lines = [self._rule(at, row, rule) for rule in sorted(self.a.bars.rules(at, row))]
        return [x for x in lines if x["kind"] == "gone"] or lines

    def _rule(self, at: Post, s: Sip, rule: str) -> Line:
        here = {"urn": at.urn, "sip": s.sip}
        if rule == "availability":
            return self._away(at, s)
        if rule == "tenure":
            years, limit = self.b.tenure(at.urn, s.sip) - 1, self.b.policy.tenure.limit
            return {"kind": "limit_reached", **here, "years": years, "limit": limit}
        if rule == "refusal":
            mine = [r for r in self.b.find.refusals.get(s.sip, ()) if r.urn in self.b.old[at.urn] and r.kind == "veto"]
            how = (
                "refusal"
                if any(int(r.year[:4]) >= self.b.start - 1 for r in mine if int(r.year[:4]) <= self.b.start)
                else "breakdown"
            )
            return {"kind": "asked_to_leave", **here, "by": "school", "how": how, "binding": True}
        if rule == "parting":
            strong = any(w.by == "school" and w.strength == 3 for w in self._parting(at, s.sip))
            ended = any(h.sip == s.sip and h.ended == "school_asked" for h in self.b.rows[at.urn])
            return {
                "kind": "asked_to_leave",
                **here,
                "by": "school" if strong or ended else "sip",
                "how": "wish",
                "binding": True,
            }
        if rule == "decision":
            rows = [d for d in self._decisions("forbid", at.urn) if d.sip == s.sip and d.post in (None, at.kind)]
            return _decided(rows)
        return {"kind": "barred_by", "urn": at.urn, "post": at.key[1], "sip": s.sip, "rule": rule}

    def _away(self, at: Post, s: Sip) -> Line:
        if s.status not in (None, "active"):
            return {"kind": "gone", "sip": s.sip, "on": None}
        for on in (s.leaves_on, s.contract_ends):
            if on is not None and on < at.end:
                return {"kind": "gone", "sip": s.sip, "on": on}
        late = s.joined_on and s.joined_on > max(at.begin, self.b.on(self.b.policy.calendar.latest_start))
        rows = sorted((x.away_from, x.away_to) for x in self.b.find.absences.get(s.sip, ()))
        spans = tuple({"from_": x, "to": y} for x, y in rows if x <= at.end and at.begin <= y)
        if spans and not late:
            return {"kind": "away", "sip": s.sip, "spans": spans}
        return {"kind": "barred_by", "urn": at.urn, "post": at.key[1], "sip": s.sip, "rule": "availability"}

    def _near(self, at: Post) -> Iterator[tuple[str, tuple[str, ...], list[Post]]]:
        """(rule, schools, the other parts) that must have one lead with this part, sharing a day with it."""
        for rule, urns in sorted(self.groups):
            if at.kind != "lead" or at.urn not in urns:
                continue
            leads = [p for u in sorted(urns) if u != at.urn for p in self.stand.parts.get((u, "lead"), ())]
            others = [p for p in leads if p.meets(at)]
            if others:
                yield rule, tuple(sorted({at.urn, *(p.urn for p in others)})), others

    def _decisions(self, kind: DecisionKind, urn: str) -> list[Decision]:
        rows = self.b.find.decisions.get((kind, urn), ())
        return [d for d in rows if d.until is None or d.until >= self.b.first]

    def _lock(self, at: Post, sip: str) -> Line | None:
        others = self.locked.get(at.key, set()) - {sip}
        rows = [d for d in self._decisions("lock", at.urn) if d.sip in others and (d.post or "lead") == at.kind]
        return _decided(rows) if rows else None

    def _parting(self, at: Post, sip: str) -> list[Wish]:
        """Wishes to part from this SIP at the part's school."""
        if at.kind != "lead":
            return []
        return [w for w in self._about(at.urn) if w.wish in PARTS and self._whom(at.urn, w) == sip]

    def _asked(self, at: Post, sip: str) -> Line | None:
        by = sorted(w.by for w in self._parting(at, sip))
        return (
            {"kind": "asked_to_leave", "urn": at.urn, "sip": sip, "by": by[0], "how": "wish", "binding": False}
            if by
            else None
        )

    def _back(self, row: Moved) -> bool:
        mine = sorted((x.from_, x.sip) for x in self.rows.get((row.urn, row.post), ()))
        earlier = [sip for on, sip in mine if row.on is not None and on < row.on]
        return row.to in earlier[:-1]

    def _apart(self, at: Post, sip: str) -> Line | None:
        rules = []
        if self.b.policy.appraisal.on and self.b.schools[at.urn].appraisal == "different":
            rules.append(("appraisal", "appraisal"))
        if self.b.policy.separation.on:
            rules.append(("separation", "support"))
        for rule, kind in rules:
            other = {"lead": kind, kind: "lead"}.get(at.kind)
            parts = self.stand.parts.get((at.urn, other or ""), ())
            if any(p.meets(at) and self.choice.get(p.key) == sip for p in parts):
                return {"kind": "kept_apart", "urn": at.urn, "sip": sip, "post": other, "rule": rule}
        return None

    # -- wishes ------------------------------------------------------------------------------------------------

    def wishes(self) -> Iterator[Breach]:
        """Every wish in the tables, in order, against the plan's."""
        right = [line for p in self.b.year_posts if p.kind == "lead" for line in self._of_school(p)]
        if len(right) != len(self.plan.wishes):
            yield Breach("claims", f"wishes: {len(self.plan.wishes)} are answered, and there are {len(right)}.")
            return
        for (line, because), given in zip(right, self.plan.wishes, strict=True):
            told = _head(given)
            if told != line:
                yield Breach("claims", f"wishes: it says {told}, and should say {line}.", given.urn)
            yield from self._compare(f"wish of {given.by} at {given.urn} ({given.wish})", because, given.because)

    def _of_school(self, post: Post) -> Iterator[tuple[Line, list[Line]]]:
        rows = [w for w in self._about(post.urn) if w.by == "school" or w.wish in WANTS | PARTS]
        for w in sorted(rows, key=lambda w: (w.by, w.wish, w.sip or "", w.strength or 2)):
            whom = self._whom(post.urn, w)
            if whom is None and w.wish in WANTS | PARTS:
                continue
            met = self._met(post, w, whom)
            kind = "wish_met" if met else "wish_not_met"
            line = {"kind": kind, "by": w.by, "urn": post.urn, "sip": whom, "wish": w.wish, "strength": w.strength or 2}
            yield line, [] if met else self._unmet(post, w, whom)

    def _about(self, urn: str) -> list[Wish]:
        return [*self.b.find.wishes.get(urn, ()), *self.b.find.general.get(self.b.last_lead(urn), ())]

    def _whom(self, urn: str, w: Wish) -> str | None:
        if w.by == "sip" or w.wish in ("named", "follow_head"):
            return w.sip
        return (w.sip or self.b.last_lead(urn)) if w.wish in ("keep", "change") else None

    def _met(self, post: Post, w: Wish, whom: str | None) -> bool:
        rows = [x for x in self.rows.get(post.key, ()) if x.to >= post.end]
        holder = max(rows, key=lambda x: x.from_).sip if rows else None
        if w.wish in WANTS:
            return holder == whom
        if w.wish in PARTS:
            return holder != whom
        return holder in self.b.sips and _is(self.b, post.urn, w.wish, self.b.sips[holder or ""])

    def _unmet(self, post: Post, w: Wish, whom: str | None) -> list[Line]:
        parts = self.stand.parts.get(post.key, ())
        if not parts:
            return []
        at = max(parts, key=lambda p: p.begin)
        if w.wish in WANTS:
            return self.absent(at, whom or "")
        able = [self.b.sips[s] for s in self.a.allowed(at.key)]
        if not any(s.sip != whom if w.wish in PARTS else _is(self.b, at.urn, w.wish, s) for s in able):
            begin = at.begin if any(p.begin < at.begin for p in parts) else None
            return [{"kind": "nobody_such", "urn": at.urn, "wish": w.wish, "from_": begin}]
        if not self.plan.certificate.proved:
            return [{"kind": "not_proved_best", "urn": at.urn, "sip": None}]
        return [{"kind": "outweighed", "urn": at.urn, "post": at.key[1], "sip": None, "price": None}]


def _is(b: Book, urn: str, wish: str, s: Sip) -> bool:
    """Whether a SIP is what a school's wish asks for."""
    return {
        "known_locally": lambda: known_locally(b, urn, s),
        "fresh_eyes": lambda: fresh_eyes(b, urn, s),
        "not_serving_head": lambda: s.kind != "serving_head",
        "flexible_diary": lambda: s.flexible_diary is True,
    }[wish]()


def _line(claim: Cause | None) -> Line | None:
    return claim.model_dump() if claim is not None else None


def _head(w: WishAnswered) -> Line:
    return {k: v for k, v in w.model_dump().items() if k not in ("because", "text")}


def _for_all(rule: str, urns: Sequence[str]) -> Line:
    return {"kind": "one_for_all", "rule": rule, "urns": tuple(urns)}


def _decided(rows: Sequence[Decision]) -> Line:
    d = max(rows, key=lambda d: (d.on, d.by, d.reason))
    names: Mapping[str, str] = {"lock": "lock", "forbid": "forbid"}
    return {
        "kind": "by_hand",
        "urn": d.urn,
        "sip": d.sip or "",
        "decision": names[d.decision],
        "by": d.by,
        "on": d.on,
        "reason": d.reason,
    }
