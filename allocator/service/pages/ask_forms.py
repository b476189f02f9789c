"""The two short forms of May: what each shows, and what was typed as a word to keep. By link or taken down by
telephone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from allocator.domain.case import PERIODS, InterestKind, School
from allocator.domain.facts import Facts
from allocator.rounds.ask_first import Asked, AwaySaid, SchoolWord, SipWord, could_meet, sips_asked
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.ground import Fields
from allocator.words import listed, words

FOLDED = 40  # schools that a SIP could meet; more are folded by the first letter
AWAY = 3  # absences a form has room for
GOING_ON = {
    "keep": "Keep our SIP",
    "change": "We would like a change",
    "must": "Please do not propose the same person again",
    "discuss": "Talk about it first",
}
KNOWN = {
    "known_locally": "Someone known locally",
    "fresh_eyes": "Fresh eyes, someone from elsewhere",
    "none": "No preference",
}
APPRAISAL = {
    "none": "No, we arrange it ourselves",
    "same": "Yes, the same person as our SIP, if possible",
    "different": "Yes, but a different person from our SIP",
    "any": "Yes, whoever can",
}
TIES: dict[InterestKind, str] = {
    "head": "I lead it, or work there as a head",
    "former_head": "I led it in the past",
    "governor": "I am or was a governor",
    "employed": "It, or its trust, employs me",
    "paid_work": "I do paid work for it",
    "financial": "I have a financial interest",
    "family": "I have a tie that bars me (nobody is told what it is)",
    "inspected": "I inspected it",
    "former_adviser": "I was its adviser or SIP, and it went well",
    "other": "Another tie",
}
PERIOD_WORDS = {
    "autumn_1": "September and October",
    "autumn_2": "November and December",
    "spring": "January to Easter",
    "summer": "After Easter",
}
assert set(TIES) == set(get_args(InterestKind))


def answer_by(form: Fields, name: str, days: int) -> dt.date:
    """The date that a letter asks an answer by: as typed, else so many days from today. Raises HttpProblem."""
    today = dt.date.today()
    by = form.date(name) or today + dt.timedelta(days=days)
    if form.errors or not today < by < today + dt.timedelta(days=366):
        raise HttpProblem("invalid", "Give a date to answer by, after today and within the year, such as 11 7 2027.")
    return by


def told(word: SchoolWord) -> list[tuple[str, str]]:
    """(what was asked, what was answered) of a school's word, what was left blank left out."""
    return [
        (asked, said)
        for asked, said in (
            ("Your SIP", GOING_ON["must" if word.strongly else word.going_on or "keep"] if word.going_on else ""),
            ("Somebody new", KNOWN[word.known] if word.known else ""),
            ("Serving heads", "Please not someone who is a serving head" if word.not_serving_head else ""),
            ("By name", word.named or ""),
            ("What the work is about", listed([words(w) for w in word.focus])),
            ("The head’s appraisal", APPRAISAL[word.appraisal] if word.appraisal else ""),
            ("Other support", word.other_support or ""),
            ("Anything else", word.note or ""),
        )
        if said
    ]


def school_form(
    facts: Facts, schools: Sequence[School], asked: Asked, *, by_phone: bool, ahead: bool = False
) -> dict[str, Any]:
    """What the school's form is drawn from. A head sees the name of their own SIP and nobody else's. `ahead`: of a year
    whose round is not open yet."""
    first = schools[0]
    led = facts.incumbent(first.urn)
    tags = sorted({w for s in facts.sips.values() for w in s.specialisms} | set(first.focus))
    if asked.word:
        typed = SchoolWord.model_validate(asked.word)
    else:
        typed = SchoolWord(focus=first.focus, appraisal=first.appraisal, other_support=first.other_support)
    return {
        "schools": schools,
        "now": facts.sips[led].name if led in facts.sips else None,
        "year": facts.case.year,
        "focus_words": tags,
        "asked": asked,
        "typed": typed,
        "going_on": GOING_ON,
        "known": KNOWN,
        "appraisal": APPRAISAL,
        "by_phone": by_phone,
        "ahead": ahead,
        "team": [{"value": s.sip, "text": s.name} for s in sips_asked(facts)] if by_phone else [],
    }


def school_word(form: Fields, facts: Facts, schools: Sequence[School], *, by_phone: bool = False) -> SchoolWord:
    """What was typed; what cannot be is in `form.errors`. Who is meant by a name is chosen from the team by the manager
    alone (`by_phone`): a head is not told who is on it, and what they are answered does not hang on it."""
    led = facts.incumbent(schools[0].urn)
    said = form.choice("going_on", list(GOING_ON), "Say whether to keep your SIP, change, or talk first") if led else ""
    known = form.text("known")
    appraisal = form.text("appraisal")
    other = [w.strip() for w in (form.text("focus_other", most=200) or "").split(";") if w.strip()]
    named_sip = form.text("named_sip") if by_phone else None
    if named_sip is not None and named_sip not in facts.sips:
        form.errors["named_sip"] = "Choose someone from the list"
    return SchoolWord(
        going_on="change" if said == "must" else said or None,
        strongly=said == "must",
        known=known if known in ("known_locally", "fresh_eyes") else None,
        not_serving_head=form.text("not_serving_head") is not None,
        named=form.text("named", most=100),
        named_sip=named_sip if named_sip in facts.sips else None,
        focus=tuple(dict.fromkeys([*form.all("focus", most=200), *other])),
        appraisal=appraisal if appraisal in APPRAISAL else None,
        other_support=form.text("other_support", most=500),
        note=form.text("note", most=1000),
    )


def sip_form(facts: Facts, sip: str, asked: Asked, *, by_phone: bool) -> dict[str, Any]:
    """What the SIP's form is drawn from: their own days and ties, and the names of schools they could meet."""
    row = facts.sips[sip]
    if asked.word:
        typed = SipWord.model_validate(asked.word)
    else:
        limits = {p: getattr(row, f"{p}_days") for p in PERIODS}
        away = tuple(AwaySaid(start=a.away_from, end=a.away_to) for a in facts.case.absences if a.sip == sip)
        typed = SipWord.model_validate(
            {
                "days": row.days,
                "periods": {p: d for p, d in limits.items() if d is not None},
                "absences": away,
                "flexible_diary": bool(row.flexible_diary),
                "ties": {i.urn: i.kind for i in facts.interests.get(sip, ()) if i.urn},
                "move_on": [
                    w.urn for w in facts.case.wishes if (w.by, w.sip, w.wish) == ("sip", sip, "move_on") and w.urn
                ],
            }
        )
    led = set(facts.led_last_year.get(sip, ()))
    meets = could_meet(facts, row)
    return {
        "sip": row,
        "asked": asked,
        "typed": typed,
        "parts": parts_of(meets, led | typed.ties.keys()),
        "meets": len(meets),
        "led": [s for s in meets if s.urn in led],
        "ties": TIES,
        "periods": PERIOD_WORDS,
        "by_phone": by_phone,
        "year": facts.year,
        "room": max(AWAY, len(typed.absences)),
    }


def parts_of(meets: Sequence[School], first: Collection[str]) -> list[tuple[str, list[School]]]:
    """Of many schools those named `first`, under no heading, then the others by the first letter of their names; few
    are one part."""
    if len(meets) <= FOLDED:
        return [("", list(meets))]
    parts: dict[str, list[School]] = {"": [s for s in meets if s.urn in first]}
    for s in meets:
        if s.urn not in first:
            parts.setdefault(s.name[:1].upper(), []).append(s)
    return list(parts.items())


def sip_word(form: Fields, facts: Facts, sip: str) -> SipWord | None:
    """What was typed; None, with `form.errors`, where it cannot be."""
    days = _days(form, "days", needed=True)
    periods = {p: d for p in PERIODS if (d := _days(form, f"{p}_days")) is not None}
    for p, most in periods.items():
        if days is not None and most > days:
            form.errors[f"{p}_days"] = f"{PERIOD_WORDS[p]}: {most:g} days is more than the {days:g} of the whole year"
    absences = [a for n in range(AWAY + 10) if (a := _away(form, facts, n))]
    ties = {s.urn: kind for s in could_meet(facts, facts.sips[sip]) if (kind := form.text(f"tie-{s.urn}")) in TIES}
    led = set(facts.led_last_year.get(sip, ()))
    if form.text("looked") is None:
        form.errors["looked"] = "Confirm that you have looked at every school in the list"
    if form.errors:
        return None
    try:
        return SipWord.model_validate(
            {
                "days": days,
                "periods": periods,
                "flexible_diary": form.text("flexible_diary") == "yes",
                "absences": absences,
                "ties": ties,
                "move_on": [u for u in form.all("move_on") if u in led],
                "why": form.text("why", most=1000),
            }
        )
    except ValidationError as error:  # a form made by hand
        form.errors["days"] = error.errors()[0]["msg"]
        return None


def _days(form: Fields, name: str, *, needed: bool = False) -> float | None:
    text = form.text(name)
    if text is None:
        if needed:
            form.errors[name] = "Enter the days you can give in the year, such as 20"
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not (0 <= found <= 230 and (4 * found).is_integer()):
        form.errors[name] = f"{text}: enter days in whole numbers or quarters, such as 12 or 4.75, at most 230"
        return None
    return found


def _away(form: Fields, facts: Facts, n: int) -> AwaySaid | None:
    start, end = form.date(f"away-{n}-from"), form.date(f"away-{n}-to")
    broken = [f"away-{n}-{side}" for side in ("from", "to") if f"away-{n}-{side}" in form.errors]
    if broken or (start is None and end is None):
        return None
    if start is None or end is None:
        missing = "from" if start is None else "to"
        form.errors[f"away-{n}-{missing}"] = "Give both the first and the last day away"
        return None
    year = facts.year
    if not year.first <= start <= end <= year.last:
        form.errors[f"away-{n}-to"] = (
            f"The last day must not be before the first, and both must be from {_day(year.first)} to {_day(year.last)}"
        )
        return None
    return AwaySaid(start=start, end=end)


def _day(d: dt.date) -> str:
    return f"{d.day} {d:%B %Y}"
