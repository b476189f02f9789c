"""What the auditor makes of each field of a plan: works it out again, or takes it as it is
(docs/reference/audit.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from allocator.domain.plan import Plan

CHECKED: dict[str, str] = {
    "format": "the reader takes this form alone",
    "status": "`optimal` where every tier is proved, and nowhere else",
    "inputs.base_sha256": "the hash of `inputs.case`",
    "inputs.case": "sealed; with the changes it has the hash that `made_with` says",
    "inputs.policy": "sealed; with the changes it has the hash that `made_with` says",
    "inputs.changes": "sealed; each can be made",
    "inputs.repaired.since": "sealed; with `--before`, the days before it are compared",
    "inputs.repaired.rows": (
        "sealed; with `--before`, they are the rows of the plan gone on from; without it, what lies before "
        "*since* is on trust, and `verify` says how many rows that is"
    ),
    "inputs.repaired.held": "sealed; each kept part is with its holder",
    "inputs.repaired.rebuild": "sealed; nothing is kept for its own sake",
    "inputs.repaired.known": "sealed; with `--before`, so many changes that plan had",
    "inputs.seal": "the hash of the rest of `inputs`",
    "certificate.tiers.name": "the tiers in their order",
    "certificate.tiers.value": "added up from the rows",
    "certificate.tiers.bound": (
        "not on the wrong side of its value, and not beaten by either of two plans made by hand; that it is "
        "proved is the solver's word"
    ),
    "certificate.gap": "from value and bound of tier 4",
    "certificate.gap_points_per_post": "from value and bound of tier 4, by posts and parts filled",
    "certificate.proved": "whether every bound is met",
    "made_with.case_sha256": "the hash of the case given, changes applied",
    "made_with.policy_sha256": "the hash of the policy given, changes applied",
    "made_with.seed": "through the lot, tier 5",
    "assignments.urn": "a school with this post",
    "assignments.school": "the name in the table",
    "assignments.post": "a post of the year, or of the past",
    "assignments.sip": "may hold the post on every day, by every hard rule",
    "assignments.name": "the name in the table",
    "assignments.from": "the first day of the parts that the row stands for",
    "assignments.to": "the last day of the parts that the row stands for",
    "assignments.days": "the days of the periods added up",
    "assignments.periods": "the post's days, or its parts' and past pieces', by period",
    "assignments.new_pairing": "no post here last year or earlier this year",
    "assignments.tenure_year": "from history",
    "assignments.points": "every rule's points added up",
    "assignments.days_short": "a trim that policy allows",
    "assignments.extra_days": "new-pairing and new-head time",
    "assignments.settled": "only what ended before *since*; never in an annual plan",
    "assignments.reasons.rule": "a rule that there is; each with points is named",
    "assignments.reasons.points": "worked out again, rule by rule",
    "assignments.runner_up.sip": "the best other SIP whom no rule bars",
    "assignments.runner_up.points": "worked out again",
    "assignments.locked": "a lock in force that holds there",
    "assignments.tied_with": "others whom no rule bars; that a plan with them is as good is not solved again",
    "unfilled.urn": "a post or part that nobody holds, each once",
    "unfilled.school": "the name in the table",
    "unfilled.post": "a post or part that nobody holds, each once",
    "unfilled.need": "the need as it now stands",
    "unfilled.from": "the first day that nobody holds",
    "unfilled.to": "the last day that nobody holds",
    "unfilled.clash.rule": "a rule that there is; one about a pair bars it; that the set is least is not solved again",
    "unfilled.clash.urn": "a school of the case",
    "unfilled.clash.sip": "a SIP of the case",
    "loads.sip": "every SIP once",
    "loads.name": "the name in the table",
    "loads.posts": "posts held from *since* on",
    "loads.days": "days and extra days added up",
    "loads.capacity": "from the table and policy",
    "loads.periods": "added up by period",
    "changes.urn": "every post that differs from *before*, and no other",
    "changes.post": "every post that differs from *before*, and no other",
    "changes.from": "who held it before",
    "changes.to": "who holds it now",
    "changes.on": "the first day of the row or of the empty part",
    "moves.urn": "every part that differs from the plan gone on from, and no other",
    "moves.post": "every part that differs from the plan gone on from, and no other",
    "moves.from": "who held the part's first day there",
    "moves.to": "who holds it now",
    "moves.on": "the part's first day",
    **{
        f"{of}.{name}": (
            "worked out again from tables and plan, or, where only a solve can show it, by `verify --claims`"
        )
        for of in ("changes.claims", "moves.claims", "wishes.because")
        for name in ("kind", "on", "sip")
        if (of, name) != ("wishes.because", "on")
    },
    **{
        f"wishes.{name}": "every wish of the tables once, and whether it is met"
        for name in (
            "by",
            "kind",
            "sip",
            "strength",
            "urn",
            "wish",
        )
    },
    "changes.voluntary": "follows from the claims: the school's or the SIP's own wish or refusal",
    "moves.voluntary": "follows from the claims: the school's or the SIP's own wish or refusal",
    **{
        f"summary.{name}": "added up again"
        for name in (
            "schools",
            "filled",
            "unfilled",
            "kept",
            "changed",
            "had_none",
            "points",
            "team_points",
            "days_used",
            "days_offered",
            "days_due",
            "km_total",
        )
    },
}
NOT_CHECKED: dict[str, str] = {
    "inputs.repaired.uncounted": "sealed; which post was refused is the event's own word",
    "inputs.repaired.days_first": "sealed; which order the setting `repair.days_first` chose",
    "inputs.repaired.latest": "sealed; the day of the last change, for one without a date after it",
    "made_with.versions": "what it was made with cannot be seen from it",
    "made_with.created_at": "when it was made cannot be seen from it",
    "made_with.deterministic_time": "how long it took cannot be seen from it",
    "assignments.reasons.text": "words; their rule and points are checked",
    "assignments.runner_up.text": "words; who and how many points are checked",
    "unfilled.text": "words; the clash is checked",
    "unfilled.fixes.text": "words",
    "unfilled.fixes.changes": "each was tried when the plan was made; trying takes a solve",
    "changes.because": "words; the claims they are made from are checked",
    "moves.because": "words; the claims they are made from are checked",
    "wishes.because.on": "the day of the claim that stands behind the wish; the claim itself is checked",
    "wishes.text": "words; the claims they are made from are checked",
    "notices": "words",
}


def fields(model: type[BaseModel] = Plan, at: str = "") -> Iterator[str]:
    """Every field of a plan that holds a value, by the names in its JSON, dotted."""
    for name, info in model.model_fields.items():
        here = f"{at}{info.alias or name}"
        inner = _model(info.annotation)
        if inner is None or here == "assignments.periods" or here == "loads.periods" or here == "inputs.repaired.rows":
            yield here
        else:
            yield from fields(inner, f"{here}.")


def _model(annotation: Any) -> type[BaseModel] | None:
    """The model inside `Model`, `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model(a))), None)
