"""The description of the service (OpenAPI): each operation names the errors that it can answer, and no others.

What follows from an operation's own shape (who may ask, what it is given) is worked out here; a route names only
what is particular to it (`http_problems.errors`). The tests provoke every error that is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from allocator.service import http_problems
from allocator.service.access import asker, halfway
from allocator.service.passes import COOKIE
from allocator.service.roles import RoleName

EVERYBODY: set[RoleName] = {"manager", "auditor", "school", "sip"}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,198}[!-~])?$"},
    "description": "the same key with the same request is done once, and answered the same again",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "the round's ETag: refused with 412 when somebody has changed the round since",
}
PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "examples": {"half a minute": {"value": "wait=30"}},
    "description": "`wait=N`: answer 200 with what came of it, if that is there within N seconds",
}


def describe(app: FastAPI, found: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's own description, made exact."""
    schemas = found["components"]["schemas"]
    problem = http_problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "an API token (`tokens`)"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": f"set by `sign-in`; over HTTPS its name is `__Host-{COOKIE}`",
        },
    }
    for method, operation, route in _operations(app, found):
        _operation(method, operation, route)
    return found


def _operations(app: FastAPI, found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], APIRoute]]:
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, context.path_format or ""
        for method in context.methods or ():
            operation = found["paths"].get(path, {}).get(method.lower())
            if isinstance(route, APIRoute) and operation is not None:
                yield method, operation, route


def _operation(method: str, operation: dict[str, Any], route: APIRoute) -> None:
    own = {code for r in operation["responses"].values() for code in _codes(r)}
    responses = {s: r for s, r in operation["responses"].items() if s < "400"}
    roles = _roles(route.dependant)
    codes = own | _follow(method, operation, route, roles)
    for code in sorted(codes):
        http_problems.add(responses, code)
    operation["responses"] = responses
    headers = []
    if roles is not None:
        operation["security"] = [{"token": []}, {"session": []}]
        headers += [KEY] if method == "POST" else []
    headers += [IF_MATCH] if "stale" in codes else []
    if "202" in responses and "JobOut" in str(responses["202"]) and method == "POST":
        headers.append(PREFER)
        done = {"anyOf": [{"$ref": "#/components/schemas/Plan"}, {"$ref": "#/components/schemas/JobOut"}]}
        responses["200"] = {"description": "Done in time", "content": {"application/json": {"schema": done}}}
    if headers:
        operation["parameters"] = [*operation.get("parameters", ()), *headers]


def _codes(response: dict[str, Any]) -> list[str]:
    if http_problems.MEDIA not in response.get("content", {}):
        return []
    return [part.split(":")[0].strip() for part in response["description"].split(";")]


def _roles(dependant: Dependant) -> set[RoleName] | None:
    """The roles that may ask; None where nobody need be signed in."""
    found: set[RoleName] | None = None
    for d in dependant.dependencies:
        if d.call in (asker, halfway):
            found = found or set(EVERYBODY)
        elif (roles := getattr(d.call, "roles", None)) is not None:
            found = set(roles)
        else:
            found = _roles(d) or found
    return found


def _follow(method: str, operation: dict[str, Any], route: APIRoute, roles: set[RoleName] | None) -> set[str]:
    """The errors that follow from the operation's shape."""
    given = [p["name"] for p in operation.get("parameters", ())]
    body = operation.get("requestBody", {}).get("content", {})
    writes = method != "GET"
    halfway_on = route.path.endswith("/second-factor") or (method == "DELETE" and route.path.endswith("/me"))
    once = roles is not None and method == "POST" and not halfway_on
    aside = method == "POST" and route.path.endswith("/sign-in")  # looked up after the answer, which tells nothing
    codes = {
        "not_signed_in": roles is not None,
        "forbidden": roles is not None and (writes or roles != EVERYBODY),
        "second_factor": roles is not None and "manager" in roles and not halfway_on,
        "not_found": roles is not None and ("{id}" in route.path or "programme" in given),
        "invalid": bool(given or body),
        "bad_request": bool(body) or (roles is not None and method == "POST"),
        "too_large": bool(body),
        "too_many": roles is not None,
        "in_progress": once,
        "key_reused": once,
        "answer_lost": once,
        "store_away": not (route.path.endswith(("healthz", "/oidc")) or aside),
        "defect": not (route.path.endswith("healthz") or aside),
    }
    return {code for code, can in codes.items() if can}
