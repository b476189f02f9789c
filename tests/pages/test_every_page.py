"""Every page in every state of the 63-school case, in short of four schools told: accessible, quiet, at home, one heading, no wider than a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from allocator.service.roles import GrantRole
from allocator.store.tables import Grant
from tests.pages import site, states
from tests.pages.site import PHONE, Site, accessible, hartwell, small
from tests.pages.states import STATES, State
from tests.pages.test_matrix import MATRIX, OPEN, QUERY
from tests.sizes import HOURS, long, whole_or

OTHERWISE = re.compile(
    r'\s(?!class=|role=|type=)[\w:-]+(="[^"]*")?'
)  # attributes that do not tell kinds of elements apart
SOME = ("told", "confirmed", "in force")  # states of the daily run
KNOWN: dict[str, set[str]] = {}  # role -> kinds of elements that were looked at
OWN = ("/sign-out", "/sessions/end")  # what anybody may do about their own way in
FORMS = """html => {
  const page = html === null ? document : new DOMParser().parseFromString(html, "text/html");
  const all = [...page.querySelectorAll("form[method=post]:has(button:enabled)")];
  return all.map(f => f.getAttribute("action"));
}"""  # what can be sent from a page, or from one that was only read
ELSEWHERE = ("/sign-in", "/sign-in/{secret}")  # seen in test_sign_in, before anybody is known


@pytest.fixture(scope="module")
def made(whole_site: Site) -> dict[str, State]:
    """Filled as they are asked for."""
    return {}


def state_of(at: Site, made: dict[str, State], name: str) -> State:
    if name not in made:
        made[name] = states.make(at.db, name, of=whole_or(hartwell, hartwell, small))
    return made[name]


def pages_for(role: GrantRole, state: State) -> Iterator[str]:
    """The addresses of every page this role may open."""
    person = {"head": "head", "sip": "sip", "manager": "manager", "auditor": "auditor"}[role]
    names = {**state.names, **state.own.get(role, {}), "table": "interests", "n": "1"}
    for (method, path), (allowed, _) in MATRIX.items():
        if method != "GET" or allowed == OPEN or person not in allowed or path in ELSEWHERE:
            continue
        filled = {**names, "job": names["choices"] if "/choices/" in path else names["job"]}
        filled["name"] = "notice" if "/account/" in path else filled["name"]
        filled["kind"] = "csv" if "/plan." in path else names["kind"]
        query = QUERY.get(path, "urn={urn}&sip={sip}" if path.endswith(("/move", "/try")) else "").format(**filled)
        yield path.format(**filled) + (f"?{query}" if query else "")


def linked(html: str, seen: set[str]) -> Iterator[str]:
    """Addresses on the page that lead to pages of the service not yet seen."""
    for href in re.findall(r'<a [^>]*?href="(/[^"#]*)', html):
        path = unescape(href)
        if path not in seen and not path.startswith(("/static", "/api")):
            seen.add(path)
            yield path


def kinds(html: str) -> set[str]:
    """What elements a page has, and how they look; not what they say or where they lead."""
    return {OTHERWISE.sub("", tag) for tag in re.findall(r"<[a-z][^>]*>", html)}


# what a thumb presses and is lower than 44 px, but for links within a sentence and the label that a box is ticked by
LOW = """() => [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")].filter(e => {
  const r = e.getBoundingClientRect(), told = e.textContent.trim();
  return e.checkVisibility({visibilityProperty: true}) && r.width > 1 && r.height < 43.5 && r.height > 1
    && !/^(radio|checkbox)$/.test(e.type) && !(e.localName === "a" && e.parentElement.textContent.trim() !== told);
}).map(e => `${e.localName} “${e.textContent.trim().slice(0, 40)}”`)"""


def look(
    page: Page, base: str, path: str, said: list[str], known: set[str], thumbs: bool = False
) -> tuple[list[str], str]:
    """What is wrong with a page, and the page.

    In the daily run the browser opens a page that has an element of a kind not `known`; where hours are given, each.
    """
    asked = page.request.get(f"{base}{path}", max_redirects=0)
    html = "" if asked.status == 204 else asked.body().decode("utf-8", "replace")
    if "<html" not in html:  # a part of a page, a file, a way elsewhere
        return [], ""
    # 409: the round is not there yet (no file waits to be marked); the page that says so is looked at like any other
    wrong = [f"{path}: answered {asked.status}"] if asked.status >= 400 and asked.status != 409 else []
    headings = html.count("<h1")
    wrong += [f"{path}: {headings} headings of level 1"] if headings != 1 else []
    if kinds(html) <= known and not HOURS:
        return wrong, html
    known |= kinds(html)
    page.goto(f"{base}{path}")
    try:
        accessible(page)
    except AssertionError as error:
        wrong.append(str(error))
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    width = page.evaluate("document.documentElement.scrollWidth")
    wrong += [f"{path}: {width} px wide on a phone of {PHONE['width']}"] if width > PHONE["width"] else []
    wrong += [f"{path}: {small} is no thumb high" for small in (page.evaluate(LOW) if thumbs else [])]
    page.set_viewport_size({"width": 1280, "height": 900})
    wrong += [f"{path}: the console says {text}" for text in said if not (asked.status == 409 and "409" in text)]
    said.clear()
    return wrong, html


def watched(page: Page) -> tuple[list[str], list[str]]:
    """(what the console says, hosts asked) from now on."""
    said: list[str] = []
    hosts: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: hosts.append(re.sub(r"^(\w+://[^/]*).*$", r"\1", r.url)))
    return said, hosts


@long(but="told")
@pytest.mark.parametrize("name", whole_or(STATES, SOME[:2]))
def test_every_page_of_a_manager(at: Site, made: dict[str, State], name: str) -> None:
    state = state_of(at, made, name)
    page = at.enter(state.id, "manager")
    with at.db.read() as s:
        state.names["grant"] = s.scalars(sa.select(Grant.id).where(Grant.programme_id == state.id)).first() or ""
    said, hosts = watched(page)
    page.goto(at.base)
    known = KNOWN.setdefault("manager", set())
    wrong = [text for path in pages_for("manager", state) for text in look(page, at.base, path, said, known)[0]]
    assert not wrong, "\n".join(wrong)
    assert {h for h in hosts if h.startswith("http")} == {at.base}


@long(but="told")
@pytest.mark.parametrize("role", ["head", "sip"])
@pytest.mark.parametrize("name", whole_or(STATES, SOME))
def test_every_page_of_a_head_and_a_sip(at: Site, made: dict[str, State], name: str, role: GrantRole) -> None:
    state = state_of(at, made, name)
    mine = state.own[role]
    page = at.enter(state.id, role, width=PHONE, urn=mine.get("urn", ""), sip=mine.get("sip", ""))
    said, hosts = watched(page)
    page.goto(at.base)
    todo = list(pages_for(role, state))
    seen, wrong = set(todo), []
    while todo:
        found, html = look(page, at.base, todo.pop(), said, KNOWN.setdefault(role, set()), thumbs=True)
        wrong += found
        todo += linked(html, seen)
    assert len(seen) > 3
    assert not wrong, "\n".join(wrong)
    assert {h for h in hosts if h.startswith("http")} == {at.base}


@long()
def test_every_page_of_an_auditor_has_no_form_that_writes(at: Site, made: dict[str, State]) -> None:
    state = state_of(at, made, "told")
    page = at.enter(state.id, "auditor")
    for path in pages_for("auditor", state):
        answer = page.request.get(f"{at.base}{path}", max_redirects=0)
        if b"<html" not in answer.body():  # a file, or a part of a page
            continue
        if HOURS:
            page.goto(f"{at.base}{path}")  # and its scripts run
        forms: list[Any] = page.evaluate(FORMS, None if HOURS else answer.text())
        assert [f for f in forms if f not in OWN] == [], path


ROW = "<tr><td><a href='#'>Hill School</a></td><td>{}</td></tr>"


@pytest.mark.parametrize(
    ("others", "thirteenth", "rule"),
    [
        ("words", "<input type='text'>", "label"),
        ("words", "<span style='color: #ccc'>words</span>", "color-contrast"),
        ("<span style='color: #bbb'>words</span>", "<span style='color: #bbb'>words</span>", "color-contrast"),
        ("<button>Move</button>", "<button></button>", "button-name"),
        ("<img src='data:,' alt='A map'>", "<img src='data:,'>", "image-alt"),
    ],
)
def test_a_fault_in_one_row_of_many_is_found(
    at: Site, others: str, thirteenth: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_in_order", {True: set(), False: set()})  # else it hangs on what was looked at before
    page = at.context().new_page()
    rows = "".join(ROW.format(thirteenth if n == 13 else others) for n in range(20))
    page.set_content(
        f"<html lang='en'><title>T</title><main><h1>T</h1><table><tr><th>School<th>SIP</tr>{rows}</table></main>"
    )
    with pytest.raises(AssertionError, match=rule):
        accessible(page)


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("<p><input type='text'></p>", "label"),
        ("<h4>Not at its level</h4>", "heading-order"),
        ("<p>words<main>words</main>", "landmark-no-duplicate-main"),
    ],
)
def test_a_fault_beside_what_was_in_order_is_found(
    at: Site, more: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_in_order", {True: set(), False: set()})
    page = at.context().new_page()
    html = "<html lang='en'><title>T</title><main><h1>T</h1><h2>U</h2><p>words</main>"
    page.set_content(html)
    accessible(page)
    page.set_content(html + more)
    with pytest.raises(AssertionError, match=rule):
        accessible(page)


def test_a_form_that_writes_is_seen_in_a_page_that_was_only_read(at: Site) -> None:
    page = at.context().new_page()
    form = "<form method=post action='{}'><fieldset{}><button>Go</button></fieldset></form>"
    html = f"<html><body>{form.format('/write', '')}{form.format('/barred', ' disabled')}<form action='/find'><button>Find</button></form>"
    assert page.evaluate(FORMS, html) == ["/write"]
