"""CP-SAT's Python model, without the pandas that its file loads: a third of the time that a command takes to start.

Ours names columns by number and asks for no series, so pandas' two classes are wanted for annotations alone while
`cp_model` is read. Whoever gives it a series later finds pandas there, as ever.
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any


class _Later(types.ModuleType):
    """pandas, loaded as soon as something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module("pandas"), name)


def _without_pandas() -> types.ModuleType:
    if "pandas" in sys.modules:
        return importlib.import_module("ortools.sat.python.cp_model")
    later = _Later("pandas")
    named = vars(later)
    named["Index"], named["Series"] = type("Index", (), {}), type("Series", (), {})
    sys.modules["pandas"] = later
    try:
        return importlib.import_module("ortools.sat.python.cp_model")
    finally:
        del sys.modules["pandas"], named["Index"], named["Series"]


_without_pandas()
from ortools.sat.python import cp_model as cp_model  # noqa: E402  # once it is read as above
