"""A whole answer: solved, put into words, and audited. Nothing leaves here that the auditor has not passed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from pydantic import ValidationError

from allocator import allocate, rules
from allocator.check.aside import Aside, Hearing
from allocator.check.audit import audit, opened
from allocator.check.score import Auditor
from allocator.check.structure import Breach
from allocator.domain.case import Case
from allocator.domain.change import all_of, apply
from allocator.domain.facts import Facts
from allocator.domain.plan import HeldRow, Inputs, Plan
from allocator.domain.policy import Policy
from allocator.domain.seal import unbroken
from allocator.domain.standing import Span, Stretch, of_absence, standing
from allocator.engine.tiers import Stop
from allocator.errors import Defect, Stopped, UsageError
from allocator.layout import origin
from allocator.reasons.complete import complete

AHEAD = 5_000  # schools up to which the auditor reads the case beside the search
SOON = 1.0  # seconds of search after which it does: it holds up a shorter one by more than it saves
APART = 200  # schools from which it does so in a process of its own, where there is one, and at once
aside: Aside | None = None  # that process, of a worker


def solve(
    case: Case,
    policy: Policy,
    *,
    seed: int = 1,
    stop: Stop | None = None,
    hint: Mapping[allocate.Key, str] | None = None,
    half: bool = True,
    changes: Sequence[Mapping[str, Any]] = (),
) -> Plan:
    """The annual allocation, explained and audited, of the case with these changes. `half`: whether what a search on
    request stopped has is wanted.

    Raises CaseError (locks that clash or break a rule), Stopped (no plan in time), Defect (audit failed).
    """
    inputs = origin(case, policy).model_copy(update={"changes": (given := all_of(changes))}) if changes else None
    if inputs is not None:
        case, policy = apply(case, policy, given)
    ready = allocate.setup(case, policy, seed)
    with reading(case, policy, seed, stop=stop) as ahead:
        began = monotonic()
        bare, solution = allocate.allocate(ready, stop, hint, inputs)
        if not half and stop and stop.event is not None and stop.event.is_set():  # words and audit would be for nobody
            raise Stopped("Stopped on request; nothing was changed.")
        return audited(case, policy, complete(ready, bare, solution, stop and stop.after(began)), ahead)


class ReadAhead:
    """The auditor reads a case while a plan of it is looked for, once that has taken SOON seconds."""

    def __init__(self, case: Case, policy: Policy, seed: int, inputs: Inputs | None) -> None:
        self.case, self.policy = case, policy
        self._read = partial(opened, case, policy, seed, inputs)
        self._over, self._found = threading.Event(), Future[Auditor | None]()
        threading.Thread(target=self._begin, name="auditor", daemon=True).start()

    def _begin(self) -> None:
        try:
            self._found.set_result(None if self._over.wait(SOON) else self._read())
        except BaseException as error:  # told where it is asked for
            self._found.set_exception(error)

    def books(self) -> Auditor | None:
        """The case as it was read, whole; None where that had not begun."""
        self._over.set()
        return self._found.result()

    def breaches(self, plan: Plan) -> list[Breach]:
        return audit(self.case, self.policy, plan, ahead=self.books())

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()


def reading(
    case: Case,
    policy: Policy,
    seed: int,
    inputs: Inputs | None = None,
    *,
    apart: bool = True,
    stop: Stop | None = None,
) -> ReadAhead | Hearing | AbstractContextManager[None]:
    """The auditor reads the case while a plan of it is looked for; `apart`: in a process of its own, if there is one,
    which is not waited for long after `stop`. Nothing for a country: both at once are too large."""
    if len(case.schools) > AHEAD:
        return nullcontext()
    ends = stop.event if stop else None
    asked = aside.begin(case, policy, seed, inputs, ends) if apart and aside and len(case.schools) >= APART else None
    return asked or ReadAhead(case, policy, seed, inputs)


def audited(case: Case, policy: Policy, plan: Plan, ahead: ReadAhead | Hearing | None = None) -> Plan:
    """The plan itself, once the independent auditor has found nothing; a Defect otherwise."""
    breaches = ahead.breaches(plan) if ahead else audit(case, policy, plan)
    if breaches:
        lines = "\n".join(f"  {b.rule}: {b.text}" for b in breaches[:20])
        raise Defect(f"The plan failed its own audit and is not shown. This is a fault of ours:\n{lines}")
    return plan


def world(plan: Plan) -> tuple[Case, Policy]:
    """The case and policy that the plan answers: its inputs with the changes applied. UsageError if they were
    altered."""
    unbroken(plan)
    return apply(*given(plan.inputs), plan.inputs.changes)


def given(inputs: Inputs) -> tuple[Case, Policy]:
    """The case and policy of a plan as it was first made. Raises UsageError where they are none, whoever sealed
    them."""
    try:
        return Case.model_validate(inputs.case), Policy.model_validate(inputs.policy)
    except ValidationError as error:
        where = ".".join(str(x) for x in error.errors()[0]["loc"])
        raise UsageError(
            f"The plan's case or policy is not one that this version reads, first at {where}. Make it again with "
            "`allocator solve`."
        ) from None


def ready_from(plan: Plan) -> allocate.Setup:
    """The setup a plan was made from, rebuilt from its `inputs` alone; once, where one plan is asked many questions."""
    unbroken(plan)
    key = plan.inputs.seal, plan.made_with.seed
    for known, ready in _last:
        if known == key:
            return ready
    ready = ready_for(*world(plan), plan.made_with.seed, plan.inputs)
    _last[:] = [(key, ready)] if len(ready.inst.pairs) <= REMEMBERED else []
    return ready


REMEMBERED = 60_000  # pairs of a setup that is kept for the next question
_last: list[tuple[tuple[str | None, int], allocate.Setup]] = []


def ready_for(case: Case, policy: Policy, seed: int, inputs: Inputs) -> allocate.Setup:
    """The setup of a case; where `inputs` go on from a plan, of the days still open and kept."""
    repaired = inputs.repaired
    if repaired is None:
        return allocate.setup(case, policy, seed)
    facts = Facts(case, policy)
    bars = rules.bars(facts, accepted(inputs), repaired.since)
    stand = standing(
        facts, stretches(repaired.rows), repaired.since, bars, rules.one_lead(facts), rebuild=repaired.rebuild
    )
    made = allocate.setup(
        case,
        policy,
        seed,
        standing=stand,
        near=not repaired.rebuild,
        days_first=repaired.days_first or repaired.rebuild,
        held={part: sip for key in repaired.held for part, sip in stand.kept(*key).items()},
        uncounted=frozenset(repaired.uncounted),
    )
    return replace(made, again=lambda c, p: ready_for(c, p, seed, inputs))


def accepted(inputs: Inputs) -> list[tuple[str, Span]]:
    """Absences that the plan gone on from allowed for: as they stood in its case."""
    known = inputs.changes[: inputs.repaired.known if inputs.repaired else 0]
    case, _ = apply(*given(inputs), known)
    rows: dict[str, list[Span]] = defaultdict(list)
    for row in case.absences:
        rows[row.sip].append((row.away_from, row.away_to))
    return [(sip, absence) for sip, spans in rows.items() for absence in of_absence(spans)]


def stretches(rows: Iterable[HeldRow]) -> list[Stretch]:
    """Rows of a plan, in days, as stretches in quarter-days."""
    out = []
    for r in rows:
        q = [round(4 * days) for days in r.periods.model_dump().values()]
        four = (q[0], q[1], q[2], q[3])
        out.append(Stretch(r.urn, r.post, r.sip, r.from_, r.to, four, round(4 * r.extra_days), r.new_pairing))
    return out
