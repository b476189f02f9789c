"""The auditor's own points of a pair, before and after weight (docs/reference/rules.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from fractions import Fraction
from typing import cast

from allocator.check.derived import Book, Post, alike, dec, norm
from allocator.check.ledger import once
from allocator.check.local import fresh_eyes, known_locally
from allocator.check.named import named
from allocator.check.reach import about, experience_of, newcomer
from allocator.domain.case import Need, Sip
from allocator.domain.policy import Weight

STRENGTH = {1: 33, 2: 67, 3: 100, None: 67}


def clamp(x: int) -> int:
    return max(-100, min(100, x))


def continuity(b: Book, post: Post, sip: Sip) -> int:
    if post.kind != "lead" or b.incumbent(post.urn) != sip.sip:
        return 0
    table = {int(k): v for k, v in b.policy.continuity.by_year.items()}
    t = b.tenure(post.urn, sip.sip)
    if table and t > max(table):
        t = max(table)
    return table.get(t, 0)


def wish(b: Book, post: Post, sip: Sip) -> int:
    total = 0
    for w in about(b, post.urn) if post.kind == "lead" else []:
        s = STRENGTH[w.strength]
        if w.by == "school":
            whom = w.sip or b.last_lead(post.urn)
            if w.wish == "keep" and whom == sip.sip:
                total += s
            if w.wish == "change" and whom == sip.sip:
                total -= s
            if w.wish in ("named", "follow_head") and w.sip == sip.sip:
                total += s
            if w.wish == "not_serving_head" and sip.kind == "serving_head":
                total -= s
            if w.wish == "flexible_diary" and sip.flexible_diary:
                total += s
        elif w.sip == sip.sip:
            total += s if w.wish in ("keep", "named") else -s if w.wish in ("move_on", "change") else 0
    return clamp(total)


def experience(b: Book, post: Post, sip: Sip) -> int:
    if post.kind == "appraisal":
        return 0
    return _experienced(b, asked_of(b, post.urn)).get(sip.sip, 0)


@once
def _experienced(b: Book, wanted: frozenset[str]) -> dict[str, int]:
    """SIPs with some of the experience asked for, and how much of it in a hundred parts."""
    shared = {sip: len(wanted & experience_of(b, sip)) for sip in b.sips}
    return {sip: 100 * n // len(wanted) for sip, n in shared.items() if n}


@once
def asked_of(b: Book, urn: str) -> frozenset[str]:
    """Experience that a school's context asks for."""
    s, e, flags = b.schools[urn], b.policy.experience, b.flags(urn)
    asked = set()
    if s.pupils is not None and s.pupils <= e.small_pupils:
        asked.add("small_school")
    if s.pupils is not None and s.pupils >= e.large_pupils:
        asked.add("large_school")
    if s.fsm_percent is not None and s.fsm_percent >= e.high_fsm_percent:
        asked.add("high_fsm")
    if s.rural:
        asked.add("rural")
    if norm(s.religious_character) not in ("", "none", "does not apply", "not applicable"):
        asked.add("faith_school")
    if b.new_head(urn) or s.head_status in ("interim", "acting"):
        asked.add("new_head")
    if s.oeif_overall == "1" or s.card_leadership == "exceptional":
        asked.add("high_performing")
    if flags & {"earlier_ri", "stuck", "leadership_needs_attention", "significant_improvement"}:
        asked.add("ri_to_good")
    if "special_measures" in flags:
        asked.add("special_measures")
    if s.phase in ("special", "alternative"):
        asked.add("special_school")
    return frozenset(asked)


def focus(b: Book, post: Post, sip: Sip) -> int:
    if post.kind == "appraisal" or not b.schools[post.urn].focus:
        return 0
    asked = {norm(f) for f in b.schools[post.urn].focus}
    return 100 * len(asked & {norm(x) for x in sip.specialisms}) // len(asked)


def local(b: Book, post: Post, sip: Sip) -> int:
    total = 0
    for w in about(b, post.urn) if post.kind == "lead" else []:
        if w.by == "school" and w.wish in ("known_locally", "fresh_eyes"):
            met = (known_locally if w.wish == "known_locally" else fresh_eyes)(b, post.urn, sip)
            total += STRENGTH[w.strength] if met else -STRENGTH[w.strength]
    return clamp(total)


def former_tie(b: Book, post: Post, sip: Sip) -> int:
    if post.kind != "lead" or b.incumbent(post.urn) == sip.sip:
        return 0
    s = b.schools[post.urn]
    for row in b.find.interests.get(sip.sip, ()):
        mine = row.kind == "former_adviser" and (row.until is None or row.until >= b.first)
        if mine and (row.urn in b.old[post.urn] or alike(row.trust, s.trust) or alike(row.la, s.la)):
            return 100
    rows = [h for h in b.with_sip(post.urn, sip.sip) if int(h.year[:4]) < b.start]
    if not rows:
        return 0
    last = max(h.year for h in rows)
    return 100 if all(h.ended in (None, "end_of_year", "rotation") for h in rows if h.year == last) else 0


def churn(b: Book, post: Post, sip: Sip) -> int:
    return -100 if post.kind == "lead" and b.protected(post.urn) and newcomer(b, sip) else 0


def diary(b: Book, post: Post, sip: Sip) -> int:
    return 100 if post.kind == "lead" and b.schools[post.urn].inspection_due and sip.flexible_diary else 0


def travel(b: Book, post: Post, sip: Sip) -> int:
    m = b.metres(post.urn, sip.sip)
    if m is None:
        return 0
    unit, soft, limit = _from_soft_to_limit(b, sip.sip)
    if m * unit <= soft or limit <= soft:
        return 0
    return -min(100, 100 * (m * unit - soft) // (limit - soft))


@once
def _from_soft_to_limit(b: Book, sip: str) -> tuple[int, int, int]:
    """Parts of a metre in which both are whole, and the two in them."""
    own = b.sips[sip].max_km
    soft = Fraction(dec(b.policy.travel.soft_km)) * 1000
    limit = Fraction(dec(b.policy.travel.max_km if own is None else own)) * 1000
    unit = soft.denominator * limit.denominator
    return unit, int(soft * unit), int(limit * unit)


def cost(b: Book, post: Post, sip: Sip) -> int:
    return _dear(b, sip.sip, b.useful)


@once
def _dear(b: Book, who: str, useful: frozenset[str]) -> int:
    """Points of a day rate among those of use."""
    del useful  # whose rates are compared: another answer when they change
    rates, sip = b.rates(), b.sips[who]
    if sip.day_rate is None or not rates or max(rates) == min(rates):
        return 0
    least, most = Fraction(min(rates)), Fraction(max(rates))
    rate = max(least, min(most, Fraction(dec(sip.day_rate))))  # of one who may hold nothing: as the nearest who may
    return -int(100 * (rate - least) / (most - least))


def weigh(w: Weight, need: Need) -> int:
    return w if isinstance(w, int) else w.get(need, 0)


RULES: dict[str, Callable[[Book, Post, Sip], int]] = {
    "continuity": continuity,
    "wish": wish,
    "experience": experience,
    "focus": focus,
    "local": local,
    "former_tie": former_tie,
    "churn": churn,
    "diary": diary,
    "travel": travel,
    "cost": cost,
}


def of_pair(b: Book, post: Post, sip: Sip) -> dict[str, int]:
    """Weighted points by rule, zeros left out."""
    out = {}
    for name, rule, weight in _speaking(b, post.urn, post.kind):
        points = rule(b, post, sip)
        if points:
            out[name] = points * weight
    return out


def sums(b: Book, post: Post, sips: Iterable[str]) -> list[int]:
    """All points of each of these SIPs at a post, as `of_pair`: a rule that speaks of few is asked of them alone."""
    out = dict.fromkeys(sips, 0)
    for name, rule, weight in _speaking(b, post.urn, post.kind):
        whom = _of_whom(b, post.urn, name)
        for sip in out if whom is None else whom & out.keys():
            out[sip] += weight * rule(b, post, b.sips[sip])
    return list(out.values())


def _of_whom(b: Book, urn: str, rule: str) -> Set[str] | None:
    """The only SIPs to whom a rule may give points at a school; None: it may be anybody."""
    if rule == "experience":
        return _experienced(b, asked_of(b, urn)).keys()
    if rule == "diary":
        return _flexible(b)
    by_kind = rule == "wish" and any(w.wish in ("not_serving_head", "flexible_diary") for w in about(b, urn))
    return named(b, urn) if rule in ("continuity", "wish", "former_tie") and not by_kind else None


@once
def _flexible(b: Book) -> frozenset[str]:
    return frozenset(sip for sip, row in b.sips.items() if row.flexible_diary)


@once
def _speaking(b: Book, urn: str, kind: str) -> list[tuple[str, Callable[[Book, Post, Sip], int], int]]:
    """Rules in force but for those that have nothing to say of anybody at such a post of this school."""
    s = b.schools[urn]
    silent = {
        "continuity": kind != "lead" or b.incumbent(urn) is None,
        "wish": kind != "lead" or not about(b, urn),
        "experience": kind == "appraisal" or not asked_of(b, urn),
        "focus": kind == "appraisal" or not s.focus,
        "local": kind != "lead" or not about(b, urn),
        "former_tie": kind != "lead",
        "churn": kind != "lead" or not b.protected(urn),
        "diary": kind != "lead" or not s.inspection_due,
    }
    return [row for row in _in_force(b, cast(Need, b.need(urn))) if not silent.get(row[0])]


@once
def _in_force(b: Book, need: Need) -> list[tuple[str, Callable[[Book, Post, Sip], int], int]]:
    """Rules that policy has switched on and that weigh something at this need, with their weight."""
    parts = ((name, rule, getattr(b.policy, name)) for name, rule in RULES.items())
    return [(name, rule, w) for name, rule, part in parts if part.on and (w := weigh(part.weight, need))]


def below_floor(b: Book, post: Post, sip: Sip) -> bool:
    """Whether a lead's points are fewer than policy asks for."""
    least = b.policy.objective.floor
    return least is not None and post.kind == "lead" and sum(of_pair(b, post, sip).values()) < least
