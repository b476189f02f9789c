"""A mapping file (TOML): what a programme's own sheets, columns, values and names mean, for the command line
(docs/how-to/own-workbook.md).

```toml
[sheets]
"Our list" = "schools"
"Notes" = ""                 # no table
[columns.schools]
"Band" = "need"
"Partner 25/26" = "last_sip" # who led the school that year
"Caretaker" = ""             # our own: kept, handed back, not used
[values.need]
Red = "high"
[names.schools]
"Alder" = "900101"
[names.sips]
"Mrs Lea" = "ann"
[bodies.trust]
"Oak Trust" = ""             # none of the schools' trusts
```
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from allocator.domain.bodies import Kind, folded
from allocator.domain.case import TABLES
from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT
from allocator.intake.last_year import LAST_SIP
from allocator.intake.naming import plain
from allocator.intake.own_words import OwnColumn, OwnWords, as_word
from allocator.intake.problems import nearest
from allocator.intake.spelling import squeezed

NAME = "mapping.toml"  # read with a case where it stands in its folder, or beside a workbook as *name*.mapping.toml
LEFT = "# it may bar somebody; say what it is, and take these words off: "
PARTS = ("sheets", "columns", "values", "names", "bodies")


def beside(case: Path) -> Path | None:
    """The mapping that belongs to a case, if there is one."""
    found = case / NAME if case.is_dir() else case.with_name(f"{case.stem}.{NAME}")
    return found if found.is_file() else None


def read_mapping(path: Path) -> OwnWords:
    """The words of a mapping file. Raises UsageError with everything that is wrong with it."""
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such mapping. `allocator check CASE --suggest {path}` writes a first one."
        ) from None
    except (*BROKEN_TEXT, OSError) as error:
        raise UsageError(f"{path}: this is not TOML: {error}.") from None
    wrong: list[str] = []
    columns = {t: [*m.model_fields, LAST_SIP] if t == "schools" else list(m.model_fields) for t, m in TABLES.items()}
    _known(data, PARTS, "", wrong)
    for area, places in (("columns", TABLES), ("names", ("schools", "sips")), ("bodies", get_args(Kind))):
        _known(_table(data, area, wrong), places, f"{area}.", wrong)
    _known(_table(data, "values", wrong), {c for cs in columns.values() for c in cs}, "values.", wrong)
    for own, means in _texts(data, "sheets", wrong):
        _one_of(means, TABLES, f"sheets: {own}", wrong)
    for table in TABLES:
        for own, means in _texts(_table(data, "columns", wrong), table, wrong):
            _one_of(means, columns[table], f"columns.{table}: {own}", wrong)
    if wrong:
        raise UsageError("\n".join(f"{path}: {w}" for w in dict.fromkeys(wrong)))
    part: dict[str, Any] = {p: data.get(p, {}) for p in PARTS}
    return OwnWords(
        sheets={squeezed(k): v for k, v in part["sheets"].items()},
        columns={(t, squeezed(k)): v for t, said in part["columns"].items() for k, v in said.items()},
        schools={plain(k): v for k, v in part["names"].get("schools", {}).items()},
        sips={plain(k): v for k, v in part["names"].get("sips", {}).items()},
        bodies={(kind, folded(kind, k)): v for kind, said in part["bodies"].items() for k, v in said.items()},
        values={(c, as_word(k)): v for c, said in part["values"].items() for k, v in said.items()},
    )


def _table(data: Mapping[str, Any], key: str, wrong: list[str]) -> Mapping[str, Any]:
    found = data.get(key, {})
    if isinstance(found, Mapping):
        return found
    wrong.append(f"{key} must be a table, [{key}].")
    return {}


def _texts(data: Mapping[str, Any], key: str, wrong: list[str]) -> Iterable[tuple[str, str]]:
    for own, means in _table(data, key, wrong).items():
        if isinstance(means, str):
            yield own, means
        else:
            wrong.append(f"{key}: {own} is {means!r}; it must be a text in quotes.")


def _known(data: Mapping[str, Any], known: Iterable[str], where: str, wrong: list[str]) -> None:
    names = list(known)
    for key in data:
        if key not in names:
            near = nearest(key, names)
            wrong.append(
                f"[{where}{key}] is not a part of a mapping." + (f" Did you mean [{where}{near}]?" if near else "")
            )


def _one_of(means: str, known: Iterable[str], where: str, wrong: list[str]) -> None:
    names = list(known)
    if means and means not in names:
        near = nearest(means, names)
        wrong.append(
            f"{where} is {means}, which is none of ours."
            + (f" Did you mean {near}?" if near else f" One of {', '.join(names)}.")
        )


def suggested(
    titles: Mapping[str, str],
    unknown: Mapping[str, str],
    columns: Iterable[OwnColumn],
    asked: Collection[str] = (),
) -> str:
    """A first mapping to be looked through: how each title and header was read, and what is not understood as the
    manager's own; what may bar somebody (`asked`: titles of such sheets) is left for a person to say."""
    lines = [
        "# What your own words mean. Blank = your own: kept, and not used. See docs/how-to/own-workbook.md.",
        "[sheets]",
    ]
    lines += [f"{_quoted(t)} = {_quoted(means)}" for t, means in titles.items()]
    for t, like in unknown.items():
        guess = f"; perhaps {like}" if like else ""
        lines.append(f'{LEFT if t in asked else ""}{_quoted(t)} = ""  # not read{guess}')
    by: dict[str, list[OwnColumn]] = {}
    for c in columns:
        by.setdefault(c.table, []).append(c)
    for table, found in by.items():
        lines += ["", f"[columns.{table}]"]
        for c in found:
            such = f"such as {'; '.join(c.samples)[:60]}".replace("\n", " ") if c.samples else "empty"
            guess = "" if c.read or not c.nearest else f"; perhaps {c.nearest}"
            means = c.nearest or "" if c.read else ""
            lines.append(f"{LEFT if c.asked else ''}{_quoted(c.label)} = {_quoted(means)}  # {such}{guess}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
