"""What managers and registers call our sheets, columns and values, most used first (docs/reference/headers.md
lists them).

A header is compared without case, blanks and signs: `% FSM`, `FSM (%)` and `fsm` are one.
"""

from __future__ import annotations

import re

from allocator.domain.case import TABLES
from allocator.intake.headers import AREAS, COLUMNS, FORMS


def _blocks(text: str) -> dict[str, str]:
    """Column -> its headers, of one table's block."""
    lines = text.replace("\n  ", " ").splitlines()
    return {column: said for column, _, said in (line.partition(": ") for line in lines)}


HEADERS = {table: _blocks(text) for table, text in COLUMNS.items()}  # table -> our column -> its headers, with commas
HEADERS["schools"] |= {c: ", ".join(f.format(n) for n in names for f in FORMS) for c, names in AREAS.items()}
TITLES: dict[str, str] = {  # table -> usual titles of its sheet, years and words such as *list* apart
    "schools": "schools, school, our schools, all schools, academies, settings, establishments, schools and days, "
    "school details, school information, schools and academies, primary schools, secondary schools",
    "sips": "sips, sip, sip team, team, advisers, advisors, partners, improvement partners, school improvement "
    "partners, consultants, our team, adviser team, associates, who is who, staff",
    "history": "history, allocation, allocations, sip allocations, sip allocation, previous allocations, pairings, "
    "last year, allocation history, who had whom, past allocations, current allocations, school allocations",
    "interests": "interests, conflicts, conflicts of interest, declarations, declarations of interest, register of "
    "interests, conflict of interest, coi, declared interests, declaration of interests, interests "
    "register, potential conflicts, declared conflicts",
    "refusals": "refusals, vetoes, vetos, declined, refused, breakdowns, refusals and breakdowns, refused sips, "
    "rejections, vetoes and breakdowns, declines, school refusals, schools refusing",
    "wishes": "wishes, preferences, requests, school preferences, school wishes, school requests, expressed "
    "preferences, wish list, sip preferences, preferences of schools, requests from schools, wishes of "
    "schools, choices",
    "decisions": "decisions, locks, manager decisions, fixed pairs, locks and bars, agreed pairs, manager's decisions, "
    "overrides, decisions made, pairs decided, forbidden pairs, do not place, agreed decisions",
    "absences": "absences, absence, leave, planned absence, planned leave, annual leave, sickness, secondments, time "
    "away, absence record, unavailability, not available, days away",
    "travel": "travel, distances, travel times, drive times, journey times, mileage, distance matrix, road distances, "
    "journeys, distance table, travel matrix, km, distances by road",
    "answers": "answers, responses, replies, school responses, school replies, answers received, school answers, "
    "returns, responses received, replies received, acceptances, answers from schools, heads' answers",
    "worked": "worked, days worked, visits, visit log, time given, days used, work done, visits made, delivery, "
    "days delivered, record of visits, days given, work so far",
    "needs": "needs, change of need, need changes, category changes, changes of category, changes of need, band "
    "changes, changes in need, needs during the year, recategorised, re-banding, new categories, need "
    "through the year",
    "successions": "successions, conversions, school links, links, mergers, amalgamations, predecessors, successors, "
    "urn changes, changed urns, conversions and mergers, new urns, school changes",
}
VALUES: dict[str, dict[str, str]] = {  # column -> a programme's usual word -> ours; what it was read as is always said
    "need": {
        "universal": "standard",
        "core": "standard",
        "targeted": "raised",
        "enhanced": "raised",
        "intensive": "high",
        "light touch": "low",
        "light": "low",
        "minimal": "low",
        "medium": "standard",
        "significant": "high",
        "very high": "top",
        "critical": "top",
        "urgent": "top",
    },
    "interest": {
        "governor": "governor",
        "governance": "governor",
        "trustee": "governor",
        "governors": "governor",
        "chair of governors": "governor",
        "husband": "family",
        "wife": "family",
        "spouse": "family",
        "daughter": "family",
        "son": "family",
        "child": "family",
        "children": "family",
        "sister": "family",
        "brother": "family",
        "parent": "family",
        "relative": "family",
        "related": "family",
        "employee": "employed",
        "employer": "employed",
        "employment": "employed",
        "consultancy": "paid_work",
        "paid": "paid_work",
        "contract": "paid_work",
        "shares": "financial",
        "inspector": "inspected",
        "inspection": "inspected",
        "ex head": "former_head",
        "former headteacher": "former_head",
        "headteacher": "head",
    },
}
SPELLINGS: dict[str, dict[str, str]] = {  # column, or kind of column -> a usual word in its cells -> ours
    "phase": {
        "middle deemed primary": "middle_primary",
        "middle deemed secondary": "middle_secondary",
        "all-through": "all_through",
        "all through": "all_through",
        "all-thru": "all_through",
        "all thru": "all_through",
        "through school": "all_through",
        "16 plus": "sixteen_plus",
        "16-plus": "sixteen_plus",
        "16+": "sixteen_plus",
        "post-16": "sixteen_plus",
        "post 16": "sixteen_plus",
        "sixth form": "sixteen_plus",
        "6th form": "sixteen_plus",
        "sixth form college": "sixteen_plus",
        "infant": "primary",
        "infants": "primary",
        "junior": "primary",
        "juniors": "primary",
        "first": "primary",
        "pri": "primary",
        "prim": "primary",
        "inf": "primary",
        "jnr": "primary",
        "jun": "primary",
        "infant school": "primary",
        "first school": "primary",
        "lower": "primary",
        "lower school": "primary",
        "ks1": "primary",
        "ks2": "primary",
        "ks1/2": "primary",
        "ks1-2": "primary",
        "ks3": "secondary",
        "ks4": "secondary",
        "ks3/4": "secondary",
        "ks3-4": "secondary",
        "junior school": "primary",
        "primary school": "primary",
        "high": "secondary",
        "upper": "secondary",
        "upper school": "secondary",
        "sec": "secondary",
        "secondary school": "secondary",
        "high school": "secondary",
        "nursery school": "nursery",
        "pru": "alternative",
        "ap": "alternative",
        "alternative provision": "alternative",
        "pupil referral unit": "alternative",
        "special school": "special",
        "send": "special",
    },
    "category_of_concern": {
        "special measures": "SM",
        "serious weaknesses": "SWK",
        "requires significant improvement": "RSI",
        "in special measures": "SM",
        "requires special measures": "SM",
        "has serious weaknesses": "SWK",
        "sw": "SWK",
        "significant improvement": "RSI",
    },
    "oeif": {
        "outstanding": "1",
        "good": "2",
        "requires improvement": "3",
        "inadequate": "4",
        "not judged": "not_judged",
        "o": "1",
        "g": "2",
        "ri": "3",
        "r.i.": "3",
        "req improvement": "3",
        "requires imp": "3",
        "satisfactory": "3",
        "inad": "4",
        "i": "4",
        "special measures": "4",
        "serious weaknesses": "4",
        "sm": "4",
        "sw": "4",
        "swk": "4",
    },
    "kind": {
        "adviser": "la_adviser",
        "advisor": "la_adviser",
        "la adviser": "la_adviser",
        "la advisor": "la_adviser",
        "local authority adviser": "la_adviser",
        "serving head": "serving_head",
        "serving headteacher": "serving_head",
        "head": "serving_head",
        "headteacher": "serving_head",
        "ht": "serving_head",
        "principal": "serving_head",
        "retired head": "retired_head",
        "retired headteacher": "retired_head",
        "former head": "retired_head",
        "external consultant": "consultant",
        "external": "consultant",
        "independent": "consultant",
        "freelance": "consultant",
        "independent consultant": "consultant",
        "associate": "consultant",
        "self-employed": "consultant",
    },
    "status": {"open, but proposed to close": "proposed_to_close"},
    "need": VALUES["need"],
}
# a column of the schools sheet that holds the SIP of a year: `SIP 25/26`, `Current SIP`, `Last year's adviser`
LAST_SIP = re.compile(
    r"(?:(?:current|existing|previous|last|old|allocated|assigned|named|lead|link|our|lastyears|lastyear"
    r"|202\d(?:20)?2\d|2\d2\d)*)(?:sip|adviser|advisor|partner|improvementpartner|leadadviser)"
    r"(?:s?name)?(?:(?:in|for)?(?:current|existing|previous|last|lastyear|20\d\d(?:20)?\d\d|2\d2\d))*"
)
YEAR = re.compile(r"(?<!\d)(?:20)?(2\d)\s*[-/–_]\s*(?:20)?(2\d)(?!\d)")


def plain_label(label: str) -> str:
    """A header or title as it is compared with the usual ones: letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]+", "", label.casefold().replace("&", "and"))


def year_in(text: str) -> str | None:
    """The academic year that a title or header tells: `SIP 25/26` is 2025/26."""
    found = YEAR.search(text)
    return f"20{found[1]}/{found[2]}" if found and int(found[2]) == int(found[1]) + 1 else None


_OWN = {t: {plain_label(c): c for c in model.model_fields} for t, model in TABLES.items()} | {
    "policy": {"key": "key", "value": "value"}
}
_HEADERS = {
    t: {plain_label(h): c for c, said in reversed(cols.items()) for h in said.split(", ")}
    for t, cols in HEADERS.items()
}
ASIDE = re.compile(
    r"\(\d+\)|\b(?:copy(?: of)?|new|updated|list|data|sheet|table|tab|current|20\d\d|final|master|the|v\d+)\b",
    re.IGNORECASE,
)


def _bare(title: str) -> str:
    """A title without its years and words such as *list*, as it is compared."""
    return plain_label(ASIDE.sub(" ", YEAR.sub(" ", title)))


_TITLES = {f(t): table for f in (_bare, plain_label) for table, said in TITLES.items() for t in said.split(", ")}


def usual_column(table: str, label: str) -> str | None:
    """Our column for a usual header of the table."""
    plain = plain_label(label)
    return _OWN.get(table, {}).get(plain) or _HEADERS.get(table, {}).get(plain)


def known_by(table: str, column: str) -> set[str]:
    """All that a column of ours is known by, as compared: our own name and the usual headers."""
    said = HEADERS.get(table, {}).get(column, "")
    return {plain_label(column)} | {plain_label(h) for h in said.split(", ") if h}


def usual_table(title: str) -> str | None:
    """Our table for a usual title of a sheet: years and words such as *list* or *sheet* apart."""
    return _TITLES.get(plain_label(title)) or _TITLES.get(_bare(title))


def holds_last_sip(label: str) -> bool:
    """Whether a column of the schools sheet tells who a school's SIP is or was."""
    return LAST_SIP.fullmatch(plain_label(label).replace("lastyears", "last")) is not None
