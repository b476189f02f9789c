"""Mutation testing of rules and auditor: python -m tests.mutants COUNT SEED [SECONDS [SKIP]]

Draws so many places in allocator/rules and allocator/check by the seed, changes one word or number there, runs tests/rules and tests/check,
and prints who survived. The tree is changed in memory only: a finder gives the changed module to a process of pytest. First the tests
are run on the tree as it is: where they fail there, every mutant would count as noticed. SKIP: so many of the draw were done before.
"""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHERE = ("allocator/rules", "allocator/check")
TESTS = ("tests/rules", "tests/check")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
}


def places(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(number of the node in walking order, what is changed) of everything that can be."""
    for n, node in enumerate(ast.walk(tree)):
        if type(node) in SWAPS:
            yield n, "operator"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield n, "not"
        elif isinstance(node, ast.Constant) and (isinstance(node.value, bool) or type(node.value) in (int, float)):
            yield n, "constant"
        elif isinstance(node, ast.If | ast.IfExp):
            yield n, "condition"


def changed(tree: ast.Module, at: int) -> tuple[ast.Module, str, int]:
    """The tree with that node changed, in words, and its line."""
    new = deepcopy(tree)
    node = list(ast.walk(new))[at]
    line = _line(new, node)
    if type(node) in SWAPS:
        told = f"{type(node).__name__} -> {SWAPS[type(node)].__name__}"
        _put(new, node, SWAPS[type(node)]())
    elif isinstance(node, ast.UnaryOp):
        told = "not taken away"
        _put(new, node, node.operand)
    elif isinstance(node, ast.Constant):
        was = node.value
        node.value = (not was) if isinstance(was, bool) else was + 1  # type: ignore[operator]  # a number, as drawn
        told = f"{was!r} -> {node.value!r}"
    else:
        assert isinstance(node, ast.If | ast.IfExp)
        told, node.test = "condition -> True", ast.copy_location(ast.Constant(True), node.test)
    return ast.fix_missing_locations(new), told, line


def _line(tree: ast.Module, node: ast.AST) -> int:
    if hasattr(node, "lineno"):
        return int(node.lineno)
    return next(int(x.lineno) for x in ast.walk(tree) if node in ast.iter_child_nodes(x) and hasattr(x, "lineno"))


def _put(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
            elif isinstance(value, list) and any(x is old for x in value):
                setattr(node, name, [new if x is old else x for x in value])


PYTEST = """
import importlib.abc, importlib.util, json, sys
name, path, source = json.loads(sys.stdin.read())
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, wanted, at, target=None):
        return importlib.util.spec_from_loader(name, self, origin=path) if wanted == name else None
    def exec_module(self, module):
        module.__file__ = path
        exec(compile(source, path, "exec"), module.__dict__)
sys.meta_path.insert(0, Finder())
import pytest
sys.exit(pytest.main(["-q", "-x", "--no-header", "--tb=no", *sys.argv[1:]]))
"""


def as_it_is() -> float:
    """How long the tests take where nothing is changed. Raises SystemExit where they do not pass."""
    path, began = ROOT / WHERE[0] / "base.py", time.monotonic()
    if killed(path, ast.parse(path.read_text("utf-8")), 600):
        raise SystemExit("The tests do not pass as it is: every mutant would count as killed.")
    return time.monotonic() - began


def killed(path: Path, tree: ast.Module, seconds: float) -> bool:
    """Whether the tests noticed; one that never ends is noticed, too."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    given = json.dumps([name, str(path), ast.unparse(tree)])
    try:
        run = subprocess.run(
            [sys.executable, "-c", PYTEST, *TESTS],
            input=given,
            text=True,
            capture_output=True,
            timeout=seconds,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def main(count: int, seed: int, limit: float, skip: int) -> None:
    drawn = [
        (path, n, kind)
        for where in WHERE
        for path in sorted((ROOT / where).glob("*.py"))
        if path.name != "__init__.py"
        for n, kind in places(ast.parse(path.read_text("utf-8")))
    ]
    total, began, tally = len(drawn), time.monotonic(), Counter[str]()
    random.Random(seed).shuffle(drawn)
    patience = 5 * as_it_is()
    for path, n, _ in drawn[skip : skip + count]:
        if time.monotonic() - began > limit:
            break
        tree, told, line = changed(ast.parse(path.read_text("utf-8")), n)
        dead = killed(path, tree, patience)
        tally["killed" if dead else "survived"] += 1
        if not dead:
            print(f"survived: {path.relative_to(ROOT)}:{line}: {told}", flush=True)
        print(json.dumps({"of": total, **tally}), file=sys.stderr, flush=True)
    print(
        f"{tally['killed']} of {tally.total()} killed, drawn from {total} places by seed {seed} after the first {skip}"
    )


if __name__ == "__main__":
    counts = [float(x) for x in sys.argv[1:]]
    main(
        int(counts[0]),
        int(counts[1]),
        counts[2] if len(counts) > 2 else float("inf"),
        int(counts[3]) if len(counts) > 3 else 0,
    )
