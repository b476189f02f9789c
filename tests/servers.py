"""Real processes for tests: the server and its workers, begun as a user begins them, killed as a machine kills them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

ALLOCATOR = [sys.executable, "-m", "allocator.cli"]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 60, every: float = 0.1, what: str = "") -> Any:
    """The first true answer; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what or true}")


class Server:
    """`allocator serve` on a store of its own. `kill` is kill -9; `begin` starts it again on the same port."""

    def __init__(self, url: str, folder: Path, *, workers: int = 1, **env: str) -> None:
        self.port, self.log, self.workers = free_port(), folder / "server.log", workers
        self.env = {**os.environ, "ALLOCATOR_DATABASE_URL": url, **env}
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.hands: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        with self.log.open("ab") as log:
            command = [*ALLOCATOR, "serve", "--port", str(self.port), "--workers", str(self.workers)]
            self.process = subprocess.Popen(command, env=self.env, stderr=log, stdout=log)
        until(self.ready, what=f"the server: {self.log.read_text()[-2000:]}")

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.base}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def hire(self) -> subprocess.Popen[bytes]:
        """A worker process of its own, as on another machine."""
        with self.log.open("ab") as log:
            self.hands.append(subprocess.Popen([*ALLOCATOR, "worker"], env=self.env, stderr=log, stdout=log))
        return self.hands[-1]

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def links(self) -> list[str]:
        return re.findall(r"/sign-in/([\w-]+)", self.log.read_text())

    def manager(self) -> httpx.Client:
        """Signed in as the local manager, by the link that the server printed."""
        signed = httpx.post(f"{self.base}/api/v1/sign-in/{self.links()[0]}")
        signed.raise_for_status()
        return httpx.Client(base_url=f"{self.base}/api/v1", timeout=90, cookies=signed.cookies)

    def end(self) -> None:
        for process in [*self.hands, *([self.process] if self.process else [])]:
            process.terminate()
        for process in [*self.hands, *([self.process] if self.process else [])]:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def serving(url: str, folder: Path, *, workers: int = 1, **env: str) -> Iterator[Server]:
    server = Server(url, folder, workers=workers, **env)
    try:
        server.begin()
        yield server
    finally:
        server.end()
