"""Waiting and failing: progress in words, lost connections, restarts, stops; two at one desk; what was typed is kept."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import expect

from allocator import rounds
from allocator.report.so_far import so_far
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Job
from tests.pages.site import PHONE, Site, accessible
from tests.pages.test_what_if import new_round
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long

HALF_WAY = {
    "tiers": "4 5",
    "best": 4219541912851,
    "bound": 4641496104136,
    "gap": 1.0,
    "so_far": {"1a_top": 1, "1a_low": 6, "1b": 0, "1c": 2, "1d_low": 6, "3": 2, "4": 59810, "5": 9},
}


def put_job(db: Database, round_id: str, **state: object) -> str:
    """A job that no worker takes: it is written down as of tomorrow, and never sent."""
    with db.write() as s:
        row = keep.the_round(s, round_id)
        job = Job(
            id=keep.new_id(),
            programme_id=row.programme_id,
            round_id=round_id,
            kind="solve",
            by=MEL.model_dump(mode="json"),
            request={"case": 1, "seed": 1, "adopt": True},
            created_at=keep.now() + dt.timedelta(days=1),
            state="queued",
        )
        s.add(job)
        for name, value in state.items():
            setattr(job, name, value)
        return job.id


def now_is(db: Database, job: str, **state: object) -> None:
    with db.write() as s:
        row = s.get_one(Job, job)
        for name, value in state.items():
            setattr(row, name, value)


def test_progress_over_a_lost_connection_and_a_restart(at: Site) -> None:
    name = f"wait-{keep.new_id()[:6]}"
    new_round(at.db, name)
    job = put_job(at.db, name)
    page = at.enter(name, "manager")
    page.goto(f"{at.base}/rounds/{name}")
    page.get_by_role("link", name="Making the plan").click()
    expect(page.get_by_text("Waiting for its turn.")).to_be_visible()
    accessible(page)
    now_is(at.db, job, progress=HALF_WAY, state="running", started_at=keep.now())
    expect(page.get_by_text("7 schools have a SIP")).to_be_visible()
    expect(page.get_by_text("no plan could fit more than 10.0% better")).to_be_visible()
    accessible(page)
    page.context.set_offline(True)
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("The connection is lost.")).to_be_hidden()
    at.server.kill()
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    at.server.begin()
    expect(page.get_by_text("The connection is lost.")).to_be_hidden(timeout=60_000)
    with at.db.read() as s:
        plan = keep.current(s, name)
        assert plan is not None
    now_is(at.db, job, state="done", result={"plan": plan.id, "status": "optimal", "unfilled": 0}, ended_at=keep.now())
    page.wait_for_url("**/board", timeout=60_000)


def test_a_stopped_search_leaves_a_plan_that_may_be_used(at: Site) -> None:
    name = f"stop-{keep.new_id()[:6]}"
    new_round(at.db, name)
    with at.db.read() as s:
        plan = keep.current(s, name)
        assert plan is not None
    job = put_job(at.db, name)
    page = at.enter(name, "manager", width=PHONE, script=False)
    page.goto(f"{at.base}/rounds/{name}/jobs/{job}")
    page.get_by_role("button", name="Stop, and keep the best so far").click()
    expect(page.get_by_text("Stopped: cancelled before it began")).to_be_visible()
    now_is(at.db, job, result={"plan": plan.id, "status": "feasible", "unfilled": 0}, created_at=keep.now())
    page.reload()
    expect(page.get_by_text("The best plan so far names a SIP for 4 of 4 posts.")).to_be_visible()
    now_is(at.db, job, state="failed", reason="it brought down 5 workers", result=None)
    page.goto(f"{at.base}/rounds/{name}")
    expect(page.get_by_text("It did not work: it brought down 5 workers")).to_be_visible()


@long()
def test_two_managers_hear_of_each_other_and_overwrite_nothing(at: Site) -> None:
    name = f"two-{keep.new_id()[:6]}"
    new_round(at.db, name)
    page = at.enter(name, "manager")
    page.goto(f"{at.base}/rounds/{name}")
    with at.db.write() as s:
        keep.step(s, name, MEL, lambda d: rounds.propose(d, ["1"], keep.now().date()))
    expect(page.locator(".sip-news")).to_contain_text("Mel changed this round (proposals sent)", timeout=60_000)
    accessible(page)
    page.get_by_role("button", name="Make the plan again").click()
    expect(page.get_by_role("heading", name="Somebody else has changed this round")).to_be_visible()
    expect(page.get_by_role("cell", name="Mel", exact=True)).to_be_visible()
    accessible(page)


# -- without a browser ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_office(tmp_path_factory.mktemp("office"))


def test_news_is_silent_until_there_is_some(desk: Desk) -> None:
    me = desk.headers("manager")
    with desk.db.read() as s:
        version = keep.the_round(s, "r").version
    url = "http://testserver/rounds/r/news"
    assert desk.client.get(f"{url}?since={version}", headers=me).status_code == 204
    told = desk.client.get(f"{url}?since={version - 1}", headers=me)
    assert "Mel" in told.text
    assert "an answer" in told.text
    unknown = desk.client.get(f"{url}?since={version - 1}", headers={"hx-request": "true"})
    assert unknown.headers["hx-retarget"] == "[data-lost]"
    assert "Sign in again in another tab" in unknown.text


def test_a_file_sent_when_signed_out_is_to_be_chosen_again(desk: Desk, tmp_path: Path) -> None:
    answer = desk.client.post(
        "http://testserver/rounds/r/what-if",
        data={"note": "the new one"},
        files={"file": ("case.xlsx", b"PK", "application/zip")},
    )
    assert answer.status_code == 401
    assert "Choose case.xlsx again" in answer.text
    assert 'enctype="multipart/form-data"' in answer.text
    assert "the new one" in answer.text


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (None, ("Beginning", ())),
        ({"tiers": "parts", "best": 3, "bound": 11}, ("3 of 11 are done", ())),
        (
            {"tiers": "1a_top 1a_low 2", "best": 1, "bound": 9, "so_far": {"1a_top": 1, "1a_low": 2, "1d_low": 2}},
            (
                "Filling every post that can be filled",
                ("3 schools have a SIP", "schools are given 0.5 days less than they are due"),
            ),
        ),
    ],
)
def test_progress_in_words(progress: dict[str, object] | None, says: tuple[str, tuple[str, ...]]) -> None:
    found = so_far(progress)
    assert (found.step, found.lines) == says
