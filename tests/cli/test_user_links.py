"""A link printed in a terminal leads to where the store is served, whatever its port."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from allocator.store import keep, migrate
from allocator.store.database import Database
from tests.command import run

ADD = ("user", "add", "mel@example.org", "--role", "manager", "--programme", "Ours")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    for name in [n for n in os.environ if n.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    url = f"sqlite:///{tmp_path / 'a.db'}"
    monkeypatch.setenv("ALLOCATOR_DATABASE_URL", url)
    db = Database(url)
    migrate.upgrade(db)
    return db


def test_never_served_it_leads_to_where_it_would_be(store: Database) -> None:
    assert run(*ADD).stdout.startswith("http://127.0.0.1:8000/sign-in/")


def test_it_leads_to_where_the_store_was_served_last(store: Database) -> None:
    for port in (8321, 8123, 8321):
        with store.write() as s:
            keep.serve_at(s, f"http://127.0.0.1:{port}")
    assert run(*ADD).stdout.startswith("http://127.0.0.1:8321/sign-in/")
    assert run("user", "link", "mel@example.org").stdout.startswith("http://127.0.0.1:8321/sign-in/")


def test_what_is_said_in_the_environment_comes_first(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.write() as s:
        keep.serve_at(s, "http://127.0.0.1:8321")
    monkeypatch.setenv("ALLOCATOR_PUBLIC_URL", "https://sips.example.org/")
    assert run(*ADD).stdout.startswith("https://sips.example.org/sign-in/")
