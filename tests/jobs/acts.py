"""A server that dies in the middle of an act, hundreds of times a minute.

It receives requests (method, path, body, headers, die) and forks for each: the child opens the store as a server of its
own and does the request; after `die` seconds it is killed (kill -9), wherever it is. The answer is sent back, or None.
The program is read and the service put together once, so that a life takes some hundredths of a second, all of it the act.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.servers import forks

ROOM: dict[str, Any] = {
    "open_jobs": 100_000,
    "writes_per_minute": 10**6,
    "uploads_per_minute": 10**6,
    "smtp_url": "smtp://localhost:1",
    "public_url": "http://testserver",
}


class Server:
    """The process that forks, as its caller sees it."""

    def __init__(self, url: str, mail: Path) -> None:
        self.line, theirs = forks.Pipe()
        self.process = forks.Process(target=main, args=(theirs, url, str(mail)))
        self.process.start()
        theirs.close()

    def ask(self, die: float | None, **request: Any) -> dict[str, Any] | None:
        """The answer (status, body, seconds), or None where it died before one came."""
        self.line.send({**request, "die": die})
        found: dict[str, Any] | None = self.line.recv()
        return found

    def end(self) -> None:
        self.line.close()
        self.process.join(30)


def main(line: Connection, url: str, mail: str) -> None:
    from tests.service.office import _service

    _service(**ROOM)
    with suppress(EOFError):  # nobody asks any more
        while True:
            line.send(json.loads(_lived(line.recv(), url, mail)))


def _lived(request: dict[str, Any], url: str, mail: str) -> str:
    """One life of a server, and what was heard of it."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        os.write(into, json.dumps(_do(request, url, mail)).encode())
        os._exit(0)
    os.close(into)
    if request["die"] is not None:
        time.sleep(request["die"])
        os.kill(child, signal.SIGKILL)
    with open(out, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said or "null"


def _do(request: dict[str, Any], url: str, mail: str) -> dict[str, Any]:
    began = time.monotonic()
    from allocator.service import mail as mails
    from allocator.store import keep
    from allocator.store.database import Database
    from tests.service.office import client_of

    def post(_: object, letters: Any) -> list[str]:
        with open(mail, "a") as box:  # what a mail server has taken is taken
            for letter in letters:
                box.write(json.dumps(letter) + "\n")
                box.flush()
        return [mails.TAKEN] * len(letters)

    mails.Mail.post = post  # type: ignore[method-assign,assignment]  # in this life only
    client = client_of(Database(url), "http://testserver", **ROOM)
    client.app.state.office.life = keep.new_id()  # type: ignore[attr-defined]
    body = {k: request[k] for k in ("json", "data") if k in request}
    answer = client.request(
        request["method"], request["path"], headers=request["headers"], follow_redirects=False, **body
    )
    return {"status": answer.status_code, "text": answer.text[:500], "seconds": time.monotonic() - began}
