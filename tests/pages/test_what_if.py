"""What if: asked in plain words, seen on both sides, kept by name, chosen school by school, put on the desk, dropped."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from allocator import rounds
from allocator.domain.happened import PlanPut
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service.pages.happenings import EVENTS
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import AuditRow, Programme, RoundRow
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, Desk, facts, open_office
from tests.sizes import long

SLOW = 60_000  # ms for a job on a busy machine


def new_round(db: Database, name: str) -> None:
    """The four small schools, planned, nobody told, in a programme of their own."""
    plan = solve(facts(), Policy())
    with db.write() as s:
        s.add(Programme(id=name, name=f"Programme {name}", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id=name, programme_id=name, name="2026/27", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, name, lock=True)
        keep.keep_case(s, row, facts(), Policy(), [], MEL)
        keep.keep_plan(s, name, plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, name), plan), MEL)


def arrived(page: Page, part: str) -> None:
    """The answer is there, however long the work took."""
    page.wait_for_url(re.compile(f"^[^?]*/{part}[^?]*(\\?.*)?$"), timeout=SLOW)


@pytest.fixture
def round_id(at: Site) -> str:
    name = f"if-{keep.new_id()[:6]}"
    new_round(at.db, name)
    return name


def ask_what_if_a_leaves(at: Site, page: Page, round_id: str) -> None:
    page.goto(f"{at.base}/rounds/{round_id}/what-if")
    page.get_by_role("link", name="A SIP leaves").click()
    page.get_by_label("Which SIP?").select_option("Sip A")
    page.get_by_role("button", name="See what it would do").click()
    arrived(page, "what-if/")


@long()
def test_a_scenario_from_question_to_desk(at: Site, round_id: str) -> None:
    page = at.enter(round_id, "manager")
    page.goto(f"{at.base}/rounds/{round_id}/what-if")
    accessible(page)
    ask_what_if_a_leaves(at, page, round_id)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sip A is not there at all this year")
    expect(page.get_by_text("2 schools get another SIP.")).to_be_visible()
    accessible(page)

    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the scenario a name")
    accessible(page)
    page.get_by_label("Keep it beside the desk").fill("Without A")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("status").filter(has_text="is kept")).to_be_visible()
    accessible(page)

    page.get_by_role("link", name="Without A").click()
    page.get_by_role("button", name="Put it on the desk").click()
    expect(page.get_by_role("alert")).to_contain_text("Say in a sentence why")
    page.get_by_label("Put it on the desk: why?").fill("A is seconded for the year")
    page.get_by_role("button", name="Put it on the desk").click()
    arrived(page, "what-if/")
    expect(page.get_by_text("This is now the plan on the desk.")).to_be_visible()
    with at.db.read() as s:
        last = keep.events_of(s, round_id)[-1].fact
        assert isinstance(last, PlanPut)
        assert (last.cause, last.reason) == ("by_hand", "A is seconded for the year")
        lines = [a.action for a in s.query(AuditRow).filter_by(programme_id=round_id)]
    assert "changed by hand" in lines
    assert "scenario kept" in lines

    page.goto(f"{at.base}/rounds/{round_id}/what-if")
    page.get_by_role("button", name="Drop Without A").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    page.goto(f"{at.base}/rounds/{round_id}/compare")
    accessible(page)
    page.get_by_label("Before").select_option(index=1)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("2 schools get another SIP.")).to_be_visible()
    accessible(page)


@long()
def test_school_by_school_on_a_phone_without_script(at: Site, round_id: str) -> None:
    page = at.enter(round_id, "manager", width=PHONE, script=False)
    ask_what_if_a_leaves(at, page, round_id)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Choose school by school").click()
    arrived(page, "choices/")
    expect(page.get_by_text("fresh eyes").first).to_be_visible()
    first = page.get_by_role("button", name=re.compile("Choose .* for 1 Hill School")).first
    chosen = first.inner_text().removeprefix("Choose").strip()
    first.click()
    arrived(page, "choices/")
    expect(page.get_by_role("heading", name="Chosen so far")).to_be_visible()
    assert chosen.split(" for ")[0] in page.locator(".sip-chosen").inner_text()
    expect(page.get_by_role("heading", name="1 Hill School")).to_have_count(0)
    page.get_by_role("link", name="The telephone round on paper").click()
    expect(page.get_by_text("has agreed to")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Let go of 1 Hill School").click()
    arrived(page, "choices/")
    expect(page.get_by_role("heading", name="1 Hill School")).to_be_visible()


def test_several_together_by_keyboard(at: Site, round_id: str) -> None:
    page = at.enter(round_id, "manager")
    page.goto(f"{at.base}/rounds/{round_id}/what-if?event=sip_leaves&sip=A&on=2026-12-31")  # as other pages lead here
    expect(page.get_by_label("Which SIP?")).to_have_value("A")
    expect(page.get_by_label("Month")).to_have_value("12")
    page.get_by_role("button", name="And something else too").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sip A leaves after 31 December 2026.")).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="A school goes into special measures").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Which school?").focus()
    page.keyboard.type("4 Hill")
    page.keyboard.press("Tab")
    page.keyboard.type("Special")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.type("2027")
    page.keyboard.press("Enter")
    arrived(page, "what-if/")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text(
        "Sip A leaves after 31 December 2026 and 4 Hill School is in special measures from 1 February 2027"
    )
    accessible(page)


@long()
def test_frontier_and_resilience_are_pictures_with_tables(at: Site, round_id: str) -> None:
    page = at.enter(round_id, "manager")
    page.goto(f"{at.base}/rounds/{round_id}/frontier")
    page.get_by_role("button", name="Work it out").click()
    arrived(page, "frontier")
    expect(page.get_by_role("img", name="What one more change would buy")).to_be_visible()
    accessible(page)
    page.goto(f"{at.base}/rounds/{round_id}/resilience")
    page.get_by_role("button", name="Try each SIP leaving").click()
    arrived(page, "resilience")
    page.get_by_role("button", name="Try one more day or SIP").click()
    arrived(page, "resilience")
    expect(page.get_by_role("img", name="What happens if each SIP leaves")).to_be_visible()
    accessible(page)


# -- without a browser ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_office(tmp_path_factory.mktemp("office"))


SITE = "http://testserver/rounds/r/what-if"
FORMS = {  # an answer to every event, and what the basket then says of it
    "sip_leaves": ({"sip": "A"}, "Sip A is not there at all this year."),
    "sip_absent": (
        {
            "sip": "A",
            "from-day": "1",
            "from-month": "2",
            "from-year": "2027",
            "to-day": "1",
            "to-month": "3",
            "to-year": "2027",
        },
        "Sip A is away from 1 February 2027 to 1 March 2027.",
    ),
    "sip_joins": (
        {"name": "Nia", "kind": "consultant", "phases": "primary", "days": "12.5"},
        "Nia joins with 12.5 days (primary).",
    ),
    "days": ({"sip": "A", "days": "9"}, "Sip A offers 9 days."),
    "period_days": ({"sip": "A", "period": "spring", "days": "2"}, "Sip A can give 2 days in the spring term."),
    "max_schools": ({"sip": "A", "max_schools": "1"}, "Sip A leads at most 1 school."),
    "category": ({"urn": "1", "category_of_concern": "SM"}, "1 Hill School is in special measures."),
    "need": ({"urn": "1", "need": "high"}, "1 Hill School has high need."),
    "school_joins": ({"name": "New Hill", "urn": "9", "phase": "primary", "near": "1"}, "New Hill joins."),
    "school_closes": (
        {"urn": "1", "on-day": "31", "on-month": "12", "on-year": "2026"},
        "1 Hill School closes after 31 December 2026.",
    ),
    "participation": ({"urn": "1", "participation": "own_sip"}, "1 Hill School: own sip."),
    "head_moves": (
        {"urn": "1", "to_urn": "2", "follow": "yes"},
        "The head of 1 Hill School moves to 2 Hill School and asks the SIP to follow.",
    ),
    "cluster": ({"cluster": "Vale"}, "The cluster Vale asks for one SIP."),
    "lock": ({"urn": "1", "sip": "B"}, "1 Hill School is given Sip B."),
    "forbid": ({"urn": "1", "sip": "A"}, "1 Hill School is not given Sip A."),
    "breakdown": ({"urn": "1", "sip": "A"}, "1 Hill School and Sip A can no longer work together."),
    "budget": ({"days": "12"}, "All days together are cut to 12."),
    "rule": (
        {"key": "continuity.weight", "times": "2"},
        "“keep what works” counts low 20, standard 20, raised 18, high 14, top 14.",
    ),
    "setting": ({"key": "tenure.limit", "value": "4"}, "“most consecutive years without an extension” is 4."),
}


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_asked_and_said_in_plain_words(desk: Desk, event: str) -> None:
    form, said = FORMS[event]
    me = desk.headers("manager")
    blank = desk.client.post(SITE, data={"event": event, "do": "see"}, headers=me)
    assert blank.status_code == 422
    assert "There is a problem" in blank.text
    if event == "cluster":
        return  # the small case has none: the list is empty, and the form says so
    asked = desk.client.post(SITE, data={"event": event, "do": "add", **form}, headers=me, follow_redirects=False)
    assert asked.status_code == 303, asked.text
    basket = desk.client.get(f"http://testserver{asked.headers['location']}", headers=me).text
    assert said in basket.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (
            {"event": "sip_leaves", "sip": "A", "on-day": "1", "on-month": "1", "on-year": "2031"},
            "outside the year 2026/27",
        ),
        (
            {"event": "sip_leaves", "sip": "A", "on-day": "40", "on-month": "1", "on-year": "2027"},
            "Give a day, month and year",
        ),
        ({"event": "days", "sip": "A", "days": "many"}, "Give a number of days"),
        ({"event": "setting", "key": "tenure.limit", "value": "never"}, "tenure.limit"),
        ({"event": "school_joins", "urn": "1", "name": "X", "phase": "primary"}, "already a school"),
        ({"do": "see"}, "Choose what may happen"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(desk: Desk, form: dict[str, str], says: str) -> None:
    answer = desk.client.post(SITE, data=form, headers=desk.headers("manager"))
    assert answer.status_code == 422
    assert says in answer.text


def test_an_address_that_says_nothing_is_refused(desk: Desk) -> None:
    for basket in ("{", "[]", '{"sip_flies": {}}', "null"):
        answer = desk.client.get(f"{SITE}?and={quote(basket)}", headers=desk.headers("manager"))
        assert answer.status_code == 422
        assert "Begin again from What if" in answer.text


def test_a_plan_of_another_round_is_not_there(desk: Desk) -> None:
    answer = desk.client.get(f"{SITE}/{desk.ids['plan']}?before=none", headers=desk.headers("manager"))
    assert answer.status_code == 404
    again = desk.client.post(
        f"{SITE}/{desk.ids['plan']}/adopt", data={"reason": "x", "before": "none"}, headers=desk.headers("manager")
    )
    assert again.status_code == 409
