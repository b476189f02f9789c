"""Small things on pages that people follow or learn by: the way to *why not …?*, the sheet of a problem, a head's form."""

from __future__ import annotations

import html
import io
import re
from functools import partial
from pathlib import Path

import pytest
from openpyxl import Workbook

from allocator import rounds
from allocator.domain.claims import Outweighed
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.store import keep, questionnaires
from tests.pages.site import DESK as WIDE
from tests.pages.site import PHONE, Site, accessible, hartwell
from tests.pages.test_appraisal_alone import facts
from tests.service.office import MEL, Desk, open_office, planned

SITE = "http://testserver"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def test_why_not_leads_to_the_answer_about_that_sip_for_that_post(desk: Desk) -> None:
    case, policy, plan = hartwell()
    with desk.db.write() as s:
        planned(s, "n", case, policy, plan, programme="p")
    change = next(c for c in plan.changes if any(isinstance(x, Outweighed) and x.price is None for x in c.claims))
    sip = next(x.sip for x in change.claims if isinstance(x, Outweighed))
    me = desk.headers("manager")
    page = html.unescape(desk.client.get(f"{SITE}/rounds/n/schools/{change.urn}", headers=me).text)
    asked = f'href="(/rounds/n/schools/{change.urn}\\?post={change.post}&why_not={sip}#price)">“why not '
    link = re.search(asked, page)
    assert link
    answer = html.unescape(desk.client.get(f"{SITE}{link[1].partition('#')[0]}", headers=me).text)
    told = answer[answer.index('id="price"') :][:2000]
    assert next(x.name for x in case.sips if x.sip == sip) in told


def test_a_problem_names_the_sheet_as_the_manager_calls_it(desk: Desk) -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.title = "Our schools 26-27"
    for row in (
        ("URN", "School name", "Phase", "LA", "Need"),
        ("100001", "Ash Primary", "Primary", "Hart", "standard"),
        ("10002x", "Beech Primary", "Primary", "Hart", "standard"),
    ):
        sheet.append(row)
    book.save(out)
    given = {"file": ("ours.xlsx", out.getvalue())}
    me, at = desk.headers("manager elsewhere"), f"{SITE}/rounds/rq/data"
    page = html.unescape(desk.client.post(at, headers=me, files=given, data={"year": "2026/27"}).text)
    sheets = set(re.findall(r'<tr class="govuk-table__row"><td class="govuk-table__cell">([^<]*)</td>', page))
    assert ("Our schools 26-27" in sheets, "schools" in sheets) == (True, False)


@pytest.mark.parametrize("sip", ["A", "C", "nobody-at-all"])
def test_a_heads_form_answers_alike_whether_or_not_there_is_such_a_sip(desk: Desk, sip: str) -> None:
    """C is on the team and not before this head: who else is, is not theirs to find out."""
    with desk.db.write() as s:
        planned(s, "n", facts("same"), Policy(), solve(facts("same"), Policy()), programme="p")
        questionnaires.record(s, "n", ("school", "1"), "offered", MEL, {"answer_by": "2099-01-01"})
    answer = desk.client.post(
        f"{SITE}/school/ask?round=n&urn=1",
        headers=desk.headers("head"),
        data={"going_on": "keep", "named_sip": sip},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/school/ask?round=n&urn=1")
    with desk.db.read() as s:
        assert questionnaires.asked(s, "n")["school", "1"].word["named_sip"] is None
    by_phone = desk.client.post(
        f"{SITE}/rounds/n/ask/schools/1",
        headers=desk.headers("manager"),
        data={"going_on": "keep", "named_sip": sip},
        follow_redirects=False,
    )
    assert by_phone.status_code == (303 if sip in "AC" else 422)  # the manager chooses from the team


@pytest.fixture(scope="session")
def in_force(whole_site: Site) -> Site:
    its, today = facts("same"), keep.now().date()
    with whole_site.db.write() as s:
        planned(s, "ahead", its, Policy(), solve(its, Policy()))
        keep.step(s, "ahead", MEL, lambda d: rounds.propose(d, None, today))
        for urn in "12":
            keep.step(s, "ahead", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
        keep.step(s, "ahead", MEL, lambda d: rounds.governors(d, "1", True, today))
        keep.step(s, "ahead", MEL, lambda d: rounds.confirm(d, [p.beside for p in d.round.everyone], MEL))
        keep.step(s, "ahead", MEL, lambda d: rounds.put_in_force(d, today))
    return whole_site


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_what_a_head_would_like_next_year_is_in_order(in_force: Site, at: Site, width: dict[str, int]) -> None:
    page = at.enter("ahead", "head", urn="1", width=width)
    page.goto(f"{at.base}/school/next-year?round=ahead&urn=1")
    assert page.get_by_role("heading", name="What would you like next year?").count() == 1
    accessible(page)
    page.get_by_role("button").last.click()
    accessible(page)  # with what is missing said, or kept
