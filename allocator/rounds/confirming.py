"""The last word: governors, a named manager for each pair, in force; and how much people altered (domain O3, 3.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from allocator.domain.facts import plain
from allocator.domain.happened import GovernorsSay, PairsConfirmed, PutInForce
from allocator.domain.round import Beside, Key, Person, Round
from allocator.errors import RoundRefuses
from allocator.rounds.desk import Desk
from allocator.words import counted, day

NOT_YET = {
    "draft": "has not been proposed",
    "proposed": "has not been answered",
    "queried": "has a query open",
    "refused": "was refused",
}


def governors(desk: Desk, urn: str, yes: bool, on: dt.date) -> GovernorsSay:
    """The governing body's word on who supports the head's appraisal (domain O3, H4, 3.4). A no leaves the pair to be
    planned again: in force as a repair of the year, while there is something of it left."""
    pair = desk.pair(urn, "appraisal")
    if desk.round.in_force and not yes and on > desk.row(pair).to:
        raise RoundRefuses(
            f"The appraisal of {desk.name(urn)} was {desk.row(pair).name}'s until {day(desk.row(pair).to)}: nothing of "
            "it is left to plan again. For next year rule the pair out in its data, under decisions."
        )
    return GovernorsSay(urn=urn, yes=yes, on=on)


def confirm(desk: Desk, pairs: Iterable[Key | Beside], by: Person, own: Collection[str] = ()) -> PairsConfirmed:
    """A named manager confirms each of these pairs: the post's last holder, or the SIP named with it. Every pair
    that cannot be is named, with what is missing. `own`: the SIPs that this person is known to be, beside `by.sip`."""
    chosen = sorted({desk.pair(*ref).beside for ref in pairs})
    if not chosen:
        raise RoundRefuses("Name the pairs to confirm: each is confirmed by itself.")
    problems = [text for ref in chosen for text in missing(desk, ref, by, own)]
    if problems:
        raise RoundRefuses(" ".join(problems))
    last = {p.beside for p in desk.round.pairs.values()}
    return PairsConfirmed(pairs=tuple(ref[:2] if ref in last else ref for ref in chosen))


def missing(desk: Desk, ref: Key | Beside, by: Person, own: Collection[str] = ()) -> Iterator[str]:
    """What stands between this pair and this person's confirmation; nothing when it can be confirmed."""
    pair = desk.pair(*ref)
    key, where, row = pair.key, desk.name(pair.urn), desk.row(pair)
    if by.role != "manager":
        yield f"{by.name} is not a manager of this programme."
    elif pair.sip in (by.sip, *own) or plain(by.name) == plain(row.name):
        yield f"{row.name} is the SIP of {where}: another manager confirms that pair."
    elif pair.stage == "confirmed":
        yield f"{where} is already confirmed."
    elif pair.stage in NOT_YET:
        yield f"{where}, {key[1]}: {row.name} {NOT_YET[pair.stage]}."
    elif any(q.outcome is None and q.urn == key[0] for q in desk.round.queries):
        yield f"{where} has a query open: answer it first."
    elif other_days(desk.round, key):
        yield f"{where}, {key[1]}: the school has not been told of the other days or dates."
    elif key[1] == "appraisal" and not pair.governors:
        said = "have not said yes to" if pair.governors is None else "have said no to"
        yield f"The governors of {where} {said} {row.name} for the head's appraisal."


def put_in_force(desk: Desk, on: dt.date) -> PutInForce:
    """The plan is the year's plan. Needs every pair confirmed; posts that nobody fills stay listed as such."""
    if desk.round.in_force:
        raise RoundRefuses("This plan is already in force.")
    left = [p for p in desk.round.everyone if p.stage != "confirmed"]
    if left or not desk.round.pairs:
        first = f"; {desk.name(left[0].urn)} is the first" if left else ""
        raise RoundRefuses(
            f"{len(left)} of {counted(len(desk.round.everyone), 'pair')} "
            f"{'is' if len(left) == 1 else 'are'} not confirmed{first}."
        )
    return PutInForce(on=on)


def other_days(now: Round, key: Key) -> bool:
    """Whether days or dates of this post are other ones than its school has been told of."""
    return bool(now.told) and now.told.get(key) != now.now.get(key)


@dataclass(frozen=True)
class Altered:
    """How many pairs people changed, of how many proposed (domain 3.7: zero for ever is a warning sign)."""

    by_hand: int
    by_refusal: int
    pairs: int

    @property
    def share(self) -> float:
        return (self.by_hand + self.by_refusal) / self.pairs if self.pairs else 0.0

    @property
    def text(self) -> str:
        changed = self.by_hand + self.by_refusal
        if not changed:
            return "No proposal has been altered by a person. If that is so every year, ask who is looking."
        return (
            f"{changed} of {self.pairs} proposals altered: {self.by_hand} by hand, {self.by_refusal} after a refusal."
        )


def altered(now: Round) -> Altered:
    """Pairs moved by a change by hand, or by a resubmission; one that was moved and put back is one."""
    return Altered(*now.altered, len(now.pairs))


def private_words(desk: Desk) -> tuple[str, ...]:
    """Two refusals of one SIP by different schools: a private word, prompted to the manager only (practice)."""
    by_sip: dict[str, set[str]] = {}
    for urn, _, sip in desk.round.refused:  # schools that share a head refuse as one
        head = desk.facts.schools[urn].head if urn in desk.facts.schools else None
        by_sip.setdefault(sip, set()).add(head or urn)
    return tuple(
        f"{len(heads)} schools have refused {desk.facts.sips[sip].name} this year: a private word may be due. "
        "For you only."
        for sip, heads in sorted(by_sip.items())
        if len(heads) > 1 and sip in desk.facts.sips
    )
