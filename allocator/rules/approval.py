"""Board approval must be on record (domain D3)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Approval(Rule):
    id = "approval"
    law = "domain D3"
    title = "Board approval on record"
    meaning = "Board approval must be on record."
    barred = "are not approved by the board"
    setting = "require_board_approval"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return ()

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.board_approved:
            return None
        if sip.board_approved is False:
            return f"{sip.name} is recorded as not approved by the board"
        return f"no board approval on record for {sip.name}"
