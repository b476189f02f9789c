"""The description of the service, and what a machine that reads it can make go wrong: nothing."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from allocator.service.http_problems import CODES, MEDIA
from tests.service.office import Desk, open_office
from tests.service.test_matrix import MATRIX
from tests.sizes import whole_or


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_office(tmp_path_factory.mktemp("openapi"), open_jobs=100_000, wait_seconds=1)


@pytest.fixture(scope="module")
def description(desk: Desk) -> dict[str, Any]:
    return dict(desk.client.get("http://testserver/api/openapi.json").json())


def test_every_error_is_named(description: dict[str, Any]) -> None:
    """Each operation lists its errors in the one shape, with their codes."""
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if path.rsplit("/", 1)[1] in ("healthz", "readyz", "metrics"):
                continue
            told = {s: r for s, r in operation["responses"].items() if s >= "400"}
            aside = (method, path) == ("post", "/api/v1/sign-in")  # looked up after the answer, which tells nothing
            assert ("500" in told) != aside, (method, path)
            assert ("401" in told) == ("security" in operation or path.endswith("/oidc/back")), (method, path)
            for status, response in told.items():
                assert response["content"] == {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
                codes = [part.split(":")[0].strip() for part in response["description"].split(";")]
                assert all(str(CODES[c][0]) == status for c in codes), (path, response)


def test_every_operation_says_what_it_is_for(description: dict[str, Any]) -> None:
    bare = [p for p, item in description["paths"].items() for op in item.values() if not op.get("description")]
    assert bare == []


# not positive_data_acceptance: what is well formed may still be refused, with a reason, by the rules of the round
CHECKED = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
ENDLESS = ("GET", "/solves/{id}/events")  # a stream that ends only with its job; heard in test_matrix
FATAL = ("DELETE", "/me")  # gives up the very token that asks
ASKED = [k for k in MATRIX if k not in (ENDLESS, FATAL)]


@pytest.fixture(scope="module")
def described(desk: Desk) -> Any:
    return schemathesis.openapi.from_asgi("/api/openapi.json", desk.client.app)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize(("method", "route"), ASKED[:: whole_or(1, 1, 3)])
def test_nothing_can_be_made_to_go_wrong(
    desk: Desk, described: Any, method: str, route: str, mode: GenerationMode
) -> None:
    """Good and bad requests of every kind, as a manager: every answer is one that the description names."""
    operation = described[f"/api/v1{route}"][method]
    kind = route.split("/")[1]
    real = {"plans": desk.ids["plan"], "rounds": "r", "programmes": "p", "solves": "exported", "queries": "r-1"}

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=whole_or(20, 3, 2),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        given_id = (case.path_parameters or {}).get("id")
        if given_id is not None and len(str(given_id)) % 2 and kind in real and mode is GenerationMode.POSITIVE:
            case.path_parameters["id"] = real[kind]  # half of the time, a thing that is there
        case.call_and_validate(headers=desk.headers("manager"), checks=CHECKED)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing about this route can be wrong
