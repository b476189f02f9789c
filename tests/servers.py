"""Real processes for tests: the server and its workers, begun as a user begins them, killed as a machine kills them.

A process begun with `quick` is forked from one that has already read the program, itself a fork of the tests' own: the same
command in a process of its own, without the seconds that Python takes to start. Where the start itself is what a user would
see, it is not used.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

import httpx2 as httpx

from allocator.service import bounded
from tests import conftest

NEWER = 9  # the version of what is asked, in a program begun with TEST_NEWER
ALLOCATOR = [sys.executable, "-m", "allocator.cli"]
forks = multiprocessing.get_context("forkserver")
# the last word counts, and the service says one when it is read: above; with pytest all but the last is there (`fork_early`)
forks.set_forkserver_preload(
    ["tests.servers", "allocator.cli", "allocator.service.run", "allocator.jobs.worker", "tests.warm", *bounded.WARM]
)


def fork_early() -> None:
    """The server of forks is a fork of this process, which has read the program: to read it anew would take seconds."""
    resource_tracker.ensure_running()  # begun as ever, and before the others
    with mock.patch.object(util, "spawnv_passfds", _fork):
        forkserver.ensure_running()


def _fork(_: object, args: Sequence[str], passed: Sequence[int]) -> int:
    """Instead of `spawnv_passfds`: does what the new Python would be told (`-c`), but only once a fork is asked for."""
    if pid := os.fork():
        return pid
    try:
        for fd in {int(n) for n in os.listdir("/dev/fd")} - {0, 1, 2, *passed}:
            with suppress(OSError):  # that of the list itself
                os.close(fd)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, how, closefd=False) for n, how in enumerate("rww"))
        logging.getLogger().handlers.clear()
        vars(forkserver._forkserver).update(vars(forkserver.ForkServer()))  # it was locked when we were forked
        listener, alive, *_ = passed
        if listener in select.select([listener, alive], (), ())[0]:
            exec(args[-1], {})
    finally:
        os._exit(0)


conftest.ONCE_READ.append(fork_early)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 180, every: float = 0.1, what: str = "") -> Any:
    """The first true answer; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what or true}")


class Process(Protocol):
    """What `subprocess.Popen` and our forks have in common."""

    pid: int

    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> Any: ...


class Forked:
    """A command of ours in a forked process."""

    def __init__(self, args: list[str], env: dict[str, str], log: Path) -> None:
        self.process = forks.Process(target=_become, args=(args, env, log))
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("allocator", timeout or 0)
        return self.process.exitcode


def _become(args: list[str], env: dict[str, str], log: Path) -> None:
    from allocator.cli import main
    from allocator.jobs import worker
    from allocator.jobs.asks import ASKS

    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # they are text files here
    os.environ.clear()
    os.environ.update(env)
    worker.POLL = float(env.get("TEST_POLL", worker.POLL))
    if "TEST_NEWER" in env:  # a program in which every kind of work is asked in a newer way
        for kind, shapes in ASKS.shapes.items():
            ASKS.steps.update({(kind, n): lambda data, _: data for n in range(1, NEWER)})  # type: ignore[attr-defined]
            shapes[0].version = NEWER
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, signal.SIG_DFL)
    bounded.processes.set_forkserver_preload(bounded.WARM)  # its own, not ours
    if args[0] == "serve":
        fork_early()
    sys.argv = ["allocator", *args]
    main()


class Server:
    """`allocator serve` on a store of its own. `kill` is kill -9; `begin` starts it again on the same port."""

    def __init__(
        self, url: str, folder: Path, env: Mapping[str, str] = {}, *, workers: int = 0, quick: bool = True
    ) -> None:
        self.port, self.log, self.workers, self.quick = free_port(), folder / "server.log", workers, quick
        ours = {k: v for k, v in os.environ.items() if not k.startswith("ALLOCATOR_")}  # some steer the tests
        self.env = {**ours, "ALLOCATOR_DATABASE_URL": url, **env}
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.hands: list[Process] = []

    def run(self, *args: str, without: str = "") -> Process:
        if self.quick:
            return Forked(list(args), {k: v for k, v in self.env.items() if k != without}, self.log)
        with self.log.open("ab") as log:
            return subprocess.Popen([*ALLOCATOR, *args], env=self.env, stderr=log, stdout=log, stdin=subprocess.DEVNULL)

    def begin(self) -> None:
        self.process = self.run("serve", "--port", str(self.port), "--workers", str(self.workers))
        until(self.ready, what=f"the server: {self.log.read_text()[-2000:] if self.log.exists() else ''}")

    def ready(self) -> bool:
        """Without `verify`, here and below: no TLS is spoken, and to read whom it trusts takes as long as two pages."""
        try:
            return httpx.get(f"{self.base}/readyz", timeout=5, verify=False).status_code == 200
        except httpx.HTTPError:
            return False

    def hire(self, *, older: bool = False) -> Process:
        """A worker process of its own, as on another machine; `older`: of the program as it is, beside a newer server."""
        self.hands.append(self.run("worker", without="TEST_NEWER" if older else ""))
        return self.hands[-1]

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def links(self) -> list[str]:
        return re.findall(r"/sign-in/([\w-]+)", self.log.read_text())

    def manager(self) -> httpx.Client:
        """Signed in as the local manager, by the link that the server printed."""
        signed = httpx.post(f"{self.base}/api/v1/sign-in/{self.links()[0]}", verify=False)
        signed.raise_for_status()
        return httpx.Client(base_url=f"{self.base}/api/v1", timeout=90, cookies=signed.cookies, verify=False)

    def end(self) -> None:
        all_ = [*self.hands, *([self.process] if self.process else [])]
        for process in all_:
            process.terminate()
        for process in all_:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def serving(
    url: str, folder: Path, env: Mapping[str, str] = {}, *, hands: int = 0, workers: int = 0, quick: bool = True
) -> Iterator[Server]:
    """A server, with `hands` workers beside it, or `workers` of its own."""
    server = Server(url, folder, env, workers=workers, quick=quick)
    try:
        server.begin()
        for _ in range(hands):
            server.hire()
        yield server
    finally:
        server.end()
