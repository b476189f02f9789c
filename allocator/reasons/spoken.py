"""Claims in words: one place for manager, head and SIP, who may be told less, never something else (contract 2, 5).

A head reads no other school, no interest's detail and no SIP's own wish; a SIP reads nothing of a school's wish against
them, which people tell (practice).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from allocator.allocate import Setup
from allocator.domain import claims as say
from allocator.domain import tiers
from allocator.domain.facts import Facts
from allocator.domain.plan import Moved
from allocator.reasons.in_people import in_people as known
from allocator.reasons.room import holds_if_locked
from allocator.rules.base import day, listed, words, years
from allocator.words import PERIODS, no_longer

SHARED = "the work is shared out afresh among all our schools"
LIFTS = {  # what would let a pair by that a rule bars
    "phase": "A phase added to the SIP's record would let it by.",
    "training": "Training on record would let it by.",
    "approval": "The board's approval on record would let it by.",
    "dbs": "A check that covers every planned visit would let it by.",
    "need": "The experience on record would let it by.",
    "interest": "A decision that clears the interest would let it by.",
    "travel": "A longer distance limit would let it by.",
    "authority": "The authority added to the SIP's record would let it by.",
    "appraisal": "Appraisal training on record would let it by.",
}
OWN = {  # what bars a SIP, as they themselves may read it
    "need": "it needs experience that is not on your record",
    "dbs": "your DBS check does not cover every planned visit",
    "training": "your training is not on record",
    "approval": "the board's approval is not on record",
    "interest": "you have declared a tie to it",
    "own_ties": "it is tied to your own school, or too near to it",
    "travel": "it is further from you than your limit",
    "authority": "it lies outside the authorities you serve",
    "phase": "it is of a phase you do not serve",
    "availability": "you are not there for the whole time",
    "appraisal": "appraisal training is not on record",
}
WISHES = {  # a wish, as the one who wrote it reads it
    "keep": "to keep {sip}",
    "change": "for a change from {sip}",
    "named": "for {sip}",
    "follow_head": "that {sip} come with the head",
    "known_locally": "for someone known locally",
    "fresh_eyes": "for fresh eyes",
    "not_serving_head": "not to have a serving head",
    "flexible_diary": "for someone who can move a visit when an inspection comes",
}


def name_of(facts: Facts, sip: str | None) -> str:
    """The SIP's name; of one whom the case knows by id alone, that too."""
    row = facts.sips.get(sip or "")
    return row.name if row else no_longer(sip) if sip else "nobody"


def to_reader(facts: Facts, sip: str | None) -> str:
    """The name as a head reads it, who knows no ids."""
    return facts.sips[sip].name if sip in facts.sips else "the partner you had"


# -- a manager ------------------------------------------------------------------------------------------------------


def to_manager(ready: Setup, claims: Sequence[say.Cause]) -> str:
    """Why somebody is not there: all of it, with what would lift it."""
    return " ".join(_manager(ready, c) for c in claims)


def _manager(ready: Setup, c: say.Cause) -> str:
    facts = ready.facts
    name = name_of(facts, getattr(c, "sip", None))
    where = facts.name(getattr(c, "urn", ""))
    if isinstance(c, say.Gone):
        if c.sip not in facts.sips:
            return f"{c.sip} is no longer on the team."
        return f"{name} leaves on {day(c.on)}." if c.on else f"{name} is not on the team."
    if isinstance(c, say.Away):
        return f"{name} is away from {listed([f'{day(s.from_)} to {day(s.to)}' for s in c.spans])}."
    if isinstance(c, say.LimitReached):
        may = any(holds_if_locked(ready, at, c.sip) for at in ready.parts.of.get((c.urn, "lead"), ()))
        then = "lifts it; a lock then holds the pair" if may else "would lift it, and not hold the pair"
        return f"{name} has led {where} for {years(c.years)}; the limit is {c.limit}. An extension on record {then}."
    if isinstance(c, say.AskedToLeave):
        return _asked(c, name, where)
    if isinstance(c, say.ByHand) and c.task and c.by == say.THE_SIP:
        return f"{name} asked to be let go of {c.task} at {where}."
    if isinstance(c, say.ByHand) and c.task:
        who = where if c.by == say.THE_SCHOOL else f"The governors of {where}"
        return f"{who} asked for somebody else than {name} for {c.task}."
    if isinstance(c, say.ByHand):
        done = f"{name} was chosen" if c.decision == "lock" else f"{name} was ruled out"
        return f"By hand: {done} for {where} by {c.by}, {day(c.on)}: {c.reason.rstrip('.')}."
    if isinstance(c, say.Barred):
        text = dict(ready.pairs.blocks(c.urn, c.post, c.sip)).get(c.rule, f"the rule {words(c.rule)} bars {name}")
        return f"{text[:1].upper()}{text[1:].rstrip('.')}. {LIFTS.get(c.rule, '')}".rstrip()
    if isinstance(c, say.OneForAll):
        return f"{listed([facts.name(u) for u in c.urns])} must have one lead."
    if isinstance(c, say.Apart):
        return f"{name} holds the {c.post} post at {where}, and the two are kept apart."
    if isinstance(c, say.NoRoom):
        if c.period == "schools":
            return f"{name} is to lead no school: the limit on record is 0."
        span = "in the year" if c.period == "year" else f"in {PERIODS[c.period]}"
        return f"{name} has too few days {span} for {where}, even with nothing else beside it."
    if isinstance(c, say.Returns):
        return f"{name} is back."
    if isinstance(c, say.Tied):
        return f"{name} is an equal choice, and the lot decided: lock the one you prefer."
    if isinstance(c, say.NotProvedBest):
        return f"This plan is not proved best: {name if c.sip else 'what was asked for'} may yet be possible."
    if isinstance(c, say.CouldNotBe):
        return f"No plan has {name} at {where} beside what is fixed."
    if isinstance(c, say.NobodySuch):
        who = (
            "other than the one who has it"
            if c.wish in ("change", "move_on")
            else f"({WISHES[c.wish].removeprefix('for ')})"
        )
        at = f"{where} from {day(c.from_)}" if c.from_ else where
        return (
            f"Nobody who may take {at} is such: {who}."
            if c.wish not in ("change", "move_on")
            else f"Nobody {who} may take {at}."
        )
    return _outweighed(ready, c, name, where)


def _asked(c: say.AskedToLeave, name: str, where: str) -> str:
    if c.by == "sip":
        return f"{name} asked to move on from {where}."
    if c.how == "breakdown":
        return f"The work of {name} with {where} broke down; it has not been cleared."
    if c.how == "refusal":
        return f"{where} will not have {name}: its refusal stands."
    return f"{where} asked for a change from {name}."


def _outweighed(ready: Setup, c: say.Outweighed, name: str, where: str) -> str:
    what = f"{name} may take {where}" if c.sip else f"what was asked for could be had at {where}"
    if c.price is None:
        ask = f" Ask “why not {name}?” for the price." if c.sip else ""
        return f"Outweighed: {what}, but the plan as a whole is better this way.{ask}"
    return f"Outweighed: {what}, but {in_people(ready, c.price)}."


def wish_to_manager(ready: Setup, w: say.WishAnswered) -> str:
    """What was wished, whether it is met, and if not, why, in sentences."""
    who = name_of(ready.facts, w.sip) if w.by == "sip" else ready.facts.name(w.urn)
    asked = _asked_for(ready.facts, w)
    return (
        f"{who} asked {asked}: met."
        if w.met
        else f"{who} asked {asked}: not met. {to_manager(ready, w.because)}".rstrip()
    )


def _asked_for(facts: Facts, w: say.WishAnswered) -> str:
    if w.by == "sip":
        return f"to {'stay with' if w.wish in ('keep', 'named') else 'move on from'} {facts.name(w.urn)}"
    return WISHES[w.wish].format(sip=name_of(facts, w.sip))


def wish_to_writer(facts: Facts, w: say.WishAnswered, on: dt.date) -> str:
    """The sentence that whoever wrote the wish gets, as it is read on that day; nothing to add where it is met."""
    return "" if w.met else unmet_to_head(facts, w, on) if w.by == "school" else unmet_to_sip(facts, w)


def in_people(ready: Setup, price: say.Price) -> str:
    """A price in what people know: posts, days, who would have to change; points last."""
    facts = ready.facts
    lost = [tiers.text(x.tier, x.by) for x in price.lost if not x.tier.startswith("4")]
    points = [tiers.text(x.tier, x.by) for x in price.lost if x.tier == "4"]
    people = known(ready, [(s.urn, s.post, s.from_, s.to) for s in price.shifts])
    others = [s for s in price.shifts[1:] if s.from_ and s.to]
    moved = [
        f"{facts.name(s.urn)}{'' if (kind := s.post.partition('/')[0]) == 'lead' else f' ({kind})'} would go from "
        f"{name_of(facts, s.from_)} to {name_of(facts, s.to)}"
        for s in others
    ]
    shown = [*moved[:3], f"{len(moved) - 3} others would change"] if len(moved) > 4 else moved
    told = [listed(x) for x in ([*lost, *people], shown) if x]
    said = "; ".join(told) if told else "the plan would fit less well"
    return f"then {said} ({points[0]})" if points else f"then {said}"


# -- a head ----------------------------------------------------------------------------------------------------------


def to_head(facts: Facts, urn: str, claims: Sequence[say.Cause], on: dt.date) -> str:
    """Why this school has somebody new, as read on that day, as it follows an opening (`with_why`); empty where nothing
    is claimed.

    A claim is a fact, not a promise that without it the pair would be as before. So what a wish or an extension could
    lift is told as one of several, *partly because*; all else as a fact of its own, after a semicolon.
    """
    why = clause(facts, urn, claims, on)
    lifted = bool(claims) and isinstance(claims[0], say.LimitReached | say.AskedToLeave)
    return f"partly because {why}" if lifted and why != SHARED else f"; {why}" if why else ""


def with_why(opening: str, why: str) -> str:
    """An opening with its reason after a comma; a fact brings its semicolon."""
    return f"{opening}{'' if not why or why.startswith(';') else ', '}{why}"


def clause(facts: Facts, urn: str, claims: Sequence[say.Cause], on: dt.date) -> str:
    """The same as a clause. What lies at another school of the same head is told as lying there."""
    if not claims:
        return ""
    c = claims[0]
    name = to_reader(facts, getattr(c, "sip", None))
    shared = any(isinstance(x, say.OneForAll) and x.rule == "shared_head" for x in claims)
    own = len(claims) == 1 or shared or not isinstance(claims[-1], say.OneForAll)
    if shared and isinstance(c, say.LimitReached | say.AskedToLeave) and c.urn != urn:
        return f"{_elsewhere(facts, c, name)}, and your schools are to have one partner"
    if isinstance(c, say.Gone):
        if c.sip not in facts.sips:
            return "the partner you had has left us"
        if c.on is None and facts.sips[c.sip].status != "left":
            return f"{name} is not with us this year"
        return f"{name} has left us" if c.on is None or c.on < on else f"{name} is leaving us"
    if isinstance(c, say.Away):
        return f"{name} {_be(on, c.spans)} away from {listed([f'{day(s.from_)} to {day(s.to)}' for s in c.spans])}"
    if isinstance(c, say.LimitReached) and own:
        return f"{name} has been with you for {years(c.years)}, and our published policy then asks for a fresh view"
    if isinstance(c, say.AskedToLeave) and c.by == "school" and own:
        told = {"refusal": "you asked for somebody else", "breakdown": f"the work with {name} had broken down"}
        return told.get(c.how, f"you asked for a change from {name}")
    if isinstance(c, say.ByHand) and own and c.task and c.by != say.THE_SIP:
        return f"{'you' if c.by == say.THE_SCHOOL else 'your governors'} asked for somebody else"
    if isinstance(c, say.ByHand) and own and c.task:
        return SHARED  # as where a SIP asked to move on
    if isinstance(c, say.ByHand) and own:
        return f"we chose {name} for you ourselves" if c.decision == "lock" else "we decided on a change ourselves"
    if isinstance(c, say.Barred) and own:
        return "under our published rules it has to be somebody else this year"
    if isinstance(c, say.OneForAll):
        return (
            "your schools are to have one partner"
            if c.rule == "shared_head"
            else "schools of your partnership are to have one partner"
        )
    if isinstance(c, say.Returns):
        return f"{name} is back"
    if isinstance(c, say.NoRoom):
        return (
            f"{name} "
            f"{'leads no school' if c.period == 'schools' else 'does not have the days for your school'} this "
            "year"
        )
    if isinstance(c, say.Apart):
        return f"{name} has another task at your school, and the two are kept apart"
    return SHARED


def _elsewhere(facts: Facts, c: say.LimitReached | say.AskedToLeave, name: str) -> str:
    """What ends the work at another school of the same head."""
    where = facts.name(c.urn)
    if isinstance(c, say.LimitReached):
        return (
            f"{name} has been with {where} for {years(c.years)}, our published policy then asks for a fresh view there"
        )
    if c.by == "sip":
        return SHARED
    told = {"refusal": "you asked for somebody else there", "breakdown": f"the work with {name} had broken down"}
    return f"for {where} {told.get(c.how, f'you asked for a change from {name}')}"


def _be(on: dt.date, spans: Sequence[say.Span]) -> str:
    """Whether these days lie ahead, behind, or neither."""
    return "will be" if on < spans[0].from_ else "was" if spans[-1].to < on else "is"


def unmet_to_head(facts: Facts, wish: say.WishAnswered, on: dt.date) -> str:
    """The answer to a wish that was not met, as a sentence: what was asked, and why not, with nobody else's school
    in it."""
    asked = WISHES[wish.wish].format(sip=to_reader(facts, wish.sip))
    c = wish.because[0] if wish.because else None
    name = to_reader(facts, wish.sip)
    if isinstance(c, say.NobodySuch):
        since = f"from {day(c.from_)} " if c.from_ else ""
        why = (
            f"{since}under our published rules nobody else may take your school"
            if wish.wish == "change"
            else f"{since}nobody who may take your school meets that"
        )
    elif isinstance(c, say.Gone | say.Away | say.LimitReached | say.Returns | say.Apart | say.NoRoom):
        why = clause(facts, wish.urn, wish.because, on)
    elif isinstance(c, say.CouldNotBe):
        why = f"there is no way to give you {name} beside what is settled"
    elif isinstance(c, say.Barred):
        why = "our published rules do not allow it this year"
    elif isinstance(c, say.ByHand):
        why = "we decided otherwise ourselves"
    elif isinstance(c, say.AskedToLeave | say.OneForAll):
        why = clause(facts, wish.urn, wish.because, on)
    else:
        why = "it was weighed with all that our schools ask, and did not come first"
    return f"You asked {asked}. We have not been able to do that this year: {why}."


# -- a SIP -----------------------------------------------------------------------------------------------------------


def lost_to_sip(facts: Facts, change: Moved) -> str:
    """That a school which was theirs goes to somebody else, and why as far as that is theirs to read."""
    claims = change.claims
    c = claims[0] if claims else None
    if isinstance(claims[-1] if claims else None, say.OneForAll) and not isinstance(c, say.Gone | say.Away):
        c = claims[-1]  # what bars or decides lies at another school
    why = f"; {SHARED}"
    if isinstance(c, say.Gone | say.Away):
        why = "; you are not there for the whole time"
    elif isinstance(c, say.LimitReached):
        led = f"you have led it for {years(c.years)}"
        why = f", partly because {led}, and the published policy then asks for a fresh view"
    elif isinstance(c, say.AskedToLeave) and c.by == "sip":
        why = ", as you asked"
    elif isinstance(c, say.NoRoom):
        why = (
            "; you are to lead no school"
            if c.period == "schools"
            else "; the days that you can give do not reach for it"
        )
    elif isinstance(c, say.ByHand) and c.task:
        why = ", as you asked" if c.by == say.THE_SIP else why
    elif isinstance(c, say.ByHand):
        why = "; I decided so, and you can ask me why"
    elif isinstance(c, say.Barred):
        why = f"; {OWN.get(c.rule, 'the published rules ask for somebody else this year')}"
    elif isinstance(c, say.OneForAll):
        why = "; schools that belong together are to have one partner"
    now = "has somebody else" if change.to else "has nobody yet"
    return f"{facts.name(change.urn)}, which was yours, {now}{why}."


def unmet_to_sip(facts: Facts, wish: say.WishAnswered) -> str:
    """The answer to a SIP's own wish that was not met."""
    return f"You asked {_asked_for(facts, wish)}. It was weighed, and has not come about this year; ask me why."
