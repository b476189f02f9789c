"""The same reader over whole letters: every paragraph that a head, a chair or a SIP gets, the fixed ones too, looked up in
the tables, the plan's rows and the record of the round. A paragraph that it does not know is as wrong as a false one.
"""

from __future__ import annotations

from allocator.report.wording import Letter
from tests.reasons.letters_base import Post
from tests.reasons.letters_to_schools import ToSchool
from tests.reasons.letters_to_sips import ToSip
from tests.reasons.reader import Reader


class LetterReader(Reader):
    """One plan and round; `n` counts the sentences and paragraphs understood."""

    def letter(self, letter: Letter, post: Post) -> list[str]:
        """What of this letter is false or not understood."""
        self.on = post.today
        agreed = ("accepted", "overruled", "confirmed")
        self.not_agreed = {p.beside for p in post.desk.round.everyone if p.stage not in agreed}
        kind = ToSip if letter.kind.startswith("sip") else ToSchool
        return [f"{letter.kind} {letter.key}: {x}" for x in kind(self, letter, post).problems()]
