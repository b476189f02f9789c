"""A SIP must serve the school's phase (domain D8, E3; mapping of phases 3.2)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import School, Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.phases import serves, wanted
from allocator.rules.base import Rule
from allocator.words import listed


class Phase(Rule):
    id = "phase"
    law = "domain D8, E3, 3.2; contract 2"
    title = "Phase"
    meaning = "A SIP must serve the school's phase."
    barred = "do not work in this phase"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        school = facts.schools[post.urn]
        return school.phase, school.phase_choice

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        if serves(sip.phases, school, facts.policy.phase):
            return None
        have = ", ".join(p.replace("_", " ") for p in sip.phases)
        return f"{sip.name} works in {have}; {school.name} needs {_needed(facts, school)}"

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        school = facts.schools[post.urn]
        if audience == "sip" or serves(sip.headship_phases, school, facts.policy.phase):
            return None
        if sip.ever_head is False:
            return f"{sip.name} has not been a headteacher"
        if sip.headship_phases:
            had = listed(sorted(p.replace("_", " ") for p in sip.headship_phases))
            return f"{sip.name} was a headteacher in {had}, not in {_needed(facts, school)}"
        return None  # not recorded: nothing is known, so nothing is said


def _needed(facts: Facts, school: School) -> str:
    return " and ".join(" or ".join(sorted(one)).replace("_", " ") for one in wanted(school, facts.policy.phase))
