"""What managers and registers call our sheets, columns and values, most used first (docs/reference/headers.md lists them).

A header is compared without case, blanks and signs: `% FSM`, `FSM (%)` and `fsm` are one.
"""

from __future__ import annotations

import re

from allocator.domain.case import TABLES

SCHOOL = "school, school name, establishment, establishment name, name of school, setting, setting name, academy, academy name, provision, institution, urn number, school urn"
PERSON = "sip name, adviser, advisor, partner, consultant, improvement partner, school improvement partner, allocated sip, allocated to, current sip, associate, name of sip, lead adviser"
HEADERS: dict[str, dict[str, str]] = {  # table -> our column -> usual headers, separated by commas
    "schools": {
        "urn": "urn number, school urn, dfe urn, unique reference number, establishment urn, urn no, urn code, gias urn, edubase urn, dfe unique reference number, school reference number, urn (dfe), school id urn",
        "name": "school name, school, establishment name, establishment, name of school, academy, academy name, setting, setting name, provision, institution, school or academy, school academy name",
        "phase": "phase of education, phase of education (name), school phase, education phase, phase type, sector, phase group, school type phase, key phase, phase of school, school phase type, phase description, age phase",
        "la": "local authority, la name, la (name), authority, local authority name, lea, council, county, borough, home la, school la, maintaining authority, education authority",
        "trust": "mat, trust name, trusts (name), academy trust, multi academy trust, mat name, trust or mat, mat trust, trusts, name of trust, sponsor trust, mat or trust, multi-academy trust name, parent trust",
        "diocese": "diocese (name), diocese name, diocesan board, dioceses",
        "cluster": "cluster name, partnership, partnership name, locality, learning community, family of schools, consortium, hub, pyramid, collaborative, school group, area cluster, network",
        "head_status": "head status, headteacher status, status of head",
        "paired_with": "linked school, paired school, partner school urn, infant junior pair, other half",
        "easting": "eastings, grid easting, x easting", "northing": "northings, grid northing, y northing",
        "pupils": "nor, roll, number on roll, number of pupils, pupils on roll, pupil numbers, no of pupils, total pupils, pupil count, pupil roll, student numbers, number of students, current roll",
        "fsm_percent": "fsm, % fsm, percentage fsm, fsm percentage, percent fsm, pct fsm, free school meals, % free school meals, fsm eligible, fsm rate, % eligible for fsm, free meals, % of pupils eligible for fsm, fsm6 %",
        "religious_character": "religious character (name), religious character, faith, denomination, religion, religious designation",
        "closes_on": "closing date, closure date, closing on, proposed closure",
        "need": "category, support category, band, level of support, support level, need level, risk category, rag, rag rating, tier, school category, support band, priority level",
        "days": "entitlement, entitlement days, days entitlement, days due, allocated days, allocation days, sip days, days allocated, number of days, no of days, core days, allocation, days per year",
        "support_days": "additional days, extra days, additional support days", "appraisal_days": "head appraisal days, days for appraisal",
        "other_support": "external support, additional support, other support in place, other support, support from others, trust support, rise support, other agencies, support elsewhere, additional partners, external partners, hub support",
        "inspection_due": "in inspection window, inspection window, ofsted due, due inspection, ofsted window, inspection expected, due an inspection, inspection due, due ofsted, ofsted expected, next inspection due, expecting inspection, in window",
        "head_started": "head start date, headteacher start date, head in post since, head in post from, date head started, head appointed, headteacher appointed, date head appointed, headteacher since, head since, date of appointment of head, head's start date, date headteacher started",
        "head_email": "headteacher email, head's email, heads email address, headteacher's email, ht email, head email address, headteacher email address, principal email, email of head, headteacher e-mail, headteacher's email address, email (head), email of headteacher",
        "chair_email": "chair's email, chair of governors email, cog email, chair of governors' email, chairs email address, chair email address, governors email, email of chair, email (chair), chair of governors email address, chair's email address, governor email, chair of governors' email address",
        "appraisal": "head appraisal, headteacher appraisal, ht appraisal, appraisal support, performance management, headteacher performance management, head's appraisal, head performance management, ht performance management, appraisal wanted, appraisal required, performance management support, appraisal adviser",
        "focus": "priorities, focus areas, areas of focus, support focus, school priorities, focus area, focus for the year, priority areas, key priorities, main priorities, school improvement priorities, current priorities, focus of support",
        "category_of_concern": "ofsted category, category of concern, concern category",
        "oeif_overall": "ofsted, ofsted grade, ofsted rating, ofsted judgement, overall effectiveness, last ofsted, current ofsted, ofsted outcome, latest ofsted, ofsted overall, inspection grade, ofsted rating (name), last ofsted grade",
        "oeif_quality_of_education": "quality of education, qoe", "oeif_leadership": "leadership and management, l&m",
        "oeif_safeguarding": "safeguarding effective, safeguarding is effective",
        "oeif_date": "last inspection, date of last inspection, inspection date, ofsted date, last inspection date, last ofsted date, date of last ofsted, last inspected, date of inspection, latest inspection, ofsted last insp, most recent inspection, date of ofsted",
        "previous_oeif_overall": "previous ofsted, previous ofsted grade, prior ofsted, previous grade",
        "stuck": "stuck school",
    },
    "sips": {
        "sip": "sip id, ref, reference, id, code, initials, sip code, sip ref, staff id, adviser id, sip no, sip number, adviser code",
        "name": "sip name, full name, adviser, advisor, adviser name, partner, partner name, consultant, name of sip, improvement partner, school improvement partner, associate, consultant name",
        "kind": "type, role, sip type, type of sip, adviser type, employment type, kind of sip, employment, position, current role, status type, background, employment status",
        "phases": "phase, phase(s), phases served, phases covered, sector, phase expertise, phase of work, sectors, phase specialism, phases worked in, phases of experience, primary or secondary, phase experience",
        "days": "days available, days offered, available days, total days, days per year, contracted days, number of days, no of days, capacity, capacity (days), annual days, days in year, availability (days)",
        "joined_on": "start date, date joined, joined, joining date, date started, in post from, appointed on, appointment date, joined on, date appointed, started, first day, service began", "leaves_on": "leaving date, leave date, last day, leaving on, date leaving, date of leaving, finish date, finishing, leaving, last working day, date finished, end of service, resigned from",
        "contract_ends": "contract end, contract end date, end of contract, contract expiry, contract until, contract expires, contract finishes, contract to, end of contract date, contract expiry date, contract end year, contract finish, contract valid until",
        "trained": "training, training complete, training completed, sip trained, accredited, accreditation, inducted, training done, trained yes or no, induction, induction complete, sip training, training date passed",
        "board_approved": "approved, board approval, approved by board, panel approved, approval, approved by panel, approved to work, board sign off, signed off, approved yes or no, governing board approval, approved by the board, sip approved",
        "dbs_checked_on": "dbs, dbs date, date of dbs, dbs check, dbs checked, dbs check date, dbs issued, dbs issue date, dbs certificate date, enhanced dbs, dbs date checked, last dbs, crb date",
        "dbs_valid_until": "dbs expiry, dbs expires, dbs expiry date, dbs valid to, dbs renewal, dbs renewal date, dbs renewal due, dbs due, dbs end date, dbs runs out, dbs until, dbs valid until date",
        "ever_head": "ex head, former head, has been head, headship experience",
        "current_urn": "current school, own school, head of, currently head of, headteacher at, home school, base school, school where head, current headship, works at, school of employment, substantive school, employing school",
        "current_la": "current authority, own la, own authority, employing la, home authority", "current_trust": "own trust, employing trust, current mat, mat, trust",
        "current_cluster": "own cluster",
        "max_schools": "maximum schools, max number of schools, max no of schools, most schools, maximum number of schools, school limit, schools (max), max schools, maximum no of schools, most schools at once, cap on schools, school cap, max no schools",
        "min_schools": "minimum schools, min number of schools, fewest schools, schools (min)",
        "las": "areas, authorities, areas covered, works in, local authorities, areas of work, las covered, authorities covered",
        "max_km": "max distance (km), maximum km, travel limit (km)",
        "appraisal_trained": "trained for appraisal, appraisal training, external adviser trained",
        "experience": "experience of, areas of experience", "specialisms": "specialism, specialist areas, areas of expertise, expertise, strengths, subjects",
        "day_rate": "rate, daily rate, fee per day, cost per day, rate per day", "email": "email address, e-mail, contact email, sip email, e-mail address, email, work email, sip email address, adviser email, e mail, mail address, contact e-mail, email (work)",
        "pen_portrait": "profile, bio, biography, pen picture",
    },
    "history": {
        "urn": SCHOOL, "sip": PERSON, "year": "academic year, school year, year of allocation, allocation year, ay, acad year, academic yr, year of support, session, allocated year, for year, period year, year allocated",
        "role": "post, type of support", "ended": "how ended, how it ended, reason for ending, end reason, reason ended, why ended, how did it end, ending, outcome of year, ended because, reason for change, reason left, end status", "ended_on": "end date, date ended, ended date",
    },
    "interests": {
        "urn": SCHOOL, "sip": PERSON, "trust": "trust name, mat, academy trust, mat name, name of trust, trust or mat, multi academy trust, trust concerned, conflicted trust", "la": "local authority, authority, la name, council, lea, local authority name, authority concerned",
        "kind": "type, nature of interest, interest, relationship, conflict, nature of conflict, type of interest, connection, reason, details, type of conflict, nature, declaration",
        "declared_on": "date declared, declared, date of declaration, declaration date, date, date of interest, when declared, declared date, notified on, date notified, reported on, date reported, disclosed on", "until": "end date, expires, ends, until date, to date, valid until, expiry, expiry date, interest ends, end of interest, lapses on, review until, ended",
        "outcome": "decision, status, result, ruling, finding, cleared or barred, decision made, board decision, manager's decision, interest status, outcome of review, conclusion, determination", "decided_by": "agreed by, decision by, approved by, decided, cleared by, ruled by, determined by, who decided, decision maker, authorised by, signed off by, reviewed by",
    },
    "refusals": {"urn": SCHOOL, "sip": PERSON, "kind": "type, reason type", "year": "academic year, school year", "on": "date, refused on, date refused"},
    "wishes": {"urn": SCHOOL, "sip": PERSON, "wish": "preference, request, wants", "by": "from, asked by, who", "note": "comments, reason, notes, comment"},
    "decisions": {"urn": SCHOOL, "sip": PERSON, "decision": "type, what", "reason": "why, rationale, comments", "by": "decided by, made by", "on": "date, decided on"},
    "absences": {"sip": PERSON, "away_from": "from, start, start date, first day", "away_to": "to, end, end date, last day, until"},
    "travel": {"urn": SCHOOL, "sip": PERSON, "km": "distance (km), kilometres, distance km", "minutes": "travel time, drive time, minutes drive, travel minutes"},
    "worked": {"urn": SCHOOL, "sip": PERSON, "on": "date, visit date, date of visit", "days": "days worked, time, days given", "post": "role, type"},
    "answers": {"urn": SCHOOL, "on": "date, answered on", "answer": "response, reply", "by": "from, answered by"},
    "needs": {"urn": SCHOOL, "on": "date, from", "need": "category, band, new category"},
    "successions": {"old_urn": "old urn number, previous urn, predecessor", "new_urn": "new urn number, successor", "on": "date", "kind": "type"},
}  # fmt: skip
TITLES: dict[str, str] = {  # table -> usual titles of its sheet, years and words such as *list* apart
    "schools": "schools, school, our schools, all schools, academies, settings, establishments, schools and days, school details",
    "sips": "sips, sip, sip team, team, advisers, advisors, partners, improvement partners, school improvement partners, consultants, our team, adviser team, associates",
    "history": "history, allocation, allocations, sip allocations, sip allocation, previous allocations, pairings, last year, allocation history, who had whom, past allocations, current allocations, school allocations",
    "interests": "interests, conflicts, conflicts of interest, declarations, declarations of interest, register of interests, conflict of interest, coi, declared interests",
    "refusals": "refusals, vetoes, vetos, declined, refused, breakdowns",
    "wishes": "wishes, preferences, requests, school preferences, school wishes",
    "decisions": "decisions, locks, manager decisions, fixed pairs",
    "absences": "absences, absence, leave, planned absence",
    "travel": "travel, distances, travel times",
    "answers": "answers, responses, replies",
}  # fmt: skip
VALUES: dict[str, dict[str, str]] = {  # column -> a programme's usual word -> ours; what it was read as is always said
    "need": {"universal": "standard", "core": "standard", "targeted": "raised", "enhanced": "raised", "intensive": "high", "light touch": "low",
             "light": "low", "minimal": "low", "medium": "standard", "significant": "high", "very high": "top", "critical": "top", "urgent": "top"},
    "interest": {"governor": "governor", "governance": "governor", "trustee": "governor", "governors": "governor", "chair of governors": "governor",
                 "husband": "family", "wife": "family", "spouse": "family", "daughter": "family", "son": "family", "child": "family", "children": "family",
                 "sister": "family", "brother": "family", "parent": "family", "relative": "family", "related": "family", "employee": "employed",
                 "employer": "employed", "employment": "employed", "consultancy": "paid_work", "paid": "paid_work", "contract": "paid_work",
                 "shares": "financial", "inspector": "inspected", "inspection": "inspected", "ex head": "former_head", "former headteacher": "former_head",
                 "headteacher": "head"},
}  # fmt: skip
LAST_SIP = re.compile(  # a column of the schools sheet that holds the SIP of a year: `SIP 25/26`, `Current SIP`, `Last year's adviser`
    r"(?:(?:current|existing|previous|last|old|allocated|assigned|named|lead|link|our|lastyears|lastyear|202\d(?:20)?2\d|2\d2\d)*)(?:sip|adviser|advisor|partner|improvementpartner|leadadviser)"
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
_TITLES = {plain_label(t): table for table, said in TITLES.items() for t in said.split(", ")}


def usual_column(table: str, label: str) -> str | None:
    """Our column for a usual header of the table."""
    plain = plain_label(label)
    return _OWN.get(table, {}).get(plain) or _HEADERS.get(table, {}).get(plain)


def usual_table(title: str) -> str | None:
    """Our table for a usual title of a sheet: years and words such as *list* or *sheet* apart."""
    bare = YEAR.sub(" ", title)
    bare = re.sub(
        r"\b(?:list|data|sheet|table|tab|current|20\d\d|final|master|the|v\d+)\b", " ", bare, flags=re.IGNORECASE
    )
    return _TITLES.get(plain_label(title)) or _TITLES.get(plain_label(bare))


def holds_last_sip(label: str) -> bool:
    """Whether a column of the schools sheet tells who a school's SIP is or was."""
    return LAST_SIP.fullmatch(plain_label(label).replace("lastyears", "last")) is not None
