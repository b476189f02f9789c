"""What a row cannot be: one line a check, tried on every row of its table. A date is held against the year
planned, never the clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from allocator.domain.calendar import first_year
from allocator.domain.case import PERIODS, TABLES
from allocator.intake.slips import Rows
from allocator.intake.source import Raw
from allocator.intake.urns import is_laestab

MOST_DAYS = 230  # of one person or school in a year, which has about 195 school days
EARLIEST, AHEAD = 1950, 15  # a date before that year, or so many years after the one planned, is a slip
MOST_PUPILS = 5_000  # the largest school of England has about 4,000
DBS_SINCE = dt.date(2002, 3, 1)  # criminal record checks for schools began


@dataclass(frozen=True)
class When:
    """The academic year planned."""

    label: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Check:
    """`wrong(row, year)` says whether the check fails; `says` is filled with r (the row), v (the column's value)
    and y (the year)."""

    table: str
    column: str
    wrong: Callable[[Any, When], Any]
    says: str
    severity: Literal["error", "notice"] = "error"
    code: str = "impossible_figure"


def _before(early: str, late: str) -> Callable[[Any, When], bool]:
    """Both filled, and the one that should be later is earlier."""

    def wrong(r: Any, y: When) -> bool:
        a, b = getattr(r, early), getattr(r, late)
        return a is not None and b is not None and b < a

    return wrong


def order(table: str, early: str, late: str, what: str, severity: Literal["error", "notice"] = "error") -> Check:
    return Check(
        table,
        late,
        _before(early, late),
        f"{late} {{v}} is before {early} {{r.{early}}}: {what}. Mend one of them.",
        severity,
        "dates_contradict",
    )


def ended(table: str, column: str, when: Callable[[Any], bool], what: str) -> Check:
    """A date before the year planned, which leaves the row without effect."""
    return Check(
        table,
        column,
        lambda r, y: (v := getattr(r, column)) is not None and v < y.first and when(r),
        f"{column} is {{v}}, before {{y.label}}: {what}.",
        "notice",
        "before_year",
    )


def ahead(table: str, column: str, what: str, severity: Literal["error", "notice"] = "error") -> Check:
    """What has happened, dated after the year planned."""
    return Check(
        table,
        column,
        lambda r, y: (v := getattr(r, column)) is not None and v > y.last,
        f"{column} is {{v}}, after {{y.label}}: {what}.",
        severity,
        "after_year",
    )


def above(table: str, column: str, most: float, what: str, severity: Literal["error", "notice"] = "error") -> Check:
    return Check(
        table,
        column,
        lambda r, y: (v := getattr(r, column)) is not None and v > most,
        f"{column} is {{v:g}}; {what}.",
        severity,
    )


def shape(table: str, column: str, wrong: Callable[[Any], bool], says: str) -> Check:
    return Check(table, column, lambda r, y: wrong(r), says, code="bad_shape")


def off_grid(r: Any, y: When) -> bool:
    e, n = r.easting, r.northing
    return (e is not None and not 0 <= e <= 700_000) or (n is not None and not 0 <= n <= 1_300_000)


def of_state(*states: str | None) -> Callable[[Any], bool]:
    return lambda r: r.status in states


def more_than_the_year(column: str) -> Callable[[Any, When], bool]:
    return lambda r, y: (v := getattr(r, column)) is not None and v > r.days


def no_quarters(column: str) -> Callable[[Any, When], bool]:
    return lambda r, y: (v := getattr(r, column)) is not None and bool(v * 4 % 1)


def without(column: str, other: str) -> Callable[[Any, When], bool]:
    return lambda r, y: getattr(r, column) is not None and getattr(r, other) is None


def always(r: Any) -> bool:
    return True


SCHOOL_DAYS = f"a year has about 195 school days; the most is {MOST_DAYS}"
CHECKS: tuple[Check, ...] = (
    # figures
    Check("sips", "days", lambda r, y: r.days > MOST_DAYS, "{r.name} offers {v:g} days; " + SCHOOL_DAYS + "."),
    *(
        Check(
            "sips",
            f"{p}_days",
            more_than_the_year(f"{p}_days"),
            f"{{r.name}} offers {{v:g}} days in {p} but {{r.days:g}} in the year. Lower the one or raise the other.",
        )
        for p in PERIODS
    ),
    Check(
        "sips",
        "min_schools",
        lambda r, y: None not in (r.min_schools, r.max_schools) and r.min_schools > r.max_schools,
        "{r.name}: min_schools {v} is above max_schools {r.max_schools}.",
    ),
    above("sips", "headship_years", 45, "a career has fewer", "notice"),
    above("sips", "day_rate", 5_000, "that is a great deal for a day; is it the year's?", "notice"),
    *(
        Check("schools", c, no_quarters(c), f"{c} is {{v:g}}; days go in quarters.")
        for c in ("days", "support_days", "appraisal_days")
    ),
    *(above("schools", c, MOST_DAYS, SCHOOL_DAYS) for c in ("days", "support_days", "appraisal_days")),
    above("schools", "pupils", MOST_PUPILS, "no school has so many", "notice"),
    *(
        Check(t, "easting", off_grid, "{r.easting}, {r.northing} is not a point of the British National Grid (metres).")
        for t in ("schools", "sips")
    ),
    *(
        Check(
            t,
            "northing" if a == "easting" else "easting",
            without(a, b),
            f"{a} is given without {b}: distance rules let it pass.",
            "notice",
        )
        for t in ("schools", "sips")
        for a, b in (("easting", "northing"), ("northing", "easting"))
    ),
    # dates that contradict each other
    order("schools", "opens_on", "closes_on", "it would close before it opens, and has no post this year", "notice"),
    order("sips", "joined_on", "leaves_on", "nobody leaves before joining"),
    order("sips", "joined_on", "contract_ends", "the contract would end before it began"),
    order("sips", "dbs_checked_on", "dbs_valid_until", "the check would lapse before it was made"),
    order("absences", "away_from", "away_to", "the absence would end before it begins"),
    order(
        "interests",
        "declared_on",
        "until",
        "the interest would have lapsed before it was declared, and would bar nobody",
    ),
    order("decisions", "on", "until", "the decision would have lapsed before it was made, and would hold nothing"),
    Check(
        "schools",
        "closes_on",
        lambda r, y: r.closes_on is not None and r.closes_on < y.first and r.status in ("open", "proposed_to_close"),
        "closes_on is {v}, before {y.label}, but its status is {r.status}. Mend one of them.",
        code="dates_contradict",
    ),
    Check(
        "schools",
        "opens_on",
        lambda r, y: r.opens_on is not None and r.opens_on > y.last and r.status == "open",
        "opens_on is {v}, after {y.label}, but its status is open. Mend one of them.",
        code="dates_contradict",
    ),
    # dates that leave a row without effect
    ended(
        "schools",
        "closes_on",
        of_state(None),
        "{r.name} is taken as closed, and is not in the run. If it is open, mend the date",
    ),
    Check(
        "schools",
        "opens_on",
        lambda r, y: r.opens_on is not None and r.opens_on > y.last and r.status != "open",
        "opens_on is {v}, after {y.label}: {r.name} is not in the run yet.",
        "notice",
        "after_year",
    ),
    ended("sips", "leaves_on", of_state(None, "active", "paused"), "{r.name} holds no post"),
    ended("sips", "contract_ends", of_state(None, "active", "paused"), "{r.name} holds no post"),
    ended(
        "sips",
        "dbs_valid_until",
        of_state(None, "active"),
        "{r.name} is barred while policy requires a check that is valid",
    ),
    ahead("sips", "joined_on", "{r.name} holds no post this year", "notice"),
    ended("interests", "until", lambda r: r.outcome != "cleared", "the interest has lapsed, and bars nobody"),
    ended("decisions", "until", always, "the {r.decision} has lapsed, and holds nothing"),
    ended("absences", "away_to", always, "the absence is over"),
    ahead("absences", "away_from", "the absence is of a later year", "notice"),
    # what cannot have happened yet
    ahead("sips", "dbs_checked_on", "a check cannot have been made then"),
    *(ahead("schools", c, "an inspection cannot have been then") for c in ("oeif_date", "card_date", "ungraded_date")),
    ahead("schools", "head_started", "a head who starts then is not this year's", "notice"),
    ahead("interests", "declared_on", "it cannot have been declared yet"),
    ahead("decisions", "on", "it cannot have been decided yet"),
    ahead("refusals", "on", "it cannot have been said yet"),
    ahead("history", "ended_on", "it cannot have ended yet"),
    Check(
        "sips",
        "dbs_checked_on",
        lambda r, y: (
            r.dbs_checked_on is not None and r.dbs_checked_on.year >= EARLIEST and r.dbs_checked_on < DBS_SINCE
        ),
        "dbs_checked_on is {v}; such checks began in March 2002.",
        "notice",
    ),
    # what a row must or may name
    shape(
        "interests", "urn", lambda r: (r.urn, r.trust, r.la).count(None) != 2, "fill exactly one of urn, trust and la."
    ),
    shape("wishes", "sip", lambda r: r.by == "sip" and r.sip is None, "a SIP's wish must say which SIP."),
    shape("wishes", "urn", lambda r: r.by == "school" and r.urn is None, "a school's wish must say which school."),
    shape(
        "wishes", "sip", lambda r: r.wish in ("named", "follow_head") and r.sip is None, "*{r.wish}* must name a SIP."
    ),
    shape(
        "decisions",
        "sip",
        lambda r: r.decision in ("lock", "forbid") and r.sip is None,
        "a {r.decision} must name a SIP.",
    ),
    Check(
        "history",
        "year",
        lambda r, y: first_year(r.year) >= y.first.year,
        "{v} is not before {y.label}, the year planned; it is not used.",
        "notice",
        "future_history",
    ),
    Check(
        "refusals",
        "year",
        lambda r, y: r.kind == "veto" and first_year(r.year) < y.first.year - 1,
        "the veto is of {v}, and bars that year and the next: it bars nobody in {y.label}.",
        "notice",
        "before_year",
    ),
    Check(
        "refusals",
        "year",
        lambda r, y: first_year(r.year) > y.first.year,
        "{v} is after {y.label}, the year planned: it bars nobody yet.",
        "notice",
        "after_year",
    ),
    Check("worked", "on", lambda r, y: not y.first <= r.on <= y.last, "{v} is outside {y.label}.", code="outside_year"),
)
DATES = {
    t: tuple(c for c, info in m.model_fields.items() if "datetime.date" in str(info.annotation))
    for t, m in TABLES.items()
}


def row_checks(rows: Rows, year: str, raw: Raw) -> None:
    """Every row against every check of its table, into `raw`."""
    start = first_year(year)
    when = When(year, dt.date(start, 9, 1), dt.date(start + 1, 8, 31))
    for table, found in rows.items():
        mine = [c for c in CHECKS if c.table == table]
        for number, r in found:
            blamed = _far(table, r, when, number, raw)
            for c in mine:
                if c.column not in blamed and c.wrong(r, when):
                    if c.severity == "error":
                        blamed.add(c.column)
                    value = getattr(r, c.column)
                    text = c.says.format(r=r, v=value, y=when)
                    said = raw.error if c.severity == "error" else raw.notice
                    shown = None if value is None else f"{value:g}" if isinstance(value, float) else str(value)
                    said(c.code, table, f"{table}, row {number}: {text}", row=number, column=c.column, value=shown)


def _far(table: str, r: Any, y: When, number: int, raw: Raw) -> set[str]:
    """Dates of no living person's work: a century mistyped. Their columns are not blamed again."""
    out = set()
    for column in DATES[table]:
        v = getattr(r, column)
        if v is not None and not EARLIEST <= v.year <= y.first.year + AHEAD:
            out.add(column)
            raw.error(
                "impossible_date",
                table,
                f"{table}, row {number}: {column} is {v}, far from {y.label}. Is the year right?",
                row=number,
                column=column,
                value=str(v),
            )
    return out


def national_numbers(rows: Rows, raw: Raw) -> None:
    """URNs that are no national number where the others are, or that a spreadsheet has shortened."""
    found = rows.get("schools", [])
    national = 2 * sum(re.fullmatch(r"[1-9]\d{5}", r.urn) is not None for _, r in found) > len(found)
    for number, r in found:
        if is_laestab(r.urn):
            raw.error(
                "bad_urn",
                "schools",
                f"schools, row {number}: urn is {r.urn!r}, a DfE number (authority and establishment); "
                "expected six digits, such as 123456. The register has both.",
                row=number,
                column="urn",
                value=r.urn,
                expected="six digits",
            )
            continue
        shortened = re.fullmatch(r"\d(?:\.\d+)?[eE]\+?\d+|\d+\.\d+", r.urn)
        if shortened or (national and not re.fullmatch(r"[1-9]\d{5}", r.urn)):
            why = " A spreadsheet has shortened it: write it again as text." if shortened else ""
            raw.error(
                "bad_urn",
                "schools",
                f"schools, row {number}: urn is {r.urn!r}; expected six digits, such as 123456.{why}",
                row=number,
                column="urn",
                value=r.urn,
                expected="six digits",
            )


def shares(rows: Rows, raw: Raw) -> None:
    """`fsm_percent` given as shares: 0.42 in a column that holds nothing above 1 is 42 %. Alone among others it is
    told."""
    found = rows.get("schools", [])
    given = [r.fsm_percent for _, r in found if r.fsm_percent is not None]
    below = [(n, r) for n, (_, r) in enumerate(found) if r.fsm_percent is not None and 0 < r.fsm_percent < 1]
    if below and max(given) <= 1:
        for n, (number, r) in enumerate(found):
            if r.fsm_percent is not None:
                found[n] = number, r.model_copy(update={"fsm_percent": round(r.fsm_percent * 100, 6)})
        example = below[0][1].fsm_percent
        raw.notice(
            "percent_read",
            "schools",
            f"schools: fsm_percent holds nothing above 1 and is read as shares: {example:g} is {example * 100:g} %.",
            column="fsm_percent",
        )
        return
    for n, r in below:
        raw.notice(
            "small_percent",
            "schools",
            f"schools, row {found[n][0]}: fsm_percent is {r.fsm_percent:g}, less than 1 %. If it is a share, write "
            f"{r.fsm_percent * 100:g}.",
            row=found[n][0],
            column="fsm_percent",
            value=f"{r.fsm_percent:g}",
        )
