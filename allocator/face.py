"""The Python face (contract 6): what a notebook or another program calls. `import allocator` has every name of it.

Days are days (quarters), points weighted points, dates `datetime.date`. Every error is an `AllocatorError`; each says
subject, number, limit and remedy. A plan is a value: what goes on from it gives another plan.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator import change
from allocator.check.audit import audit
from allocator.check.structure import Breach
from allocator.domain import plan as plans
from allocator.domain.case import Case, PostKind
from allocator.domain.change import apply
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.errors import AllocatorError, CaseError, Defect, RoundRefuses, Stopped, UsageError
from allocator.intake.frames import document_of, frames
from allocator.intake.plan_file import read_plan as read_plan_file
from allocator.intake.read import Reading, read_document
from allocator.intake.read import read_case as read_files
from allocator.intake.write import whole
from allocator.questions.choices import Choices, leaver
from allocator.questions.choices import choices as choices_after
from allocator.questions.compare import Comparison
from allocator.questions.compare import compare as compare_plans
from allocator.questions.scenario import scenario
from allocator.questions.veto import Resubmission
from allocator.questions.veto import veto as resubmit
from allocator.reasons.answer import ready_from
from allocator.reasons.answer import solve as solve_case
from allocator.reasons.why import Explanation
from allocator.reasons.why import explain as explain_post
from allocator.rules.base import Audience
from allocator.words import counted, keeps

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AllocatorError",
    "Breach",
    "Case",
    "CaseError",
    "Choices",
    "Comparison",
    "Defect",
    "Explanation",
    "Plan",
    "Policy",
    "Resubmission",
    "RoundRefuses",
    "Stop",
    "Stopped",
    "UsageError",
    "change",
    "choices",
    "compare",
    "explain",
    "frames",
    "read_case",
    "read_plan",
    "solve",
    "verify",
    "veto",
    "what_if",
]
SHOWN = 12  # rows of a plan that shows itself in a notebook


class Plan(plans.Plan):
    """A plan (contract 4) with the ways out of it. In a notebook it shows itself as a short table."""

    def frame(self, table: str = "assignments") -> pd.DataFrame:
        """A table of the plan as a DataFrame: assignments, reasons, unfilled, loads, changes, moves or tiers.

        Raises UsageError for another name.
        """
        from allocator.report.plan_frames import frame

        return frame(self, table)

    def save(self, path: str | Path) -> None:
        """Write `plan.json`, whole or not at all; `read_plan` gives it back. Raises OSError where it cannot be
        written."""
        text = plans.plan_text(self)
        whole(Path(path), lambda target: _write(target, text))

    def __repr__(self) -> str:
        s = self.summary
        posts = (
            f"{counted(s.filled, 'post')} filled, {s.unfilled} not; {s.kept} {keeps(s.kept)} SIP, {s.changed} changed"
        )
        return f"<Plan for {self.inputs.case['year']}: {counted(s.schools, 'school')}, {posts}; {self.status}>"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [(a.school, a.post, a.name, f"{a.days:g}") for a in self.assignments[:SHOWN]]
        head = "".join(f"<th>{h}</th>" for h in ("school", "post", "SIP", "days"))
        body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in r)}</tr>" for r in rows)
        more = len(self.assignments) - len(rows)
        told = f"<p>{escape(repr(self)[1:-1])}</p>" + (f"<p>And {more} rows more.</p>" if more > 0 else "")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{told}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _plan(plan: plans.Plan) -> Plan:
    """The same plan as a `Plan` of this face."""
    return Plan.model_construct(plan.model_fields_set, **{f: getattr(plan, f) for f in plans.Plan.model_fields})


def read_case(
    source: str | Path | Mapping[str, pd.DataFrame], *, year: str | None = None, policy: Path | Policy | None = None
) -> tuple[Case, Policy]:
    """A case and its policy from a folder, workbook or JSON file, or from DataFrames by table (contract 1).

    `year`: the academic year planned, as `2026/27`, where the tables do not tell. `policy`: a policy, or the path of a
    policy.toml, in place of the case's own. Raises CaseError with every problem at once (`.problems`), UsageError for a
    frame that is no table.
    """
    if isinstance(source, Mapping):
        return _case(read_document(document_of(source), year=year, policy=_policy(policy)), "these frames")
    return _case(read_files(source, year=year, policy=policy), str(source))


def _policy(policy: Path | Policy | None) -> Policy | None:
    if policy is None or isinstance(policy, Policy):
        return policy
    from allocator.intake.read import read_policy

    found, problems = read_policy(Path(policy))
    if problems:
        raise CaseError(f"{policy}: {problems[0].text}", problems)
    return found


def _case(reading: Reading, source: str) -> tuple[Case, Policy]:
    if reading.case is None:
        errors = tuple(p for p in reading.problems if p.severity == "error")
        more = f"{len(errors)} errors. First: " if len(errors) > 1 else ""
        raise CaseError(f"{source}: {more}{errors[0].text}", errors)
    return reading.case, reading.policy


def solve(case: Case, policy: Policy, *, seed: int = 1, stop: Stop | None = None) -> Plan:
    """The annual allocation: the best plan, explained and audited.

    `seed` is of the lot; `stop` bounds the search (`Stop(seconds=60)`; `Stop(work=…)` is repeatable). Raises
    CaseError for locks that clash or break a rule, Stopped when no plan was found in time.
    """
    return _plan(solve_case(case, policy, seed=seed, stop=stop))


def explain(
    plan: plans.Plan, urn: str, post: PostKind = "lead", *, why_not: str | None = None, audience: Audience = "manager"
) -> Explanation:
    """Why this SIP, why nobody, or with `why_not` (a SIP's id) why not that one and what it would cost.

    `.text` is the whole answer for the `audience` (manager, school, sip). Raises UsageError for a school, post or SIP
    that is not there.
    """
    return explain_post(ready_from(plan), plan, urn, post, sip=why_not, audience=audience)


def what_if(
    plan: plans.Plan, changes: Sequence[Mapping[str, Any]], *, rebuild: bool = False, stop: Stop | None = None
) -> Plan:
    """The plan after `changes` (made with `allocator.change`): mended with the fewest schools moved, or with
    `rebuild` the best from here. Raises UsageError for a change that cannot be, Stopped when no plan was found in
    time."""
    return _plan(scenario(plan, list(changes), rebuild=rebuild).plan(stop))


def choices(plan: plans.Plan, sip: str, *, on: str | None = None, stop: Stop | None = None) -> Choices:
    """A SIP leaves after the day `on` (ISO; None = before the year): for each school affected, whom it could be
    offered.

    `.lists` are ranked, with what each choice loses and moves; `.plan` is the best if nobody chooses.
    """
    found = choices_after(plan, [leaver(sip, on)], stop=stop)
    return replace(found, plan=_plan(found.plan))


def veto(
    plan: plans.Plan,
    urn: str,
    post: PostKind = "lead",
    *,
    decided_by: str | None = None,
    on: dt.date | None = None,
    stop: Stop | None = None,
) -> Resubmission:
    """A school's refusal of the SIP proposed: the pair is barred and the fewest others move (`.plan`, `.refused`, …).
    It tells from the day `on`; without it from that of the plan's last change, or the first of the year.

    Raises RoundRefuses for a second refusal by the school in the round, unless `decided_by` names who allows it.
    """
    found = resubmit(plan, urn, post, decided_by=decided_by, on=on, stop=stop)
    return replace(found, plan=_plan(found.plan))


def compare(a: plans.Plan, b: plans.Plan) -> Comparison:
    """What moved from plan `a` to plan `b`, why, and what it cost tier by tier."""
    return compare_plans(a, b)


def verify(case: Case, policy: Policy, plan: plans.Plan, *, before: plans.Plan | None = None) -> list[Breach]:
    """The independent auditor on any plan, after the plan's own changes: an empty list means every rule and figure
    holds.

    `before`: the plan that a repair went on from; without it, days before the repair are taken on trust.
    """
    return audit(*apply(case, policy, plan.inputs.changes), plan, before)


def read_plan(path: str | Path) -> Plan:
    """The plan in a file that `Plan.save` or `allocator solve -o` wrote. Raises UsageError when it is not one."""
    return read_plan_file(Path(path), Plan)
