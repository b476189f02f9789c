"""What managers, school systems (SIMS, Arbor, Bromcom), the register and Ofsted call our columns, most used first.

One block a table: `column: header, header, …`; a line that is indented goes on. `usual.py` reads them, and
docs/reference/headers.md lists them. A header that may be two things is under neither: *DfE number* is no URN,
*Headteacher* no id, and the register's *OpenDate* is of a school long open.
"""

from __future__ import annotations

SCHOOL = """\
urn: school, school name, establishment, establishment name, name of school, setting, setting name, academy,
  academy name, provision, institution, urn number, school urn, name of establishment, which school
"""
PERSON = """\
sip: sip name, adviser, advisor, partner, consultant, improvement partner, school improvement partner,
  allocated sip, allocated to, current sip, associate, name of sip, lead adviser, adviser name, consultant
  name
"""
COLUMNS: dict[str, str] = {
    "schools": """\
urn: urn number, school urn, dfe urn, unique reference number, establishment urn, urn no, urn code, gias
  urn, edubase urn, dfe unique reference number, school reference number, urn (dfe), school id urn
name: school name, school, establishment name, establishment, name of school, academy, academy name,
  setting, setting name, provision, institution, school or academy, school academy name
phase: phase of education, phase of education (name), school phase, education phase, phase type, sector,
  phase group, school type phase, key phase, phase of school, school phase type, phase description, age
  phase, ofsted phase
phase_choice: all-through phase, phase for sip, phase wanted, sip phase, phase chosen, phase supported,
  phase for support, which phase, part of school, all-through choice, phase to support, phase focus
la: local authority, la name, la (name), authority, local authority name, lea, council, county, borough,
  home la, school la, maintaining authority, education authority
trust: mat, trust name, trusts (name), academy trust, multi academy trust, mat name, trust or mat, mat
  trust, trusts, name of trust, sponsor trust, mat or trust, multi-academy trust name, parent trust
diocese: diocese (name), diocese name, diocesan board, dioceses, diocesan authority, diocese of, church
  diocese, dbe, diocesan board of education, name of diocese, diocese or faith body, diocesan family,
  diocesan area
cluster: cluster name, partnership, partnership name, locality, learning community, family of schools,
  consortium, hub, pyramid, collaborative, school group, area cluster, network
cluster_wants_one_sip: one sip for cluster, one adviser for cluster, cluster wants one adviser, shared sip,
  shared adviser, same sip across cluster, same sip as cluster, one sip for partnership, cluster sip, single
  sip for cluster, share a sip, one partner for cluster
head: head id, headteacher id, head code, head reference, id of head, headteacher ref
head_status: head status, headteacher status, status of head, substantive or interim, type of headship, head
  contract, headship status, head role, head position, permanent or interim, head teacher status, ht status,
  substantive head, acting or interim
paired_with: linked school, paired school, partner school urn, infant junior pair, other half, linked infant
  or junior, partner infant or junior, linked urn, paired urn, feeder pair, junior or infant partner, infant
  or junior partner, pair
easting: eastings, grid easting, x easting, easting (m), os easting, x coordinate, easting x, bng easting,
  grid reference east, x coord, easting metres, osgb easting
northing: northings, grid northing, y northing, northing (m), os northing, y coordinate, northing y, bng
  northing, grid reference north, y coord, northing metres, osgb northing
pupils: nor, roll, number on roll, number of pupils, pupils on roll, pupil numbers, no of pupils, total
  pupils, pupil count, pupil roll, student numbers, number of students, current roll, total number of
  pupils, headcount
fsm_percent: fsm, % fsm, percentage fsm, fsm percentage, percent fsm, pct fsm, free school meals, % free
  school meals, fsm eligible, fsm rate, % eligible for fsm, free meals, % of pupils eligible for fsm, fsm6 %
rural: rural school, urban rural (name), rural or urban, rurality, is rural, rural indicator, rural y/n,
  urban or rural, rural school?, rural urban classification, small rural school, rural flag, rural yes or no
religious_character: religious character (name), religious character, faith, denomination, religion,
  religious designation, faith school, church school, religious ethos, faith group, faith designation, ce or
  rc, religious affiliation
status: establishment status, establishment status (name), school status, open or closed, open/closed, gias
  status, open closed status, current status, status (name), establishment open, status of school, status of
  establishment
opens_on: opening date, opens, date opening, planned opening, proposed opening date, proposed opening,
  opening on, expected opening, due to open, new school opening date, date due to open, opening
closes_on: closing date, closure date, closing on, proposed closure, close date, closes, date closing,
  planned closure, proposed closure date, due to close, date of closure, closing, expected closure
participation: taking part, in programme, opted in, buy in, buy-in, buyback, service level agreement, sla,
  traded offer, subscribes, subscription, part of programme, takes part
need: category, support category, band, level of support, support level, need level, risk category, rag, rag
  rating, tier, school category, support band, priority level
days: entitlement, entitlement days, days entitlement, days due, allocated days, allocation days, sip days,
  days allocated, number of days, no of days, core days, allocation, days per year
support_days: additional days, extra days, additional support days, support days allocated, enhanced support
  days, top up days, days of extra support, intensive days, targeted days, bespoke days, extra support days,
  commissioned days, days additional
appraisal_days: head appraisal days, days for appraisal, appraisal day, htpm days, performance management
  days, pm days, ht appraisal days, hpm days, headteacher appraisal days, days appraisal, head performance
  management days, external adviser days
other_support: external support, additional support, other support in place, other support, support from
  others, trust support, rise support, other agencies, support elsewhere, additional partners, external
  partners, hub support, support already in place
inspection_due: in inspection window, inspection window, ofsted due, due inspection, ofsted window,
  inspection expected, due an inspection, inspection due, due ofsted, ofsted expected, next inspection due,
  expecting inspection, in window
head_started: head start date, headteacher start date, head in post since, head in post from, date head
  started, head appointed, headteacher appointed, date head appointed, headteacher since, head since, date
  of appointment of head, head's start date, date headteacher started
head_email: headteacher email, head's email, heads email address, headteacher's email, ht email, head email
  address, headteacher email address, principal email, email of head, headteacher e-mail, email (head),
  email of headteacher, principal's email, executive head email
chair_email: chair's email, chair of governors email, cog email, chairs email address, chair email address,
  governors email, email of chair, email (chair), chair of governors email address, governor email, chair of
  governors e-mail, email of chair of governors, chair of trustees email
appraisal: head appraisal, headteacher appraisal, ht appraisal, appraisal support, performance management,
  headteacher performance management, head's appraisal, head performance management, ht performance
  management, appraisal wanted, appraisal required, performance management support, appraisal adviser
focus: priorities, focus areas, areas of focus, support focus, school priorities, focus area, focus for the
  year, priority areas, key priorities, main priorities, school improvement priorities, current priorities,
  focus of support
category_of_concern: ofsted category, category of concern, concern category, latest category of concern,
  most recent category of concern, in a category, ofsted category of concern, statutory category, school
  causing concern, special measures, ofsted special measures (name), sm or swk, causing concern
oeif_overall: ofsted, ofsted grade, ofsted rating, ofsted judgement, overall effectiveness, last ofsted,
  current ofsted, ofsted outcome, latest ofsted, ofsted overall, inspection grade, ofsted rating (name),
  last ofsted grade, latest oeif overall effectiveness, oe, ofsted oe, overall grade, last ofsted outcome
oeif_quality_of_education: quality of education, qoe, qe, qofe, ofsted qoe, quality of education grade,
  latest oeif quality of education, quality of ed, ofsted quality of education, qoe grade, qoe judgement,
  quality of education judgement, qual of education
oeif_leadership: leadership and management, l&m, effectiveness of leadership and management, lm, leadership,
  ofsted l&m, l & m grade, leadership and management grade, leadership grade, leadership judgement,
  leadership & mgmt, l and m, latest oeif effectiveness of leadership and management
oeif_safeguarding: safeguarding effective, safeguarding is effective, latest oeif safeguarding is effective,
  safeguarding, effective safeguarding, ofsted safeguarding, sg effective, is safeguarding effective,
  safeguarding judgement, safeguarding y/n, safeguarding effective y/n, safeguarding outcome, safeguarding
  met
oeif_date: last inspection, date of last inspection, inspection date, ofsted date, last inspection date,
  last ofsted date, date of last ofsted, last inspected, date of inspection, latest inspection, ofsted last
  insp, most recent inspection, date of ofsted, inspection start date of latest oeif graded inspection
previous_oeif_overall: previous ofsted, previous ofsted grade, prior ofsted, previous grade, previous
  overall effectiveness, previous inspection grade, previous ofsted rating, previous oe, previous judgement,
  ofsted before, previous outcome, previous ofsted outcome, last but one ofsted, previous full inspection
  overall effectiveness
ungraded_outcome: ungraded inspection overall outcome, ungraded outcome, section 8 outcome, ungraded
  inspection outcome, s8 outcome, latest ungraded inspection outcome, ungraded inspection, section 8
  inspection outcome, latest s8 outcome, ungraded visit outcome, outcome of ungraded inspection, monitoring
  outcome, outcome of section 8 inspection
ungraded_date: date of latest ungraded inspection, ungraded inspection date, section 8 date, s8 date, date
  of ungraded inspection, section 8 inspection date, latest ungraded inspection date, ungraded date, last
  ungraded inspection, date of section 8 inspection, date of s8, last section 8, s8 inspection date
card_date: report card date, date of report card, report card inspection date, card inspection date, rc
  date, date of grade, new framework inspection date, inspected under new framework, new inspection date,
  date report card, report card published, inspection date (report card), latest report card
stuck: stuck school, stuck school flag, rise stuck school, is stuck, stuck y/n, stuck school?, dfe stuck
  school, persistently below good, two or more below good, consecutive below good, long term below good,
  rise eligible, stuck (dfe)
""",
    "sips": """\
sip: sip id, ref, reference, id, code, initials, sip code, sip ref, staff id, adviser id, sip no, sip
  number, adviser code
name: sip name, full name, adviser, advisor, adviser name, partner, partner name, consultant, name of sip,
  improvement partner, school improvement partner, associate, consultant name
kind: type, role, sip type, type of sip, adviser type, employment type, kind of sip, employment, position,
  current role, status type, background, employment status
phases: phase, phase(s), phases served, phases covered, sector, phase expertise, phase of work, sectors,
  phase specialism, phases worked in, phases of experience, primary or secondary, phase experience
days: days available, days offered, available days, total days, days per year, contracted days, number of
  days, no of days, capacity, capacity (days), annual days, days in year, availability (days)
status: sip status, active or not, current status, active?, availability status, on team, state, active or
  left, working or not, still with us, team status, adviser status
joined_on: start date, date joined, joined, joining date, date started, in post from, appointed on,
  appointment date, joined on, date appointed, started, first day, service began
leaves_on: leaving date, leave date, last day, leaving on, date leaving, date of leaving, finish date,
  finishing, leaving, last working day, date finished, end of service, resigned from
contract_ends: contract end, contract end date, end of contract, contract expiry, contract until, contract
  expires, contract finishes, contract to, end of contract date, contract expiry date, contract end year,
  contract finish, contract valid until
trained: training, training complete, training completed, sip trained, accredited, accreditation, inducted,
  training done, trained yes or no, induction, induction complete, sip training, training date passed
board_approved: approved, board approval, approved by board, panel approved, approval, approved by panel,
  approved to work, board sign off, signed off, approved yes or no, governing board approval, approved by
  the board, sip approved
dbs_checked_on: dbs, dbs date, date of dbs, dbs check, dbs checked, dbs check date, dbs issued, dbs issue
  date, dbs certificate date, enhanced dbs, dbs date checked, last dbs, crb date
dbs_valid_until: dbs expiry, dbs expires, dbs expiry date, dbs valid to, dbs renewal, dbs renewal date, dbs
  renewal due, dbs due, dbs end date, dbs runs out, dbs until, dbs valid until date, dbs review date
ever_head: ex head, former head, has been head, headship experience, been a head, ever a head, head before,
  was a head, has headship experience, previous headship, ex headteacher, former headteacher, headship y/n
headship_phases: phase of headship, headship phase, head in phase, phases of headship, headships in, phase
  led, phases as head, head of phases, headship experience phases, phases led as head, phase(s) of headship,
  headship in, phases headed
headship_years: years as head, years of headship, years in headship, headship experience (years), years
  head, no of years as head, number of years as head, total headship years, years as headteacher,
  headteacher years, length of headship, years led a school
current_urn: current school, own school, head of, currently head of, headteacher at, home school, base
  school, school where head, current headship, works at, school of employment, substantive school, employing
  school
current_la: current authority, own la, own authority, employing la, home authority, home la, employing
  authority, based in la, la of employment, current local authority, own local authority, authority of
  employment, works for la
current_trust: own trust, employing trust, current mat, mat, trust, own mat, employing mat, home trust,
  works for trust, trust employed by, mat employed by, trust name, mat name
current_cluster: own cluster, home cluster, own partnership, cluster of own school, home partnership,
  current partnership, own locality, own pyramid, own family of schools, home locality, partnership of own
  school, cluster
current_grade: own school grade, ofsted of own school, own school ofsted, current school ofsted, current
  ofsted, grade of own school, current school grade, own ofsted, own school ofsted grade, ofsted grade of
  own school, home school ofsted, school's ofsted
governor_release: governors agree, governors' agreement, released by governors, release agreed, governing
  board release, permission of governors, governors release, board agrees release, release from school,
  release agreed by governors, employer's agreement, release agreement
evidence: evidence of impact, accreditations, nle or lle, nle/lle, system leader role, credentials,
  recognised as, system leadership, designations, qualifications, track record, accredited as
max_schools: maximum schools, max number of schools, max no of schools, most schools, maximum number of
  schools, school limit, schools (max), max schools, maximum no of schools, most schools at once, cap on
  schools, school cap, max no schools
min_schools: minimum schools, min number of schools, fewest schools, schools (min), min schools, min no of
  schools, minimum number of schools, minimum no of schools, least schools, at least schools, guaranteed
  schools, no fewer schools, schools minimum
autumn_1_days: autumn 1, aut 1, aut1, days autumn 1, autumn 1 availability, autumn first half, autumn term
  1, first half of autumn, autumn half term 1, term 1, ht1, term 1 days, autumn a
autumn_2_days: autumn 2, aut 2, aut2, days autumn 2, autumn 2 availability, autumn second half, autumn term
  2, second half of autumn, autumn half term 2, term 2, ht2, term 2 days, autumn b
spring_days: spring, spring term, days spring, spring availability, spring term days, days in spring, spr,
  spr days, available in spring, spring (days), spring term availability, spring limit, days in spring term
summer_days: summer, summer term, days summer, summer availability, summer term days, days in summer, sum
  days, available in summer, summer (days), summer term availability, summer limit, days in summer term,
  days (summer term)
las: areas, authorities, areas covered, works in, local authorities, areas of work, las covered, authorities
  covered, las worked in, willing to work in, can work in, geographical area, areas willing to work
easting: eastings, home easting, grid easting, x easting, easting of home, base easting, easting (m), os
  easting, x coordinate, bng easting, easting x, osgb easting
northing: northings, home northing, grid northing, y northing, northing of home, base northing, northing
  (m), os northing, y coordinate, bng northing, northing y, osgb northing
max_km: max distance (km), maximum km, travel limit (km), furthest (km), max travel (km), distance limit
  (km), maximum distance (km), will travel (km), furthest distance (km), km limit, max distance km, radius
  (km), travel radius (km), furthest km
flexible_diary: flexible, flexible days, diary flexible, flexible availability, any day, flexible on days,
  flexibility of diary, can be flexible, flexible working days, flexible dates, diary is flexible, flexible
  timetable
appraisal_trained: trained for appraisal, appraisal training, external adviser trained, trained for head
  appraisal, htpm trained, performance management trained, pm trained, ht appraisal trained, appraisal
  training done, trained in appraisal, head appraisal trained, trained external adviser, hpm trained
experience: experience of, areas of experience, experienced in, experience in, school experience, relevant
  experience, types of school, experience with, context experience, experience type, key experience,
  leadership experience
specialisms: specialism, specialist areas, areas of expertise, expertise, strengths, subjects, specialties,
  specialist in, area of expertise, key strengths, subject expertise, areas of specialism, subject
  specialism
day_rate: rate, daily rate, fee per day, cost per day, rate per day, day fee, fee, daily fee, charge per
  day, day cost, daily cost, day rate (£), price per day
email: email address, e-mail, contact email, sip email, e-mail address, work email, sip email address,
  adviser email, mail address, contact e-mail, email (work), personal email, email contact, email (home),
  mail, best email
pen_portrait: profile, bio, biography, pen picture, pen profile, short biography, about, about me, summary
  profile, short profile, career summary, introduction
""",
    "history": f"""{SCHOOL}{PERSON}\
year: academic year, school year, year of allocation, allocation year, ay, acad year, academic yr, year of
  support, session, allocated year, for year, period year, year allocated
role: post, type of support, sip role, role of sip, lead or support, kind of post, type of role, post held,
  role held, allocation type, support or lead, lead/appraisal/support
ended: how ended, how it ended, reason for ending, end reason, reason ended, why ended, how did it end,
  ending, outcome of year, ended because, reason for change, reason left, end status
ended_on: end date, date ended, ended date, finished on, end of support, date finished, until, to, to date,
  last day, date of ending, finish date, left on
""",
    "interests": f"""{SCHOOL}{PERSON}\
trust: trust name, mat, academy trust, mat name, name of trust, trust or mat, multi academy trust, trust
  concerned, conflicted trust, mat or trust, which trust, trust declared, multi-academy trust
la: local authority, authority, la name, council, lea, local authority name, authority concerned, conflicted
  authority, conflicted la, which authority, la concerned, authority declared, conflicted local authority
kind: type, nature of interest, interest, relationship, conflict, nature of conflict, type of interest,
  connection, reason, details, type of conflict, nature, declaration
declared_on: date declared, declared, date of declaration, declaration date, date, date of interest, when
  declared, declared date, notified on, date notified, reported on, date reported, disclosed on
until: end date, expires, ends, until date, to date, valid until, expiry, expiry date, interest ends, end of
  interest, lapses on, review until, ended
outcome: decision, status, result, ruling, finding, cleared or barred, decision made, board decision,
  manager's decision, interest status, outcome of review, conclusion, determination
decided_by: agreed by, decision by, approved by, decided, cleared by, ruled by, determined by, who decided,
  decision maker, authorised by, signed off by, reviewed by, decision taken by
""",
    "refusals": f"""{SCHOOL}{PERSON}\
kind: type, reason type, type of refusal, veto or breakdown, refusal type, kind of refusal, nature of
  refusal, breakdown or veto, what kind, category of refusal, nature, refusal category
year: academic year, school year, year of refusal, for year, in year, ay, acad year, academic yr, session,
  year refused, refused in, year of veto
on: date, refused on, date refused, date of refusal, when, refusal date, date of veto, vetoed on, declined
  on, date declined, on date, told on
""",
    "wishes": f"""{SCHOOL}{PERSON}\
by: from, asked by, who, requested by, whose wish, wish of, raised by, made by, source, request from, who
  asked, school or sip
wish: preference, request, wants, asked for, requested, what they want, preferred, type of wish, wish type,
  asks for, school's wish, keep or change
strength: how strongly, strength of wish, priority, importance, weight, how important, strength (1-3), must
  or would like, level, rating, strong or weak, strength of feeling
note: comments, reason, notes, comment, remarks, further details, details, explanation, why, additional
  comments, school's comment, more information
""",
    "decisions": f"""{SCHOOL}{PERSON}\
decision: type, what, kind of decision, decision made, action, what is decided, decision type, ruling, lock
  or forbid, type of decision, agreed action, what was decided
post: role, post concerned, which post, lead or support, type of support, post type, for post, role
  concerned, kind of post, type of post, sip role, lead/support
until: end date, ends, until date, to date, valid until, expiry, expiry date, holds until, review until,
  expires, to, lapses on
reason: why, rationale, comments, reason given, grounds, justification, because, note, notes, reasons,
  comment, explanation
by: decided by, made by, agreed by, decision by, approved by, who decided, authorised by, signed off by,
  decision maker, manager, who, ruled by
on: date, decided on, date decided, date of decision, decision date, when, agreed on, date agreed, made on,
  decided, recorded on, date made
""",
    "absences": f"""{PERSON}\
away_from: from, start, start date, first day, away from, absent from, leave starts, from date, date from,
  absence starts, leave from, starts on, absence start
away_to: to, end, end date, last day, until, away to, absent to, leave ends, to date, date to, absence ends,
  leave to, back on or before
""",
    "travel": f"""{SCHOOL}{PERSON}\
km: distance (km), kilometres, distance km, km distance, road km, kms, distance in km, distance kilometres,
  road distance (km), driving distance (km), km by road, kilometers, km driven
minutes: travel time, drive time, minutes drive, travel minutes, mins, drive time (mins), travel time
  (minutes), journey time, journey minutes, minutes by car, drive minutes, time (mins)
""",
    "worked": f"""{SCHOOL}{PERSON}\
on: date, visit date, date of visit, visited on, date worked, work date, day worked, when, visit on, date of
  work, date of day, day of visit
days: days worked, time, days given, days used, day or half, time given, no of days, number of days, length
  of visit, days charged, days claimed, days delivered
post: role, type, type of visit, purpose, visit type, kind of visit, work type, type of support, type of
  work, lead or support, post held, kind of work
""",
    "answers": f"""{SCHOOL}\
on: date, answered on, date answered, reply date, date of reply, response date, date of response, received
  on, date received, replied on, when, date of answer
answer: response, reply, accept or veto, decision, answer given, yes or no, accepted, school's answer,
  response given, accepts, outcome, reply given
by: from, answered by, who, replied by, response from, respondent, head or chair, given by, reply from,
  signed by, answer from, who answered
reason: why, reason given, comments, comment, note, notes, grounds, explanation, details, remarks, reasons,
  because
post: role, which post, type of support, lead or support, for post, post concerned, post type, kind of post,
  type of post, role concerned, sip role, support or lead
""",
    "needs": f"""{SCHOOL}\
on: date, from, from date, with effect from, effective from, wef, changed on, date of change, since, date
  changed, when, start date
need: category, band, new category, new band, level of support, support level, new need, need level, support
  category, risk category, rag rating, tier, new tier
category_of_concern: ofsted category, category of concern, new ofsted category, concern category, in a
  category, special measures, statutory category, new category of concern, causing concern, latest category
  of concern, ofsted category of concern, school causing concern, new ofsted judgement category
""",
    "successions": """\
old_urn: old urn number, previous urn, predecessor, predecessor urn, former urn, closed urn, old school urn,
  old school, previous school, closed school, predecessor school, former school, urn before
new_urn: new urn number, successor, successor urn, current urn, new school urn, new school, replaced by,
  becomes, successor school, now, urn now, urn after
on: date, date of change, link established date, conversion date, date converted, from, effective from,
  opened on, date of conversion, with effect from, wef, date of link
kind: type, link type, kind of change, type of change, conversion or merger, conversion type, what happened,
  reason, change type, nature of change, type of link, merger or conversion
""",
}
AREAS: dict[str, tuple[str, ...]] = {  # a report card's areas -> what they are called
    "card_safeguarding": ("safeguarding standards", "safeguarding standard", "report card safeguarding"),
    "card_inclusion": ("inclusion",),
    "card_curriculum": ("curriculum and teaching", "curriculum & teaching", "curriculum"),
    "card_achievement": ("achievement",),
    "card_attendance": ("attendance and behaviour", "behaviour and attendance", "attendance & behaviour"),
    "card_development": (
        "personal development and well-being",
        "personal development and wellbeing",
        "personal development",
    ),
    "card_early_years": ("early years", "early years (where applicable)", "eyfs"),
    "card_post_16": ("post-16 provision", "post-16 provision (where applicable)", "post 16", "sixth form"),
    "card_leadership": ("leadership and governance", "leadership & governance", "governance and leadership"),
}
FORMS = (
    "{}",
    "{} grade",
    "{} judgement",
    "{} rating",
    "{} outcome",
    "{} evaluation",
    "ofsted {}",
    "report card {}",
    "report card: {}",
    "{} (report card)",
    "rc {}",
    "latest {}",
    "{} standard",
    "new framework {}",
)
