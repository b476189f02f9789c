"""Claims of a plan, worked out by contrast: why somebody is not there, and what came of every wish (rules.md,
"Claims")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Literal

from allocator.allocate import Key, Setup
from allocator.domain import claims as say
from allocator.domain.before import last_year
from allocator.domain.calendar import first_year
from allocator.domain.case import Decision, Sip, Wish
from allocator.domain.facts import Facts, Post
from allocator.domain.plan import Assignment, Moved, Plan
from allocator.reasons.room import no_room
from allocator.rules.local import IS

FOR = ("keep", "named", "follow_head")  # wishes to have somebody
PART = ("change", "move_on")  # wishes to part from somebody


@dataclass(frozen=True)
class Claims:
    """A plan of which claims are made. `plan` has its rows and ties; its changes may still be bare."""

    ready: Setup
    plan: Plan

    @property
    def facts(self) -> Facts:
        return self.ready.facts

    @cached_property
    def held(self) -> dict[Key, str]:
        """Part -> SIP."""
        return {p.key: a.sip for a in self.plan.assignments for p in self.ready.held_by(a)}

    @cached_property
    def rows(self) -> dict[tuple[str, str], list[Assignment]]:
        """Post -> its rows, one after another in the year."""
        out: dict[tuple[str, str], list[Assignment]] = defaultdict(list)
        for a in sorted(self.plan.assignments, key=lambda a: a.from_):
            out[a.urn, a.post].append(a)
        return out

    @cached_property
    def apart(self) -> dict[Key, list[tuple[str, Key]]]:
        """Part -> (rule, part that must have somebody else)."""
        out: dict[Key, list[tuple[str, Key]]] = defaultdict(list)
        for s in sorted(self.ready.structures, key=lambda s: s.rule):
            for one, other in permutations(s.posts) if s.kind == "different" else ():
                out[one].append((s.rule, other))
        return out

    @cached_property
    def row_of(self) -> dict[Key, Assignment]:
        return {p.key: a for a in self.plan.assignments for p in self.ready.held_by(a)}

    @cached_property
    def bound(self) -> dict[Key, list[tuple[str, tuple[Key, ...]]]]:
        """Part -> (rule, parts that must have the same lead)."""
        out: dict[Key, list[tuple[str, tuple[Key, ...]]]] = {}
        for s in self.ready.structures:
            for key in s.posts if s.kind == "same" else ():
                out.setdefault(key, []).append((s.rule, s.posts))
        return out

    @cached_property
    def fixed(self) -> dict[Key, list[str]]:
        """Part -> SIPs locked there."""
        out: dict[Key, list[str]] = {}
        for s in self.ready.structures:
            for urn, slot, sip in s.pairs if s.kind == "fixed" else ():
                out.setdefault((urn, slot), []).append(sip)
        return out

    # -- changes -------------------------------------------------------------------------------------------

    def of_change(self, change: Moved) -> tuple[say.Cause, ...] | None:
        """Why `from` is not there any more; None where that was decided before this plan."""
        parts = self.ready.parts.of.get((change.urn, change.post), ())
        at = next((p for p in parts if change.on is None or p.start <= change.on <= p.end), None)
        return None if at is None else self.absent(at, change.from_ or "", change)

    def absent(self, at: Post, sip: str, change: Moved | None = None) -> tuple[say.Cause, ...]:
        """Why this SIP does not hold the part."""
        for cause in (self._barred, self._bound_and_barred, self._by_hand, self._wished):
            if found := cause(at, sip):
                return found
        if change is not None and self._returns(change):
            return (say.Returns(sip=change.to or ""),)
        if found := self._for_all(at):
            return found
        if found := self._kept_apart(at, sip):
            return found
        if period := no_room(self.facts, at, self.facts.sips[sip]):
            return (say.NoRoom(urn=at.urn, post=at.slot, sip=sip, period=period),)
        if not self.plan.certificate.proved:
            return (say.NotProvedBest(urn=at.urn, sip=sip),)
        row = self.row_of.get(at.key)
        if row is not None and sip in row.tied_with:
            return (say.Tied(urn=at.urn, sip=sip),)
        return (say.Outweighed(urn=at.urn, post=at.slot, sip=sip),)

    def _barred(self, at: Post, sip: str) -> tuple[say.Cause, ...]:
        row = self.facts.sips.get(sip)
        if row is None:
            return (say.Gone(sip=sip),)
        if (*at.key, sip) in self.ready.index:  # the holder of a kept part may have it, whatever bars a newcomer
            return ()
        rules = sorted(rule for rule, _ in self.ready.pairs.blocks(*at.key, sip))
        found = tuple(self._rule(at, row, rule) for rule in rules)
        return tuple(c for c in found if isinstance(c, say.Gone)) or found  # of who is gone nothing else bears

    def _rule(self, at: Post, sip: Sip, rule: str) -> say.Cause:
        urn, id = at.urn, sip.sip
        if rule == "availability":
            return self._away(at, sip)
        if rule == "tenure":
            years = self.facts.tenure_year(urn, id) - 1
            return say.LimitReached(urn=urn, sip=id, years=years, limit=self.facts.policy.tenure.limit)
        if rule == "refusal":
            how: Literal["refusal", "breakdown"] = "refusal" if vetoed(self.facts, urn, id) else "breakdown"
            return say.AskedToLeave(urn=urn, sip=id, by="school", how=how, binding=True)
        if rule == "parting":
            by: Literal["school", "sip"] = "school" if self._school_parts(at, id) else "sip"
            return say.AskedToLeave(urn=urn, sip=id, by=by, how="wish", binding=True)
        if rule == "decision":
            rows = [d for d in self.facts.decisions("forbid", urn) if d.sip == id and d.post in (None, at.kind)]
            return _decided(rows)
        return say.Barred(urn=urn, post=at.slot, sip=id, rule=rule)

    def _away(self, at: Post, sip: Sip) -> say.Cause:
        if sip.status not in (None, "active"):
            return say.Gone(sip=sip.sip)
        for on in (sip.leaves_on, sip.contract_ends):
            if on is not None and on < at.end:
                return say.Gone(sip=sip.sip, on=on)
        rows = sorted((a.away_from, a.away_to) for a in self.facts.case.absences if a.sip == sip.sip)
        spans = tuple(say.Span(from_=a, to=b) for a, b in rows if a <= at.end and b >= at.start)
        if spans and not (sip.joined_on and sip.joined_on > max(self.facts.year.latest_start, at.start)):
            return say.Away(sip=sip.sip, spans=spans)
        return say.Barred(urn=at.urn, post=at.slot, sip=sip.sip, rule="availability")

    def _school_parts(self, at: Post, sip: str) -> bool:
        """Whether it is the school that asked: by a strong wish, or when the work ended."""
        strong = any(w.strength == 3 and w.by == "school" for w in self._to_part(at, sip))
        ended = [r for r in self.facts.history(at.urn) if r.sip == sip and r.ended == "school_asked"]
        return strong or bool(ended)

    def _others(self, at: Post) -> Iterator[tuple[str, tuple[str, ...], list[Post]]]:
        """By rule: the schools, and the parts of the others, that must have one lead with this part."""
        of_rule: dict[str, set[Key]] = {}
        for rule, keys in self.bound.get(at.key, []):
            of_rule.setdefault(rule, {at.key}).update(keys)
        for rule, group in sorted(of_rule.items()):
            parts = sorted((self.ready.parts.by_key[k] for k in group), key=lambda p: (p.urn, p.n))
            yield rule, tuple(sorted({p.urn for p in parts})), [p for p in parts if p.key != at.key]

    def _bound_and_barred(self, at: Post, sip: str) -> tuple[say.Cause, ...]:
        for rule, urns, others in self._others(at):
            for part in others:
                if found := self._barred(part, sip):
                    return (*found, say.OneForAll(rule=rule, urns=urns))
        return ()

    def _by_hand(self, at: Post, sip: str) -> tuple[say.Cause, ...]:
        if found := self._lock(at, sip):
            return (found,)
        for rule, urns, others in self._others(at):
            for part in others:
                if found := self._lock(part, sip):
                    return (found, say.OneForAll(rule=rule, urns=urns))
        return ()

    def _lock(self, at: Post, sip: str) -> say.Cause | None:
        """The decision that fixes somebody else here."""
        who = [s for s in self.fixed.get(at.key, ()) if s != sip]
        rows = [d for d in self.facts.decisions("lock", at.urn) if d.sip in who and (d.post or "lead") == at.kind]
        return _decided(rows) if rows else None

    def _to_part(self, at: Post, sip: str) -> list[Wish]:
        """Wishes to part from this SIP here, the school's before the SIP's."""
        if at.kind != "lead":
            return []
        mine = [w for w in _wishes(self.facts, at.urn) if w.wish in PART and about(self.facts, at.urn, w) == sip]
        return sorted(mine, key=lambda w: w.by)

    def _wished(self, at: Post, sip: str) -> tuple[say.Cause, ...]:
        rows = self._to_part(at, sip)
        if not rows:
            return ()
        return (say.AskedToLeave(urn=at.urn, sip=sip, by=rows[0].by, how="wish", binding=False),)

    def _returns(self, change: Moved) -> bool:
        rows = self.rows[change.urn, change.post]
        earlier = [a for a in rows if change.on is not None and a.from_ < change.on]
        return any(a.sip == change.to for a in earlier[:-1])

    def _for_all(self, at: Post) -> tuple[say.Cause, ...]:
        for rule, urns, _ in self._others(at):
            if len({last_year(self.facts, u, "lead") for u in urns}) > 1:
                return (say.OneForAll(rule=rule, urns=urns),)
        return ()

    def _kept_apart(self, at: Post, sip: str) -> tuple[say.Cause, ...]:
        for rule, other in self.apart[at.key]:
            if self.held.get(other) == sip:
                return (say.Apart(urn=at.urn, sip=sip, post=self.ready.parts.by_key[other].kind, rule=rule),)
        return ()

    # -- wishes --------------------------------------------------------------------------------------------

    def of_wishes(self) -> tuple[say.WishAnswered, ...]:
        """Every wish, by school, with what came of it."""
        leads = [p for p in self.facts.year_posts if p.kind == "lead"]
        return tuple(row for p in leads for w in _wishes(self.facts, p.urn) if (row := self._answered(p, w)))

    def _answered(self, post: Post, w: Wish) -> say.WishAnswered | None:
        sip = about(self.facts, post.urn, w)
        if sip is None and w.wish in (*FOR, *PART):
            return None
        rows = [a for a in self.rows[post.key] if a.to >= post.end]
        holder = rows[-1].sip if rows else None
        met = is_met(self.facts, post.urn, w, sip, holder)
        return say.WishAnswered(
            kind="wish_met" if met else "wish_not_met",
            by=w.by,
            urn=post.urn,
            sip=sip,
            wish=w.wish,
            strength=w.strength or 2,
            because=() if met else self._unmet(post, w, sip),
        )

    def _unmet(self, post: Post, w: Wish, sip: str | None) -> tuple[say.Cause, ...]:
        parts = self.ready.parts.of.get(post.key, ())
        if not parts:
            return ()
        at = parts[-1]
        if w.wish in FOR:
            return self.absent(at, sip or "")
        able = [self.facts.sips[s] for s in self.ready.pairs.allowed[at.key]]
        if w.wish in PART:
            such = any(s.sip != sip for s in able)
        else:
            such = any(is_such(self.facts, at.urn, w, s) for s in able)
        if not such:
            return (say.NobodySuch(urn=at.urn, wish=w.wish, from_=at.start if len(parts) > 1 else None),)
        if not self.plan.certificate.proved:
            return (say.NotProvedBest(urn=at.urn),)
        return (say.Outweighed(urn=at.urn, post=at.slot),)


def is_met(facts: Facts, urn: str, w: Wish, sip: str | None, holder: str | None) -> bool:
    """Whether a wish, about this SIP where it is about one, is met where that is the lead."""
    if w.wish in FOR:
        return holder == sip
    if w.wish in PART:
        return holder != sip
    row = facts.sips.get(holder or "")
    return row is not None and is_such(facts, urn, w, row)


def wishes_met(facts: Facts, urn: str, holder: str | None) -> int:
    """How many wishes about this school are met where that is the lead."""
    told = [(w, about(facts, urn, w)) for w in _wishes(facts, urn)]
    return sum(is_met(facts, urn, w, s, holder) for w, s in told if s is not None or w.wish not in (*FOR, *PART))


def vetoed(facts: Facts, urn: str, sip: str) -> bool:
    """Whether a refusal of this pair is in force; if not, what bars it is a breakdown."""
    years = (facts.year.start_year, facts.year.start_year - 1)
    return any(r.kind == "veto" and first_year(r.year) in years for r in facts.refusals(urn, sip))


def about(facts: Facts, urn: str, w: Wish) -> str | None:
    """Whom a wish is about: who is named, else last year's lead; None where it is about nobody."""
    if w.by == "sip":
        return w.sip
    if w.wish in ("keep", "change"):
        return w.sip or facts.last_lead(urn)
    return w.sip if w.wish in FOR else None


def _wishes(facts: Facts, urn: str) -> list[Wish]:
    """Wishes about a school, its own before SIPs', by kind."""
    rows = [w for w in facts.wishes_about(urn) if w.by == "school" or w.wish in (*FOR, *PART)]
    return sorted(rows, key=lambda w: (w.by, w.wish, w.sip or "", w.strength or 2))


def is_such(facts: Facts, urn: str, w: Wish, sip: Sip) -> bool:
    """Whether this SIP is what the wish asks for."""
    if w.wish == "not_serving_head":
        return sip.kind != "serving_head"
    if w.wish == "flexible_diary":
        return bool(sip.flexible_diary)
    return IS[w.wish](facts, urn, sip)


def _decided(rows: Iterable[Decision]) -> say.ByHand:
    """The latest of these decisions."""
    d = max(rows, key=lambda d: (d.on, d.by, d.reason))
    kind: Literal["lock", "forbid"] = "lock" if d.decision == "lock" else "forbid"
    return say.ByHand(urn=d.urn, sip=d.sip or "", decision=kind, by=d.by, on=d.on, reason=d.reason)
