"""Counts how the house stands: names that occur twice, hand-made indexes, circles of imports, lines …

python -m docs.house [FOLDER]            # of this checkout, or of another that lies at FOLDER
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docs.law import REFERENCE, anchors, places

WIDEST = 120
ROOMS = ("allocator", "docs", "scenarios", "tests")
LEFT_ALONE = re.compile(r"#\s*fmt:\s*(?:skip|off)\b")


@cache
def trees(root: Path) -> dict[str, ast.Module]:
    """Module name -> its tree, of the whole package."""
    files = sorted((root / "allocator").rglob("*.py"))
    return {
        ".".join(f.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(f.read_text("utf-8"))
        for f in files
    }


@cache
def texts(root: Path) -> dict[Path, str]:
    return {f: f.read_text("utf-8") for f in sorted((root / "allocator").rglob("*")) if f.suffix in (".py", ".html")}


def code(root: Path) -> str:
    return "\n".join(text for f, text in texts(root).items() if f.suffix == ".py")


def modules_twice(root: Path) -> list[str]:
    """Names that more than one module has."""
    names = Counter(f.stem for f in texts(root) if f.suffix == ".py" and not f.stem.startswith("__"))
    return sorted(n for n, times in names.items() if times > 1)


def classes_twice(root: Path) -> list[str]:
    """Names that more than one class has."""
    names = Counter(n.name for tree in trees(root).values() for n in tree.body if isinstance(n, ast.ClassDef))
    return sorted(n for n, times in names.items() if times > 1)


def pages_elsewhere(root: Path) -> list[str]:
    """Page modules that bear the name of none of their addresses."""
    found = []
    for file, text in texts(root).items():
        addresses = re.findall(r'@router\.(?:get|post)\(\s*"([^"]+)"', text)
        if file.parent.name == "pages" and addresses:
            words = {w.replace("-", "_") for a in addresses for w in a.split("/") if w and not w.startswith("{")}
            if "/" in addresses:
                words.add("home")
            if "/rounds/{id}" in addresses:
                words.add("desk")
            if file.stem not in words:
                found.append(file.stem)
    return found


def calls_of_routes(root: Path) -> list[str]:
    """Names that pages import from the routes of the HTTP interface."""
    return [
        a.name
        for name, tree in trees(root).items()
        for n in ast.walk(tree)
        if ".service.pages." in name and isinstance(n, ast.ImportFrom) and "service.routes" in (n.module or "")
        for a in n.names
    ]


def indexes(root: Path) -> list[str]:
    """Places that look a post up in the rows of a plan, or index them, by hand; the auditor has its own ways."""
    found = []
    for name, tree in trees(root).items():
        if name == "allocator.domain.plan" or name.startswith("allocator.check."):
            continue
        for n in ast.walk(tree):
            if isinstance(n, ast.DictComp | ast.SetComp | ast.ListComp | ast.GeneratorExp):
                over = n.generators[0]
                asked = [n.key] if isinstance(n, ast.DictComp) else [n.elt] if isinstance(n, ast.SetComp) else []
                if isinstance(n, ast.GeneratorExp) and isinstance(n.elt, ast.Compare):
                    asked = [n.elt]
                if ast.unparse(over.iter).endswith("plan.assignments") and any(
                    ".urn" in (text := ast.unparse(part)) and ".post" in text for part in [*asked, *over.ifs]
                ):
                    found.append(name)
    return found


def unresolved(root: Path) -> list[str]:
    """References to the law that lead nowhere."""
    law = root / "docs" / "reference" / "law.md"
    there = set(anchors(law)) if law.exists() else set()
    return [a for text in texts(root).values() for m in REFERENCE.finditer(text) for a in places(m) if a not in there]


def imports(root: Path) -> dict[str, set[str]]:
    """Module -> modules of the package that it imports, what is only for type checkers left out."""
    known, found = trees(root), {}
    for name, tree in known.items():
        typed = {
            id(x)
            for n in ast.walk(tree)
            if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)
            for x in ast.walk(n)
        }
        to = set()
        for n in ast.walk(tree):
            if id(n) in typed:
                continue
            if isinstance(n, ast.ImportFrom) and n.module:
                to |= {n.module, *(f"{n.module}.{a.name}" for a in n.names)}
            elif isinstance(n, ast.Import):
                to |= {a.name for a in n.names}
        found[name] = {t for t in to if t in known and not name.startswith(t + ".") and t != name}
    return found


def circles(root: Path) -> list[list[str]]:
    """Groups of modules that import one another round (Tarjan's strongly connected components of more than one)."""
    graph, order, low, stack, found = imports(root), dict[str, int](), dict[str, int](), list[str](), []

    def visit(v: str) -> None:
        order[v] = low[v] = len(order)
        stack.append(v)
        for w in sorted(graph[v]):
            if w not in order:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == order[v]:
            group = stack[stack.index(v) :]
            del stack[stack.index(v) :]
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10_000)
    for v in graph:
        if v not in order:
            visit(v)
    return found


def wide(root: Path) -> list[str]:
    """Lines of code beyond the width; sentences for people may be."""
    return [line for line in code(root).splitlines() if len(line) > WIDEST]


def kept_from_the_formatter(root: Path) -> list[str]:
    """Files that bid the formatter leave a statement alone, once for each: program, tests, documents and ready cases."""
    files = [*root.glob("*.py"), *(f for room in ROOMS for f in sorted((root / room).rglob("*.py")))]
    return [f.relative_to(root).as_posix() for f in files for _ in LEFT_ALONE.findall(f.read_text("utf-8"))]


def figures(root: Path) -> Iterator[tuple[str, int]]:
    yield "module names that occur twice", len(modules_twice(root))
    yield "class names that occur twice", len(classes_twice(root))
    yield "pages whose module is not named as an address of theirs", len(pages_elsewhere(root))
    yield "names that pages import from HTTP routes", len(calls_of_routes(root))
    yield "hand-made indexes of a plan", len(indexes(root))
    yield "circles of imports", len(circles(root))
    yield "references to the law that lead nowhere", len(unresolved(root))
    yield "`type: ignore`", code(root).count("# type: ignore")
    yield "`dict[str, Any]`", code(root).count("dict[str, Any]")
    yield "`fmt: skip`", len(kept_from_the_formatter(root))
    yield f"lines beyond {WIDEST} columns, in the package", len(wide(root))
    yield "lines of Python in the package", len(code(root).splitlines())
    yield "lines of templates", sum(len(t.splitlines()) for f, t in texts(root).items() if f.suffix == ".html")


if __name__ == "__main__":
    here = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    for what, n in figures(here):
        print(f"{n:>7,}  {what}")
    for title, names in (
        ("modules", modules_twice(here)),
        ("pages", pages_elsewhere(here)),
        ("circles", circles(here)),
        ("classes", classes_twice(here)),
    ):
        print(f"{title}: {', '.join(map(str, names))}")
