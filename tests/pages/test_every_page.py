"""Every page in every state of the 63-school case: accessible, quiet, at home, one heading, no wider than a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from allocator.service.people import GrantRole
from tests.pages import states
from tests.pages.site import PHONE, Site, accessible
from tests.pages.states import STATES, State
from tests.pages.test_matrix import MATRIX, OPEN, QUERY

ELSEWHERE = ("/sign-in", "/sign-in/{secret}")  # seen in test_entrance, before anybody is known


@pytest.fixture(scope="module")
def made(whole_site: Site) -> dict[str, State]:
    """Filled as they are asked for."""
    return {}


def state_of(at: Site, made: dict[str, State], name: str) -> State:
    if name not in made:
        made[name] = states.make(at.db, name)
    return made[name]


def pages_for(role: GrantRole, state: State) -> Iterator[str]:
    """The addresses of every page this role may open."""
    person = {"head": "head", "sip": "sip", "manager": "manager", "auditor": "auditor"}[role]
    names = {**state.names, **state.own.get(role, {})}
    for (method, path), (allowed, _) in MATRIX.items():
        if method != "GET" or allowed == OPEN or person not in allowed or path in ELSEWHERE:
            continue
        filled = {**names, "job": names["choices"] if "/choices/" in path else names["job"]}
        query = QUERY.get(path, "urn={urn}&sip={sip}" if path.endswith(("/move", "/try")) else "").format(**filled)
        yield path.format(**filled) + (f"?{query}" if query else "")


def linked(page: Page, seen: set[str]) -> Iterator[str]:
    """Addresses on the page that lead to pages of the service not yet seen."""
    hrefs: list[str] = page.eval_on_selector_all("a[href^='/']", "all => all.map(a => a.getAttribute('href'))")
    for href in hrefs:
        path = href.partition("#")[0]
        if path not in seen and not path.startswith(("/static", "/api")):
            seen.add(path)
            yield path


def look(page: Page, base: str, path: str, said: list[str]) -> list[str]:
    """What is wrong with a page."""
    asked = page.request.get(f"{base}{path}", max_redirects=0)
    if asked.status == 204 or b"<html" not in asked.body():  # a part of a page, a file, a way elsewhere
        return []
    answer = page.goto(f"{base}{path}")
    assert answer is not None
    # 409: the round is not there yet (no file waits to be marked); the page that says so is looked at like any other
    wrong = [f"{path}: answered {answer.status}"] if answer.status >= 400 and answer.status != 409 else []
    headings = page.locator("h1").count()
    wrong += [f"{path}: {headings} headings of level 1"] if headings != 1 else []
    try:
        accessible(page)
    except AssertionError as error:
        wrong.append(str(error))
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    width = page.evaluate("document.documentElement.scrollWidth")
    wrong += [f"{path}: {width} px wide on a phone of {PHONE['width']}"] if width > PHONE["width"] else []
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong += [f"{path}: the console says {text}" for text in said if not (answer.status == 409 and "409" in text)]
    said.clear()
    return wrong


def watched(page: Page) -> tuple[list[str], list[str]]:
    """(what the console says, hosts asked) from now on."""
    said: list[str] = []
    hosts: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: hosts.append(re.sub(r"^(\w+://[^/]*).*$", r"\1", r.url)))
    return said, hosts


@pytest.mark.parametrize("name", STATES)
def test_every_page_of_a_manager(at: Site, made: dict[str, State], name: str) -> None:
    state = state_of(at, made, name)
    page = at.enter(state.id, "manager")
    said, hosts = watched(page)
    wrong = [text for path in pages_for("manager", state) for text in look(page, at.base, path, said)]
    assert not wrong, "\n".join(wrong)
    assert {h for h in hosts if h.startswith("http")} == {at.base}


@pytest.mark.parametrize("role", ["head", "sip"])
@pytest.mark.parametrize("name", STATES)
def test_every_page_of_a_head_and_a_sip(at: Site, made: dict[str, State], name: str, role: GrantRole) -> None:
    state = state_of(at, made, name)
    mine = state.own[role]
    page = at.enter(state.id, role, width=PHONE, urn=mine.get("urn", ""), sip=mine.get("sip", ""))
    said, hosts = watched(page)
    todo = list(pages_for(role, state))
    seen, wrong = set(todo), []
    while todo:
        wrong += look(page, at.base, todo.pop(), said)
        todo += linked(page, seen)
    assert len(seen) > 3
    assert not wrong, "\n".join(wrong)
    assert {h for h in hosts if h.startswith("http")} == {at.base}


def test_every_page_of_an_auditor_has_no_form_that_writes(at: Site, made: dict[str, State]) -> None:
    state = state_of(at, made, "told")
    page = at.enter(state.id, "auditor")
    for path in pages_for("auditor", state):
        if b"<html" not in page.request.get(f"{at.base}{path}", max_redirects=0).body():  # a file, or a part of a page
            continue
        page.goto(f"{at.base}{path}")
        forms: list[Any] = page.eval_on_selector_all(
            "form[method=post]:has(button:enabled)", "all => all.map(f => f.getAttribute('action'))"
        )
        assert [f for f in forms if f != "/sign-out"] == [], path
