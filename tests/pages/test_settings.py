"""Settings in force: read in words, tried before they are saved, published to those they touch."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from allocator import rounds
from allocator.domain.policy import Policy, settings, shipped
from allocator.reasons.answer import solve
from allocator.reasons.policy_words import changed, field_of, groups, in_words, own_settings, proposed
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from tests.make import case, led, school, sip
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long


def a_round_with_a_long_tenure(db: Database, id: str) -> None:
    """Ann is in her fifth year at Alder next year: a limit of four moves her."""
    years = [f"20{n}/{n + 1}" for n in range(22, 26)]
    facts = case(
        [school("1", name="Alder School"), school("2", name="Birch School")],
        [sip("A", name="Ann Lee"), sip("B", name="Ben Roe")],
        history=[*led("1", "A", *years), *led("2", "B", "2025/26")],
    )
    plan = solve(facts, Policy())
    with db.write() as s:
        s.add(Programme(id=id, name="Settings", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id=id, programme_id=id, name="2026/27", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, id, lock=True)
        keep.keep_case(s, row, facts, Policy(), [], MEL)
        keep.keep_plan(s, id, plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, id), plan), MEL)


@long()
def test_a_setting_is_tried_seen_saved_and_published(at: Site) -> None:
    a_round_with_a_long_tenure(at.db, "rules")
    page = at.enter("rules", "manager")
    page.goto(f"{at.base}/rounds/rules/settings")
    expect(page.get_by_label("Balanced – in force")).to_be_checked()
    accessible(page)
    page.get_by_text("Tenure", exact=True).click()
    accessible(page)
    page.get_by_role("link", name="Try a change of Tenure: Most consecutive years").click()
    accessible(page)
    page.get_by_label("New value").fill("0")
    page.get_by_role("button", name="See what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("greater than or equal to 1")
    accessible(page)
    page.get_by_label("New value").fill("4")
    page.get_by_role("button", name="See what it would do").click()
    page.wait_for_url("**/settings/preview/*")
    expect(page.get_by_role("heading", name="1 school would have someone else")).to_be_visible()
    expect(page.get_by_role("row", name="Alder School Ann Lee Ben Roe")).to_be_visible()
    accessible(page)
    with at.db.read() as s:
        row = keep.case_row(s, "rules")
        assert row is not None
        assert row.n == 1  # nothing is saved by looking
    page.get_by_role("button", name="Save the setting").click()
    expect(page.get_by_text("Make the plan again to plan by it.")).to_be_visible()
    page.get_by_text("Tenure – your own").click()
    expect(page.get_by_text("was 5; changed by")).to_be_visible()
    accessible(page)

    head = at.enter("rules", "head", urn="1", width=PHONE, script=False)
    head.goto(f"{at.base}/rules")
    expect(head.get_by_text("most consecutive years without an extension: 4")).to_be_visible()
    expect(head.get_by_text("Version 2, ")).to_be_visible()
    told = head.content()
    assert [word for word in ("Birch", "Ann Lee", "Ben Roe", "day rate", " points ") if word in told] == []
    small = at.enter("rules", "head", urn="1", width=PHONE)
    small.goto(f"{at.base}/rules")
    accessible(small)
    assert small.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_named_policy_is_tried_without_a_script(at: Site) -> None:
    a_round_with_a_long_tenure(at.db, "named")
    page = at.enter("named", "manager", script=False)
    page.goto(f"{at.base}/rounds/named/settings")
    page.get_by_label("Need first").check()
    page.get_by_role("button", name="See what it would do").click()
    page.wait_for_url("**/settings/preview/*", timeout=60_000)
    expect(page.get_by_role("heading", name="Nobody would move")).to_be_visible()
    page.get_by_role("button", name="Save the setting").click()
    expect(page.get_by_label("Need first – in force")).to_be_checked()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


@pytest.mark.parametrize("key", [k for k, *_ in settings(Policy()) if k != "name"])
def test_every_setting_has_a_form_that_says_what_is_in_force(key: str) -> None:
    assert field_of(key) is not None
    group = next(g for g in groups(Policy()) if any(x.key == key for x in g.settings))
    assert group.meaning
    assert "domain" not in group.meaning
    assert next(x for x in group.settings if x.key == key).text


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("continuity.weight", {f"value-{n}": "3" for n in ("low", "standard", "raised", "high", "top")}),
        ("tenure.on", {"value": "no"}),
        ("days.model", {"value": "graduated"}),
        ("separation.needs", {"value": "top\nhigh"}),
        ("budget.days", {"value": "250"}),
        (
            "need.requires",
            {"value-special_measures": "x; y", "value-top_need": "x", "value-significant_improvement": "x"},
        ),
    ],
)
def test_each_kind_of_form_becomes_work_and_the_form_opens(desk: Desk, key: str, form: dict[str, str]) -> None:
    me = desk.headers("manager")
    assert desk.client.get(f"http://testserver/rounds/r/settings/{key}", headers=me).status_code == 200
    sent = desk.client.post(
        "http://testserver/rounds/r/settings", headers=me, data={"key": key, **form}, follow_redirects=False
    )
    assert sent.status_code == 303, sent.text
    assert "/jobs/" in sent.headers["location"]


def test_what_is_in_force_already_or_impossible_makes_no_work(desk: Desk) -> None:
    me = desk.headers("manager")
    for form, told in (
        ({"value": "5"}, "in force now"),
        ({"value": "many"}, "tenure.limit"),
        ({"value": "-1"}, "greater than"),
    ):
        sent = desk.client.post("http://testserver/rounds/r/settings", headers=me, data={"key": "tenure.limit", **form})
        assert sent.status_code == 422
        assert told in sent.text


def test_another_named_policy_keeps_what_the_manager_set() -> None:
    mine, wrong = proposed(Policy(), {"tenure.limit": 6})
    assert wrong == []
    assert own_settings(mine) == {"tenure.limit": 6}
    steady, _ = proposed(mine, {"name": "steady"})
    assert own_settings(steady) == {"tenure.limit": 6}
    assert steady.continuity == shipped("steady").continuity
    back, _ = proposed(steady, {"tenure.limit": 5})
    assert back == shipped("steady")
    assert ("Tenure: most consecutive years without an extension", "5", "6") in changed(Policy(), mine)


def test_values_in_words() -> None:
    assert in_words("tenure.on", False) == "off"
    assert in_words("x", {"top": 2, "low": 1, "high": 3}) == "low: 1; high: 3; top: 2"
    assert in_words("x", None) == "not set"
    assert in_words("x", ["a_b", "c"]) == "a b, c"
