"""The auditor's reading of every rule that bars a pair: one function a rule, True = barred."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from allocator.check.derived import Book, Post, alike, apart, dec, norm
from allocator.domain.case import Sip, Wish


def phase(b: Book, post: Post, sip: Sip) -> bool:
    return not _covers(b, post.urn, set(sip.phases))


def _covers(b: Book, urn: str, have: set[str]) -> bool:
    s, p = b.schools[urn], b.policy.phase
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
    if e.headship_in_phase and not (sip.ever_head and _covers(b, post.urn, set(sip.headship_phases))):
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
    have = {norm(t) for t in sip.experience}
    asked = [tags for flag, tags in b.policy.need.requires.items() if flag in b.flags(post.urn)]
    return any(not have & {norm(t) for t in tags} for tags in asked)


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
        m = apart(b.spot(own.urn, "school"), b.spot(s.urn, "school"))
        if m is not None and m < dec(part.near_km) * 1000:
            return True
    asks = part.serving_head_same_la == "needs_yes" and alike(sip.current_la, s.la)
    return asks and not b.decided("accept_local_head", post.urn, sip.sip)


def refusal(b: Book, post: Post, sip: Sip) -> bool:
    mine = [r for r in b.find.refusals.get(sip.sip, ()) if r.urn in b.old[post.urn]]
    if any(r.kind == "veto" and int(r.year[:4]) in (b.start, b.start - 1) for r in mine):
        return True
    broke = any(r.kind == "breakdown" for r in mine)
    broke = broke or any(h.sip == sip.sip and h.ended == "breakdown" for h in b.rows[post.urn])
    return broke and not b.decided("clear_breakdown", post.urn, sip.sip)


def about(b: Book, urn: str) -> list[Wish]:
    """Wishes that concern a school: those with its URN, and a SIP's general wish at a school it led last year."""
    return [*b.find.wishes.get(urn, ()), *b.find.general.get(b.last_lead(urn), ())]


def parting(b: Book, post: Post, sip: Sip) -> bool:
    return _strongly_wished(b, post, sip) or (post.kind == "lead" and _not_back_yet(b, post, sip))


def _not_back_yet(b: Book, post: Post, sip: Sip) -> bool:
    """An ending that the school or the SIP asked for keeps them apart for some years."""
    if b.decided("allow_return", post.urn, sip.sip):
        return False
    ended = [int(h.year[:4]) for h in b.rows[post.urn] if h.sip == sip.sip and h.ended in ("school_asked", "sip_asked")]
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
    limit = b.policy.travel.max_km if sip.max_km is None else sip.max_km
    return m is not None and m > dec(limit) * 1000


def authority(b: Book, post: Post, sip: Sip) -> bool:
    la = norm(b.schools[post.urn].la)
    return bool(sip.las) and la != "" and la not in {norm(x) for x in sip.las}


def appraisal(b: Book, post: Post, sip: Sip) -> bool:
    return post.kind == "appraisal" and sip.appraisal_trained is not True


def tenure(b: Book, post: Post, sip: Sip) -> bool:
    """The limit itself; `barred` spares a sole specialist."""
    part = b.policy.tenure
    if post.kind != "lead" or part.first_year_amnesty or b.tenure(post.urn, sip.sip) <= part.limit:
        return False
    return not b.decided("extend_tenure", post.urn, sip.sip)


def cooling_off(b: Book, post: Post, sip: Sip) -> bool:
    led = b.lead_years(post.urn, sip.sip)
    if post.kind != "lead" or not led or led.get(b.start - 1) or b.decided("allow_return", post.urn, sip.sip):
        return False
    last = max(led)
    length = 1
    while led.get(last - length):
        length += 1
    rotated = any(
        h.sip == sip.sip and int(h.year[:4]) == last and h.ended == "rotation" and (h.role or "lead") == "lead"
        for h in b.rows[post.urn]
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


class Bars:
    """Who may not hold what, and by which rules: worked out for the pairs asked about, and kept.

    `more`: tests beside those of the rules. `holders`: who keeps a part in the year, and so may have it.
    """

    def __init__(self, b: Book, more: Mapping[str, Callable[[Book, Post, Sip], bool]]) -> None:
        self.b, self.tests = b, {**in_force(b), **more}
        self.holders: Mapping[tuple[str, str], str] = {}
        self._known: dict[tuple[str, str, str], list[str]] = {}
        self._sole: dict[tuple[str, str], str | None] = {}

    def rules(self, post: Post, sip: Sip) -> list[str]:
        """The rules that bar this pair, the sole specialist and the holder of a kept part spared."""
        if self.holders.get(post.key) == sip.sip:
            return []
        pair = (*post.key, sip.sip)
        if pair not in self._known:
            names = [name for name, test in self.tests.items() if test(self.b, post, sip)]
            alone = "tenure" in names and self.sole(post) == sip.sip
            self._known[pair] = [name for name in names if not (alone and name == "tenure")]
        return self._known[pair]

    def may(self, post: Post, sip: Sip) -> bool:
        """Whether no rule bars this pair."""
        if self.holders.get(post.key) == sip.sip:
            return True
        if (*post.key, sip.sip) in self._known:
            return not self._known[*post.key, sip.sip]
        if any(test(self.b, post, sip) for name, test in self.tests.items() if name != "tenure"):
            return False
        tenure = self.tests.get("tenure")
        if tenure is not None and tenure(self.b, post, sip):
            return not self.rules(post, sip)
        self._known[*post.key, sip.sip] = []  # every test was asked, and none bars the pair
        return True

    def lasting(self, post: Post, sip: Sip) -> list[str]:
        """The rules that bar the holder of a post of the year on each of its days."""
        daily = {"availability", "dbs"}  # asked of each day by itself
        if self.b.policy.tenure.sole_specialist == "extend":
            daily.add("tenure")  # what was granted for the year lasts for the year
        return [name for name, test in self.tests.items() if name not in daily and test(self.b, post, sip)]

    def sole(self, post: Post) -> str | None:
        """The one SIP who could take the post but for the limit of years, when nobody else may take it."""
        if post.kind != "lead" or self.b.policy.tenure.sole_specialist != "extend" or post.key in self.holders:
            return None
        if post.key not in self._sole:
            self._sole[post.key] = self._only(post)
        return self._sole[post.key]

    def _only(self, post: Post) -> str | None:
        past: list[str] = []
        others = [
            test for name, test in self.tests.items() if name not in ("tenure", "floor")
        ]  # the floor is no person's bar
        for sip, row in self.b.sips.items():
            if any(test(self.b, post, row) for test in others):
                continue
            if not self.tests["tenure"](self.b, post, row):
                return None
            past.append(sip)
        return past[0] if len(past) == 1 else None


def newcomer(b: Book, sip: Sip) -> bool:
    months = b.start * 12 + 8 - b.policy.churn.newcomer_months
    return sip.joined_on is not None and sip.joined_on > dt.date(months // 12, months % 12 + 1, 1)
