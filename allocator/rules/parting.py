"""A strong wish to part is not something points may outvote; a pair that one side ended does not return soon
(practice; domain F6)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.calendar import first_year
from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule
from allocator.words import years

ASKED = "school_asked", "sip_asked"  # endings that one side asked for (contract 2)


class Parting(Rule):
    id = "parting"
    law = "contract 2; practice; domain F6, F16"
    title = "A strong wish to part"
    meaning = "A strong wish to part is granted; nothing outvotes it."
    barred = "have parted from it, or asked to"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        firm = [w for w in facts.wishes_about(post.urn) if w.strength == 3]
        wished = {sip for w in firm if (sip := w.sip or facts.last_lead(post.urn))}
        return wished | {row.sip for row in facts.history(post.urn) if row.ended in ASKED}

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        return _wished(facts, post, sip) or _ended(facts, post, sip)


def _wished(facts: Facts, post: Post, sip: Sip) -> str | None:
    """A wish of strength 3 to part, which only a lock of the pair overrules."""
    if any(d.sip == sip.sip and (d.post or "lead") == post.kind for d in facts.decisions("lock", post.urn)):
        return None
    school = facts.schools[post.urn]
    for w in facts.wishes_about(post.urn):
        if w.strength != 3:
            continue
        if w.by == "school" and w.wish == "change" and (w.sip or facts.last_lead(post.urn)) == sip.sip:
            return f"{school.name} asked strongly for a change from {sip.name}"
        if w.by == "sip" and w.wish in ("move_on", "change") and w.sip == sip.sip:
            return f"{sip.name} asked strongly to move on from {school.name}"
    return None


def _ended(facts: Facts, post: Post, sip: Sip) -> str | None:
    """A pair that the school or the SIP asked to end, within the years that policy gives it."""
    if post.kind != "lead" or facts.decisions("allow_return", post.urn, sip.sip):
        return None
    part, year = facts.policy.parting, facts.year.start_year
    for row in facts.history(post.urn):
        if row.sip == sip.sip and row.ended in ASKED and 0 < year - first_year(row.year) <= part.years:
            school = facts.schools[post.urn].name
            one, other = (school, sip.name) if row.ended == "school_asked" else (sip.name, school)
            return (
                f"{one} asked to end the work with {other} in {row.year}; a return needs {years(part.years)} "
                "between, or a decision to allow it"
            )
    return None
