"""*Lists* of a county: the first rows of each, the rest by a link, nothing lost; of a small team all of it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.report import lists
from allocator.service.pages import sips
from allocator.store import keep
from tests.pages.site import DESK as WIDE
from tests.pages.site import PHONE, Site, accessible, hartwell
from tests.service.office import Desk, facts, open_office, planned
from tests.sizes import long

SITE = "http://testserver/rounds/n/lists"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = open_office(tmp_path)
    with made.db.write() as s:
        planned(s, "n", *hartwell(), programme="p")
    return made


def read(desk: Desk, of: str = "") -> str:
    answer = desk.client.get(SITE + of, headers=desk.headers("manager"))
    assert answer.status_code == 200
    return html.unescape(answer.text)


def rows(page: str) -> int:
    return sum(len(re.findall("<tr", body)) for body in re.findall("<tbody.*?</tbody>", page, re.DOTALL))


def test_nothing_is_set_up_where_no_row_says_who_may_take_a_post() -> None:
    """A county's setup takes longer than all its lists."""
    plan = solve(facts(), Policy())
    made = lists.every(plan, today=keep.now().date(), setup=lambda: pytest.fail("it was set up"))
    assert made == lists.every(plan, today=keep.now().date())


def test_of_many_rows_the_first_are_shown_and_every_row_is_behind_its_link(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {x.name: x for x in lists.every(hartwell()[2], today=keep.now().date())}
    assert rows(read(desk)) == rows(read(desk, "?of=all")) == sum(len(x.rows) for x in whole.values())
    monkeypatch.setattr(sips, "MOST_ROWS", 20)
    folded = read(desk)
    assert rows(folded) < 40
    assert "<svg" not in folded[folded.index("<main") :]
    links = set(re.findall(r'href="\?of=(\w+)"', folded))
    assert {"tenure", "days"} <= links
    for name in links:
        page = read(desk, f"?of={name}")
        assert rows(page) == len(whole[name].rows)
        assert whole[name].said in page
    assert rows(read(desk, "?of=all")) == sum(len(x.rows) for x in whole.values())
    assert '"sip-many-terms"' in read(desk, "?of=days")
    for name in set(whole) - links:  # nothing of it was cut
        assert whole[name].said in folded


def test_a_list_that_is_none_is_not_found(desk: Desk) -> None:
    answer = desk.client.get(f"{SITE}?of=tenures", headers=desk.headers("manager"))
    assert (answer.status_code, "There is no list tenures" in html.unescape(answer.text)) == (404, True)


def test_a_long_cell_is_begun_and_no_word_is_cut() -> None:
    names = ", ".join(f"Name{n} Surname" for n in range(40))
    begun = sips._begun(names)
    assert begun.endswith("Surname and others")
    assert len(begun) < 180
    assert sips._begun(7) == 7
    assert sips._begun("short, and whole") == "short, and whole"


@pytest.mark.parametrize("of", ["", pytest.param("?of=all", marks=long()), "?of=tenure"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_folded_and_unfolded_are_in_order(
    at: Site, desk: Desk, of: str, width: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A county's page, at the address of a small team's: the server there is another process."""
    monkeypatch.setattr(sips, "MOST_ROWS", 20)
    body = desk.client.get(SITE + of, headers=desk.headers("manager")).text
    page = at.enter("draft", "manager", width=width)
    page.route(f"{at.base}/rounds/draft/lists{of}", lambda asked: asked.fulfill(body=body, content_type="text/html"))
    page.goto(f"{at.base}/rounds/draft/lists{of}")
    assert page.get_by_role("link", name=re.compile("See all 72 rows")).count() == (of == "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width["width"]
    accessible(page)
