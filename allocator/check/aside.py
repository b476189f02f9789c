"""The auditor in a process of its own: it reads a case while a plan of it is looked for, and then the plan.

It is given both as texts, as anybody would be, a line each: `case`, the seed, the case, the policy, and what a repair
goes on from (blank for an annual allocation); then `plan` and the plan. Its answer is a line: what it found.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from allocator.check.audit import audit, opened
from allocator.check.score import Auditor
from allocator.check.structure import Breach
from allocator.domain.case import Case
from allocator.domain.plan import Inputs, Plan
from allocator.domain.policy import Policy

COMMAND = [sys.executable, "-m", "allocator.check.aside"]
READS, ANSWERS = 30.0, 300.0  # seconds that it has to take a case, and to say what it found
GRACE = 1.0  # seconds that it still has once whoever asks is to stop
LOOK = 0.1  # seconds between looks at that


class NoAnswer(Exception):
    """The process has ended, or could not be begun."""


class Aside:
    """A process that audits for one at a time, begun when it is first asked."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._hand = ThreadPoolExecutor(1)  # a process is as urgent as who begins it, who asks may be less so than we
        self._hand.submit(bool).result()

    def begin(
        self, case: Case, policy: Policy, seed: int, inputs: Inputs | None, stop: threading.Event | None = None
    ) -> Hearing | None:
        """It reads the case. None where somebody else is asking, or where there is no process. `stop`: tells whoever
        asks to end."""
        if not self._one.acquire(blocking=False):
            return None
        try:
            goes_on = inputs is not None and inputs.repaired is not None
            texts = (
                case.model_dump_json(),
                policy.model_dump_json(),
                inputs.model_dump_json() if goes_on and inputs else "",
            )
            if self._process is None or self._process.poll() is not None:
                self._process = self._hand.submit(_process).result()
            with self.at_most(READS, stop):
                self.tell("case", str(seed), *texts)
        except (NoAnswer, OSError):
            self.over(answered=False)
            return None
        except BaseException:  # of the case's, or ours: the next may ask all the same
            self.over(answered=False)
            raise
        return Hearing(self, case, policy, stop)

    @contextmanager
    def at_most(self, seconds: float, stop: threading.Event | None) -> Iterator[None]:
        """It is ended if what is done here takes longer, or GRACE longer than `stop`: then what waits for it has no
        answer. One that is halted, or that goes round and round, would else be waited for for ever."""
        process, over = self._process, threading.Event()

        def watch() -> None:
            until = time.monotonic() + seconds
            while not over.wait(LOOK):
                if stop is not None and stop.is_set():
                    until = min(until, time.monotonic() + GRACE)
                if process is not None and time.monotonic() > until:
                    return process.kill()

        watcher = threading.Thread(target=watch, name="auditor's limit", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def tell(self, *lines: str) -> None:
        """Raises NoAnswer."""
        try:
            into = self._process and self._process.stdin
            if not into:
                raise NoAnswer
            into.writelines(line.encode() + b"\n" for line in lines)
            into.flush()
        except (OSError, ValueError):  # closed at the other end, or at ours
            raise NoAnswer from None

    def told(self) -> bytes:
        """Raises NoAnswer."""
        try:
            out = self._process and self._process.stdout
            line = out.readline() if out else b""
        except (OSError, ValueError):
            raise NoAnswer from None
        if not line.endswith(b"\n"):
            raise NoAnswer
        return line

    def over(self, answered: bool) -> None:
        """The next may ask. Whoever went without an answer leaves no half-read case behind."""
        if not answered:
            self.end()
        self._one.release()

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _process() -> subprocess.Popen[bytes]:
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=none, start_new_session=True)


class Hearing:
    """A case that is being read aside, for one plan."""

    def __init__(self, aside: Aside, case: Case, policy: Policy, stop: threading.Event | None = None) -> None:
        self.aside, self.case, self.policy, self.stop, self.answered = aside, case, policy, stop, False

    def __enter__(self) -> Hearing:
        return self

    def __exit__(self, *_: object) -> None:
        self.aside.over(self.answered)

    def breaches(self, plan: Plan) -> list[Breach]:
        """What is found in the plan; here, if the process has ended or does not answer."""
        text = plan.model_dump_json(by_alias=True)
        try:
            with self.aside.at_most(ANSWERS, self.stop):
                self.aside.tell("plan", text)
                found = [Breach(**row) for row in json.loads(self.aside.told())]
        except NoAnswer:
            return audit(self.case, self.policy, plan)
        self.answered = True
        return found


def listen(given: IO[bytes], answers: IO[bytes]) -> None:
    """Until nobody gives anything any more. A plan of a case that was not read is an error, and ends it."""
    read: tuple[Case, Policy, Auditor] | None = None
    while what := given.readline():
        if what == b"case\n":
            seed, rows, rules, goes_on = (given.readline() for _ in range(4))
            case, policy = Case.model_validate_json(rows), Policy.model_validate_json(rules)
            inputs = Inputs.model_validate_json(goes_on) if goes_on.strip() else None
            read = case, policy, opened(case, policy, int(seed), inputs)
            continue
        plan = Plan.model_validate_json(given.readline())
        assert read is not None
        found = audit(read[0], read[1], plan, ahead=read[2])
        answers.write(json.dumps([asdict(x) for x in found]).encode() + b"\n")
        answers.flush()
        read = None
        gc.collect()


if __name__ == "__main__":
    gc.disable()  # until there is time
    listen(sys.stdin.buffer, sys.stdout.buffer)
