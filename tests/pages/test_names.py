"""An unknown name in a page's template is an error when it is drawn; and each name of each template is one that some
page gives, told from the text alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta, nodes

from allocator.service.pages import ground
from tests.sizes import long

HERE = Path(ground.__file__).parents[1]
ALWAYS = {"me", "path", "notice", "today", "fragment", *ground.FRAME}  # what `show` gives to all


def words_given() -> set[str]:
    """Every keyword and every key of a dict in the pages' modules: whatever a page may give is among them."""
    found: set[str] = set()
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.Dict):
                found |= {k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                found.add(str(node.slice.value))
    return found


def read(template: str) -> nodes.Template:
    env = ground.environment()
    assert env.loader is not None
    return env.parse(env.loader.get_source(env, template)[0])


def own(tree: nodes.Template) -> set[str]:
    """Names that a template sets, loops over or imports itself."""
    found = {n.name for n in tree.find_all(nodes.Name) if n.ctx in ("store", "param")}
    found |= {n.name for n in tree.find_all(nodes.Macro)}
    return found | {n if isinstance(n, str) else n[1] for x in tree.find_all(nodes.FromImport) for n in x.names}


@long()
def test_every_name_of_a_template_is_given_by_a_page() -> None:
    env = ground.environment()
    trees = {name: read(name) for name in env.list_templates()}
    given = ALWAYS | words_given() | env.globals.keys()
    known = {name: given | own(tree) for name, tree in trees.items()}
    for name, tree in trees.items():
        for part in tree.find_all(nodes.Include):  # sees what is set around it
            assert isinstance(part.template, nodes.Const)
            known[part.template.value] |= own(trees[name])
    unknown = {name: meta.find_undeclared_variables(tree) - known[name] for name, tree in trees.items()}
    assert {name: names for name, names in unknown.items() if names} == {}


@pytest.mark.parametrize(
    "text", ["{{ skool }}", "{% if skool %}x{% endif %}", "{{ row.skool }}", "{% for x in skool %}{% endfor %}"]
)
def test_a_misspelt_name_is_an_error_and_not_a_blank(text: str) -> None:
    with pytest.raises(UndefinedError, match="skool"):
        ground.environment().from_string(text).render(row={})


def test_what_a_form_did_not_say_is_blank() -> None:
    text = "{{ 'wrong' if typed.name else 'fine' }}, {{ typed.name }}"
    assert ground.environment().from_string(text).render(typed=ground.Blank()) == "fine, "
