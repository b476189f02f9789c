"""Questions about one plan that have nothing to do with one another, answered in any number of processes.

Each is answered by the same function whatever the process, so that any number of them gives the same answers. A journal
keeps answers as they come: one that is there is not worked out again.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from allocator.domain.plan import Plan
from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT

Q = TypeVar("Q")
A = TypeVar("A")  # a dataclass
Answer = Callable[[Q], A | None]
Make = Callable[[Plan, threading.Event], Answer[Q, A]]


def apart(
    plan: Plan,
    questions: Mapping[str, Q],
    make: Make[Q, A],
    read: Callable[[dict[str, Any]], A],
    *,
    workers: int = 1,
    journal: Path | None = None,
    event: threading.Event | None = None,
    here: Answer[Q, A] | None = None,
) -> Iterator[tuple[str, A]]:
    """(key, answer) as they come; those of the journal first. Once `event` is set what is not answered yet is left out.

    `make` is called once a process, with the plan and an event that ends its searches; `here` is what it would make in
    this process; `read` takes an answer from the journal. Raises UsageError for a journal of another plan.
    """
    event = event or threading.Event()
    known = _read(journal, plan) if journal else {}
    yield from ((key, read(known[key])) for key in questions if key in known)
    todo = {key: q for key, q in questions.items() if key not in known}

    def kept(key: str, found: A) -> tuple[str, A]:
        if journal is not None and not event.is_set():  # what a stop cut short is not the answer
            result = asdict(found)  # type: ignore[call-overload]  # answers are dataclasses
            row = {"case": plan.made_with.case_sha256, "key": key, "result": result}
            with journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return key, found

    if event.is_set():
        return
    if workers <= 1 or len(todo) <= 1:
        answer = here or make(plan, event)
        for key, question in todo.items():
            if event.is_set():
                return
            found = answer(question)
            if found is not None:
                yield kept(key, found)
        return
    spawn, text = get_context("spawn"), plan.model_dump_json(by_alias=True)
    stop = spawn.Event()
    with ProcessPoolExecutor(min(workers, len(todo)), spawn, _begin, (make, text, stop)) as pool:
        running = {pool.submit(_do, question): key for key, question in todo.items()}
        over = threading.Event()
        threading.Thread(target=_pass_on, args=(event, over, stop, list(running)), daemon=True).start()
        try:
            for done in as_completed(running):
                if not done.cancelled() and (found := done.result()) is not None:
                    yield kept(running[done], found)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            over.set()


def _pass_on(event: threading.Event, over: threading.Event, stop: Any, running: Sequence[Future[Any]]) -> None:
    while not over.is_set():
        if event.wait(0.1):
            for each in running:
                each.cancel()
            stop.set()
            return


_answer: Answer[Any, Any] | None = None  # what this process answers with


def _begin(make: Make[Any, Any], text: str, stop: Any) -> None:
    global _answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the process that began this one
    event = threading.Event()
    threading.Thread(target=_follow, args=(stop, event), daemon=True).start()
    _answer = make(Plan.model_validate_json(text), event)


def _follow(stop: Any, event: threading.Event) -> None:
    stop.wait()
    event.set()


def _do(question: Any) -> Any:
    assert _answer is not None
    return _answer(question)


def _read(journal: Path, plan: Plan) -> dict[str, dict[str, Any]]:
    if not journal.exists():
        return {}
    out = {}
    for n, line in enumerate(journal.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except BROKEN_TEXT:
            continue  # the line being written when the run was cut off
        if row.get("case") != plan.made_with.case_sha256:
            raise UsageError(f"{journal}, line {n}: kept for another case. Give another --journal, or remove this one.")
        out[row["key"]] = row["result"]
    return out
