"""The tutorial's page, run line by line by bash and curl against a real server: the whole life of a round."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.servers import serving
from tests.sizes import long

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "service.md"


@long(slice="tests/service/test_same_plans.py::test_a_solve_and_a_what_if_by_http_are_those_of_the_command_line")
def test_the_whole_life_of_a_round_by_curl(tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    with serving(f"sqlite:///{tmp_path / 's.db'}", tmp_path, workers=1, quick=False) as server:
        script = "set -e\n" + "\n".join(blocks).replace("http://127.0.0.1:8000", server.base)
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env={"SECRET": server.links()[0], "PATH": "/usr/bin:/bin"},
        )
    said = ran.stdout
    assert ran.returncode == 0, said[-3000:] + ran.stderr[-3000:]
    for text in (
        '{"roles":["manager"]',
        '"code":"case_errors"',
        "primry",
        "Ann Lea",
        "Bob Roe",
        '"state":"resubmitted"',
        '"code":"stale"',
        '"state":"confirmed"',
        '"state":"in_force"',
        "event: ended",
        "2027/28",
        "in_force",
        "next year made",
    ):
        assert text in said, f"{text} is not in:\n{said}"
    assert (tmp_path / "plan.xlsx").read_bytes()[:2] == b"PK"
