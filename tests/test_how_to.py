"""The how-tos for contributors work as they stand: each is done, word for word, in a scratch copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sizes import long

ROOT = Path(__file__).parents[1]
STEP = re.compile(r"^(?:In `([^`]+)`, below `([^`]+)`|New file `([^`]+)`):\n\n```\w+\n(.*?)^```$", re.M | re.S)

# how many files each takes by hand, with the draw of the random cases, besides rules.md, other tests and the changelog
FILES = {"add-a-column": 3, "add-a-rule": 6, "add-a-team-rule": 4, "add-a-page": 4, "add-a-change": 4}
# how-to -> what must hold of the copy afterwards
HOLDS = {
    "add-a-column": """
from allocator.domain.case import Sip
from allocator.intake.template import write_template
import openpyxl, tempfile, os
where = os.path.join(tempfile.mkdtemp(), "t.xlsx")
write_template(where)
assert "languages" in [c.value for c in openpyxl.load_workbook(where)["sips"][1]]
from tests.make import case, school, sip
import allocator
frames = allocator.frames(case([school()], [sip(languages=("welsh", "urdu"))]))
assert allocator.read_case(frames, year="2026/27")[0].sips[0].languages == ("welsh", "urdu")
from docs.generate import tables
assert "languages spoken besides English" in tables()
from allocator.report.by_school import by_school
from allocator.domain.facts import Facts
from tests.make import policy
one, rules = case([school()], [sip(languages=("welsh", "urdu"))]), policy()
(row,) = by_school(Facts(one, rules), allocator.solve(one, rules))
assert row.languages == "welsh, urdu"
from tests.intake.test_headers import test_each_column_is_read_by_its_own_name, test_every_header_is_in_the_reference
test_each_column_is_read_by_its_own_name("sips", "languages")
from tests.pages.test_plan import test_each_cell_that_needs_one_has_its_label_on_a_phone
test_each_cell_that_needs_one_has_its_label_on_a_phone()
""",
    "add-a-rule": """
from tests.make import case, policy, school, sip
import allocator
made = case([school("1", languages=("Polish",)), school("2")], [sip("A", max_schools=1), sip("B", max_schools=1, languages=("polish",))])
plan = allocator.solve(made, policy())
assert {a.urn: a.sip for a in plan.assignments} == {"1": "B", "2": "A"}
assert allocator.verify(made, policy(), plan) == []
assert "speaks a language" in allocator.explain(plan, "1").text
off = policy(language={"on": False})
assert all(r.rule != "language" for a in allocator.solve(made, off).assignments for r in a.reasons)
from docs.generate import rules_index
assert "`language`" in rules_index()
from allocator.rules import RULES
from tests.check import test_brute, test_switches
(rule,) = [r for r in RULES if r.id == "language"]
test_switches.ENOUGH = 3
test_switches.test_a_rule_switched_off_changes_the_best_plan_often_enough(rule)
test_brute.IN_A_BLOCK = 5
test_brute.test_it_finds_it_too_in_the_cases_that_a_rule_draws_for_itself("language")
""",
    "add-a-team-rule": """
from tests.make import case, policy, school, sip
import allocator
schools = [school(str(n), trust="Elm" if n % 2 else "Oak") for n in range(1, 5)]
made = case(schools, [sip("A", max_schools=2), sip("B", max_schools=2)])
on = policy(same_trust={"on": True})
plan = allocator.solve(made, on)
held = {a.urn: a.sip for a in plan.assignments}
assert held["1"] == held["3"] != held["2"] == held["4"]
assert allocator.verify(made, on, plan) == []
apart = allocator.solve(case(schools, [sip("A", max_schools=2), sip("B", max_schools=1), sip("C", max_schools=1)]), on)
assert plan.summary.team_points - apart.summary.team_points >= 50  # one of the two trusts has two SIPs
from allocator.rules import RULES
from tests.check import test_brute, test_switches
(rule,) = [r for r in RULES if r.id == "same_trust"]
test_switches.ENOUGH = 3
test_switches.test_a_rule_switched_off_changes_the_best_plan_often_enough(rule)
test_brute.IN_A_BLOCK = 5
test_brute.test_it_finds_it_too_in_the_cases_that_a_rule_draws_for_itself("same_trust")
""",
    "add-a-page": """
from pathlib import Path
import tempfile
from tests.pages.test_matrix import test_no_page_is_without_a_row, test_who_may_open_it
from tests.service.office import open_office
test_no_page_is_without_a_row()
test_who_may_open_it(open_office(Path(tempfile.mkdtemp())), "GET", "/rounds/{id}/notices")
""",
    "add-a-change": """
from tests.make import case, policy, school, sip
import allocator, pytest
plan = allocator.solve(case([school(easting=400000, northing=300000)], [sip("A", easting=430000, northing=300000)]), policy())
assert plan.summary.filled == 1
assert allocator.what_if(plan, [allocator.change.max_km("A", 20)]).summary.filled == 0
with pytest.raises(allocator.UsageError, match="max_km"):
    allocator.what_if(plan, [{"max_km": {"sip": "A", "max_km": -1}}])
from allocator.report.changes_told import sentences
assert sentences([{"max_km": {"sip": "A", "max_km": 20}}], case([school()], [sip("A", name="Ann")])) == ["Ann travels 20 km at most."]
""",
}


def done_in(folder: Path, how_to: str) -> list[str]:
    """Does the steps of a how-to in a copy of the tree; the files touched by hand."""
    for name in ("allocator", "scenarios", "tests", "docs"):  # compiled too, or each would be compiled anew
        ignore = shutil.ignore_patterns("*-pytest-*", "*.png", "*.pyc.*")  # the last: being written by another process
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    touched = []
    for file, anchor, new, block in STEP.findall((ROOT / f"docs/how-to/{how_to}.md").read_text("utf-8")):
        path = folder / (file or new)
        touched.append(file or new)
        if new:
            path.write_text(block, "utf-8")
            continue
        lines = path.read_text("utf-8").splitlines(keepends=True)
        at = next((n for n, line in enumerate(lines) if line.startswith(anchor)), None)
        assert at is not None, f"{how_to}: {file} has no line that begins with {anchor!r}"
        path.write_text("".join([*lines[: at + 1], block, *lines[at + 1 :]]), "utf-8")
    return list(dict.fromkeys(touched))


@long(but="add-a-change")
@pytest.mark.parametrize("how_to", HOLDS)
def test_it_works_as_it_stands(how_to: str, tmp_path: Path) -> None:
    files = done_in(tmp_path, how_to)
    assert len(files) == FILES[how_to]
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for how in (["check"], ["format", "--check"]):  # what was written is set out as all else is
        names = [f for f in files if f.endswith(".py")]
        ran = subprocess.run([sys.executable, "-m", "ruff", *how, *names], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout
    run = subprocess.run(
        [sys.executable, "-c", HOLDS[how_to]],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
