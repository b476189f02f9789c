"""What each ready case gives, kept beside it in expected.json. `python -m scenarios.expected` writes them again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from allocator.domain.plan import Plan
from allocator.intake.changes import read_changes
from allocator.intake.read import read_case
from allocator.questions.scenario import scenario
from allocator.questions.veto import veto
from allocator.reasons.answer import solve
from scenarios.tables import HERE


def folders() -> list[Path]:
    """Every ready case."""
    return sorted(p.parent for p in HERE.glob("*/schools.csv"))


def outcome(folder: Path) -> dict[str, Any]:
    """The annual plan of a case and, where it has changes, the plan after them."""
    reading = read_case(folder)
    assert reading.case is not None, reading.problems
    plan = solve(reading.case, reading.policy)
    out = {"plan": figures(plan)}
    if (folder / "changes.toml").exists():
        changes = read_changes(folder / "changes.toml")
        if list(changes[0]) == ["veto"]:
            after = veto(plan, changes[0]["veto"]["urn"]).plan
        else:
            after = scenario(plan, changes).plan()
        out["after"] = figures(after)
    return out


def figures(plan: Plan) -> dict[str, Any]:
    """Objective and reasons in short: tiers, who moves and why, who has nobody."""
    return {
        "status": plan.status,
        "filled": plan.summary.filled,
        "kept": plan.summary.kept,
        "changed": plan.summary.changed,
        "tiers": {t.name: t.value for t in plan.certificate.tiers},
        "moves": [f"{c.urn} {c.post}: {c.from_} to {c.to}. {c.because}" for c in plan.changes],
        "unfilled": [
            {"post": f"{u.urn} {u.post}", "why": u.text, "fixes": [f.text for f in u.fixes]} for u in plan.unfilled
        ],
    }


def main() -> None:
    for folder in folders():
        text = json.dumps(outcome(folder), indent=1, ensure_ascii=False) + "\n"
        (folder / "expected.json").write_text(text, "utf-8")
        print(folder.name, file=sys.stderr)


if __name__ == "__main__":
    main()
