"""The board and the map with 600 schools and 60 SIPs, in a real browser. Measures; asserts nothing.

python -m tests.benchmarks.board
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from allocator import rounds
from allocator.domain.case import Case, School
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.generate import invent
from allocator.reasons.answer import solve
from allocator.store import keep, migrate
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from tests.pages.site import CHROMIUM, FLAGS, Site
from tests.servers import serving
from tests.service.office import MEL

SCHOOLS, SIPS, SEED, MOVES = 600, 60, 7, 12
SECONDS = 30.0  # for the plan: a good one will do here, proved or not
PAINTS = """() => new Promise(done => new PerformanceObserver(list => {
  const nav = performance.getEntriesByType("navigation")[0];
  done({paint: list.getEntries()[0].startTime, ready: nav.domContentLoadedEventEnd, first: nav.responseStart, bytes: nav.decodedBodySize});
}).observe({type: "paint", buffered: true}))"""


def county(seed: int = SEED) -> Case:
    """600 invented schools around 25 towns in four authorities."""
    rng = random.Random(seed)
    towns = [(400_000 + rng.uniform(0, 70_000), 300_000 + rng.uniform(0, 70_000)) for _ in range(25)]
    rows = []
    for n in range(SCHOOLS):
        x, y = rng.choice(towns)
        x, y = x + rng.gauss(0, 5000), y + rng.gauss(0, 5000)
        phase = rng.choices(["primary", "secondary", "special"], [78, 18, 4])[0]
        need = rng.choices(["low", "standard", "raised", "high", "top"], [2, 10, 3, 2, 1])[0]
        values = {
            "urn": str(100_000 + n),
            "name": f"{phase.capitalize()} School {n + 1}",
            "phase": phase,
            "need": need,
            "la": f"Authority {1 + (x > 435_000) + 2 * (y > 335_000)}",
            "easting": round(x),
            "northing": round(y),
            "pupils": rng.randrange(60, 1200),
        }
        rows.append(School.model_validate(values))
    return Case(year="2026/27", schools=tuple(rows), sips=())


def planned() -> tuple[Case, Plan]:
    """The county with a team, and a plan for it, begun from the one hidden in the team."""
    team = invent(county(), Policy(), SIPS, SEED, 1.25)
    began = time.perf_counter()
    plan = solve(team.case, Policy(), stop=Stop(seconds=SECONDS), hint=team.made_for)
    took = time.perf_counter() - began
    done = f"{plan.summary.filled} of {plan.summary.filled + plan.summary.unfilled} posts, {plan.status}"
    print(f"{took:8.1f} s  the plan: {done}, gap {plan.certificate.gap:.2%}")
    return team.case, plan


def main() -> None:
    case, plan = planned()
    print(
        f"{SCHOOLS} schools, {SIPS} SIPs; {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, Python {platform.python_version()}"
    )
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'board.db'}"
        db = Database(url)
        migrate.upgrade(db)
        with db.write() as s:
            s.add(Programme(id="big", name="Big", created_at=keep.now()))
            s.flush()
            row = RoundRow(id="big", programme_id="big", name="2026/27", created_at=keep.now())
            s.add(row)
            s.flush()
            keep.keep_case(s, row, case, Policy(), [], MEL)
            keep.keep_plan(s, "big", plan)
            keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "big"), plan), MEL)
        with serving(url, Path(folder), hands=1, quick=False) as server, sync_playwright() as p:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            at = Site(server, db, browser)
            page = at.enter("big", "manager")
            assert server.process is not None
            pages(at, page)
            moves(at, page, plan)
            print(f"{_mb(server.process.pid):8.0f} MB  the server, {_heap(page):.0f} MB the page's script heap")
            browser.close()
        db.close()


def pages(at: Site, page: Page) -> None:
    """First paint and ready, first visit (nothing kept ready) and later."""
    for name in ("board", "map", "schools/100001", f"sips/{_first_sip(page, at)}"):
        for when in ("first", "again"):
            page.goto(f"{at.base}/rounds/big/{name}")
            told = page.evaluate(PAINTS)
            print(
                f"{told['paint']:8.0f} ms  first paint of {name}, {when}: answer after {told['first']:.0f}, "
                f"ready at {told['ready']:.0f}, {told['bytes'] / 1024:.0f} kB, {page.locator('*').count()} elements"
            )


def _first_sip(page: Page, at: Site) -> str:
    page.goto(f"{at.base}/rounds/big/checks")
    page.goto(f"{at.base}/rounds/big/board")
    return page.locator(".sip-column[data-column]:not([data-column=''])").first.get_attribute("data-column") or ""


def moves(at: Site, page: Page, plan: Plan) -> None:
    """From the drop to the answer in the panel, for cards and SIPs drawn by lot among those who may; then the search."""
    page.goto(f"{at.base}/rounds/big/board")
    page.get_by_role("button", name="Open all").click()
    rng = random.Random(SEED)
    times = []
    for a in rng.sample([a for a in plan.assignments if a.post == "lead"], MOVES):
        card = page.locator(f"[id='{a.urn}-lead']")
        card.scroll_into_view_if_needed()
        card.locator(".sip-grip").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(1500)  # those who may not are marked meanwhile
        may = page.locator("#tray [data-column]:not(.is-barred)").evaluate_all("all => all.map(x => x.dataset.name)")
        wanted = rng.choice([m for m in may if m != a.name] or may)
        began = time.perf_counter()
        for _ in range(SIPS):
            if page.locator("#tray .is-target").evaluate_all(f"all => all[0]?.dataset.name === {wanted!r}"):
                break
            page.keyboard.press("ArrowRight")
        aimed = time.perf_counter()
        page.keyboard.press("Enter")
        page.locator("#panel-body :is(h1, h2)").wait_for(timeout=180_000)
        times.append(time.perf_counter() - aimed)
        print(
            f"{times[-1]:8.2f} s  dropped on {wanted} (aimed in {aimed - began:.1f} s): {page.locator('#panel-body p').first.inner_text()[:90]}"
        )
        page.keyboard.press("Escape")
    print(
        f"{statistics.median(times):8.2f} s  median from drop to answer, {max(times):.2f} s the longest of {len(times)}"
    )
    began = time.perf_counter()
    page.get_by_label("Search").fill("school 59")
    page.wait_for_function("parseInt(document.getElementById('count').textContent) < 100")
    print(f"{(time.perf_counter() - began) * 1000:8.0f} ms  a search typed until {page.locator('#count').inner_text()}")


def _mb(pid: int) -> float:
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(told) / 1024


def _heap(page: Page) -> float:
    return float(page.evaluate("performance.memory ? performance.memory.usedJSHeapSize : 0")) / 2**20


if __name__ == "__main__":
    main()
