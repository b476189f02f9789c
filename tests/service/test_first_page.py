"""Who comes first waits for nothing that could have been ready: templates, plans, and the setups they are told from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from allocator.domain.plan import Plan
from allocator.reasons.answer import world
from allocator.rounds import desk as desks
from allocator.service.cache import AnswerCache
from allocator.service.pages import ground
from allocator.store import keep
from tests.service.office import Desk, open_office
from tests.sizes import long

SITE = "http://testserver"
PAGES = {
    "head": ("/school", "/school/held", "/school/ask", "/school/answer?about=x&say=query"),
    "sip": ("/sip", "/sip/held", "/sip/ask"),
    "manager": (
        "/",
        "/rounds/r",
        "/rounds/r/plan",
        "/rounds/r/settings",
        "/rounds/r/data",
        "/rounds/r/data/facts/sips",
    ),
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


@long()
def test_every_template_is_read_before_anybody_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head's first page took 0.3 s of compiling, and as long again for each who came at the same time."""
    ground.environment.cache_clear()
    ground.Pages.theirs.cache.clear()  # type: ignore[union-attr]  # it has one
    ground.compile_all()
    compiled: list[Any] = []
    real = Environment.compile

    def counted(self: Environment, *args: Any, **more: Any) -> Any:
        compiled.append(args[1:2])
        return real(self, *args, **more)

    monkeypatch.setattr(Environment, "compile", counted)
    for who, paths in PAGES.items():
        for path in paths:
            assert desk.client.get(SITE + path, headers=desk.headers(who)).status_code < 500
    assert compiled == []


def test_a_new_version_laid_under_a_running_server_is_not_half_taken_up(desk: Desk) -> None:
    """Templates were read anew and the program was not: a page that was given less than it now asked for was a fault."""
    env = ground.environment()
    page = env.get_template("school.html")
    before, page._uptodate = page._uptodate, lambda: False  # its file has changed
    try:
        assert env.get_template("school.html") is page
        assert desk.client.get(f"{SITE}/school", headers=desk.headers("head")).status_code == 200
    finally:
        page._uptodate = before


def test_a_plan_and_its_facts_are_read_once_for_all_who_ask(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keep._parsed.cache_clear()
    desks._known.clear()
    read: list[Plan] = []

    def counted(plan: Plan) -> Any:
        read.append(plan)
        return world(plan)

    monkeypatch.setattr("allocator.rounds.desk.world", counted)
    for who, path in (("head", "/school"), ("other head", "/school"), ("sip", "/sip"), ("manager", "/rounds/r/board")):
        assert desk.client.get(SITE + path, headers=desk.headers(who)).status_code == 200
    assert (keep._parsed.cache_info().misses, len(read)) == (1, 1)


def test_many_small_ones_are_kept_where_one_large_one_fits() -> None:
    """Four rounds of a server were kept, whatever their size: of ten small authorities each page made one anew."""
    made: list[int] = []

    def ask(n: int) -> int:
        return kept.get(n, lambda: counted(n))

    def counted(n: int) -> int:
        made.append(n)
        return n

    kept = AnswerCache[int](100, size=lambda n: n)
    for n in (10, 20, 30, 10, 20, 30):
        ask(n)
    assert made == [10, 20, 30]
    ask(500)  # alone, and still kept
    ask(500)
    ask(30)
    assert made == [10, 20, 30, 500, 30]
    ask(500)
    assert made[-1] == 500


def test_what_failed_is_not_kept_and_takes_no_room() -> None:
    kept = AnswerCache[int](1)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    told = [kept.get(k, lambda n=n: n) for n, k in enumerate("aaba")]  # type: ignore[misc]
    assert told == [0, 0, 2, 3]
