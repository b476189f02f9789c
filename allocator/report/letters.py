"""Letters to heads and chairs for each state of a round, in the voice of practice: who, why, by when, what happens
otherwise.

Reasons come from `explain` in words for the school, so that no letter tells of points, a rival, another school or
a category of concern (contract 5, domain N; practice). Letters to SIPs: `sip_letters.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from allocator.allocate import Setup
from allocator.domain.plan import Assignment
from allocator.domain.round import AGREED, Key, Pair, Query, State
from allocator.reasons.spoken import name_of, to_head, with_why
from allocator.reasons.told import ROLE, Told, heard, in_words, short_of
from allocator.reasons.who import who_is
from allocator.reasons.why import explain
from allocator.report.wording import FIELDS, TO_CHAIRS, Letter, LetterKind, merge, state_of
from allocator.rounds import Desk, above, asks, deadline, may_raise, needs_a_person, tells, together
from allocator.words import day, days, listed, times

OPEN = ("draft", "proposed", "queried")


@dataclass(frozen=True)
class LetterOffice:
    """What every letter of a batch shares. `school_link` and `sip_link`: where to answer."""

    ready: Setup
    wordings: dict[str, str]  # kind -> wording
    manager: str
    programme: str
    today: dt.date
    school_link: str
    sip_link: str
    answer_by: dt.date | None = None  # for letters not yet sent; None = as policy has it
    office: str = ""  # below the programme, with the telephone
    telephone: str = ""  # blank: nobody is told to ring

    @property
    def ring(self) -> str:
        """The way beside the page, within a sentence; blank where there is no number."""
        return f"or ring me on {self.telephone}" if self.telephone else ""

    @property
    def head(self) -> tuple[str, ...]:
        """The letterhead, line by line: the programme, its office, its telephone."""
        return (self.programme, *filter(None, contact(self.office, self.telephone).split("\n")))


def contact(office: str, telephone: str) -> str:
    """What stands below the name: the office, and its telephone."""
    return "\n".join(filter(None, (office, telephone and f"Telephone {telephone}")))


def gets(desk: Desk, kind: LetterKind, urns: tuple[str, ...]) -> bool:
    """Whether these schools have something that a letter of this kind would tell, as the round stands."""
    pairs, state = desk.round.of(urns), state_of(kind)
    if state == "decided":
        return any(p.heard is not None and not p.heard.stands for p in pairs) or bool(outcomes(desk, urns))
    if state in ("changed", "cover", "ended"):
        return state in (asks(desk, urns), *tells(desk, urns))
    return bool(pairs) and (state == "school" or all(p.stage == "confirmed" for p in pairs))


def to_schools(desk: Desk, kind: LetterKind, urns: Iterable[str], office: LetterOffice) -> list[Letter]:
    """Letters of a kind to the heads, or chairs, of these schools who get one."""
    return [school_letter(desk, g, office, kind=kind) for g in together(desk, urns) if gets(desk, kind, g)]


def school_letter(
    desk: Desk, urns: tuple[str, ...], office: LetterOffice, link: str | None = None, kind: LetterKind = "school"
) -> Letter:
    """To the head, or the chair of governors, of these schools. Raises UsageError for a wording that cannot be used."""
    pairs = [p for k, p in sorted(desk.round.pairs.items()) if k[0] in urns]
    names, link = listed([desk.facts.name(u) for u in urns]), link or office.school_link
    values = _common(office, desk, link) | {
        "school": names,
        "since": since(desk, urns),
        "ended": ended(desk, urns, office.today),
        "no_answer": f"You need not answer. If it does not suit you, or you wish to ask something, write to me: {link}",
    }
    if pairs:
        values |= _of_pairs(desk, office, urns, pairs, link, state_of(kind))
    return merge(kind, office.wordings[kind], values, urns[0], to_whom(desk, urns, kind), urns)


def to_whom(desk: Desk, urns: Sequence[str], kind: LetterKind) -> str:
    """Whom a letter about these schools addresses."""
    whom = "The chair of governors" if kind in TO_CHAIRS else "The headteacher"
    return f"{whom}, {listed([desk.facts.name(u) for u in urns])}"


def _of_pairs(
    desk: Desk, office: LetterOffice, urns: tuple[str, ...], pairs: list[Pair], link: str, state: State
) -> dict[str, str]:
    main = min(pairs, key=lambda p: (p.post != "lead", p.urn))
    beside = [p for p in desk.round.beside.values() if p.key == main.key]
    shown = min(
        (main, *beside), key=lambda p: (p.stage not in OPEN, p.stage == "confirmed", p is main and bool(beside))
    )
    if shown.stage not in OPEN:  # nothing is asked about who leads: somebody new for another post, where there is one
        shown = next((p for p in pairs if p.stage in OPEN), shown)
    row, told, sip = desk.row(main), _told(office, desk, main), desk.facts.sips[main.sip]
    same = same_as(main, pairs)
    later = [p for p in pairs if p not in same and desk.row(p).to >= office.today]  # what is past is not told again
    by = day(shown.answer_by or deadline(desk, office.today, office.answer_by))
    waits = any(p.stage in ("proposed", "queried") for p in desk.round.everyone if p.urn in urns)
    asked = state in ("school", "changed", "cover") and (asks(desk, urns) is not None or waits)
    only_days = told.days if len(same) == 1 else _each(desk, office, same)
    told_days = " ".join(x for x in (told.notes, only_days, told.after) if x)
    about, portrait = who_is(desk.facts.sips[shown.sip]), sip.pen_portrait or ""
    of_new = desk.facts.sips[shown.sip].pen_portrait
    writes = f"\n\n{desk.row(shown).name} writes: {of_new}" if of_new else ""
    agree = desk.rules.mode == "agree_with_school"
    decides = any(p.post == "appraisal" and p.governors is None for p in pairs)
    alone = f"You need do nothing. If the governors wish to ask something, write to me: {link}"
    return {
        "sip": row.name,
        "role": ROLE[main.post],
        "start": day(row.from_),
        "opening": told.opening,
        "because": told.why,
        "days": told_days,
        "only_days": only_days,
        "stands": f"{with_why(told.opening, told.why)}. {told_days}" if asked else only_days,
        "other_posts": "\n\n".join(_also(desk, office, p, urns) for p in later),
        "posts_too": "\n\n".join(_by_name(desk, p, urns) for p in later),
        "support": "\n\n".join(_by_name(desk, p, urns) for p in later if p.post == "support"),
        "about": about,
        "portrait": portrait,
        "who": f"{about}{writes}" if asked else "",
        "decided": "\n\n".join(filter(None, (decided(desk, main), *(answered(desk, q) for q in outcomes(desk, urns))))),
        "next_step": next_step(desk, main, link, office.telephone) or step_up(desk, outcomes(desk, urns), link),
        "governors": " ".join(_governors(desk, p, by) for p in later if p.post == "appraisal"),
        "made": made([desk.row(p) for p in pairs], state == "confirmed"),
        "asked": _of_chair(by, link, agree, decides) if asked else alone,
    } | (_answering(desk, main.urn, desk.row(shown).name, by, link, agree, office.ring) if asked else {})


def same_as(main: Pair, pairs: list[Pair]) -> list[Pair]:
    """The pairs of schools that share a head which are told as one with the main one."""
    return [p for p in pairs if p is main or (p.post, p.sip) == (main.post, main.sip)]


def _answering(desk: Desk, urn: str, name: str, by: str, link: str, agree: bool, ring: str) -> dict[str, str]:
    """What a letter says that wants an answer."""
    chair = "Your chair of governors is asked as well, and it stands once you have both said yes." if agree else ""
    return {
        "answer_by": by,
        "ask": "\n\n".join(
            (
                f"You can say yes, ask a question or ask for someone else at {link}",
                f"Please answer by {by}. {silence_means(desk)} {chair}".rstrip(),
                (
                    f"If you would rather not work with {name}, {' '.join(filter(None, ('tell me there', ring)))} by "
                    f"{by}; you need not say why. {refusal_means(desk, urn)}"
                ),
            )
        ),
        "no_answer": "",
        "silence": silence_means(desk),
        "refusal": refusal_means(desk, urn),
        "chair": chair,
    }


def _of_chair(by: str, link: str, agree: bool, decides: bool) -> str:
    """What the chair is asked. `decides`: the same letter asks for the governors' word on the appraisal."""
    if agree:
        return (
            f"Please tell me by {by}, at {link} , whether you agree too. It stands once you and the "
            "headteacher have both said yes."
        )
    head = (
        "In all else the headteacher answers for the school by"
        if decides
        else "The headteacher answers for the school by"
    )
    return f"{head} {by}, and you need do nothing. If the governors see a difficulty, tell me before then: {link}"


def made(rows: Iterable[Assignment], confirmed: bool = False) -> str:
    """That a program proposed and a person decides; or that a person chose (domain 3.7)."""
    chosen = all(a.locked for a in rows)
    if confirmed:
        by = "A person chose this" if chosen else "A computer program proposed this, by rules that we publish"
        return f"{by}, and a person confirmed it." if not chosen else f"{by}, and confirmed it."
    if chosen:
        return (
            "A person chose this, and the computer program that proposes the rest kept to it. A person confirms it too."
        )
    return "A computer program proposed this, by rules that we publish. A person looks at each proposal, and decides."


def since(desk: Desk, urns: tuple[str, ...]) -> str:
    """What these schools were told last, where it no longer stands."""
    r = desk.round
    on = max((d for (of, u), d in r.told_on.items() if of == "school" and u in urns), default=None)
    keys = sorted(k for k in {*r.told, *r.now} if k[0] in urns and r.told.get(k) != r.now.get(k))
    if on is None or not keys:
        return ""
    one = list(dict.fromkeys(_since(desk, k, on, many=False) for k in keys))
    return one[0] if len(one) == 1 else " ".join(_since(desk, k, on, many=len(urns) > 1) for k in keys)


def _since(desk: Desk, key: Key, on: dt.date, *, many: bool) -> str:
    was, now = desk.round.told.get(key, ()), desk.round.now.get(key, ())
    role = ROLE[key[1]] + (f" at {desk.facts.name(key[0])}" if many else "")
    if not was:
        return f"Since I wrote on {day(on)}, {'an' if key[1] == 'appraisal' else 'a'} {role} has been added."
    name, before = name_of(desk.facts, was[-1].sip), sum(s.days for s in was)
    if not now or now[-1].sip != was[-1].sip:
        mine = (*key, was[-1].sip) in desk.round.refused
        then = (
            "You asked for somebody else, and this is my new proposal." if mine else "The plan has had to change since."
        )
        return f"On {day(on)} I named {name} as your {role}. {then}"
    if {s.sip for s in now} != {s.sip for s in was}:
        return f"On {day(on)} I wrote to you about {name} as your {role}. Who is there when has changed since."
    if (after := sum(s.days for s in now)) != before:
        fewer = "fewer" if after < before else "more"
        return (
            f"On {day(on)} I wrote that you would have {days(before)} with {name}. The plan has changed since, and it "
            f"is {in_words(abs(after - before))} {fewer} now."
        )
    return (
        f"On {day(on)} I wrote that {name} would be your {role} from {day(was[0].from_)} to "
        f"{day(was[-1].to)}. It is from {day(now[0].from_)} to {day(now[-1].to)} now."
    )


def ended(desk: Desk, urns: tuple[str, ...], today: dt.date) -> str:
    """Whose work ends when, why, and what follows."""
    r, said = desk.round, list[str]()
    for key in sorted(k for k in r.told if k[0] in urns and r.told[k] != r.now.get(k)):
        was, now = r.told[key], r.now.get(key, ())
        name, where = name_of(desk.facts, was[-1].sip), f" at {desk.facts.name(key[0])}" if len(urns) > 1 else ""
        if not now:
            said.append(
                f"{name} will not be your {ROLE[key[1]]}{where} after all: this year's plan no longer has one for you."
            )
            continue
        why = [
            to_head(desk.facts, c.urn, c.claims, today)
            for c in desk.plan.changes
            if (c.urn, c.post, c.from_) == (*key, was[-1].sip) and c.to is None
        ]
        is_ = "was" if now[-1].to < today else "is"
        until = f"{name} {is_} your {ROLE[key[1]]}{where} until {day(now[-1].to)}"
        told = with_why(until, why[0]) if why and why[0] else until + closes(desk, key[0], now[-1].to)
        said.append(f"{told}.")
        if any((u.urn, u.post) == key for u in desk.plan.unfilled):
            said.append("I have nobody to follow yet; we are looking, and I write to you as soon as there is somebody.")
    return " ".join(said)


def closes(desk: Desk, urn: str, on: dt.date) -> str:
    """That the school closes then, where it does."""
    return ", when the school closes" if desk.facts.schools[urn].closes_on == on else ""


def silence_means(desk: Desk) -> str:
    """What no answer by the date means, to a head."""
    if desk.rules.silence == "accepts":
        return "If I hear nothing by then, I shall take it that you are content."
    return "Nothing is settled until you have answered."


def refusal_means(desk: Desk, urn: str) -> str:
    """What happens when this school asks for someone else; never why a person decides it (practice)."""
    if needs_a_person(desk, urn):
        return "I shall consider what you say, decide, and write to you."
    return f"I shall then propose somebody else. This can be done {times(desk.rules.vetoes)} in a year."


def decided(desk: Desk, pair: Pair) -> str:
    """What was decided on a refusal that was a representation: outcome, reason, by whom, when."""
    h = pair.heard
    if h is None or h.stands:
        return ""
    name = desk.row(pair).name
    said = f"You asked for somebody else. {h.by} considered it and decided on {day(h.on)} that it is to be {name}"
    return f"{said} all the same. The reason: {h.reason.strip().rstrip('.')}."


def outcomes(desk: Desk, urns: Iterable[str]) -> list[Query]:
    """What these schools asked and was answered: what they have not yet in a letter, else all."""
    wanted = set(urns)
    done = [q for q in desk.round.queries if q.urn in wanted and q.by != "sip" and q.outcome]
    return [q for q in done if not q.told] or done


def answered(desk: Desk, q: Query) -> str:
    """The outcome of what a school asked: what, why, by whom, when."""
    by, on = q.closed_by or "The SIP manager", f" on {day(q.closed_on)}" if q.closed_on else ""
    outcome = (q.outcome or "").strip().rstrip(".")
    if q.about != "follow":
        asked = f"You asked: “{q.text.strip()}”" if q.text else "You asked a question."
        return f"{asked} {by} answered{on}: {outcome}."
    name = name_of(desk.facts, q.whom)
    how = f"{name} comes with the head" if q.granted else f"{name} does not come with the head"
    return (
        f"You asked that {name} come with the head. {by} considered it and decided{on}: {how}. The reason: {outcome}."
    )


def step_up(desk: Desk, closed: Iterable[Query], link: str = "") -> str:
    """Whom a head may turn to whose request that a SIP follow was not granted."""
    if all(q.about != "follow" or q.granted for q in closed):
        return ""
    rung = above(desk, desk.rules.ladder[0])
    where = f": {link}" if link else "."
    return f"If you do not agree, ask the {rung} to look at it{where}" if rung else ""


def next_step(desk: Desk, pair: Pair, link: str = "", telephone: str = "") -> str:
    """Where a head who was overruled may turn."""
    if pair.heard is None or pair.heard.stands:
        return ""
    if rung := may_raise(desk, pair):
        within = f"who decides within {days(desk.rules.query_days)}"
        where = f": {link}" if link else "."
        return f"If you do not agree, you can ask the {rung}, {within}, to look at it again{where}"
    if desk.round.in_force:
        how = f"ring me on {telephone}" if telephone else "tell me"
        return f"The plan is in force. If you do not agree, {how}; your governors may also write to the authority."
    return "There is no step further up in this service; your governors may write to the authority."


def _common(office: LetterOffice, desk: Desk, link: str) -> dict[str, str]:
    """Every field of a letter to a school, blank until it is filled."""
    return dict.fromkeys(FIELDS["school"], "") | {
        "link": link,
        "year": desk.facts.case.year,
        "manager": office.manager,
        "programme": office.programme,
        "contact": contact(office.office, office.telephone),
        "ring": office.ring,
        "today": day(office.today),
        "again": (
            "If you think something is wrong, ask me: I look at it again, and you have an answer within "
            f"{days(desk.rules.query_days)}."
        ),
    }


def _each(desk: Desk, office: LetterOffice, pairs: list[Pair]) -> str:
    """Days of schools that share a head, each by name."""
    rows = [a for p in pairs for a in desk.plan.open(p.urn, p.post)]
    several, first = len({a.sip for a in rows}) > 1, desk.facts.year.first
    span = "" if several else " for the year" if all(a.from_ <= first for a in rows) else " for the rest of the year"
    each = {
        a.school: [f"{days(x.days)}{f' with {x.name}' if several else ''}" for x in rows if x.urn == a.urn]
        for a in rows
    }
    said = listed([f"{school} has {listed(mine)}" for school, mine in each.items()])
    return " ".join([f"{said}{span}.", *short_of(office.ready, desk.plan, rows)])


def _also(desk: Desk, office: LetterOffice, p: Pair, urns: Sequence[str]) -> str:
    text = _told(office, desk, p).text
    return f"For {desk.facts.name(p.urn)}: {text}" if len(urns) > 1 else text


def _by_name(desk: Desk, p: Pair, urns: Sequence[str]) -> str:
    row, what = desk.row(p), ROLE[p.post]
    where = f"{desk.facts.name(p.urn)}, {what}" if len(urns) > 1 else f"{what[:1].upper()}{what[1:]}"
    return f"{where}: {row.name}, {in_words(row.days)}."


def _governors(desk: Desk, p: Pair, by: str) -> str:
    name = desk.row(p).name
    if p.governors is not None:
        return f"The governors have said {'yes' if p.governors else 'no'} to {name} for the head's appraisal."
    return (
        f"{name} is proposed to support the governing body with the head's appraisal. Governors decide that: "
        f"please let me have their yes or no by {by}."
    )


def _told(office: LetterOffice, desk: Desk, p: Pair, audience: Literal["school", "sip"] = "school") -> Told:
    """What this school or SIP is told of the pair; for a post already settled in the year, the plain text."""
    made_ = explain(
        office.ready,
        desk.plan,
        p.urn,
        p.post,
        audience=audience,
        holder=p.sip,
        on=office.today,
        agreed=p.stage in AGREED,
    )
    told = made_.told or Told(made_.text.rstrip("."), "", "")
    return replace(told, days=heard(told.days, p.governors))
