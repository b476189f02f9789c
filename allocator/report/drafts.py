"""Letters of a plan that is on no desk yet: as they would be sent if it were proposed, or confirmed, today."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from allocator.domain.fold import fold
from allocator.domain.plan import Plan
from allocator.domain.round import Person
from allocator.report import letters, sip_letters
from allocator.report.letter_files import pdf, word
from allocator.report.wording import DEFAULTS, Letter, kind_of
from allocator.rounds import Desk, adopt, record
from allocator.setup import Setup

MANAGER, PROGRAMME = "The SIP manager", "School Improvement Partners"
NO_PAGE = (  # what letters say of a page to answer on, and what they say where there is none
    ("tell me there by", "tell me by"),
    ("tell me there before", "tell me before"),
    ("ask a question there,", "ask me a question,"),
    ("write to me: ", "write to me."),
    (", at\n", ".\n"),
)


def drafts(ready: Setup, plan: Plan, today: dt.date, *, confirmed: bool = False) -> tuple[list[Letter], list[Letter]]:
    """To heads, by name of school, and to SIPs, by name; in the wording that ships."""
    event = record(
        [], adopt(fold([]), plan), Person(id="manager", name=MANAGER, role="manager"), dt.datetime.now(dt.UTC)
    )
    now = fold([event])
    if confirmed:
        pairs = {k: replace(p, stage="confirmed", confirmed_by=MANAGER) for k, p in now.pairs.items()}
        beside = {k: replace(p, stage="confirmed", confirmed_by=MANAGER) for k, p in now.beside.items()}
        now = replace(now, pairs=pairs, beside=beside)
    desk = Desk(plan, now)
    office = letters.LetterOffice(
        ready, {str(k): text for k, text in DEFAULTS.items()}, MANAGER, PROGRAMME, today, "", ""
    )
    head, partner = (
        kind_of("head", "confirmed" if confirmed else "school"),
        kind_of("sip", "confirmed" if confirmed else "school"),
    )
    heads = letters.to_schools(desk, head, [u for u, _ in desk.round.pairs], office)
    team = sorted({p.sip for p in desk.round.everyone})
    sips = [sip_letters.sip_letter(desk, s, office, kind=partner) for s in team]
    return [_without_page(x) for x in heads], [_without_page(x) for x in sorted(sips, key=lambda x: x.to)]


def _without_page(letter: Letter) -> Letter:
    def plain(text: str) -> str:
        text = f"{text.rstrip()}\n"
        for was, then in NO_PAGE:
            text = text.replace(was, then)
        return text.rstrip("\n")

    return replace(letter, paragraphs=tuple(map(plain, letter.paragraphs)))


def write_letters(
    ready: Setup, plan: Plan, folder: Path, today: dt.date | None = None, *, confirmed: bool = False
) -> str:
    """`letters-heads` and `letters-sips`, as PDF and Word, into a folder; what was written, in one line."""
    on = today or dt.date.today()
    heads, sips = drafts(ready, plan, on, confirmed=confirmed)
    for name, found in (("letters-heads", heads), ("letters-sips", sips)):
        (folder / f"{name}.pdf").write_bytes(pdf(found, MANAGER, on, (PROGRAMME,)))
        (folder / f"{name}.docx").write_bytes(word(found, MANAGER, on, (PROGRAMME,)))
    return (
        f"letters-heads.pdf, letters-sips.pdf (and .docx): {len(heads)} and {len(sips)} letters, "
        f"{'as confirmed' if confirmed else 'as drafts'}"
    )
