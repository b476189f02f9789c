"""What the documents are filled from: a programme, the rules and settings in force, and how many it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.errors import RoundRefuses
from allocator.reasons import policy_words
from allocator.service.environment import Settings
from allocator.store import keep, retention
from allocator.store.tables import Programme, RoundRow

FILL = "[to be filled in]"


@dataclass(frozen=True)
class About:
    """`altered`: how often people changed what was proposed, in words; blank before anything was."""

    programme: str
    year: str
    policy: Policy
    settings: Settings
    schools: int
    sips: int
    altered: str = ""
    organisation: str = FILL
    owner: str = FILL
    contact: str = FILL

    @property
    def kept(self) -> Sequence[retention.KeepingRule]:
        return retention.schedule(self.settings.kept)

    @property
    def version(self) -> str:
        return version("sip-allocator")

    def weights(self) -> list[tuple[str, str, str]]:
        """(what counts, how much at most schools, how much at those of greatest need), the heaviest first."""
        found = [g for g in policy_words.groups(self.policy) if g.on and g.weight is not None]
        found = [g for g in found if g.id not in policy_words.PRIVATE]
        ranked = sorted(found, key=lambda g: (-g.weight_at("standard"), g.title))
        return [(g.title, f"{g.weight_at('standard')}", f"{g.weight_at('top')}") for g in ranked]

    def bars(self) -> list[tuple[str, str]]:
        """(rule, what it says) of every rule in force that may keep a SIP from a school."""
        found = [g for g in policy_words.groups(self.policy) if g.on and not g.weighed]
        return [
            (g.title, g.meaning) for g in found if g.id not in policy_words.OTHER and g.id not in policy_words.PRIVATE
        ]


def of_case(case: Case, policy: Policy, programme: str, settings: Settings, **said: str) -> About:
    return About(programme, case.year, policy, settings, len(case.schools), len(case.sips), **said)


def of_round(s: Session, row: RoundRow, settings: Settings, **said: str) -> About:
    """Raises RoundRefuses while the round has no data."""
    kept = keep.case_row(s, row.id)
    if kept is None:
        raise RoundRefuses("This round has no data yet. Give them first: the documents are filled from them.")
    case, policy = keep.case_of(kept)
    altered = rounds.altered(keep.standing(s, row.id)).text
    return of_case(case, policy, s.get_one(Programme, row.programme_id).name, settings, altered=altered, **said)
