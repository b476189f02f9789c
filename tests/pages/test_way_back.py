"""A link by mail leads on to where one was going, and says what to do once it is used or has run out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.service.office import open_office
from tests.service.test_errors import post_office
from tests.sizes import long

SITE = "http://testserver"
GOING = {
    "manager": "/rounds/r/plan?sort=-days&mark=new",
    "head": "/school/ask?round=r&urn=1",
    "sip": "/sip",
    "auditor": "/rounds/r/log",
}


@long(but=("head", "manager"))
@pytest.mark.parametrize("person", GOING)
def test_a_link_by_mail_leads_on_to_where_one_was_going(tmp_path: Path, person: str) -> None:
    with post_office() as (port, letters):
        desk = open_office(tmp_path, smtp_url=f"smtp://127.0.0.1:{port}?tls=off")
        client, there = desk.client, SITE + GOING[person]
        asked = client.get(there)
        assert '<h1 class="govuk-heading-l">Sign in</h1>' in asked.text
        hidden = re.search(r'name="next" value="([^"]*)"', asked.text)
        assert hidden is not None
        next = hidden[1].replace("&amp;", "&")
        client.post(f"{SITE}/sign-in", data={"email": f"{person}@example.org", "next": next})
        desk.settle()
    link = re.search(r"http://testserver/sign-in/\S+", letters[0].replace("=\r\n", "").replace("=3D", "="))
    assert link is not None
    page = client.get(link[0])
    assert f'name="next" value="{hidden[1]}"' in page.text
    come = client.post(link[0], data={"next": next}, follow_redirects=False)
    assert (come.status_code, come.headers["location"]) == (303, GOING[person])
    again = client.get(link[0], follow_redirects=False)
    assert (again.status_code, again.headers["location"]) == (303, GOING[person])
    assert "still%20signed%20in%20as%20" in again.headers["set-cookie"]
    client.cookies.clear()
    for used in (client.get(link[0]), client.post(link[0], data={"next": next})):
        assert used.status_code == 410
        other = re.search(r'href="([^"]*)">Ask for another link', used.text)
        assert other is not None
        assert f'name="next" value="{hidden[1]}"' in client.get(SITE + other[1].replace("&amp;", "&")).text


def test_a_link_that_ran_out_asks_for_another(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    page = desk.client.get(f"{SITE}/sign-in/{'x' * 43}?next=https://elsewhere.example/")
    assert page.status_code == 410
    other = re.search(r'href="([^"]*)">Ask for another link', page.text)
    assert other is not None
    assert 'name="next" value="/"' in desk.client.get(SITE + other[1]).text
