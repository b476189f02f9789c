"""Letters of a plan that is on no desk yet: as they would be sent if it were proposed today."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from allocator.domain.fold import fold
from allocator.domain.plan import Plan
from allocator.domain.round import Person
from allocator.report import letters, sip_letters
from allocator.report.letter_files import pdf, word
from allocator.report.wording import DEFAULTS, Letter
from allocator.rounds import Desk, adopt, record
from allocator.setup import Setup

MANAGER = "The SIP manager"


def drafts(ready: Setup, plan: Plan, today: dt.date) -> tuple[list[Letter], list[Letter]]:
    """To heads, by name of school, and to SIPs, by name; in the wording that ships."""
    event = record(
        [], adopt(fold([]), plan), Person(id="manager", name=MANAGER, role="manager"), dt.datetime.now(dt.UTC)
    )
    desk = Desk(plan, fold([event]))
    office = letters.LetterOffice(
        ready, {str(k): text for k, text in DEFAULTS.items()}, MANAGER, "School Improvement Partners", today, "", ""
    )
    heads = letters.to_schools(desk, "school", [u for u, _ in desk.round.pairs], office)
    sips = [sip_letters.sip_letter(desk, s, office) for s in sorted({p.sip for p in desk.round.pairs.values()})]
    return heads, sorted(sips, key=lambda x: x.to)


def write_letters(ready: Setup, plan: Plan, folder: Path, today: dt.date | None = None) -> str:
    """`letters-heads` and `letters-sips`, as PDF and Word, into a folder; what was written, in one line."""
    on = today or dt.date.today()
    heads, sips = drafts(ready, plan, on)
    for name, found in (("letters-heads", heads), ("letters-sips", sips)):
        (folder / f"{name}.pdf").write_bytes(pdf(found, MANAGER, on))
        (folder / f"{name}.docx").write_bytes(word(found, MANAGER, on))
    return f"letters-heads.pdf, letters-sips.pdf (and .docx): {len(heads)} and {len(sips)} letters, as drafts"
