"""The plan as a table, without script: narrowed, sorted, moved from, undone, and taken along as a file."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import expect

from tests.pages.site import Site, accessible
from tests.pages.test_board import board as board
from tests.pages.test_board import go, kept


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


def test_several_are_locked_for_one_reason_and_unlocked_again(at: Site, board: str) -> None:
    page = go(at, board, "/plan", script=False)
    page.get_by_text("Lock or unlock several").click()
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why in a sentence")
    page.get_by_role("checkbox", name="1 Hill School").uncheck()
    page.get_by_label("Why?").fill("Both heads asked us to.")
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("row", name="2 Hill School")).to_contain_text("locked", timeout=60_000)
    assert sorted(kept(at, board)) == ["2", "3", "4"]
    page.get_by_text("Lock or unlock several").click()
    page.get_by_label("Why?").fill("They may move after all.")
    page.get_by_role("button", name="Unlock those ticked").click()
    expect(page.get_by_role("row", name="2 Hill School")).not_to_contain_text("locked", timeout=60_000)
    page.get_by_text("Lock or unlock several").wait_for()
    assert kept(at, board) == {}


def test_locks_that_could_not_be_taken_leave_the_table_as_it_was(at: Site, board: str) -> None:
    """Narrowed, grouped, sorted, with the columns chosen."""
    page = go(at, board, "/plan?q=Hill&sip=A&group=sip&sort=-days&column=urn&column=sip", script=False)
    page.get_by_text("Lock or unlock several").click()
    page.get_by_role("button", name="Lock those ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why in a sentence")
    expect(page.get_by_role("columnheader")).to_have_count(4)
    expect(page.get_by_label("School, SIP, URN")).to_have_value("Hill")
    expect(page.get_by_label("Group by")).to_have_value("sip")
    expect(page.get_by_role("row", name="3 Hill School")).to_have_count(0)
    assert page.get_by_role("link", name="CSV").get_attribute("href") == (
        f"/rounds/{board}/plan.csv?q=Hill&sip=A&group=sip&sort=-days&column=urn&column=sip"
    )


def test_on_paper_there_are_no_controls_and_no_addresses(at: Site, board: str) -> None:
    for path, control in (("/plan", "form[role=search]"), ("/board", ".sip-openers"), ("/map", ".sip-zoom")):
        page = go(at, board, path)
        expect(page.locator(control).first).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator(control).first).to_be_hidden()
        said = page.evaluate("getComputedStyle(document.querySelector('main a[href^=\"/\"]'), '::after').content")
        assert said == "none", path
