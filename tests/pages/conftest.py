"""One server and one browser for all page tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.pages.site import CHROMIUM, Site, site

expect.set_options(timeout=60_000)  # ms: busy machines are slow


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if CHROMIUM is None:
        pytest.skip("NOT RUN: no Chromium on this machine")
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def at(whole_site: Site) -> Iterator[Site]:
    """The site; what a test opened is closed after it."""
    yield whole_site
    whole_site.close_contexts()
