"""A letter to each head and each SIP, in the voice of practice: who, why, by when, what happens otherwise.

Reasons come from `explain` in words for the school or the SIP, so that no letter tells of points, a rival, another
school or a category of concern (contract 5, domain N; practice).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from allocator.allocate import Setup
from allocator.domain.plan import Assignment
from allocator.domain.round import Pair
from allocator.questions.veto import one_answer
from allocator.reasons.spoken import lost_to_sip
from allocator.reasons.told import ROLE, Told
from allocator.reasons.who import who_is
from allocator.reasons.why import explain
from allocator.report.wording import Letter, LetterKind, merge
from allocator.rounds import Desk, deadline, needs_a_person
from allocator.rules.base import day, listed

PARTS = {
    "autumn_1": "September and October", "autumn_2": "November and December", "spring": "spring", "summer": "summer",
}  # fmt: skip
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Office:
    """What every letter of a batch shares. `school_link` and `sip_link`: where to answer."""

    ready: Setup
    wordings: dict[str, str]  # kind -> wording
    manager: str
    programme: str
    today: dt.date
    school_link: str
    sip_link: str
    answer_by: dt.date | None = None  # for letters not yet sent; None = as policy has it


def together(desk: Desk, urns: Iterable[str]) -> list[tuple[str, ...]]:
    """Schools with a proposal, those that share a head in one group: one letter, one answer."""
    proposed = {u for u, _ in desk.round.pairs}
    groups = {tuple(sorted(set(one_answer(desk.facts, u)) & proposed)) for u in urns if u in proposed}
    return sorted(groups, key=lambda g: (desk.facts.name(g[0]), g))


def gets(desk: Desk, kind: LetterKind, urns: tuple[str, ...]) -> bool:
    """Whether the head of these schools gets a letter of this kind, as the round stands."""
    pairs = [p for p in desk.round.pairs.values() if p.urn in urns]
    if kind == "decided":
        return any(p.heard is not None and not p.heard.stands for p in pairs)
    return kind == "school" or all(p.stage == "confirmed" for p in pairs)


def to_heads(desk: Desk, kind: LetterKind, urns: Iterable[str], office: Office) -> list[Letter]:
    """Letters of a kind to the heads of these schools who get one."""
    return [school_letter(desk, g, office, kind=kind) for g in together(desk, urns) if gets(desk, kind, g)]


def school_letter(
    desk: Desk, urns: tuple[str, ...], office: Office, link: str | None = None, kind: LetterKind = "school"
) -> Letter:
    """To the head of these schools. Raises UsageError for a wording that cannot be used."""
    pairs = [desk.round.pairs[k] for k in sorted(desk.round.pairs) if k[0] in urns]
    main = min(pairs, key=lambda p: (p.post != "lead", p.urn))
    told = _told(office, desk, main, "school")
    row = desk.rows[main.key]
    same = [p for p in pairs if p is main or (p.post, p.sip) == (main.post, main.sip)]
    names = listed([desk.facts.name(u) for u in urns])
    by = day(main.answer_by or deadline(desk, office.today, office.answer_by))
    rules = desk.rules
    values = _common(office, desk, by, link or office.school_link) | {
        "school": names,
        "sip": row.name,
        "role": ROLE[main.post],
        "start": day(row.from_),
        "opening": told.opening,
        "because": told.why,
        "days": told.rest if len(same) == 1 else _each(desk, same),
        "other_posts": "\n\n".join(_also(desk, office, p) for p in pairs if p not in same),
        "about": who_is(desk.facts.sips[main.sip]),
        "portrait": desk.facts.sips[main.sip].pen_portrait or "",
        "decided": decided(desk, main),
        "silence": silence_means(desk),
        "refusal": refusal_means(desk, main.urn),
        "chair": (
            "Your chair of governors is asked as well, and it stands once you have both said yes."
            if rules.mode == "agree_with_school"
            else ""
        ),
    }
    return merge(kind, office.wordings[kind], values, urns[0], f"The headteacher, {names}", urns)


def sip_letter(desk: Desk, sip: str, office: Office, link: str | None = None) -> Letter:
    """To a SIP with pairs in this plan."""
    rows = sip_rows(desk, sip)
    asked = desk.round.soundings.get(sip)
    by = day(asked.answer_by if asked and office.answer_by is None else deadline(desk, office.today, office.answer_by))
    schools = len({a.urn for a in rows})
    values = _common(office, desk, by, link or office.sip_link) | {
        "sip": rows[0].name,
        "count": f"{number(schools)} school{'' if schools == 1 else 's'}",
        "days": days(sum(a.days for a in rows)),
        "periods": in_parts(rows),
        "schools": "\n\n".join(_offer(desk, office, a) for a in rows),
        "lost": "\n\n".join(lost(desk, sip)),
    }
    return merge("sip", office.wordings["sip"], values, sip, rows[0].name, tuple(sorted({a.urn for a in rows})))


def sip_rows(desk: Desk, sip: str) -> list[Assignment]:
    """Everything that a SIP holds from here on, also what ends within the year with somebody else's return."""
    mine = [a for a in desk.plan.assignments if a.sip == sip and not a.settled]
    return sorted(mine, key=lambda a: (a.urn, a.post, a.from_))


def lost(desk: Desk, sip: str) -> list[str]:
    """Schools that were this SIP's and have somebody else: why, as far as it is theirs to read."""
    held = {a.urn for a in sip_rows(desk, sip)}
    gone = [c for c in desk.plan.changes if c.post == "lead" and c.from_ == sip and c.urn not in held]
    return [lost_to_sip(desk.facts, c) for c in gone]


def silence_means(desk: Desk) -> str:
    """What no answer by the date means, to a head."""
    if desk.rules.silence == "accepts":
        return "If I hear nothing by then, I shall take it that you are content."
    return "Nothing is settled until you have answered."


def refusal_means(desk: Desk, urn: str) -> str:
    """What happens when this school asks for someone else; never why a person decides it (practice)."""
    if needs_a_person(desk, urn):
        return "I shall consider what you say, decide, and write to you."
    return "I shall then propose somebody else. This can be done once in a year."


def decided(desk: Desk, pair: Pair) -> str:
    """What was decided on a refusal that was a representation: outcome, reason, by whom, when, and the next step up."""
    h = pair.heard
    if h is None or h.stands:
        return ""
    rungs = desk.rules.ladder
    at = rungs.index(h.rung) if h.rung in rungs else 0
    up = (
        f"If you do not agree, ask the {rungs[at + 1]} to look at it."
        if at + 1 < len(rungs)
        else "There is no step further up in this service; your governors may write to the authority."
    )
    name = desk.rows[pair.key].name
    said = f"You asked for somebody else. {h.by} considered it and decided on {day(h.on)} that {name} stays."
    return f"{said} The reason: {h.reason.rstrip('.')}. {up}"


def number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def days(n: float) -> str:
    return f"{n:g} day{'' if n == 1 else 's'}"


def in_parts(rows: Iterable[Assignment]) -> str:
    """Days in each part of the year, of all rows together: 3 in spring, and so on; parts without any left out."""
    total = {part: sum(getattr(a.periods, part) for a in rows) for part in PARTS}
    return listed([f"{total[part]:g} in {name}" for part, name in PARTS.items() if total[part]])


def _common(office: Office, desk: Desk, by: str, link: str) -> dict[str, str]:
    return {
        "answer_by": by, "link": link, "year": desk.facts.case.year, "manager": office.manager,
        "programme": office.programme, "today": day(office.today),
    }  # fmt: skip


def _each(desk: Desk, pairs: list[Pair]) -> str:
    """Days of schools that share a head, each by name."""
    said = [f"{desk.facts.name(p.urn)} has {days(desk.rows[p.key].days)}" for p in pairs]
    return listed(said) + " for the year."


def _also(desk: Desk, office: Office, p: Pair) -> str:
    return f"For {desk.facts.name(p.urn)}: {_told(office, desk, p, 'school').text}"


def _offer(desk: Desk, office: Office, a: Assignment) -> str:
    told = _told(office, desk, a, "sip")
    return told.text if a.school in told.text else f"{a.school}: {told.text}"


def _told(office: Office, desk: Desk, p: Pair | Assignment, audience: Literal["school", "sip"]) -> Told:
    """What this school or SIP is told of the pair; for a post already settled in the year, the plain text."""
    made = explain(office.ready, desk.plan, p.urn, p.post, audience=audience, holder=p.sip)
    return made.told or Told(made.text.rstrip("."), "", "")
