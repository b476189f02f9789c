"""The data of a round: a workbook in the manager's own words, mapped, matched, mended and taken."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from allocator.domain.policy import Policy
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from tests.intake.test_own_words import SHEETS, save
from tests.make import case, school, sip
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long


def rounds_of_two_years(db: Database, id: str) -> None:
    """Last year's round with its data, and this year's with none."""
    last_year = case(
        [school("101", name="St Mary's", need="standard"), school("9", name="Old Hall")],
        [sip("ann-lee", name="Ann Lee")],
    )
    with db.write() as s:
        s.add(Programme(id=id, name="Data", created_at=keep.now()))
        s.flush()
        long_ago = keep.now() - dt.timedelta(days=300)
        s.add(RoundRow(id=f"{id}-last", programme_id=id, name="2025/26", created_at=long_ago))
        s.add(RoundRow(id=id, programme_id=id, name="2026/27", created_at=keep.now()))
        s.flush()
        older = last_year.model_copy(update={"year": "2025/26"})
        keep.keep_case(s, keep.the_round(s, f"{id}-last", lock=True), older, Policy(), [], MEL)


def mine(folder: Path, **more: list[list[Any]]) -> Path:
    """The workbook of test_own_words with everything on record for its SIPs."""
    sips = [
        [*row, *x]
        for row, x in zip(
            SHEETS["sips"],
            (("trained", "board approved", "dbs checked on"), *[("yes", "yes", "2026-01-01")] * 2),
            strict=True,
        )
    ]
    return save(folder / "mine.xlsx", {**SHEETS, "sips": sips, **more})


def give(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Read the file").click()


@long()
def test_from_a_workbook_of_ones_own_to_the_data(at: Site, tmp_path: Path) -> None:
    rounds_of_two_years(at.db, "data")
    page = at.enter("data", "manager")
    page.goto(f"{at.base}/rounds/data/data")
    accessible(page)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a workbook, a zip of CSV tables, or a JSON file")
    accessible(page)
    bad = mine(tmp_path)
    book = load_workbook(bad)
    book["sips"]["D2"] = "plenty"
    book.save(bad)
    give(page, bad)
    expect(page.get_by_role("heading", name="mine.xlsx cannot be taken yet")).to_be_visible()
    expect(page.get_by_label("schools: Caretaker")).to_have_value("=")
    expect(page.get_by_role("heading", name="Who is meant?")).to_be_visible()
    expect(page.get_by_label("Alder").first).to_have_value("102")
    page.get_by_text("understood by their usual names").click()
    expect(page.get_by_label("Our schools")).to_have_value("schools")
    expect(page.get_by_label("schools: Band")).to_have_value("need")
    accessible(page)
    page.get_by_role("button", name="Approve and remember").click()
    expect(page.get_by_role("heading", name="1 error to mend")).to_be_visible()
    expect(page.get_by_role("cell", name="days is 'plenty'")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="download your workbook").click()
    mended = tmp_path / "mended.xlsx"
    download.value.save_as(mended)
    book = load_workbook(mended)
    assert book["sips"]["D2"].comment is not None
    book["sips"]["D2"] = 20
    book.save(mended)
    give(page, mended)
    expect(page.get_by_role("heading", name="mended.xlsx is ready to be taken")).to_be_visible()
    expect(page.get_by_role("heading", name="What it changes against the data of round 2025/26")).to_be_visible()
    for told in ("Alder Primary (102)", "Old Hall (9)", "St. Mary's CE Primary School: need high, was standard"):
        expect(page.get_by_text(told, exact=True)).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Take it as the data of this round").click()
    expect(page.get_by_text("2 schools and 2 SIPs are in, as version 1.")).to_be_visible()
    page.get_by_text("Your own words that we remember").click()
    accessible(page)
    with at.db.read() as s:
        row = keep.case_row(s, "data")
        assert row is not None
        assert {(h.urn, h.sip) for h in keep.case_of(row)[0].history} == {("101", "ann-lee"), ("102", "ben-roe")}
    give(page, mine(tmp_path))  # what was said once is not asked again
    expect(page.get_by_role("heading", name="mine.xlsx is ready to be taken")).to_be_visible()
    expect(page.get_by_text("It changes nothing against version 1 of this round's data")).to_be_visible()
    small = at.enter("data", "manager", width=PHONE, script=False)
    small.goto(f"{at.base}/rounds/data/data")
    small.get_by_role("button", name="Throw this file away").click()
    expect(small.get_by_text("Nothing of it was in the round")).to_be_visible()


def test_own_values_and_bodies_are_asked_in_the_same_screen_and_the_case_is_told_in_brief(
    desk: Desk, tmp_path: Path
) -> None:
    me = desk.headers("manager")
    rows: dict[str, list[list[Any]]] = {
        "Schools": [
            ["School", "URN", "Phase", "Category", "MAT"],
            ["Ash Primary", 900101, "Primary", "Blue zone", "Larkspur Learning Trust"],
            ["Elm Primary", 900102, "Primary", "Blue zone", None],
        ],
        "Team": [["SIP", "Type", "Phases", "Days", "MAT"], ["Ann Oak", "consultant", "Primary", 40, "Larkspur"]],
    }
    body = save(tmp_path / "own.xlsx", rows).read_bytes()
    url = "http://testserver/rounds/r/data"
    page = desk.client.post(url, headers=me, files={"file": ("own.xlsx", body)}, data={"year": "2026/27"}).text
    assert 'name="body|trust|Larkspur"' in page
    assert '<option value="" selected>Say later' not in page
    assert (
        "cannot be taken yet" not in page
    )  # Category does not fit, and is asked about; nothing that must be filled is missing
    page = desk.client.post(
        f"{url}/words", headers=me, data={"column|schools|Category": "need", "body|trust|Larkspur": "="}
    ).text
    assert 'name="value|need|Blue zone"' in page
    page = desk.client.post(f"{url}/words", headers=me, data={"value|need|Blue zone": "high"}).text
    assert "is ready to be taken" in page
    assert "need: 2 high" in page
    assert 'name="body|trust|Larkspur"' not in page
    told = " ".join(re.sub("<[^>]*>", " ", page).split())  # what is remembered reads as it was written
    for line in (
        "Name of a trust: Larkspur none of the schools",
        "Column of schools: Category need",
        "Value of need: Blue zone high",
    ):
        assert line in told
    desk.client.post(f"{url}/words", headers=me, data={"column|schools|Last year's  SIP": "last_sip"})
    page = desk.client.post(f"{url}/words", headers=me, data={"column|schools|Last Year's SIP": "="}).text
    told = unescape(" ".join(re.sub("<[^>]*>", " ", page).split()))
    assert "Column of schools: Last Year's SIP our own: kept as it is" in told
    assert "Last year's SIP last year's SIP" not in told  # one word, however it is spaced
    page = desk.client.post(
        f"{url}/forget", headers=me, data={"kind": "column", "place": "schools", "text": "Last Year's SIP"}
    ).text
    assert "Column of schools: Last Year" not in unescape(re.sub("<[^>]*>", " ", page))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "cannot be taken yet"),
        (b"scribble", "This is not a file we read"),
        (b"PK broken", "cannot be taken yet"),
        (b"{}", "no schools table"),
    ],
)
def test_what_is_no_case_is_said_and_changes_nothing(desk: Desk, body: bytes, told: str) -> None:
    me = desk.headers("manager")
    with desk.db.read() as s:
        before = keep.case_row(s, "r")
    answer = desk.client.post("http://testserver/rounds/r/data", headers=me, files={"file": ("a.xls", body)})
    assert told in answer.text
    taken = desk.client.post("http://testserver/rounds/r/data/take", headers=me)
    assert taken.status_code in (409, 422)
    with desk.db.read() as s:
        after = keep.case_row(s, "r")
        assert before is not None
        assert after is not None
        assert before.n == after.n


def test_the_data_of_the_round_go_out_and_come_back_the_same(desk: Desk) -> None:
    me = desk.headers("manager")
    book = desk.client.get("http://testserver/rounds/r/data/workbook", headers=me)
    assert book.headers["content-disposition"] == 'attachment; filename="data.xlsx"'
    answer = desk.client.post(
        "http://testserver/rounds/r/data",
        headers=me,
        files={"file": ("data.xlsx", book.content)},
        data={"year": "2026/27"},
    )
    assert "is ready to be taken" in answer.text
    assert "It changes nothing against version 1" in answer.text


def test_somebody_elses_upload_meanwhile_is_not_written_over(desk: Desk) -> None:
    me = desk.headers("manager")
    book = desk.client.get("http://testserver/rounds/r/data/workbook", headers=me).content
    stale = desk.client.post(
        "http://testserver/rounds/r/data", headers=me, files={"file": ("data.xlsx", book)}, data={"version": "0"}
    )
    assert stale.status_code == 412
