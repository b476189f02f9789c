"""Sign-in by a real OpenID Connect provider on this machine: discovery, keys, signature, nonce, PKCE and all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from oidc_provider_mock import run_server_in_thread  # type: ignore[import-untyped]  # it ships no types

from allocator.errors import UsageError
from tests.servers import free_port
from tests.service.office import Desk, open_office
from tests.sizes import long


@contextmanager
def provider() -> Iterator[str]:
    with run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    with provider() as issuer:
        yield open_office(tmp_path, oidc_issuer=issuer, oidc_client_id="us", oidc_client_secret="secret"), issuer


def sign_in(desk: Desk, issuer: str, email: str, query: str = "", **claims: object) -> httpx.Response:
    """As a browser goes: to the provider, through its form, and back."""
    httpx.put(f"{issuer}/users/{email}", json={"email": email, **claims}).raise_for_status()
    away = desk.client.get(f"/oidc{query}", follow_redirects=False)
    assert away.status_code == 302, away.text
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    form = httpx.post(away.headers["location"], data={"sub": email})
    back = urlsplit(form.headers["location"])
    answer: httpx.Response = desk.client.get(f"http://testserver{back.path}?{back.query}", follow_redirects=False)
    return answer


def test_a_known_address_comes_in(place: tuple[Desk, str]) -> None:
    desk, issuer = place
    answer = sign_in(desk, issuer, "manager@example.org")
    assert (answer.status_code, answer.headers["location"]) == (303, "/api/v1/me")
    assert desk.client.get("/me").json()["role"] == "manager"


def test_an_unknown_address_does_not(place: tuple[Desk, str]) -> None:
    desk, issuer = place
    answer = sign_in(desk, issuer, "stranger@example.org")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert desk.client.get("/me").status_code == 401


@long(but="False")
@pytest.mark.parametrize("said", [False, "false", 0, "no", ""])
def test_an_address_that_is_not_vouched_for_does_not(place: tuple[Desk, str], said: object) -> None:
    desk, issuer = place
    assert sign_in(desk, issuer, "manager@example.org", email_verified=said).status_code == 401


@pytest.mark.parametrize("shared", ["common", "organizations/v2.0", "consumers"])
def test_a_provider_of_everybodys_accounts_is_refused_at_the_start(tmp_path: Path, shared: str) -> None:
    with pytest.raises(UsageError, match="your own tenant"):
        open_office(tmp_path, oidc_issuer=f"https://login.microsoftonline.com/{shared}", oidc_client_id="us")


def test_an_answer_cannot_be_used_again_or_by_another_browser(place: tuple[Desk, str]) -> None:
    desk, issuer = place
    email = "manager@example.org"
    httpx.put(f"{issuer}/users/{email}", json={"email": email})
    away = desk.client.get("/oidc", follow_redirects=False)
    back = urlsplit(httpx.post(away.headers["location"], data={"sub": email}).headers["location"])
    desk.client.cookies.clear()  # another browser has no step of its own
    stolen = desk.client.get(f"http://testserver{back.path}?{back.query}", follow_redirects=False)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "not_signed_in")


def test_a_role_can_be_asked_for_and_only_a_role_one_has(place: tuple[Desk, str]) -> None:
    desk, issuer = place
    assert sign_in(desk, issuer, "sip@example.org", "?role=manager").json()["code"] == "invalid"
    assert sign_in(desk, issuer, "sip@example.org", "?role=sip").status_code == 303


def test_a_provider_that_is_away_is_said_so(tmp_path: Path) -> None:
    desk = open_office(tmp_path, oidc_issuer=f"http://127.0.0.1:{free_port()}", oidc_client_id="us")
    answer = desk.client.get("/oidc", follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_away")


def test_where_it_is_not_set_up_it_is_not_there(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    for path in ("/oidc", "/oidc/back"):
        assert desk.client.get(path).json()["code"] == "not_found"
