"""How the titles of sheets and columns are compared."""

from __future__ import annotations

import re


def squeezed(name: str) -> str:
    """Lower case, without spaces, underscores, hyphens and the star of a column that must be filled."""
    return re.sub(r"[\s_\-*]+", "", name.casefold())
