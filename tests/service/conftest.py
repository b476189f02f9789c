"""What all tests of the service share."""

from __future__ import annotations

import pytest

from allocator.service import second


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten codes for a factor's loss take half a second to work out; test_second.py holds that they do."""
    monkeypatch.setattr(second, "WORK", 2)
