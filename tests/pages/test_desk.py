"""The desk says one thing first, in every state of a round; pages that need a plan say so and lead to what comes first."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from allocator import rounds
from allocator.domain.happened import Kind
from allocator.domain.policy import Policy
from allocator.domain.round import Pair
from allocator.reasons.answer import solve
from allocator.report.ahead import after, by_year
from allocator.service.pages.doing import what
from allocator.service.pages.jobs import ahead
from allocator.service.pages.news import DID
from allocator.store import keep
from allocator.store.tables import Job, RoundRow
from tests.pages.site import hartwell
from tests.pages.test_matrix import SITE
from tests.service.office import MEL, Desk, facts, open_office


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """With a round of this test's own beside the one told."""
    made = open_office(tmp_path)
    with made.db.write() as s:
        s.add(RoundRow(id="n", programme_id="p", name="2027/28", created_at=keep.now()))
    return made


def page(desk: Desk, path: str) -> str:
    return desk.client.get(f"{SITE}{path}", headers=desk.headers("manager"), follow_redirects=False).text


def comes(desk: Desk, id: str) -> tuple[str, str]:
    """(what comes next, its button)."""
    html = page(desk, f"/rounds/{id}")
    title = re.search(r'id="coming"><span[^>]*>Next</span> (.*?)</h2>', html)
    button = re.search(r'sip-coming__ways">.*?<(?:a|button)[^>]*>([^<]*)</', html, re.DOTALL)
    assert title
    assert button
    return title[1], button[1]


def test_one_thing_comes_next_from_the_data_to_the_plan_in_force(desk: Desk) -> None:
    assert comes(desk, "n") == ("Bring in the data", "Give the data")
    with desk.db.write() as s:
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
    assert comes(desk, "n") == ("Ask schools and SIPs first", "Ask first")
    plan, today = solve(facts(), Policy()), keep.now().date()
    with desk.db.write() as s:
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, keep.the_round(s, "n", lock=True), rounds.adopt(keep.standing(s, "n"), plan), MEL)
    assert comes(desk, "n") == ("Tell 4 schools", "Look at the letters")
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, ["1", "2", "3"], today))
    assert comes(desk, "n")[0] == "Tell the other 1 school"
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, ["4"], today))
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "4", "query", "head", today, reason="Who?"))
    assert comes(desk, "n") == ("Answer 1 question", "Answer")
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.close_query(d, 1, "Ann.", today))
        for urn in "1234":
            keep.step(s, "n", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
    assert comes(desk, "n") == ("Ask 2 SIPs about schools of theirs", "Ask them")
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.sound(d, None, today))
    assert comes(desk, "n") == ("Confirm 4 pairs", "Confirm")
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.confirm(d, list(d.round.pairs), MEL))
    assert comes(desk, "n")[0] == "Put the plan in force"
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.put_in_force(d, today))
    assert comes(desk, "n")[1] == "Look at the letters"
    assert re.fullmatch("Tell . people what now stands", comes(desk, "n")[0])
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.tell(d, None, None, today))
    assert comes(desk, "n")[0] == ("Prepare next year" if today >= dt.date(2027, 5, 1) else "The plan is in force")
    assert 'href="/rounds/n/next-year"' in page(desk, "/rounds/n")


def test_schools_that_refused_are_planned_again_from_the_desk(desk: Desk) -> None:
    """As many as refused; the button leads to who would move, and once that is on the desk their letters come next."""
    with desk.db.write() as s:
        for urn in ("1", "3"):
            keep.step(s, "r", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=keep.now().date()))
        for q in keep.standing(s, "r").queries:
            keep.step(s, "r", MEL, partial(rounds.close_query, query=q.id, outcome="Told.", on=keep.now().date()))
        keep.step(s, "r", MEL, partial(rounds.answer, urn="2", says="veto", by="head", on=keep.now().date()))
    assert comes(desk, "r") == ("Plan again for 1 school that refused", "See who would move")
    html = page(desk, "/rounds/r")
    link = re.search(r'<a href="([^"]+)"[^>]*>\s*See who would move', html)
    assert link is not None
    assert 'action="/rounds/r/answers/try"' in page(desk, link[1])
    with desk.db.write() as s:
        keep.step(s, "r", MEL, partial(rounds.answer, urn="4", says="veto", by="head", on=keep.now().date()))
    assert comes(desk, "r")[0] == "Plan again for 2 schools that refused"
    with desk.db.write() as s:
        plan, fact = rounds.resubmit(keep.desk(s, "r")[1])
        keep.keep_plan(s, "r", plan)
        keep.keep_fact(s, keep.the_round(s, "r", lock=True), fact, MEL)
    assert comes(desk, "r") == ("Tell the other 2 schools", "Look at the letters")


def test_in_force_those_of_a_change_come_first_and_who_else_is_to_hear_beside(desk: Desk) -> None:
    """Telling is not ticked while somebody has not been told."""
    on = keep.now().date()
    with desk.db.write() as s:
        for q in keep.standing(s, "r").queries:
            keep.step(s, "r", MEL, partial(rounds.close_query, query=q.id, outcome="Told.", on=on))
        for urn in "1234":
            keep.step(s, "r", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=on))
        keep.step(s, "r", MEL, lambda d: rounds.confirm(d, list(d.round.pairs), MEL))
        keep.step(s, "r", MEL, lambda d: rounds.put_in_force(d, on))
    ticked = '<span aria-hidden="true">✓ </span>4 of 4 pairs told'
    assert ticked in page(desk, "/rounds/r")
    with desk.db.write() as s:
        plan, fact = rounds.by_hand(keep.desk(s, "r")[1], [{"sip_leaves": {"sip": "B", "on": "2026-12-31"}}], "retires")
        keep.keep_plan(s, "r", plan)
        keep.keep_fact(s, keep.the_round(s, "r", lock=True), fact, MEL)
    html = page(desk, "/rounds/r")
    assert comes(desk, "r") == ("Tell 2 schools of the change", "Look at the letters")
    assert re.search(r'href="/rounds/r/publish/due">\d (person|people) to hear what now stands', html)
    assert "pairs told" in html
    assert "✓ </span>4 of" not in html
    html = page(desk, "/rounds/r/publish")
    assert re.search(r"<b>2 of 4</b>\s*schools told", html)
    assert "who have not heard of all their schools" in html or "Ask all" in html
    with desk.db.write() as s:
        keep.step(s, "r", MEL, lambda d: rounds.propose(d, None, on))
    assert re.fullmatch(r"Ask \d SIPs? about schools of theirs", comes(desk, "r")[0])
    with desk.db.write() as s:
        keep.step(s, "r", MEL, lambda d: rounds.sound(d, None, on))
    with desk.db.write() as s:
        if any(rounds.to_tell(keep.desk(s, "r")[1])):
            keep.step(s, "r", MEL, lambda d: rounds.tell(d, None, None, on))
    assert comes(desk, "r") == ("2 schools still to answer", "Type in answers")
    with desk.db.write() as s:
        for p in [p for p in keep.standing(s, "r").everyone if p.stage == "proposed"]:
            keep.step(s, "r", MEL, partial(rounds.answer, urn=p.urn, says="accept", by="head", on=on))
    assert comes(desk, "r") == ("Confirm 2 pairs", "Confirm")


def test_news_has_words_for_whatever_happens() -> None:
    assert set(get_args(Kind)) <= set(DID)


def test_next_year_is_seen_opened_and_mended_before_it_is_planned(desk: Desk) -> None:
    runs_out = facts().model_copy(
        update={"sips": tuple(s.model_copy(update={"dbs_valid_until": dt.date(2027, 8, 31)}) for s in facts().sips)}
    )
    plan, today = solve(runs_out, Policy()), keep.now().date()
    with desk.db.write() as s:
        keep.keep_case(s, keep.the_round(s, "n", lock=True), runs_out, Policy(), [], MEL)
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, keep.the_round(s, "n", lock=True), rounds.adopt(keep.standing(s, "n"), plan), MEL)
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, today))
        for urn in "1234":
            keep.step(s, "n", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
    early = page(desk, "/rounds/n/next-year")
    assert "As the plan on the desk would leave it" in early
    assert "/data/facts/" not in early  # this year's data are not where next year is mended
    with desk.db.write() as s:
        keep.step(s, "n", MEL, lambda d: rounds.confirm(d, list(d.round.pairs), MEL))
        keep.step(s, "n", MEL, lambda d: rounds.put_in_force(d, today))
    opened = desk.client.post(f"{SITE}/rounds/n/next-year", headers=desk.headers("manager"), follow_redirects=False)
    to = opened.headers["location"]
    assert f'href="{to}"' in page(desk, "/rounds/n/next-year")  # and is not opened a second time unseen
    html, next_round = page(desk, to), to.split("/")[2]
    led = {a.sip for a in plan.assignments if a.post == "lead"}
    for sip in led:
        assert f'href="/rounds/{next_round}/data/facts/sips/row?key={sip}"' in html
    first, button = comes(desk, next_round)
    assert (first, button) == (f"Renew what bars {len(led)} SIP{'s' if len(led) > 1 else ''}", "See what, and mend it")
    with desk.db.write() as s:
        row = keep.the_round(s, next_round, lock=True)
        kept = keep.case_row(s, next_round)
        assert kept is not None
        case, policy = keep.case_of(kept)
        valid = tuple(x.model_copy(update={"dbs_valid_until": None}) for x in case.sips)
        keep.keep_case(s, row, case.model_copy(update={"sips": valid}), policy, [], MEL)
    assert comes(desk, next_round)[0] == "Ask schools and SIPs first"


@pytest.mark.parametrize("path", ["plan", "board", "map", "publish", "answers", "confirm", "out"])
def test_a_page_that_needs_a_plan_leads_to_what_comes_first(desk: Desk, path: str) -> None:
    html = page(desk, f"/rounds/n/{path}")
    assert "This page needs a plan" in html
    assert "Bring in the data" in html
    assert 'href="/rounds/n/data"' in html
    assert 'aria-label="This round"' in html  # the way round is still there


def test_work_that_failed_is_put_away(desk: Desk) -> None:
    with desk.db.write() as s:
        job = s.get_one(Job, "stopped")
        job.ended_at, job.reason = keep.now(), "stopped on request"
    assert "stopped on request" in page(desk, "/rounds/r")
    desk.client.post(f"{SITE}/rounds/r/jobs/stopped/away", headers=desk.headers("manager"))
    assert "stopped on request" not in page(desk, "/rounds/r")


def test_waiting_work_says_what_is_before_it(desk: Desk) -> None:
    with desk.db.write() as s:
        mine = s.get_one(Job, "waiting")
        for id, state, minutes in (("long", "running", -5), ("older", "queued", -1), ("newer", "queued", 1)):
            at = mine.created_at + dt.timedelta(minutes=minutes)
            s.add(
                Job(
                    id=id,
                    programme_id="q",
                    round_id="rq",
                    kind="solve",
                    state=state,
                    request={"case": 1, "seed": 1},
                    by={},
                    created_at=at,
                )
            )
        s.flush()
        assert ahead(s, mine) == (1, 1)
        assert ahead(s, s.get_one(Job, "long")) == (0, 0)
        older = s.get_one(Job, "older")
        older.request = {**older.request, "wants": {}}
        assert (what(mine), what(older)) == ("Making the plan", "Trying a setting")
    assert "It ends by itself after 30 minutes at most" in page(desk, "/rounds/r/jobs/waiting")


def test_a_trial_is_called_a_trial_and_a_stopped_one_stopped(desk: Desk) -> None:
    with desk.db.write() as s:
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
        job = s.get_one(Job, "waiting")
        job.round_id, job.programme_id, job.request = "n", "p", {"case": 1, "seed": 1, "wants": {}}
    assert comes(desk, "n")[0] == "Ask schools and SIPs first"  # and not that the plan is being made
    assert ">Trying a setting</a>" in page(desk, "/rounds/n")
    with desk.db.write() as s:
        job = s.get_one(Job, "waiting")
        job.state, job.ended_at, job.reason = "cancelled", keep.now(), "stopped on request"
    assert "Making the plan" not in page(desk, "/rounds/n")
    assert "Trying a setting: stopped</h1>" in page(desk, "/rounds/n/jobs/waiting")


def test_whoever_has_not_answered_is_folded_and_leads_to_the_telephone(desk: Desk) -> None:
    html = page(desk, "/rounds/r/confirm")
    untold = [p for p in _pairs(desk) if p.stage == "proposed"]
    assert untold
    assert f"Not answered yet ({len(untold)})" in html
    assert html.count("The school has not answered.") == len(untold)
    assert 'href="/rounds/r/telephone"' in html


def _pairs(desk: Desk) -> list[Pair]:
    with desk.db.read() as s:
        return list(keep.standing(s, "r").everyone)


def test_all_sips_are_asked_in_one_press(desk: Desk) -> None:
    plan = solve(facts(), Policy())
    with desk.db.write() as s:
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, keep.the_round(s, "n", lock=True), rounds.adopt(keep.standing(s, "n"), plan), MEL)
    team = sorted({a.sip for a in plan.assignments})
    html = page(desk, "/rounds/n/publish")
    assert f"Ask all {len(team)} SIPs" in html
    shown = re.findall(r'name="all_sips" value="([^"]*)"', html)
    version = re.search(r'name="version" value="([^"]*)"', html)
    assert version
    form = {"version": version[1], "all": "1", "all_sips": shown}
    desk.client.post(f"{SITE}/rounds/n/publish/sound", headers=desk.headers("manager"), data=form)
    with desk.db.read() as s:
        assert sorted(keep.standing(s, "n").soundings) == team
    assert 'name="all_sips"' not in page(desk, "/rounds/n/publish")


def test_next_year_folds_those_who_come_to_a_turn_by_year() -> None:
    plan = hartwell()[2]
    ahead_ = after(plan, dt.date(2026, 12, 1))
    parts = by_year(ahead_)
    whole = next(x for x in ahead_.lists if x.name == "turns")
    assert sum(len(p.rows) for p in parts) == len(whole.rows) > 0
    assert [f for p in parts for f in p.facts] == list(whole.facts)
    for part in parts:
        told = sum(int(n) for n in re.findall(r"(\d+) (?:at|to|whose)", part.title))
        assert told == len(part.rows)
        assert "year" not in part.head


def test_the_trial_of_a_setting_ends_at_once_and_leaves_no_answer(desk: Desk) -> None:
    asks: dict[str, dict[str, object]] = {
        "trial": {"case": 1, "seed": 1, "wants": {}},
        "plan-made": {"case": 1, "seed": 1},
    }
    with desk.db.write() as s:
        current = keep.current(s, "r")
        assert current is not None
        plan = current.id
        for id, more in asks.items():
            s.add(
                Job(
                    id=id,
                    programme_id="p",
                    round_id="r",
                    kind="solve",
                    state="running",
                    request=more,
                    by={},
                    created_at=keep.now(),
                )
            )
    stop = {
        id: desk.client.post(f"{SITE}/rounds/r/jobs/{id}/stop", headers=desk.headers("manager"))
        for id in ("trial", "plan-made")
    }
    assert all(x.status_code in (200, 303) for x in stop.values())
    with desk.db.read() as s:
        assert (s.get_one(Job, "trial").state, s.get_one(Job, "plan-made").state) == ("cancelled", "running")
    assert "the best plan so far is put into words and checked" in page(desk, "/rounds/r/jobs/plan-made")
    with desk.db.write() as s:
        s.get_one(Job, "trial").result = {"plan": plan, "status": "feasible", "unfilled": 0}  # its worker was late
    assert "The best plan so far" not in page(desk, "/rounds/r/jobs/trial")


def test_a_plan_not_searched_to_the_end_has_the_way_on_beside_the_word(desk: Desk) -> None:
    plan = solve(facts(), Policy())
    plan = plan.model_copy(update={"certificate": plan.certificate.model_copy(update={"proved": False})})
    with desk.db.write() as s:
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
        keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, keep.the_round(s, "n", lock=True), rounds.adopt(keep.standing(s, "n"), plan), MEL)
    html = page(desk, "/rounds/n/board")
    assert "A search may take 5 minutes here" in html
    assert 'action="/rounds/n/solve"' in html
    auditor = desk.client.get(f"{SITE}/rounds/n/board", headers=desk.headers("auditor")).text
    assert 'action="/rounds/n/solve"' not in auditor
