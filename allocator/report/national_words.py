"""What a person, or a program, is told of a national file: what it would change, and what to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from allocator.intake.gias import Imported
from allocator.intake.links import Linked
from allocator.intake.ofsted import Merged
from allocator.intake.refresh import ChangedCell, by_school
from allocator.intake.register import Refreshed
from allocator.words import counted, words

LISTED = 10  # names shown of a long list


def refreshed_json(found: Refreshed, into: Path | None) -> dict[str, object]:
    return {
        "written": str(into / "schools.csv") if into else None,
        "changes": changes_json(found.changes),
        "schools": found.schools,
        "found": found.found,
        "opened": found.opened,
        "closing": found.closing,
        "closed": found.closed,
        "gone": found.gone,
        "left_out": found.left_out,
        "closing_here_only": found.only_here,
        "joined_a_trust": found.joined,
        "conflicts": found.ties,
        "to_add": [{"urn": s.urn, "name": s.name, "phase": s.phase, "la": s.la} for s in found.to_add],
        "added": found.added,
        "columns_not_found": found.not_found,
        "cells_not_read": dict(sorted(found.unread.items())),
    }


def refreshed_text(found: Refreshed, *, hints: bool = True) -> list[str]:
    """What a person reads of a register brought into a table in use. `hints`: as at a terminal, with options that
    do otherwise and the first cells; a page has its own ways to both."""
    lines = [
        f"{found.file}: {found.found:,} of {found.schools:,} schools are open or coming in the register.",
        *changes_text(found.changes, cells=hints),
    ]
    told = (
        ("opened or coming", found.opened),
        ("closing: in the run, so look at each", found.closing),
        ("closed: no longer in the run; the links file says what they are now", found.closed),
        ("not in the register, left as they are", found.gone),
        ("in the register, but not a school that we read, left as they are", found.left_out),
        ("closing here and open in the register, left as they are", found.only_here),
        ("in another trust than the table said", found.joined),
    )
    lines += [f"  {len(names):,} {what}: {some(names)}." for what, names in told if names]
    lines += [f"  A conflict: {tie}." for tie in found.ties]
    if found.to_add:
        named = some([f"{s.name} ({s.urn})" for s in found.to_add])
        lines.append(
            f"  Added: {counted(found.added, 'new school')}: {named}. Fill their need and participation."
            if found.added
            else (
                f"  Not in the table: {counted(len(found.to_add), 'school')} of the register: {named}. "
                f"{'--add puts them in.' if hints else ''}"
            )
        )
    if found.not_found:
        lines.append(f"  The file says nothing of these, left as they were: {', '.join(found.not_found)}.")
    if found.unread:
        lines.append(f"  Cells that could not be read, left as they were: {most_first(found.unread)}.")
    return lines


def gias_json(found: Imported, target: Path | None) -> dict[str, object]:
    return {
        "written": str(target) if target else None,
        "rows_read": found.read,
        "columns": found.columns,
        "kept": len(found.rows),
        "by_phase": dict(sorted(found.by_phase.items())),
        "by_status": dict(sorted(found.by_status.items())),
        "left_out": {
            "other_authorities": found.elsewhere,
            "closed": found.closed,
            "other_types": dict(sorted(found.other_types.items())),
            "unknown_status": dict(sorted(found.unknown_status.items())),
            "no_phase": found.no_phase,
            "repeated": found.repeated,
        },
        "no_grid_point": found.no_grid_point,
        "columns_not_found": found.not_found,
        "cells_not_read": dict(sorted(found.unread.items())),
    }


def gias_text(found: Imported) -> list[str]:
    """What a person reads after an import of the register."""
    status = found.by_status
    lines = [
        f"{found.file}: {found.read:,} rows of {found.columns} columns read, {len(found.rows):,} schools kept.",
        f"  By phase: {most_first(found.by_phase)}.",
        f"  {status['open']:,} open.",
    ]
    if status["proposed_to_close"]:
        lines.append(f"  {status['proposed_to_close']:,} open but proposed to close: in the run, so look at each.")
    if status["proposed_to_open"]:
        lines.append(f"  {status['proposed_to_open']:,} coming: listed, not in the run until their status is open.")
    if found.elsewhere:
        lines.append(f"  Left out: {found.elsewhere:,} rows of other authorities.")
    lines.append(f"  Left out: {found.closed:,} closed.")
    if found.other_types:
        lines.append(f"  Left out: {sum(found.other_types.values()):,} not state-funded schools: ")
        lines[-1] += f"{most_first(found.other_types)}."
    if found.unknown_status:
        lines.append(f"  Left out, their status is not one we know: {most_first(found.unknown_status)}.")
    if found.no_phase:
        lines.append(f"  Left out, neither type nor ages tell their phase: {some(found.no_phase)}.")
    if found.repeated:
        lines.append(f"  Left out, the URN stands twice: {some(found.repeated)}.")
    if found.no_grid_point:
        lines.append(f"  {found.no_grid_point:,} have no grid point: distance rules let them pass.")
    if found.not_found:
        lines.append(f"  Columns not found, left blank: {', '.join(found.not_found)}.")
    if found.unread:
        lines.append(f"  Cells that could not be read, left blank: {most_first(found.unread)}.")
    return lines


def ofsted_json(merged: Merged, into: Path | None) -> dict[str, object]:
    return {
        "written": str(into / "schools.csv") if into else None,
        "changes": changes_json(merged.changes),
        "schools": merged.schools,
        "found": merged.found,
        "with_an_outcome": merged.graded,
        "report_cards": merged.cards if merged.says_cards else None,
        "not_judged": merged.not_judged,
        "category_of_concern": dict(sorted(merged.concern.items())) if merged.says_category else None,
        "newer_in_table": merged.newer_here,
        "not_in_file": merged.not_in_file,
        "not_in_table": merged.not_in_table,
        "grades_of_a_predecessor": merged.older,
        "urn_changed": merged.renamed,
        "columns_not_found": merged.not_found,
        "values_not_read": dict(sorted(merged.unread.items())),
    }


def ofsted_text(merged: Merged, *, hints: bool = True) -> list[str]:
    """What a person reads of an inspection file."""
    cards = counted(merged.cards, "report card") if merged.says_cards else "the file has no report cards"
    lines = [
        f"{merged.file}: {merged.found:,} of {merged.schools:,} schools found, {merged.graded:,} with an outcome: "
        f"{cards}, {merged.not_judged:,} with sub-grades and no overall grade.",
        *changes_text(merged.changes, cells=hints),
    ]
    if merged.says_category:
        lines.append(f"  In a category of concern, of the schools found: {most_first(merged.concern) or 'none'}.")
    else:
        kept = f"; the table's own stay as they are: {most_first(merged.concern)}" if merged.concern else ""
        lines.append(f"  The file does not say which schools are in a category of concern{kept}.")
    if merged.newer_here:
        force = " --force takes the file's." if hints else ""
        lines.append(
            f"  {counted(len(merged.newer_here), 'school')} with a newer result in the table than in the file "
            "(or one with a "
            f"date against one without), which stays: {some(merged.newer_here)}.{force}"
        )
    if merged.not_in_file:
        lines.append(f"  Not in the file: {counted(len(merged.not_in_file), 'school')}: {some(merged.not_in_file)}.")
    if merged.not_in_table:
        lines.append(f"  Not in the table: {counted(merged.not_in_table, 'school')} of the file.")
    if merged.older:
        lines.append(
            f"  {len(merged.older):,} carry grades given under an earlier URN (the school before it converted): "
            f"{some(merged.older)}."
        )
    if merged.renamed:
        pairs = [f"{old} is now {new}" for old, new in sorted(merged.renamed.items())]
        lines.append(f"  Found under a new URN: {some(pairs)}. The links file says so in the tables.")
    if merged.not_found:
        lines.append(
            f"  The file says nothing of: {', '.join(c.replace('_', ' ').split(' (')[0] for c in merged.not_found)}."
        )
    if merged.unread:
        lines.append(f"  Values that are not known, not used: {most_first(merged.unread)}.")
    return lines


def linked_json(found: Linked, renumber: bool, files: Sequence[str]) -> dict[str, object]:
    return {
        "written": list(files),
        "rows_read": found.read,
        "successions": [
            {"old_urn": x.old, "new_urn": x.new, "on": str(x.on) if x.on else None, "kind": x.kind} for x in found.rows
        ],
        "known": found.known,
        "follow": found.follow,
        "urn_changed": found.moved_on,
        "renumbered": renumber,
        "ended": found.ended,
        "date_assumed": {k: str(d) for k, d in sorted(found.assumed.items())},
        "not_a_succession": dict(sorted(found.others.items())),
    }


def linked_text(found: Linked, renumber: bool, *, hints: bool = True) -> list[str]:
    """What a person reads of the register's links."""
    kinds = Counter[str](x.kind for x in found.rows)
    new = f"{counted(len(found.rows), 'new succession')} of the schools in the tables"
    lines = [f"{found.file}: {found.read:,} links read, {new}" + (f": {most_first(kinds)}." if kinds else ".")]
    lines += [f"    {x.old} -> {x.new}, {x.kind} on {x.on}." for x in found.rows[:LISTED]]
    if len(found.rows) > LISTED:
        lines.append(f"    And {len(found.rows) - LISTED:,} more.")
    if found.known:
        lines.append(f"  {found.known:,} were in the tables already and stay as they are.")
    if found.follow:
        lines.append(f"  What follows now: {some(found.follow, '; ')}.")
    if found.moved_on:
        pairs = some([f"{old} is now {new}" for old, new in sorted(found.moved_on.items())])
        lines.append(
            f"  Given their new URN in every table: {pairs}."
            if renumber
            else (
                "  In the tables under a URN that has ended: "
                f"{pairs}.{' --renumber gives them the new one.' if hints else ''}"
            )
        )
    if found.ended:
        lines.append(f"  Ended, and not carried on by one school; say what you want of each: {some(found.ended)}.")
    if found.assumed:
        lines.append(
            "  Without a date in the file, one was assumed (no rule asks for it): "
            f"{some([f'{pair}: {day}' for pair, day in sorted(found.assumed.items())])}."
        )
    if found.others:
        lines.append(f"  Links that are no succession, left out: {most_first(found.others)}.")
    return lines


def changes_json(changes: Sequence[ChangedCell]) -> list[dict[str, str]]:
    return [
        {"urn": c.urn, "school": c.school, "column": c.column, "before": c.before, "after": c.after} for c in changes
    ]


def changes_text(changes: Sequence[ChangedCell], *, cells: bool = True) -> list[str]:
    """What changes in the table: how many cells, of which columns; with `cells` the first schools, cell by cell."""
    if not changes:
        return ["  It changes nothing in the table."]
    columns = Counter(c.column for c in changes)
    schools = list(by_school(changes))
    lines = [
        f"  It changes {counted(len(changes), 'cell')} of {counted(len(schools), 'school')}: {most_first(columns)}."
    ]
    if not cells:
        return lines
    for school, changed in schools[:LISTED]:
        told = "; ".join(f"{c.column} {c.before or 'blank'} -> {c.after or 'blank'}" for c in changed)
        lines.append(f"    {school}: {told}.")
    if len(schools) > LISTED:
        lines.append(f"    And {counted(len(schools) - LISTED, 'school')} more.")
    return lines


def most_first(counts: Mapping[str, int]) -> str:
    """`12 primary, 3 secondary`, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {words(name)}" for name, n in ordered)


def some(names: Sequence[str], between: str = ", ") -> str:
    """A list cut short with its length said."""
    shown = between.join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED:,} more" if len(names) > LISTED else shown
