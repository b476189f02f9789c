"""The one error shape: RFC 9457 problem+json with a stable `code`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from allocator.errors import (
    AllocatorError,
    CaseError,
    Newer,
    NotThere,
    QueueFull,
    RoundRefuses,
    Spoilt,
    Stopped,
    UsageError,
)
from allocator.service.figures import AWAY
from allocator.store.database import cause

log = logging.getLogger("allocator.service")
MEDIA = "application/problem+json"


class TableProblem(BaseModel):
    """One problem of a table (contract 5)."""

    code: str
    severity: str
    table: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    expected: str | None = None
    text: str


class Problem(BaseModel):
    """RFC 9457, with a stable `code`; `problems` where there are several."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    problems: list[TableProblem] | None = None


CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read"),
    "not_signed_in": (401, "Sign in first"),
    "forbidden": (403, "Not for you"),
    "second_factor": (403, "Show your second factor"),
    "not_found": (404, "Not there"),
    "method_not_allowed": (405, "Not a way to ask this"),
    "round_refuses": (409, "The rules of the round do not allow it"),
    "not_finished": (409, "Not finished"),
    "in_progress": (409, "The same request is being worked on"),
    "link_used": (410, "The link has been used or has run out"),
    "answer_lost": (409, "Done before, but the answer was lost"),
    "stale": (412, "Somebody else has changed it"),
    "too_large": (413, "Too large"),
    "unknown_media": (415, "Not a form we read"),
    "invalid": (422, "The request is not valid"),
    "case_errors": (422, "The case has errors"),
    "key_reused": (422, "This Idempotency-Key was used for another request"),
    "too_many": (429, "Too much at once"),
    "defect": (500, "A fault of ours"),
    "store_away": (503, "The store does not answer"),
    "provider_away": (503, "The provider does not answer"),
}
NEWER = "Recorded by a newer version of the program"  # the title of `errors.Newer`, whatever was asked
TITLES = {code: title for code, (_, title) in CODES.items()}


class HttpProblem(Exception):
    """An answer that is an error: `code` is one of CODES. `withheld`: it is there, but not for this person."""

    def __init__(
        self,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        withheld: bool = False,
        title: str = "",
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.title = title or TITLES[code]
        self.code, self.detail, self.headers, self.more = code, detail, dict(headers or {}), more
        self.withheld, self.noted = withheld or code == "forbidden", False

    @property
    def status(self) -> int:
        return CODES[self.code][0]

    def __reduce__(self) -> tuple[Any, ...]:  # from the process that reads what came from outside
        return partial(HttpProblem, withheld=self.withheld, title=self.title, **self.more), (
            self.code,
            self.detail,
            self.headers,
        )


def response(refusal: HttpProblem) -> Response:
    problem = Problem(
        title=refusal.title, status=refusal.status, detail=refusal.detail, code=refusal.code, **refusal.more
    )
    return JSONResponse(problem.model_dump(exclude_none=True), refusal.status, refusal.headers, MEDIA)


def refusal_of(error: AllocatorError) -> HttpProblem:
    """Our own errors as HTTP sees them."""
    match error:
        case NotThere():
            return HttpProblem("not_found", error.text)
        case RoundRefuses():
            return HttpProblem("round_refuses", error.text)
        case QueueFull():
            return HttpProblem("too_many", error.text, {"Retry-After": "5"})
        case CaseError():
            problems = [table_problem(p) for p in error.problems]
            return HttpProblem("case_errors", error.text, problems=problems)
        case Newer():
            return HttpProblem("invalid", error.text, title=NEWER)
        case UsageError() | Stopped():
            return HttpProblem("invalid", error.text)
        case Spoilt():
            log.error("spoilt", extra={"error": error.text})
            return HttpProblem("defect", error.text)
    log.error("defect", extra={"error": error.text})
    return HttpProblem("defect", "The answer failed its own audit, so it is not shown. The fault is logged.")


def away(error: Exception) -> HttpProblem:
    """A store that does not answer, or has no connection left; why is in the log. A value that no column can hold is
    the asker's."""
    if isinstance(error, DataError):
        return HttpProblem("invalid", "This holds a character or a number that cannot be kept. Take it out.")
    why = cause(error) if isinstance(error, DBAPIError) else type(error).__name__
    AWAY.labels(why).inc()
    log.error("store away", extra={"error": why})
    return HttpProblem("store_away", "Nothing was kept. Try again in a moment.", {"Retry-After": "5"})


def fault(request_id: str) -> HttpProblem:
    """A fault of ours that nobody foresaw; called where it is caught, so that the log has its place."""
    log.exception("defect", extra={"request": request_id})
    return HttpProblem(
        "defect",
        f"Something went wrong on our side, and this was not done. It is written down as {request_id}: name it to "
        "whoever runs the service.",
    )


def table_problem(p: Any) -> TableProblem:
    return TableProblem.model_validate(asdict(p))


def errors(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: what is particular to it; `description` adds what follows from its shape."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        add(found, code, CODES[code][0])
    return found


def add(responses: dict[Any, dict[str, Any]], code: str, status: int | str | None = None) -> None:
    """One more error among the responses. Several codes may share a status."""
    status = status or str(CODES[code][0])
    had = responses.get(status, {}).get("description")
    told = f"{code}: {TITLES[code]}"
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses[status] = {"description": f"{had}; {told}" if had else told, "content": content}


def install(
    app: FastAPI,
    noted: Callable[[Request, HttpProblem], None],
    page: Callable[[Request, HttpProblem], Coroutine[Any, Any, Response]],
) -> None:
    """Every error of the app in the one shape, or as a `page` where a person looks; `noted` is told of each refusal."""

    @app.exception_handler(HttpProblem)
    async def _(request: Request, error: HttpProblem) -> Response:
        if error.withheld:  # else there is nothing to write down, and a probe needs no thread
            await run_in_threadpool(noted, request, error)
        return response(error)

    @app.exception_handler(AllocatorError)
    async def _(_: Request, error: AllocatorError) -> Response:
        return response(refusal_of(error))

    @app.exception_handler(RequestValidationError)
    async def _(_: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            return response(HttpProblem("bad_request", "The body is not JSON."))
        lines = [f"{'.'.join(str(x) for x in e['loc'])}: {e['msg']}" for e in found]
        return response(HttpProblem("invalid", "; ".join(lines[:10])))

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        detail = "There is nothing at this address." if code == "not_found" else str(error.detail)
        refusal = HttpProblem(code, detail, error.headers)
        looks = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
        return await page(request, refusal) if looks else response(refusal)

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeout)
    async def _(_: Request, error: Exception) -> Response:
        return response(away(error))
