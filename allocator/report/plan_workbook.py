"""The outgoing workbook: the plan to read, and the case's own tables handed back to go on from (contract 1, 4)."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from openpyxl import Workbook
from openpyxl.formatting.rule import DataBarRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from allocator.domain import canon
from allocator.domain.case import POST_KINDS, TABLES, Case
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Plan
from allocator.domain.policy import Policy, settings
from allocator.intake import plain
from allocator.reasons.answer import world
from allocator.reasons.spoken import name_of, wish_to_writer
from allocator.reasons.turns import spoken_on
from allocator.report.by_school import COLUMNS, NOBODY, SchoolRow, by_school, cells, number
from allocator.report.lists import every, first_day
from allocator.report.sheets import TINTS, table, tinted
from allocator.report.terminal import shortfall, standing, to_begin, why
from allocator.rules.base import words as plain_words
from allocator.words import counted, keeps

PERIODS = ("autumn 1", "autumn 2 (peak)", "spring", "summer")
URNS = ("urn", "old_urn", "new_urn", "current_urn", "paired_with")
DATED = tuple(
    {
        name
        for row in TABLES.values()
        for name, f in row.model_fields.items()
        if dt.date in (f.annotation, *get_args(f.annotation))
    }
)


def write_workbook(case: Case, policy: Policy, plan: Plan, path: Path) -> None:
    """Write the whole workbook. `case` is the one read, with the manager's own columns."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = "plan"
    _plan(first, plan)
    facts = Facts(case, policy)
    rows = by_school(Facts(*world(plan)), plan)
    _by_school(book.create_sheet("by school"), rows)
    _loads(book.create_sheet("loads"), plan)
    _unfilled(book.create_sheet("unfilled"), plan)
    _changes(book.create_sheet("changes"), facts, plan)
    _wishes(book.create_sheet("wishes answered"), facts, plan)
    _notices(book.create_sheet("notices"), plan)
    _settings(book.create_sheet("settings in force"), policy)
    _tables(book, case, policy)
    for found in every(plan, today=first_day(plan)):
        table(
            book.create_sheet(f"list {found.name}"),
            found.head,
            found.rows or [[found.said, *[None] * (len(found.head) - 1)]],
        )
    _auditor(book.create_sheet("for the auditor"), plan)
    _sips(book, plan, {r.urn: r for r in rows})
    book.save(path)


def _plan(sheet: Worksheet, plan: Plan) -> None:
    head = [
        "school",
        "URN",
        "post",
        "SIP",
        "mark",
        "year with the SIP",
        "from",
        "to",
        "days",
        *PERIODS,
        "days short",
        "days to begin with",
        "why",
        "next choice",
    ]
    order = {"lead": 0, "support": 1, "appraisal": 2}
    names = {x.sip: x.name for x in plan.loads}
    rows = [
        [
            a.school,
            number(a.urn),
            a.post,
            a.name,
            mark(a),
            a.tenure_year,
            a.from_,
            a.to,
            a.days,
            *a.periods.model_dump().values(),
            a.days_short or None,
            a.extra_days or None,
            why(a),
            names.get(a.runner_up.sip) if a.runner_up else None,
        ]
        for a in sorted(plan.assignments, key=lambda a: (a.school, a.urn, order[a.post], a.from_))
    ]
    rows = [
        [u.school, number(u.urn), u.post, "no SIP yet", "NO SIP", *[None] * 10, u.text, None] for u in plan.unfilled
    ] + rows
    table(sheet, head, rows, wrap=(16,))
    last = max(2, len(rows) + 1)
    for word, tint in (("NO SIP", TINTS["short"]), ("new", TINTS["new"]), ("locked", TINTS["locked"])):
        rule = tinted(f'ISNUMBER(SEARCH("{word}",$E2))', tint)
        sheet.conditional_formatting.add(f"A2:E{last}", rule)
    sheet.conditional_formatting.add(f"N2:N{last}", tinted("N2>0", TINTS["short"]))
    sheet.freeze_panes = "B2"


def mark(a: Assignment) -> str:
    """What is special about a row, in words, so that no colour says it alone."""
    marks = [
        word
        for word, on in (
            ("new", a.new_pairing),
            ("locked", a.locked),
            ("settled", a.settled),
            ("tie", bool(a.tied_with)),
        )
        if on
    ]
    return ", ".join(marks)


def _by_school(sheet: Worksheet, rows: Sequence[SchoolRow]) -> None:
    """The table of the page *plan*, with every column that a plan by itself can fill."""
    columns = [c for c in COLUMNS if c.key != "stage"]
    table(sheet, [c.head for c in columns], [cells(r, columns) for r in rows])
    last = max(2, len(rows) + 1)
    at = get_column_letter([c.key for c in columns].index("sip") + 1)
    sheet.conditional_formatting.add(f"A2:{at}{last}", tinted(f'${at}2="{NOBODY}"', TINTS["short"]))
    sheet.freeze_panes = "C2"


def _sips(book: Workbook, plan: Plan, rows: Mapping[str, SchoolRow]) -> None:
    """A sheet a SIP: what they hold, from when to when, and what their days come to."""
    held: dict[str, list[Assignment]] = defaultdict(list)
    for a in sorted(plan.assignments, key=lambda a: (a.school, a.urn, POST_KINDS.index(a.post), a.from_)):
        held[a.sip].append(a)
    head = [
        "URN",
        "School",
        "Post",
        "From",
        "To",
        "Days",
        *[p.capitalize() for p in PERIODS],
        "To begin with",
        "Year",
        "km",
        "Head",
        "Last year",
        "Need",
        "Flags",
    ]
    taken = {name.casefold() for name in book.sheetnames}
    for load in sorted((x for x in plan.loads if held[x.sip]), key=lambda x: (x.name, x.sip)):
        mine = held[load.sip]
        body = [_of_sip(a, rows[a.urn]) for a in mine]
        days = [
            sum(column)
            for column in zip(*([a.days, *a.periods.model_dump().values(), a.extra_days] for a in mine), strict=True)
        ]
        body.append(
            [None, f"{load.name}: {load.days:g} of {load.capacity:g} days", None, None, None, *days, *[None] * 6]
        )
        sheet = book.create_sheet(_title(load.name, taken))
        table(sheet, head, body)
        for cell in sheet[len(body) + 1]:
            cell.font = Font(bold=True)


def _of_sip(a: Assignment, row: SchoolRow) -> list[Any]:
    led = a.post == "lead" and a.sip == row.sip_id
    return [
        number(a.urn),
        a.school,
        a.post,
        a.from_,
        a.to,
        a.days,
        *a.periods.model_dump().values(),
        a.extra_days,
        a.tenure_year if a.post == "lead" else None,
        row.km if led else None,
        row.head or None,
        row.last,
        row.need,
        mark(a) or None,
    ]


def _title(name: str, taken: set[str]) -> str:
    """A sheet's title: 31 characters, none of those that Excel forbids, and no two alike."""
    short = re.sub(r"[\[\]:*?/\\']", " ", plain.fit(name)).strip()[:27] or "SIP"
    title = next(t for n in range(1, 10_000) if (t := short if n == 1 else f"{short} {n}").casefold() not in taken)
    taken.add(title.casefold())
    return title


def _loads(sheet: Worksheet, plan: Plan) -> None:
    head = [
        "SIP",
        "id",
        "posts",
        "days",
        "capacity",
        "days left",
        "used",
        *PERIODS,
        "for schools",
        "to begin with",
        "schools",
    ]
    held: dict[str, list[str]] = {}
    given: dict[str, float] = defaultdict(float)
    extra: dict[str, float] = defaultdict(float)
    for a in plan.assignments:
        held.setdefault(a.sip, []).append(a.school if a.post == "lead" else f"{a.school} ({a.post})")
        given[a.sip] += a.days
        extra[a.sip] += a.extra_days
    rows = [
        [
            x.name,
            x.sip,
            x.posts,
            x.days,
            x.capacity,
            x.capacity - x.days,
            x.days / x.capacity if x.capacity else None,
            *x.periods.model_dump().values(),
            given[x.sip],
            extra[x.sip],
            "; ".join(sorted(held.get(x.sip, []))),
        ]
        for x in plan.loads
    ]
    table(sheet, head, rows, wrap=(14,))
    last = max(2, len(rows) + 1)
    for r in range(2, last + 1):
        sheet.cell(r, 7).number_format = "0%"
    bar = DataBarRule("num", 0, "num", 1, color="638EC6")  # type: ignore[no-untyped-call]  # upstream
    sheet.conditional_formatting.add(f"G2:G{last}", bar)
    sheet.conditional_formatting.add(f"F2:F{last}", tinted("F2<0", TINTS["over"]))


def _unfilled(sheet: Worksheet, plan: Plan) -> None:
    rows: list[list[Any]] = []
    for u in plan.unfilled:
        fixes = [f.text for f in u.fixes] or ["none found among the changes that policy may suggest"]
        rows += [
            [u.school, number(u.urn), u.post, u.need, u.text if n == 0 else None, fix] for n, fix in enumerate(fixes)
        ]
    if not rows:
        rows = [["Every post has a SIP.", None, None, None, None, None]]
    table(sheet, ["school", "URN", "post", "need", "why nobody", "what would mend it"], rows, wrap=(5, 6))


def _changes(sheet: Worksheet, facts: Facts, plan: Plan) -> None:
    schools = {a.urn: a.school for a in plan.assignments} | {u.urn: u.school for u in plan.unfilled}
    rows = [
        [
            schools[c.urn],
            number(c.urn),
            c.post,
            name_of(facts, c.from_),
            name_of(facts, c.to),
            c.because,
            "yes" if c.voluntary else "no",
        ]
        for c in plan.changes
    ]
    table(sheet, ["school", "URN", "post", "from", "to", "why", "by their own wish or refusal"], rows, wrap=(6,))


def _wishes(sheet: Worksheet, facts: Facts, plan: Plan) -> None:
    rows = [
        [
            "school" if w.by == "school" else facts.sips[w.sip or ""].name,
            facts.name(w.urn),
            number(w.urn),
            plain_words(w.wish),
            name_of(facts, w.sip) if w.sip and w.by == "school" else None,
            w.strength,
            "yes" if w.met else "no",
            w.text if not w.met else None,
            wish_to_writer(facts, w, spoken_on(plan, facts)) or None,
        ]
        for w in plan.wishes
    ]
    head = ["who wished", "school", "URN", "wish", "about", "strength", "met", "why not", "what its writer reads"]
    table(sheet, head, rows or [["Nobody has wished for anything.", *[None] * 8]], wrap=(8, 9))


def _notices(sheet: Worksheet, plan: Plan) -> None:
    s = plan.summary
    said = [
        (
            f"{counted(s.schools, 'school')}: {counted(s.filled, 'post')} filled, {s.unfilled} not; "
            f"{counted(s.kept, 'school')} {keeps(s.kept)} SIP, {s.changed} {'changes' if s.changed == 1 else 'change'}."
        ),
        f"{s.days_used:g} days used of {s.days_offered:g}: {s.days_used - to_begin(plan):g} for schools (the "
        f"sheet plan, days) and {to_begin(plan):g} to begin with (new pairings, heads in their first year).",
        *([shortfall(plan).strip()] if shortfall(plan) else []),
        standing(plan),
        *plan.notices,
    ]
    table(sheet, ["to know about this plan"], [[text] for text in said], wrap=(1,))


def _settings(sheet: Worksheet, policy: Policy) -> None:
    rows = [
        [key, _plain(value), _plain(default), "yes" if value != default else "", meaning, source]
        for key, value, default, meaning, source in settings(policy)
    ]
    table(sheet, ["setting", "in force", "default", "changed", "meaning", "where it comes from"], rows, wrap=(5, 6))
    last = len(rows) + 1
    rule = tinted('$D2="yes"', TINTS["new"])
    sheet.conditional_formatting.add(f"A2:D{last}", rule)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _tables(book: Workbook, case: Case, policy: Policy) -> None:
    """The case's tables, each with the manager's own columns at its end, and the policy, to be read again."""
    for name in TABLES:
        rows = getattr(case, name)
        if not rows:
            continue
        fields = TABLES[name].model_fields
        given = [canon.row_out(r) for r in rows]
        used = [f for f, info in fields.items() if info.is_required() or any(f in g for g in given)]
        own = case.extras.get(name, {})
        labels = list(dict.fromkeys(label for mine in own.values() for label in mine))
        key = {"schools": "urn", "sips": "sip"}.get(name)
        body = []
        for row, g in zip(rows, given, strict=True):
            mine = own.get(str(getattr(row, key)) if key else canon.text(g), {})
            body.append([_cell(g.get(f), f) for f in used] + [mine.get(label) for label in labels])
        table(book.create_sheet(name), [*used, *labels], body)
    changed: list[list[Any]] = [["year", case.year]]
    for k, value, default, _, _ in settings(policy):
        if value != default and k != "year":
            changed.append([k, canon.text(value) if isinstance(value, dict | list) else _plain(value)])
    table(book.create_sheet("policy"), ["key", "value"], changed)


def _cell(value: Any, column: str) -> Any:
    """A value of a case's table: URNs as numbers and dates as dates, as a spreadsheet looks them up and sorts them."""
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, str) and column in URNS:
        return number(value)
    if isinstance(value, str) and column in DATED:
        return dt.date.fromisoformat(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _auditor(sheet: Worksheet, plan: Plan) -> None:
    m = plan.made_with
    rows: list[list[Any]] = [
        ["case sha256", m.case_sha256, None],
        ["policy sha256", m.policy_sha256, None],
        ["seed of the lot", m.seed, None],
        *[[f"version of {k}", v, None] for k, v in m.versions.items()],
        ["made", m.created_at, None],
        ["status", plan.status, None],
        ["points of pairs", plan.summary.points, None],
        ["points of team rules", plan.summary.team_points, None],
        *[[f"tier {t.name}", t.value, t.bound] for t in plan.certificate.tiers],
    ]
    for a in plan.assignments:
        rows += [[f"{a.urn} {a.post} {a.sip}: {r.rule}", r.points, None] for r in a.reasons if r.points]
    table(sheet, ["what", "value", "proved bound"], rows)
