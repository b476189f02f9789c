"""Policy from TOML, a sheet or a JSON object: unknown keys and bad values are errors that name the nearest."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from pydantic import ValidationError

from allocator.domain.change import unfit
from allocator.domain.characters import visible
from allocator.domain.clause import Clause
from allocator.domain.policy import SHIPPED, Policy, settings
from allocator.intake.broken import BROKEN_TEXT
from allocator.intake.problems import nearest
from allocator.intake.source import Raw


def policy_from_toml(text: str, raw: Raw, name: str) -> Policy:
    try:
        data = tomllib.loads(text)
    except BROKEN_TEXT as error:
        raw.error("not_toml", "policy", f"{name} is not readable as TOML: {error}.")
        return Policy()
    return policy_from(data, raw)


def policy_from(data: dict[str, Any], raw: Raw) -> Policy:
    """A policy from nested or dotted keys, over the shipped policy it names."""
    known = {key for key, *_ in settings(Policy())}
    tables = {"need.requires", "days.graduated", "capacity.max_schools", "capacity.min_schools", "continuity.by_year"}
    flat = _flat(data, "", known)
    name = flat.get("name", "balanced")
    nested: dict[str, Any] = json.loads(json.dumps(SHIPPED.get(str(name), {})))
    good = True
    for key, value in flat.items():
        if told := unfit([key, value]):
            raw.error("bad_setting", "policy", f"policy: {visible(key)}: {told}.", column=visible(key))
            return Policy()
        parent = key.rsplit(".", 1)[0]
        if key not in known and parent not in known:
            good = False
            near = nearest(key, known)
            raw.error(
                "unknown_key",
                "policy",
                f"policy: unknown key {key}." + (f" Did you mean {near}?" if near else ""),
                column=key,
                expected=near,
            )
            continue
        _put(nested, key.split("."), _parsed(value), Policy(), key in tables)
    if not good:
        return Policy()
    try:
        policy = Policy.model_validate(nested)
    except ValidationError as error:
        for e in error.errors():
            key = ".".join(str(x) for x in e["loc"] if x not in ("int", "dict[constrained-str,int]"))
            raw.error(
                "bad_setting",
                "policy",
                f"policy: {key} is {e.get('input')!r}: {e['msg']}.",
                column=key,
                value=str(e.get("input")),
            )
        return Policy()
    _sense(policy, raw)
    return policy


def _flat(data: dict[str, Any], prefix: str, known: set[str]) -> dict[str, Any]:
    """Nested tables to dotted keys, stopping where the key is a setting that is itself a table."""
    out: dict[str, Any] = {}
    for key, value in data.items():
        full = f"{prefix}{key}"
        if isinstance(value, dict) and full not in known:
            out.update(_flat(value, f"{full}.", known))
        else:
            out[full] = value
    return out


def _put(nested: dict[str, Any], path: list[str], value: Any, default: Any, merge: bool) -> None:
    here = nested
    for step in path[:-1]:
        default = getattr(default, step, None)
        if isinstance(default, dict) and step not in here:
            here[step] = dict(default)  # one line of a table changes that line only
        here = here.setdefault(step, {})
    last = path[-1]
    if merge and isinstance(value, dict):
        value = {**dict(getattr(default, last, {}) or {}), **value}
    here[last] = value


def _parsed(value: Any) -> Any:
    """A sheet's text: numbers, yes/no, lists and tables as JSON."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.casefold() in ("yes", "true", "no", "false"):
        return text.casefold() in ("yes", "true")
    if text[:1] in "[{":
        try:
            return json.loads(text.replace("'", '"'))
        except BROKEN_TEXT:
            return text
    return text


def _sense(policy: Policy, raw: Raw) -> None:
    c = policy.calendar
    if c.autumn_1 + c.autumn_2 + c.spring + c.summer == 0:
        raw.error("bad_setting", "policy", "policy: the four calendar shares are all 0; give at least one of them.")
    for key in ("last_day", "appraisal_by", "spring_starts", "summer_starts", "autumn_2_starts", "latest_start"):
        text = getattr(c, key)
        if not (1 <= int(text[:2]) <= 12 and 1 <= int(text[3:]) <= 31):
            raw.error(
                "bad_setting", "policy", f"policy: calendar.{key} is {text}; it must be a month and day as 07-31."
            )
    for text in policy.eligibility.serving_head_all_of:
        problem = Clause(text).problem()
        if problem:
            raw.error("bad_setting", "policy", f"policy: eligibility.serving_head_all_of: {problem}", value=text)
