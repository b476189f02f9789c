"""A real server with something to look at, and a real browser to look with.

Rounds by name, each in a programme of its own: `empty` (nothing yet), `draft` (Hartwell, 63 schools, planned, nobody told),
`told` (four small schools with proposals out, as in tests/service/office.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.store import keep, migrate
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from tests.servers import Server, serving
from tests.service.office import MEL, facts
from tests.sizes import HOURS

HARTWELL = Path(__file__).parents[2] / "scenarios" / "hartwell"
# the shell first: without a window's furniture it opens a page at a third of the cost
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
# no sandbox: tests run as root; the rest keeps it from calling home
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@cache
def hartwell() -> tuple[Case, Policy, Plan]:
    """The ready case of 63 schools, solved once a process."""
    reading = read_case(HARTWELL)
    assert reading.case is not None
    return reading.case, reading.policy, solve(reading.case, reading.policy)


@cache
def small() -> tuple[Case, Policy, Plan]:
    """The four schools of tests/service/office.py, solved once a process."""
    return facts(), Policy(), solve(facts(), Policy())


@dataclass
class Site:
    """The server, its store, and a browser."""

    server: Server
    db: Database
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.server.base

    def link(self, programme: str, role: roles.GrantRole, *, urn: str = "", sip: str = "", email: str = "") -> str:
        """A sign-in link for a person with this role, made if new."""
        email = email or f"{role}{urn}{sip}@{programme}.example"
        with self.db.write() as s:
            roles.enrol(s, email, email.split("@")[0].title(), programme, role, urn=urn, sip=sip)
            person = roles.person_by_email(s, email)
            assert person is not None
            return f"{self.base}/sign-in/{passes.link(s, person, 60, roles.ROLE_OF[role], programme)}"

    def manages_all(self, programme: str) -> None:
        """This programme's manager manages every other, too, and so is shown links (`inviting.shows_links`)."""
        with self.db.write() as s:
            for other in s.scalars(sa.select(Programme.id)):
                roles.enrol(s, f"manager@{programme}.example", "Manager", other, "manager")

    def context(self, *, width: dict[str, int] = DESK, script: bool = True) -> BrowserContext:
        made = self.browser.new_context(viewport=width, java_script_enabled=script)  # type: ignore[arg-type]  # a TypedDict
        made.set_default_timeout(60_000)
        self.contexts.append(made)
        return made

    def enter(
        self, programme: str, role: roles.GrantRole, *, width: dict[str, int] = DESK, script: bool = True, **who: str
    ) -> Page:
        """A page signed in as this person, in a context of its own: by the button of a link that nobody looks at."""
        context = self.context(width=width, script=script)
        answer = context.request.post(self.link(programme, role, **who), form={"next": "/"}, max_redirects=0)
        assert answer.status == 303, answer.text()
        page = context.new_page()
        page.goto(self.base)
        return page

    def close_contexts(self) -> None:
        for made in self.contexts:
            made.close()
        self.contexts.clear()


def fill(db: Database) -> None:
    """The rounds named above."""
    with db.write() as s:
        for name in ("empty", "draft", "told"):
            s.add(Programme(id=name, name=f"Programme {name}", created_at=keep.now()))
            s.flush()
            s.add(RoundRow(id=name, programme_id=name, name="2026/27", created_at=keep.now()))
            s.flush()
        for name, (case, policy, plan) in (("draft", hartwell()), ("told", small())):
            row = keep.the_round(s, name, lock=True)
            keep.keep_case(s, row, case, policy, [], MEL)
            keep.keep_plan(s, name, plan)
            keep.keep_fact(s, row, rounds.adopt(keep.standing(s, name), plan), MEL)
        today = keep.now().date()
        keep.step(s, "told", MEL, lambda d: rounds.propose(d, None, today))


@contextmanager
def site(folder: Path, **env: str) -> Iterator[Site]:
    """A filled store, a server on it, a browser."""
    url = f"sqlite:///{folder / 'site.db'}"
    db = Database(url)
    migrate.upgrade(db)
    fill(db)
    # its worker mostly has nothing to do, and looking for more five times a second takes a twentieth of a processor
    more = {"TEST_POLL": "0.5", "ALLOCATOR_WRITES_PER_MINUTE": "100000", "ALLOCATOR_SIGN_INS_PER_MINUTE": "1000", **env}
    with serving(url, folder, more, hands=1) as server, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        made = Site(server, db, browser)
        yield made
        made.close_contexts()
        browser.close()
    db.close()


@cache
def _axe() -> Any:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types

    return Axe()


# what an element is, where it stands, and whether it has words and labels; not which words
KIND = """
  const known = id => document.getElementById(id);
  const one = e => e.localName + [...e.attributes].map(({name, value}) =>
    /^(class|role|type|lang|tabindex|hidden|disabled)$/.test(name) ? ` ${name}=${value}` :
    /^aria-(labelledby|describedby|controls)$/.test(name) ? ` ${name}=${value.split(/\\s+/).every(known)}` :
    /^aria-|^(alt|href|for|scope|style)$/.test(name) ? ` ${name}` : "").join("");
  const kind = e => [e.parentElement?.parentElement, e.parentElement, e].map(e => e ? one(e) : "").join(" > ")
    + (e.textContent.trim() ? " words" : "") + (e.labels ? ` ${e.labels.length} labels` : "");
"""
# the kinds of a page's elements; and what only the whole page shows: ids and landmarks there twice, steps between headings
KINDS = f"""() => {{{KIND}
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(e => e.localName);
  const marks = [...document.querySelectorAll("main, nav, header, footer, aside, [role=region]")].map(one);
  const twice = marks.filter((m, n) => marks.indexOf(m) < n).concat(ids.filter((id, n) => ids.indexOf(id) < n));
  return [[...new Set([...document.querySelectorAll("*")].map(kind))],
    [...twice, ...levels.map((h, n) => `${{levels[n - 1]}} then ${{h}}`)]];
}}"""
# marks each part of which all is of a `known` kind, and each row, item or card that is built, all the way down, as an
# earlier one beside it (odd and even ones apart: they may have colours of their own); not what is inside of it
AGAIN = f"""known_kinds => {{{KIND}
  const built = new Map(), news = new Set();
  const seen_before = new Set(known_kinds);
  const own = e => e.localName + [...e.attributes].map(({{name, value}}) =>
    /^(class|role|type|lang|tabindex|hidden|disabled|style)$/.test(name) ? ` ${{name}}=${{value}}` :
    /^aria-(labelledby|describedby|controls)$/.test(name) ? ` ${{name}}=${{value.split(/\\s+/).every(known)}}` :
    ` ${{name}}=${{value.trim() !== ""}}`).sort().join("")
    + [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) + (e.labels ? e.labels.length : "");
  const all = [...document.body.querySelectorAll("*")].reverse();
  for (const e of all) {{
    built.set(e, `${{own(e)}}(${{[...e.children].map(c => built.get(c)).join()}})`);
    if (news.has(e) || !seen_before.has(kind(e))) news.add(e).add(e.parentElement);
  }}
  const unseen = new CSSStyleSheet();  // or each would be laid out and measured
  unseen.replaceSync("[data-again] {{ display: none !important }}");
  document.adoptedStyleSheets = [unseen];
  for (const e of [document.body, ...all]) {{
    const seen = new Set();
    [...e.children].forEach((c, n) => {{
      const key = `${{n % 2}} ${{built.get(c)}}`;
      if (seen.has(key) && c.children.length) c.setAttribute("data-again", "");
      else if (!news.has(c) && (news.has(e) || e === document.body)) c.setAttribute("data-known", "");
      seen.add(key);
    }});
  }}
}}"""
AS_IT_WAS = """() => {
  document.adoptedStyleSheets = [];
  for (const name of ["data-again", "data-known"])
    document.querySelectorAll(`[${name}]`).forEach(e => e.removeAttribute(name));
}"""
_in_order: dict[bool, set[str]] = {True: set(), False: set()}  # narrow or wide -> kinds of elements


def accessible(page: Page) -> None:
    """axe-core finds nothing against WCAG 2.2 AA or its best practice on the page as it is now.

    In the daily run a page, or a part of one, is passed over when every kind of element in it was in order before, on
    another page or in another state, and so is a row that is built as the one before it; where hours are given, each is searched.
    """
    page.wait_for_load_state("load")  # or it would be measured before it has its styles
    parts, whole = map(set, page.evaluate(KINDS))
    known = _in_order[page.evaluate("innerWidth < 641")]
    if parts | whole <= known and not HOURS:
        return
    if not HOURS:  # parts that are known say nothing of a page that is new as a whole
        page.evaluate(AGAIN, sorted(parts & known) if whole <= known else [])
    found = _axe().run(
        page,
        context=None if HOURS else {"exclude": [["[data-again]"], ["[data-known]"]]},
        options={
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
            "resultTypes": ["violations"],  # what is in order is not listed, which would take as long again
        },
    )
    page.evaluate(AS_IT_WAS)
    told = [
        f"{v['id']} ({v['impact']}): {v['help']}: " + "; ".join(n["html"][:160] for n in v["nodes"][:3])
        for v in found.response["violations"]
    ]
    assert told == [], f"{page.url}\n" + "\n".join(told)
    known |= parts | whole
