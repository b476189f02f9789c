"""What only the tables together can show: duplicates, dangling references, impossible figures, blanks that matter."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from allocator.domain.calendar import first_year
from allocator.intake.slips import Rows, likely_slips
from allocator.intake.source import Raw

ENTERS = (None, "needs_sip", "buys_in")


def cross_check(rows: Rows, year: str, raw: Raw, *, team_wanted: bool = True) -> None:
    """Every problem between rows and tables, into `raw`."""
    _duplicates(rows, raw)
    _figures(rows, raw)
    _shapes(rows, year, raw)
    _blanks(rows, raw, team_wanted)
    likely_slips(rows, raw)


def _duplicates(rows: Rows, raw: Raw) -> None:
    for table, column in (("schools", "urn"), ("sips", "sip")):
        at: dict[str, list[int]] = defaultdict(list)
        for number, r in rows.get(table, []):
            at[str(getattr(r, column))].append(number)
        for key, numbers in at.items():
            if len(numbers) > 1:
                listed = " and ".join(str(n) for n in numbers)
                raw.error(
                    "duplicate", table, f"{table}: {column} {key} stands in rows {listed}. Keep one.",
                    row=numbers[1], column=column, value=key,
                )  # fmt: skip
    for table, found in rows.items():
        if table in ("schools", "sips"):
            continue
        seen: dict[Any, int] = {}
        for number, r in found:
            key_text = r.model_dump_json()
            if key_text in seen:
                raw.notice("duplicate_row", table, f"{table}: row {number} repeats row {seen[key_text]}.", row=number)
            seen.setdefault(key_text, number)


def _figures(rows: Rows, raw: Raw) -> None:
    for number, s in rows.get("sips", []):
        days, name = float(s.days), s.name
        if days > 230:
            raw.error(
                "impossible_figure",
                "sips",
                f"sips, row {number}: {name} offers {days:g} days; a year has about 195 school days.",
                row=number,
                column="days",
            )
        for period in ("autumn_1", "autumn_2", "spring", "summer"):
            part = getattr(s, f"{period}_days")
            if part is not None and part > days:
                raw.error(
                    "impossible_figure", "sips",
                    f"sips, row {number}: {name} offers {part:g} days in {period} but {days:g} in the year. "
                    "Lower the one or raise the other.", row=number, column=f"{period}_days", value=f"{part:g}",
                )  # fmt: skip
        low, high = s.min_schools, s.max_schools
        if low is not None and high is not None and low > high:
            raw.error(
                "impossible_figure",
                "sips",
                f"sips, row {number}: {name}: min_schools {low} is above max_schools {high}.",
                row=number,
                column="min_schools",
            )
    for number, s in rows.get("schools", []):
        for column in ("days", "support_days", "appraisal_days"):
            value = getattr(s, column)
            if value is not None and (value * 4) % 1:
                raw.error(
                    "impossible_figure",
                    "schools",
                    f"schools, row {number}: {column} is {value:g}; days go in quarters.",
                    row=number,
                    column=column,
                    value=f"{value:g}",
                )
            if value is not None and value > 230:
                raw.error(
                    "impossible_figure",
                    "schools",
                    f"schools, row {number}: {column} is {value:g}; a year has about 195 school days.",
                    row=number,
                    column=column,
                )
        e, n = s.easting, s.northing
        if (e is not None and not 0 <= e <= 700_000) or (n is not None and not 0 <= n <= 1_300_000):
            raw.error(
                "impossible_figure",
                "schools",
                f"schools, row {number}: {e}, {n} is not a point of the British National Grid (metres).",
                row=number,
                column="easting",
            )


def _shapes(rows: Rows, year: str, raw: Raw) -> None:
    start = first_year(year)
    for number, r in rows.get("interests", []):
        if sum(getattr(r, c) is not None for c in ("urn", "trust", "la")) != 1:
            raw.error(
                "bad_shape", "interests", f"interests, row {number}: fill exactly one of urn, trust and la.", row=number
            )
    for number, r in rows.get("wishes", []):
        by, wish = r.by, r.wish
        if by == "sip" and r.sip is None:
            raw.error(
                "bad_shape",
                "wishes",
                f"wishes, row {number}: a SIP's wish must say which SIP.",
                row=number,
                column="sip",
            )
        if by == "school" and r.urn is None:
            raw.error(
                "bad_shape",
                "wishes",
                f"wishes, row {number}: a school's wish must say which school.",
                row=number,
                column="urn",
            )
        if wish in ("named", "follow_head") and r.sip is None:
            raw.error(
                "bad_shape", "wishes", f"wishes, row {number}: *{wish}* must name a SIP.", row=number, column="sip"
            )
    for number, r in rows.get("decisions", []):
        if r.decision in ("lock", "forbid") and r.sip is None:
            raw.error(
                "bad_shape",
                "decisions",
                f"decisions, row {number}: a {r.decision} must name a SIP.",
                row=number,
                column="sip",
            )
    for table in ("history",):
        for number, r in rows.get(table, []):
            if first_year(str(r.year)) >= start:
                raw.notice(
                    "future_history",
                    table,
                    f"history, row {number}: {r.year} is not before {year}, the year planned; it is not used.",
                    row=number,
                    column="year",
                )
    for number, r in rows.get("worked", []):
        on = r.on
        if not (start, 9) <= (on.year, on.month) <= (start + 1, 8):
            raw.error(
                "outside_year", "worked", f"worked, row {number}: {on} is outside {year}.", row=number, column="on"
            )


def _blanks(rows: Rows, raw: Raw, team_wanted: bool) -> None:
    schools = [r for _, r in rows.get("schools", [])]
    out = Counter(str(s.participation) for s in schools if s.participation not in ENTERS)
    out.update(f"status {s.status}" for s in schools if s.status in ("closed", "proposed_to_open"))
    if out:
        listed = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in sorted(out.items()))
        raw.notice("not_in_run", "schools", f"{sum(out.values())} schools are counted but not in the run: {listed}.")
    able = [s for s in schools if s.participation in ENTERS and s.status not in ("closed", "proposed_to_open")]
    if schools and not able:
        raw.error(
            "no_school",
            "schools",
            "No school is in the run: every one is closed or has its SIP elsewhere. See participation and status.",
        )
    for column, used in (("need", "standard is used"), ("easting", "distance rules let them pass")):
        n = sum(getattr(s, column) is None for s in able)
        if n:
            raw.notice(
                "blank",
                "schools",
                f"{n} school{'s have' if n > 1 else ' has'} no {column} recorded: {used}.",
                column=column,
            )
    if not team_wanted:
        return
    sips = [r for _, r in rows.get("sips", [])]
    if schools and not sips and not any(p.table == "sips" for p in raw.problems):
        raw.error("no_sip", "sips", "The sips table has no rows: nobody could be given to a school.")
    for columns, what in (
        (("trained",), "training"),
        (("board_approved",), "board approval"),
        (("dbs_checked_on", "dbs_valid_until"), "DBS check"),
    ):
        n = sum(all(getattr(s, c) is None for c in columns) for s in sips)
        if n:
            raw.notice(
                "blank",
                "sips",
                f"{n} SIP{'s have' if n > 1 else ' has'} no {what} on record: barred while policy requires it.",
                column=columns[0],
            )
