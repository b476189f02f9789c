"""The plan as a table, with script and without: narrowed, sorted, moved from, undone, and taken along as a file."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.report.by_school import COLUMNS
from allocator.service.pages import plan as plan_page
from allocator.service.pages.plan import LONG
from allocator.store import keep
from tests.make import case, led, school, sip
from tests.pages.site import Site, accessible
from tests.pages.test_board import board as board
from tests.pages.test_board import go, kept
from tests.service.office import planned
from tests.sizes import long


def test_a_move_from_a_row_and_its_undo(at: Site, board: str) -> None:
    page = go(at, board, "/plan", script=False)
    expect(page.get_by_role("row")).to_have_count(7)  # heading, five schools, sum
    row = page.get_by_role("row", name="1 Hill School")
    expect(row).to_contain_text("Sip A")
    row.get_by_role("link", name="Lock 1 Hill School").click()
    page.get_by_label("Why?").fill("The head asked me to.")
    page.get_by_role("button", name="Lock it").click()
    page.wait_for_url("**/plan*", timeout=60_000)
    row = page.get_by_role("row", name="1 Hill School")
    expect(row).to_contain_text("locked")
    assert kept(at, board) == {"1": "A"}
    accessible(go(at, board, "/plan"))
    page.get_by_role("button", name="Put the plan before it back").click()
    expect(page.get_by_role("row", name="1 Hill School")).not_to_contain_text("locked")
    assert kept(at, board) == {}


def test_the_file_is_what_is_shown(at: Site, board: str) -> None:
    page = go(at, board, "/plan?mark=nobody&column=urn&column=sip", script=False)
    expect(page.get_by_role("columnheader")).to_have_count(4)  # with what can be done in a row
    address = page.get_by_role("link", name="CSV").get_attribute("href")
    text = page.request.get(f"{at.base}{address}").body().decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["URN", "School", "This year"], ["5", "5 Hill School", "nobody yet"]]
    book = page.request.get(f"{at.base}{address}".replace("plan.csv", "plan.xlsx"))
    assert book.body()[:2] == b"PK"


@long()
def test_several_are_locked_for_one_reason_and_unlocked_again(at: Site, board: str) -> None:
    page = go(at, board, "/plan", script=False)
    page.get_by_role("link", name="Lock or unlock several").click()
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why in a sentence")
    page.get_by_role("checkbox", name="1 Hill School").uncheck()
    page.get_by_label("Why?").fill("Both heads asked us to.")
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("row", name="2 Hill School")).to_contain_text("locked", timeout=60_000)
    assert sorted(kept(at, board)) == ["2", "3", "4"]
    accessible(go(at, board, "/plan/locks"))
    page.get_by_role("link", name="Lock or unlock several").click()
    page.get_by_label("Why?").fill("They may move after all.")
    page.get_by_role("button", name="Unlock those ticked").click()
    expect(page.get_by_role("row", name="2 Hill School")).not_to_contain_text("locked", timeout=60_000)
    assert kept(at, board) == {}


VIEW = "q=Hill&sip=A&group=sip&sort=-days&column=urn&column=sip"


def test_locks_are_of_the_schools_shown_and_lead_back_to_the_table_as_it_was(at: Site, board: str) -> None:
    """Narrowed, grouped, sorted, with the columns chosen; also where they could not be taken."""
    page = go(at, board, f"/plan?{VIEW}", script=False)
    page.get_by_role("link", name="Lock or unlock several").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    page.get_by_role("checkbox", name="1 Hill School").uncheck()
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why in a sentence")
    expect(page.get_by_role("checkbox", name="1 Hill School")).not_to_be_checked()
    page.get_by_role("link", name="The plan").first.click()
    assert page.url.endswith(f"/plan?{VIEW}")
    expect(page.get_by_role("columnheader")).to_have_count(4)
    expect(page.get_by_label("School, SIP, URN")).to_have_value("Hill")


HREFS = "all => all.map(a => decodeURIComponent(a.href))"


def ids(page: Page) -> list[str]:
    found: list[str] = page.locator("#plan tbody tr[id]").evaluate_all("rows => rows.map(r => r.id)")
    return found


@long(but="?mark=changed&group=need")
@pytest.mark.parametrize("view", ["", "?mark=changed&group=need"])
def test_sorted_where_it_stands_it_is_as_the_server_sorts_it(at: Site, view: str) -> None:
    page = at.enter("draft", "manager")
    page.goto(f"{at.base}/rounds/draft/plan{view}")
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    heads = [h.inner_text() for h in page.locator("#plan thead a").all()]
    for head in [*(heads if not view else ()), "Days", "Days"]:
        page.locator("#plan thead a", has_text=re.compile(f"^{head}$")).click()
        sorted_ = page.request.get(page.evaluate("location.href")).text()
        assert ids(page) == re.findall(r'<tr id="(s-[^"]*)"', sorted_), head
    expect(page.locator("#told")).to_have_text("Sorted by Days, descending")
    assert page.evaluate("document.documentElement.dataset.same") == "yes"
    assert page.locator("[aria-sort]").count() == 1
    links = "#plan thead a", "#shown a[download]", "#plan tbody tr:nth-child(2) a"
    by_script = [page.locator(x).evaluate_all(HREFS) for x in links]
    page.reload()
    assert by_script == [page.locator(x).evaluate_all(HREFS) for x in links]


def test_what_is_narrowed_after_it_was_sorted_keeps_the_order(at: Site) -> None:
    page = at.enter("draft", "manager")
    page.goto(f"{at.base}/rounds/draft/plan")
    page.get_by_role("link", name="Days", exact=True).click()
    page.get_by_label("Only").select_option("changed")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**sort=days*")
    days = [float(x) for x in page.locator("#plan tbody td.days").all_inner_texts()]
    assert 0 < len(days) < 63
    assert days == sorted(days)


@pytest.fixture
def many(at: Site) -> str:
    """A planned round of more schools than rows whose ways on are all written out."""
    team = "ABCDEFGHIJKLMNOP"
    schools = [school(str(n), name=f"Hill School {n:03}") for n in range(1, LONG + 2)]
    history = [row for n, s in enumerate(schools) for row in led(s.urn, team[n % len(team)], "2025/26")]
    facts = case(schools, [sip(x, days=100.0) for x in team], history=history)
    with at.db.write() as s:
        return planned(s, keep.new_id(), facts, Policy(), solve(facts, Policy())).id


@long()
def test_in_a_long_table_the_row_in_hand_has_its_ways_on_and_each_row_is_small(at: Site, many: str) -> None:
    page = go(at, many, "/plan")
    assert len(page.request.get(page.url).body()) < 25_000 + 450 * (LONG + 1)
    row = page.get_by_role("row", name="Hill School 007")
    ways = row.locator("td:last-child a")
    expect(ways).to_have_text(["Move"])
    row.hover()
    expect(ways).to_have_text(["Move", "Lock", "Why", "Fact"])
    row = page.get_by_role("row", name="Hill School 008")
    row.get_by_role("link", name="Hill School 008").focus()
    for way in ("Move Hill School 008", "Lock Hill School 008", "Why this SIP for Hill School 008"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=way, exact=True)).to_be_focused()
    accessible(page)
    page.get_by_role("link", name="Days", exact=True).click()
    expect(page.locator("#plan tbody tr[id]").last).to_be_visible()
    expect(page.locator("#plan")).not_to_have_attribute("style", re.compile("."))
    page.get_by_role("link", name="Lock Hill School 008", exact=True).click()
    page.get_by_label("Why?").fill("The head asked me to.")
    page.get_by_role("button", name="Lock it").click()
    page.wait_for_url("**/plan?sort=days#s-8", timeout=60_000)
    row = page.get_by_role("row", name="Hill School 008")
    row.hover()
    expect(row.get_by_role("link", name="Unlock Hill School 008")).to_be_visible()


def test_each_cell_that_needs_one_has_its_label_on_a_phone() -> None:
    css = (Path(plan_page.__file__).parents[1] / "static" / "plan.css").read_text("utf-8")
    for c in COLUMNS:
        labelled = f'.sip-plan td.{c.key}::before {{ content: "{c.head}: "; }}' in css
        assert labelled == (c.key not in (*plan_page.BARE, "ofsted")), c.key


def test_on_paper_there_are_no_controls_and_no_addresses(at: Site, board: str) -> None:
    for path, control in (("/plan", "form[role=search]"), ("/board", ".sip-openers"), ("/map", ".sip-zoom")):
        page = go(at, board, path)
        expect(page.locator(control).first).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator(control).first).to_be_hidden()
        said = page.evaluate("getComputedStyle(document.querySelector('main a[href^=\"/\"]'), '::after').content")
        assert said == "none", path
