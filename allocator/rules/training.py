"""Training must be on record (domain D5)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Training(Rule):
    id = "training"
    law = "domain D5"
    title = "Training on record"
    meaning = "Training must be on record."
    barred = "are not trained"
    setting = "require_training"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return ()

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.trained:
            return None
        return (
            f"{sip.name} is recorded as not trained"
            if sip.trained is False
            else f"no training on record for {sip.name}"
        )
