"""The same plans as the command line, byte for byte but for when they were made."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from tests.command import run
from tests.servers import serving, until
from tests.sizes import whole_or

NAME, LEAVER = whole_or(("hartwell", "dafydd"), ("hartwell", "dafydd"), ("leaver-at-christmas", "dev"))
CASE = Path(__file__).parents[2] / "scenarios" / NAME
CHANGE = f'[[change]]\nsip_leaves = {{sip = "{LEAVER}", on = 2026-12-31}}\n'


def plain(plan: str) -> str:
    """Without the two fields that may differ between equal runs (contract 4)."""
    text, n = re.subn(r'("created_at":|"deterministic_time":)\s*[^,}\n]+', r"\1 0", plan)
    assert n == 2
    return text


def test_a_solve_and_a_what_if_by_http_are_those_of_the_command_line(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        for file in CASE.iterdir():
            z.write(file, file.name)
    with serving(f"sqlite:///{tmp_path / 's.db'}", tmp_path, hands=1) as server, server.manager() as me:
        programme = me.get("/programmes").json()["items"][0]["id"]
        round_id = me.post(f"/programmes/{programme}/rounds", json={"name": "x"}).json()["id"]
        me.put(f"/rounds/{round_id}/case", content=packed.getvalue(), headers={"Content-Type": "application/zip"})
        until(lambda: me.get("/readyz").json()["workers"])
        solved = me.post(f"/rounds/{round_id}/solves", headers={"Prefer": "wait=60"})
        plan = solved.headers["content-location"].removeprefix("/api/v1")
        ask = {"changes": [{"sip_leaves": {"sip": LEAVER, "on": "2026-12-31"}}]}
        changed = me.post(f"{plan}/what-ifs", json=ask, headers={"Prefer": "wait=60"})
        assert me.get(plan).text == solved.text
    (tmp_path / "changes.toml").write_text(CHANGE)
    first, second = tmp_path / "plan.json", tmp_path / "after.json"
    solve = ["solve", str(CASE), "-o", str(first)]
    what_if = [
        "what-if",
        str(CASE),
        "--plan",
        str(first),
        "--changes",
        str(tmp_path / "changes.toml"),
        "-o",
        str(second),
    ]
    for command in (solve, what_if):
        ran = run(*command)
        assert ran.returncode in (0, 4), ran.stderr
    assert plain(solved.text) == plain(first.read_text("utf-8"))
    assert plain(changed.text) == plain(second.read_text("utf-8"))
