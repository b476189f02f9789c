"""Pictures of pages, to be looked at: `python -m tests.pages.shots FOLDER [PATH ...]`, at two widths."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.pages.site import DESK, PHONE, site

PATHS = ("/", "/rounds/draft")


def main(folder: Path, paths: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as store, site(Path(store)) as at:
        for width, name in ((DESK, "wide"), (PHONE, "phone")):
            page = at.enter("draft", "manager", width=width)
            for path in paths or PATHS:
                page.goto(f"{at.base}{path}")
                page.screenshot(
                    path=folder / f"{path.strip('/').replace('/', '-') or 'home'}-{name}.png", full_page=True
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
