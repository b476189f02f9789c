"""The Python face: every name works after every other, plans show themselves shortly, and what is wrong is said."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import allocator
from allocator.domain.change import KINDS
from allocator.intake.write import write_case
from tests.service.office import facts
from tests.sizes import long, whole_or

ROOT = Path(__file__).parents[1]


@cache
def planned() -> allocator.Plan:
    return allocator.solve(facts(), allocator.Policy())


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], object]]:
    """Every function of the face as a call on a small case, and what holds of its answer."""
    folder = tmp_path_factory.mktemp("face")
    write_case(facts(), folder / "case")
    planned().save(folder / "plan.json")
    plan, case = planned(), facts()
    leaves = allocator.change.sip_leaves("A", on="2026-12-31")
    return {
        "read_case": lambda: allocator.read_case(folder / "case", year=case.year)[0].schools == case.schools,
        "frames": lambda: len(allocator.frames(case)["schools"]) == 4,
        "solve": lambda: allocator.solve(case, allocator.Policy()).assignments == plan.assignments,
        "explain": lambda: "1 Hill School" in allocator.explain(plan, "1").text,
        "why_not": lambda: allocator.explain(plan, "1", why_not="B").why_not is not None,
        "what_if": lambda: allocator.what_if(plan, [leaves]).inputs.changes == (leaves,),
        "choices": lambda: {c.urn for c in allocator.choices(plan, "A").lists} == {"1", "2"},
        "veto": lambda: allocator.veto(plan, "1").refused.urn == "1",
        "compare": lambda: allocator.compare(plan, plan).moved == (),
        "verify": lambda: allocator.verify(case, allocator.Policy(), plan) == [],
        "save": lambda: plan.save(folder / "plan.json") or (folder / "plan.json").exists(),  # type: ignore[func-returns-value]
        "read_plan": lambda: allocator.read_plan(folder / "plan.json") == plan,
        "frame": lambda: len(plan.frame("assignments")) == len(plan.assignments),
        "change": lambda: allocator.change.days("A", 3) == {"days": {"sip": "A", "days": 3.0}},
    }


def test_every_name_works_after_every_other(calls: dict[str, Callable[[], object]]) -> None:
    names = list(calls)
    for n, name in enumerate(names):  # name, name, next, name, …: every two stand together both ways, or neighbours
        for called in [name, *(x for other in whole_or(names[n:], names[n:], names[n : n + 2]) for x in (name, other))]:
            assert calls[called](), f"{called}, among {name} and those after it"


def test_no_name_of_the_face_is_also_a_module() -> None:
    """Importing a module sets its name on the package: a function of the same name would be gone."""
    for name in allocator.__all__:
        assert importlib.util.find_spec(f"allocator.{name}") is None or name == "change", name


def test_names_load_when_asked_for_and_from_a_fresh_start() -> None:
    code = (
        "import sys, allocator; assert 'allocator.face' not in sys.modules and 'pandas' not in sys.modules\n"
        "from allocator import explain, choices, veto, compare, solve\n"
        "import allocator.questions.choices, allocator.reasons.why\n"
        "assert all(map(callable, (allocator.explain, allocator.choices, allocator.veto, allocator.compare)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_face_is_whole_typed_and_told() -> None:
    from allocator import face

    assert sorted(allocator.__all__) == sorted(face.__all__)
    assert (ROOT / "allocator" / "py.typed").exists()
    for name in allocator.__all__:
        assert inspect.getdoc(getattr(allocator, name)), name
        assert name in dir(allocator)
    with pytest.raises(AttributeError, match="no attribute 'solved'"):
        allocator.solved  # noqa: B018


def test_there_is_a_function_for_every_kind_of_change() -> None:
    made = {
        n for n, f in vars(allocator.change).items() if inspect.isfunction(f) and f.__module__ == "allocator.change"
    }
    assert made - {"_made", "_pair"} == set(KINDS)


MADE: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {  # kind -> what its function is given
    "sip_absent": (("A", "2026-10-01", "2026-11-01"), {}),
    "budget": ((100,), {"from_": "2027-01-01"}),
    "head_moves": (("1", "2"), {"follow": True}),
    "lock": (("1", "A"), {"by": "Mel"}),
    "policy": (("tenure.limit", 4), {}),
    "interest": (("A", "family"), {"urn": "1"}),
    "sip_joins": (("N",), {"name": "New", "kind": "consultant", "phases": ["primary"], "days": 9}),
}


@pytest.mark.parametrize("kind", list(MADE))
def test_a_change_is_data_as_a_changes_file_has_it(kind: str) -> None:
    args, more = MADE[kind]
    made = getattr(allocator.change, kind)(*args, **more)
    assert list(made) == [kind]
    assert "from_" not in made[kind]


def test_one_change_in_place_of_a_list_is_an_error_in_words() -> None:
    with pytest.raises(allocator.UsageError, match="changes are a list of them; this is 'sip_leaves'"):
        allocator.what_if(planned(), allocator.change.sip_leaves("A"))  # type: ignore[arg-type]  # what a user may type


def test_a_change_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(allocator.UsageError, match="need"):
        allocator.change.need("1", "highest")


def test_a_plan_shows_itself_shortly() -> None:
    plan = planned()
    assert repr(plan) == str(plan)
    assert len(repr(plan)) < 200
    assert "4 schools" in repr(plan)
    html = plan._repr_html_()
    assert html.count("<tr>") == len(plan.assignments) + 1
    assert "1 Hill School" in html


def test_verify_applies_the_plan_s_own_changes_first() -> None:
    after = allocator.what_if(planned(), [allocator.change.sip_leaves("A")])
    assert allocator.verify(facts(), allocator.Policy(), after) == []
    bad = after.model_copy(update={"assignments": after.assignments[1:]})
    assert allocator.verify(facts(), allocator.Policy(), bad)


def test_what_is_wrong_with_a_case_is_told_with_every_problem(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("urn,name,phase\n1,One,primry\n2,Two,secondry\n")
    with pytest.raises(allocator.CaseError, match=r"errors\. First") as told:
        allocator.read_case(tmp_path)
    assert len(told.value.problems) >= 2


@long()
def test_the_page_s_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/reference/python.md").read_text("utf-8")
    monkeypatch.chdir(ROOT)
    code = page.split("```python\n")[1].split("```")[0].replace('"plan.json"', repr(str(tmp_path / "plan.json")))
    exec(compile(code, "python.md", "exec"), {})
