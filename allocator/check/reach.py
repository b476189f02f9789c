"""The auditor's reading of every rule that bars a pair: one function a rule, True = barred."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from allocator.check.derived import Book, Post, alike, apart, dec, floor, norm
from allocator.check.ledger import once
from allocator.domain.case import Sip, Wish


def phase(b: Book, post: Post, sip: Sip) -> bool:
    return not _covers(b, post.urn, sip.phases)


def _covers(b: Book, urn: str, phases: tuple[str, ...]) -> bool:
    s, p, have = b.schools[urn], b.policy.phase, set(phases)
    if "middle_primary" in have:
        have = have | {"primary"}
    if "middle_secondary" in have:
        have = have | {"secondary"}
    if s.phase == "all_through" and "all_through" in have:
        return True
    if s.phase == "all_through":
        if s.phase_choice in ("primary", "secondary"):
            return s.phase_choice in have
        return {"primary", "secondary"} <= have
    accepted = {
        "primary": {"primary"},
        "middle_primary": {"primary"},
        "secondary": {"secondary"},
        "middle_secondary": {"secondary"},
        "nursery": {"nursery", "primary"} if p.nursery_as_primary else {"nursery"},
        "sixteen_plus": {"sixteen_plus", "secondary"} if p.sixteen_plus_as_secondary else {"sixteen_plus"},
        "special": {"special"},
        "alternative": {"alternative"},
    }[s.phase]
    return bool(accepted & have)


def availability(b: Book, post: Post, sip: Sip) -> bool:
    return (
        sip.status not in (None, "active")
        or (sip.joined_on is not None and sip.joined_on > max(post.begin, b.on(b.policy.calendar.latest_start)))
        or (sip.joined_on is not None and sip.joined_on > post.end)
        or (sip.leaves_on is not None and sip.leaves_on < post.end)
        or (sip.contract_ends is not None and sip.contract_ends < post.end)
        or 2 * _days_away(b, post, sip) >= (post.end - post.begin).days + 1
    )


def _days_away(b: Book, post: Post, sip: Sip) -> int:
    """Days of the post on which some absence has the SIP away, all rows together."""
    rows = b.find.absences.get(sip.sip, ())
    spans = ((max(a.away_from, post.begin).toordinal(), min(a.away_to, post.end).toordinal()) for a in rows)
    return len({day for begin, end in spans for day in range(begin, end + 1)})


def training(b: Book, post: Post, sip: Sip) -> bool:
    return sip.trained is not True


def approval(b: Book, post: Post, sip: Sip) -> bool:
    return sip.board_approved is not True


def dbs(b: Book, post: Post, sip: Sip) -> bool:
    if sip.dbs_checked_on is None and sip.dbs_valid_until is None:
        return True
    late = sip.dbs_checked_on is not None and sip.dbs_checked_on > b.begins(post, sip)
    return late or (sip.dbs_valid_until is not None and sip.dbs_valid_until < post.end)


def eligibility(b: Book, post: Post, sip: Sip) -> bool:
    e = b.policy.eligibility
    if e.headship_in_phase and not (sip.ever_head and _covers(b, post.urn, sip.headship_phases)):
        return True
    if sip.kind != "serving_head":
        return False
    if e.governor_release and not sip.governor_release:
        return True
    if not all(_clause(text, sip) for text in e.serving_head_all_of):
        return True
    held = {norm(x) for x in sip.evidence}
    return bool(e.serving_head_one_of) and not held & {norm(x) for x in e.serving_head_one_of}


def _clause(text: str, sip: Sip) -> bool:
    name, op, wanted = text.split(None, 2)
    have = getattr(sip, name)
    if have is None or have == ():
        return False
    if op == ">=":
        return bool(dec(have) >= dec(float(wanted)))
    if op == "<=":
        return bool(dec(have) <= dec(float(wanted)))
    values = (
        list(have)
        if isinstance(have, tuple)
        else [{True: "yes", False: "no"}.get(have, have) if isinstance(have, bool) else have]
    )
    return any(norm(str(v)) in {norm(w) for w in wanted.split("|")} for v in values)


def need(b: Book, post: Post, sip: Sip) -> bool:
    if post.kind == "appraisal":
        return False
    return any(not experience_of(b, sip.sip) & tags for tags in required(b, post.urn))


@once
def experience_of(b: Book, sip: str) -> frozenset[str]:
    """A SIP's experience, as words are compared."""
    return frozenset(norm(t) for t in b.sips[sip].experience)


@once
def required(b: Book, urn: str) -> list[frozenset[str]]:
    """For each flag of a school that asks for experience, what will do."""
    flags = b.flags(urn)
    return [frozenset(norm(t) for t in tags) for flag, tags in b.policy.need.requires.items() if flag in flags]


def interest(b: Book, post: Post, sip: Sip) -> bool:
    s = b.schools[post.urn]
    for row in b.find.interests.get(sip.sip, ()):
        lapsed = row.until is not None and row.until < b.first
        if lapsed or row.kind == "former_adviser" or row.outcome == "cleared":
            continue
        if row.urn in b.old[post.urn] or alike(row.trust, s.trust) or alike(row.la, s.la):
            return True
    return False


def own_ties(b: Book, post: Post, sip: Sip) -> bool:
    s, part = b.schools[post.urn], b.policy.own_ties
    if sip.current_urn in b.old[post.urn] or alike(sip.current_trust, s.trust) or alike(sip.current_cluster, s.cluster):
        return True
    if sip.kind != "serving_head":
        return False
    own = b.schools.get(sip.current_urn or "")
    if own is not None and own.phase == s.phase:
        m = apart(b.school_at[own.urn], b.school_at[s.urn])
        if m is not None and m < dec(part.near_km) * 1000:
            return True
    asks = part.serving_head_same_la == "needs_yes" and alike(sip.current_la, s.la)
    return asks and not b.decided("accept_local_head", post.urn, sip.sip)


def refusal(b: Book, post: Post, sip: Sip) -> bool:
    refused = b.find.refusals.get(sip.sip, ())
    mine = [r for r in refused if r.urn in b.old[post.urn]] if refused else []
    if any(r.kind == "veto" and int(r.year[:4]) in (b.start, b.start - 1) for r in mine):
        return True
    broke = any(r.kind == "breakdown" for r in mine)
    broke = broke or any(h.ended == "breakdown" for h in b.with_sip(post.urn, sip.sip))
    return broke and not b.decided("clear_breakdown", post.urn, sip.sip)


@once
def about(b: Book, urn: str) -> list[Wish]:
    """Wishes that concern a school: those with its URN, and a SIP's general wish at a school it led last year."""
    return [*b.find.wishes.get(urn, ()), *b.find.general.get(b.last_lead(urn), ())]


def parting(b: Book, post: Post, sip: Sip) -> bool:
    return _strongly_wished(b, post, sip) or (post.kind == "lead" and _not_back_yet(b, post, sip))


def _not_back_yet(b: Book, post: Post, sip: Sip) -> bool:
    """An ending that the school or the SIP asked for keeps them apart for some years."""
    rows = b.with_sip(post.urn, sip.sip)
    if not rows or b.decided("allow_return", post.urn, sip.sip):
        return False
    ended = [int(h.year[:4]) for h in rows if h.ended in ("school_asked", "sip_asked")]
    return any(b.start - b.policy.parting.years <= year < b.start for year in ended)


def _strongly_wished(b: Book, post: Post, sip: Sip) -> bool:
    for d in b.find.decisions.get(("lock", post.urn), ()):
        live = d.until is None or d.until >= b.first
        if live and (d.post or "lead", d.sip) == (post.kind, sip.sip):
            return False
    for w in about(b, post.urn):
        if w.strength == 3:
            if w.by == "school" and w.wish == "change" and (w.sip or b.last_lead(post.urn)) == sip.sip:
                return True
            if w.by == "sip" and w.wish in ("move_on", "change") and w.sip == sip.sip:
                return True
    return False


def travel(b: Book, post: Post, sip: Sip) -> bool:
    m = b.metres(post.urn, sip.sip)
    return m is not None and m > _farthest(b, sip.sip)


@once
def _farthest(b: Book, sip: str) -> int:
    """Whole metres that a SIP goes."""
    own = b.sips[sip].max_km
    return floor(dec(b.policy.travel.max_km if own is None else own) * 1000)


def authority(b: Book, post: Post, sip: Sip) -> bool:
    la = norm(b.schools[post.urn].la)
    return bool(sip.las) and la != "" and la not in _works_in(b, sip.sip)


@once
def _works_in(b: Book, sip: str) -> frozenset[str]:
    return frozenset(norm(x) for x in b.sips[sip].las)


def appraisal(b: Book, post: Post, sip: Sip) -> bool:
    return post.kind == "appraisal" and sip.appraisal_trained is not True


def tenure(b: Book, post: Post, sip: Sip) -> bool:
    """The limit itself; `barred` spares a sole specialist."""
    part = b.policy.tenure
    if post.kind != "lead" or part.first_year_amnesty or b.tenure(post.urn, sip.sip) <= part.limit:
        return False
    return not b.decided("extend_tenure", post.urn, sip.sip)


def cooling_off(b: Book, post: Post, sip: Sip) -> bool:
    led = b.lead_years(post.urn, sip.sip) if post.kind == "lead" else {}
    if not led or led.get(b.start - 1) or b.decided("allow_return", post.urn, sip.sip):
        return False
    last = max(led)
    length = 1
    while led.get(last - length):
        length += 1
    rotated = any(
        int(h.year[:4]) == last and h.ended == "rotation" and (h.role or "lead") == "lead"
        for h in b.with_sip(post.urn, sip.sip)
    )
    return (rotated or length >= b.policy.tenure.limit) and b.start - last - 1 < b.policy.cooling_off.years


def decision(b: Book, post: Post, sip: Sip) -> bool:
    return any(
        d.sip == sip.sip and d.post in (None, post.kind) and (d.until is None or d.until >= b.first)
        for d in b.find.decisions.get(("forbid", post.urn), ())
    )


Test = Callable[[Book, Post, Sip], bool]


def in_force(b: Book) -> dict[str, Test]:
    """The barring rules that policy has switched on."""
    p = b.policy
    rules: dict[str, tuple[bool, Test]] = {
        "phase": (p.phase.on, phase),
        "availability": (p.availability.on, availability),
        "training": (p.require_training, training),
        "approval": (p.require_board_approval, approval),
        "dbs": (p.require_dbs, dbs),
        "eligibility": (p.eligibility.on, eligibility),
        "need": (p.need.on, need),
        "interest": (p.interest.on, interest),
        "own_ties": (p.own_ties.on, own_ties),
        "refusal": (p.refusal.on, refusal),
        "parting": (p.parting.on, parting),
        "travel": (p.travel.on, travel),
        "authority": (p.authority.on, authority),
        "appraisal": (p.appraisal.on, appraisal),
        "tenure": (p.tenure.on, tenure),
        "cooling_off": (p.cooling_off.on, cooling_off),
        "decision": (p.decision.on, decision),
    }
    return {name: test for name, (on, test) in rules.items() if on}


def newcomer(b: Book, sip: Sip) -> bool:
    months = b.start * 12 + 8 - b.policy.churn.newcomer_months
    return sip.joined_on is not None and sip.joined_on > dt.date(months // 12, months % 12 + 1, 1)
