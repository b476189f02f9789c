"""The route of everything that takes JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from allocator.intake.broken import BROKEN_TEXT, Twice, json_of


class JsonRequest(Request):
    """A request whose JSON says everything once: of two equal names one would be gone unsaid."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return json_of(body)
        except Twice as error:
            raise HTTPException(400, f"The body is not readable as JSON: {error}.") from None
        except BROKEN_TEXT:
            raise HTTPException(400, "The body is not JSON.") from None


def as_json(request: Request) -> JsonRequest:
    """The request read so; itself where it is, since a body comes once."""
    return request if isinstance(request, JsonRequest) else JsonRequest(request.scope, request.receive)


class JsonRoute(APIRoute):
    """A route whose requests are read so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await inner(as_json(request))

        return handler
