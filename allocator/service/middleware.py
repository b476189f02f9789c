"""Care around every request: size, headers, logs without personal data."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import sys
import time
import traceback
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from allocator.service.figures import REQUESTS, SECONDS
from allocator.service.http_problems import HttpProblem, fault, response

FAULT = 500  # the least status that is a fault of ours
log = logging.getLogger("allocator.access")
BODY_SECONDS = 60.0  # within which a request's body has come
GONE = 499  # in the log and the figures: who asked hung up before it had said all
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HEADERS = {
    b"cache-control": b"no-store",  # what is personal is kept by nobody on the way
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}

NATIONAL = re.compile(r"/rounds/[^/]+/national")  # where national files are given, which are large
HTTPS = {b"strict-transport-security": b"max-age=31536000; includeSubDomains"}


class Care:
    """ASGI middleware: refuses bodies that are too large, adds headers, counts and logs by route, never by address."""

    def __init__(self, app: ASGIApp, most_bytes: int, https: bool, national_bytes: int = 0) -> None:
        self.app, self.usual, self.national = app, most_bytes, max(most_bytes, national_bytes)
        self.headers = HEADERS | (HTTPS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, got, id = time.perf_counter(), 500, 0, secrets.token_hex(6)
        begun = whole = False
        scope.setdefault("state", {})["id"] = id
        most = self.national if NATIONAL.fullmatch(scope["path"]) else self.usual

        async def measured() -> Message:
            nonlocal got, whole
            if whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.01, began + BODY_SECONDS - time.perf_counter()))
            except TimeoutError:
                raise HttpProblem("bad_request", f"The body did not come within {BODY_SECONDS:g} s.") from None
            if message["type"] == "http.request":
                whole = not message.get("more_body", False)
                got += len(message.get("body", b""))
                if got > most:
                    raise HttpProblem("too_large", f"The body is larger than {most // 2**20} MB.")
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            nonlocal begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                had = {k.lower() for k, _ in message["headers"]}
                if b"etag" in had and b"cache-control" not in had:  # may be kept by who asked, and asked about again
                    message["headers"] = [*message["headers"], (b"cache-control", b"private, no-cache")]
                    had.add(b"cache-control")
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", id.encode()),
                    *((k, v) for k, v in self.headers.items() if k not in had),
                ]
            await send(message)

        told = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if told.isdigit() and int(told) > most:
                raise HttpProblem("too_large", f"The body is larger than {most // 2**20} MB.")
            await self.app(scope, measured, dressed)
        except HttpProblem as refusal:
            await response(refusal)(scope, receive, dressed)
        except ClientDisconnect:
            status = GONE
        except Exception:
            defect = fault(id)
            if begun:  # half an answer is out: it can only be broken off
                raise
            await response(defect)(scope, receive, dressed)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in METHODS else "other"  # anybody can write any word there
            REQUESTS.labels(method, route, status).inc()
            SECONDS.labels(method, route).observe(seconds)
            log.log(
                logging.ERROR if status >= FAULT else logging.INFO,
                "request",
                extra={
                    "request": id,
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                },
            )


class JsonLines(logging.Formatter):
    """One JSON object a line: when, how grave, who says it, what, and its figures."""

    PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

    def format(self, record: logging.LogRecord) -> str:
        out: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "log": record.name,
            "text": record.getMessage(),
        }
        out |= {k: v for k, v in vars(record).items() if k not in self.PLAIN}
        if record.exc_info and record.exc_info[0]:  # where and what kind; its words may hold somebody's data
            out["error"] = record.exc_info[0].__name__
            out["trace"] = [f"{f.name} {f.filename}:{f.lineno}" for f in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(out, default=str)


def log_as_json(*, requests: bool = False) -> None:
    """All logs to stderr, as JSON lines. `requests`: also a line for each that was served as it should be."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("dbos").handlers = [handler]  # it would make one of its own
    for noisy in ("dbos", "alembic", "httpx", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    log.setLevel(logging.INFO if requests else logging.ERROR)
