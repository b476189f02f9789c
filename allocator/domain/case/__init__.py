"""Facts in: the tables of a case (contract 1). Frozen; a blank is None, never zero.

A column is a field of its table, with a sentence on what it is for in a manager's words: the template's notes, the
forms and docs/reference/tables.md say it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case.other_rows import Absence as Absence
from allocator.domain.case.other_rows import Answer as Answer
from allocator.domain.case.other_rows import Decision as Decision
from allocator.domain.case.other_rows import History as History
from allocator.domain.case.other_rows import Interest as Interest
from allocator.domain.case.other_rows import NeedChange as NeedChange
from allocator.domain.case.other_rows import Refusal as Refusal
from allocator.domain.case.other_rows import Succession as Succession
from allocator.domain.case.other_rows import Travel as Travel
from allocator.domain.case.other_rows import Wish as Wish
from allocator.domain.case.other_rows import Worked as Worked
from allocator.domain.case.row import CARD_GRADES as CARD_GRADES
from allocator.domain.case.row import NEEDS as NEEDS
from allocator.domain.case.row import PERIODS as PERIODS
from allocator.domain.case.row import PHASES as PHASES
from allocator.domain.case.row import POST_KINDS as POST_KINDS
from allocator.domain.case.row import CardGrade as CardGrade
from allocator.domain.case.row import DecisionKind as DecisionKind
from allocator.domain.case.row import Ended as Ended
from allocator.domain.case.row import InterestKind as InterestKind
from allocator.domain.case.row import Kind as Kind
from allocator.domain.case.row import Need as Need
from allocator.domain.case.row import Oeif as Oeif
from allocator.domain.case.row import Participation as Participation
from allocator.domain.case.row import Phase as Phase
from allocator.domain.case.row import PostKind as PostKind
from allocator.domain.case.row import Row as Row
from allocator.domain.case.row import WishKind as WishKind
from allocator.domain.case.school_row import School as School
from allocator.domain.case.sip_row import Sip as Sip


class Case(BaseModel):
    """All tables of one programme's year. Rows are kept sorted, so that equal cases are equal.

    `year` is the academic year planned, as `2026/27`. `extras` holds the manager's own unknown
    columns: table -> list of {column: text}, keyed by the row's key text; it never enters the model, nor do
    `notices`, what was said when the tables were read, which go with every plan made of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: str
    schools: tuple[School, ...]
    sips: tuple[Sip, ...]
    history: tuple[History, ...] = ()
    worked: tuple[Worked, ...] = ()
    needs: tuple[NeedChange, ...] = ()
    absences: tuple[Absence, ...] = ()
    successions: tuple[Succession, ...] = ()
    interests: tuple[Interest, ...] = ()
    wishes: tuple[Wish, ...] = ()
    decisions: tuple[Decision, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    answers: tuple[Answer, ...] = ()
    travel: tuple[Travel, ...] = ()
    extras: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    notices: tuple[str, ...] = ()


TABLES: dict[str, type[Row]] = {
    "schools": School,
    "sips": Sip,
    "history": History,
    "worked": Worked,
    "needs": NeedChange,
    "absences": Absence,
    "successions": Succession,
    "interests": Interest,
    "wishes": Wish,
    "decisions": Decision,
    "refusals": Refusal,
    "answers": Answer,
    "travel": Travel,
}
