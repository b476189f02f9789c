"""Whose turn it is: programmes are served one by one, short work before long, and nobody waits for ever."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
import sqlalchemy as sa

from allocator import allocate
from allocator.domain.policy import Policy
from allocator.domain.round import Person
from allocator.engine.tiers import Stop
from allocator.errors import QueueFull, Stopped
from allocator.jobs.asks import ASKS, ExportAsk, JobKind, SolveAsk
from allocator.jobs.queue import COST, Queue, turn
from allocator.reasons import answer
from allocator.store.tables import Job
from tests.service.office import Desk, facts, open_office


@dataclass
class Line:
    """A queue with one worker: `ask` puts a job in, `serve` takes out the next."""

    waiting: list[tuple[int, int, str, str]] = field(default_factory=list)  # turn, number, whose, kind
    running: list[tuple[int, int, str, str]] = field(default_factory=list)
    asked: int = 0

    def ask(self, whose: str, kind: str = "solve") -> int:
        rows = [
            (k, state, t, w == whose)
            for state, jobs in (("queued", self.waiting), ("running", self.running))
            for t, _, w, k in jobs
        ]
        self.asked += 1
        self.waiting.append((turn(kind, rows), self.asked, whose, kind))
        return self.asked

    def serve(self) -> str:
        self.running = [min(self.waiting)]
        self.waiting.remove(self.running[0])
        return self.running[0][2]


def test_however_many_jobs_one_has_waiting_anothers_is_next() -> None:
    line = Line()
    for _ in range(160):
        line.ask("many")
    assert [line.serve() for _ in range(5)] == ["many"] * 5
    line.ask("one")
    assert "one" in [line.serve() for _ in range(2)]


def test_who_asks_again_and_again_does_not_keep_another_waiting() -> None:
    line = Line()
    for _ in range(20):
        line.ask("patient")
    served = []
    for _ in range(30):
        if not any(w == "eager" for _, _, w, _ in line.waiting):
            line.ask("eager")
        served.append(line.serve())
    assert served.count("patient") == pytest.approx(15, abs=2)
    assert served.count("eager") == pytest.approx(15, abs=2)


def test_ones_own_short_work_goes_before_ones_long() -> None:
    line = Line()
    for kind in ("sweep", "frontier", "choices"):
        line.ask("a", kind)
    line.ask("a", "export")
    line.serve()
    assert line.running[0][3] == "export"


def test_long_work_comes_in_its_turn_all_the_same() -> None:
    line, dice = Line(), random.Random(3)
    line.ask("a", "sweep")
    served = 0
    while not any(k == "sweep" for *_, k in line.running):
        for whose in "ab":
            if sum(w == whose for _, _, w, _ in line.waiting) < 3:
                line.ask(whose, dice.choice(("export", "what_if", "solve")))
        line.serve()
        served += 1
    assert served <= 40


def test_every_kind_of_job_has_its_cost() -> None:
    assert set(COST) == set(ASKS.shapes) == set(get_args(JobKind))


def test_the_limit_is_a_programmes_and_a_persons(tmp_path: object) -> None:
    """Who makes programmes has no more room by it."""
    desk: Desk = open_office(tmp_path)  # type: ignore[arg-type]
    queue, mel = Queue(desk.db), Person(id="m", name="Mel", role="manager")
    export, solve = ExportAsk(plan=desk.ids["plan"], format="html"), SolveAsk(case=1, seed=1)
    with desk.db.write() as s:
        s.execute(sa.delete(Job))
        for where in (("p", "r"), ("q", "rq")):
            queue.accept(s, programme=where[0], round_id=where[1], ask=export, by=mel, limit=3)
        queue.accept(s, programme="q", round_id="rq", ask=export, by=mel, limit=3)
        with pytest.raises(QueueFull, match="3 jobs of yours"):
            queue.accept(s, programme="p", round_id="r", ask=solve, by=mel, limit=3)
        ann = Person(id="a", name="Ann", role="manager")
        queue.accept(s, programme="p", round_id="r", ask=solve, by=ann, limit=3)


def test_what_is_stopped_and_wanted_by_nobody_is_not_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial that is stopped gives its worker back; a plan in the making keeps its best, in words and audited."""
    ended, found = threading.Event(), allocate.allocate

    def stopped(*args: Any) -> Any:
        ended.set()  # while it searches
        return found(*args)

    monkeypatch.setattr(allocate, "allocate", stopped)
    monkeypatch.setattr(answer, "complete", lambda *_: pytest.fail("put into words"))
    with pytest.raises(Stopped, match="nothing was changed"):
        answer.solve(facts(), Policy(), stop=Stop(event=ended), half=False)
