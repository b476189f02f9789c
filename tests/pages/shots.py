"""python -m tests.pages.shots FOLDER [PATH ...]

Pictures of pages, to be looked at, at two widths. Without PATH every page of every role with the 63-school case, in the state that shows it best. With `--docs` the few
that the documentation shows, cropped.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page

from allocator.service.roles import GrantRole
from allocator.store.tables import Grant
from tests.pages import states
from tests.pages.site import DESK, PHONE, Site, site
from tests.pages.states import State
from tests.pages.test_every_page import pages_for

WIDTHS = ((DESK, "wide"), (PHONE, "phone"))
# file -> (role, address, top and height of the crop, at WIDE px, or 1000)
WIDE = {"head": 360, "plan": 1320}
PICTURES: dict[str, tuple[GrantRole, str, int, int]] = {
    "desk": ("manager", "/rounds/{id}", 0, 800),
    "plan": ("manager", "/rounds/{id}/plan", 150, 640),
    "school": ("manager", "/rounds/{id}/schools/900060", 180, 860),
    "board": ("manager", "/rounds/{id}/board", 580, 720),
    "map": ("manager", "/rounds/{id}/map", 240, 700),
    "what-if": ("manager", "what-if", 100, 800),
    "publish": ("manager", "/rounds/{id}/publish", 100, 800),
    "head": ("head", "/school", 0, 740),
}


def name_of(path: str) -> str:
    return path.strip("/").replace("/", "-").replace("?", "-") or "home"


def given(at: Site, folder: Path, paths: list[str]) -> None:
    """These addresses, as a manager of the draft."""
    for width, name in WIDTHS:
        page = at.enter("draft", "manager", width=width)
        for path in paths:
            page.goto(f"{at.base}{path}")
            page.screenshot(path=folder / f"{name_of(path)}-{name}.png", full_page=True)


def enter(at: Site, state: State, role: GrantRole, width: dict[str, int]) -> Page:
    mine = state.own.get(role, {})
    return at.enter(state.id, role, width=width, urn=mine.get("urn", ""), sip=mine.get("sip", ""))


def every(at: Site, folder: Path) -> None:
    """Every page of a manager, a head and a SIP."""
    told = states.make(at.db, "told")
    roles: tuple[GrantRole, ...] = ("manager", "head", "sip")
    for role in roles:
        for width, name in WIDTHS:
            page = enter(at, told, role, width)
            with at.db.read() as s:
                told.names["grant"] = s.scalars(sa.select(Grant.id).where(Grant.programme_id == told.id)).first() or ""
            for path in pages_for(role, told):
                asked = page.request.get(f"{at.base}{path}")
                if "<html" not in asked.text()[:2000]:
                    continue
                page.goto(f"{at.base}{path}")
                page.screenshot(path=folder / f"{role}-{name_of(path)}-{name}.png", full_page=True)


def documented(at: Site, folder: Path) -> None:
    """The pictures of the documentation, from the told round."""
    told = states.make(at.db, "told", filled=False)
    for name, (role, address, top, height) in PICTURES.items():
        width = {"width": WIDE.get(name, 1000), "height": top + height}
        page = enter(at, told, role, width)
        if address == "what-if":
            page.goto(f"{at.base}/rounds/{told.id}/what-if?event=sip_leaves&sip=john&on=2026-12-31")
            page.get_by_role("button", name="See what it would do").click()
            page.get_by_role("heading", name="What it costs").wait_for(timeout=120_000)
        else:
            page.goto(f"{at.base}{address.format(**told.names)}")
        page.screenshot(path=folder / f"{name}.png", clip={"x": 0, "y": top, "width": width["width"], "height": height})


def main(folder: Path, asked: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as store, site(Path(store)) as at:
        if asked == ["--docs"]:
            documented(at, folder)
        elif asked:
            given(at, folder, asked)
        else:
            every(at, folder)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(f"usage: {(__doc__ or '').strip()}")
    main(Path(sys.argv[1]), sys.argv[2:])
