"""An event's form: what each of its fields offers, and what was written in it, as changes (`happenings.py`)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allocator.domain.policy import settings
from allocator.report.changes_told import plain
from allocator.service.pages.ground import Fields
from allocator.service.pages.happenings import EVENTS, Ask, Changes, World
from allocator.words import day


def choices_of(ask: Ask, world: World) -> list[tuple[str, str]]:
    """What a select or a set of ticks offers."""
    case = world.case
    match ask.widget:
        case "sip":
            return [(s.sip, s.name) for s in sorted(case.sips, key=lambda s: s.name) if s.status != "left"]
        case "school":
            return [(s.urn, f"{s.name} ({s.urn})") for s in sorted(case.schools, key=lambda s: (s.name, s.urn))]
        case "cluster":
            return [(c, c) for c in sorted({s.cluster for s in case.schools if s.cluster})]
        case "rule":
            known = list(settings(world.policy))
            meaning = {k: m for k, _, _, m, _ in known}
            rules = [k for k, *_ in known if k.endswith(".weight")]
            return [
                (k, f"{meaning[k.removesuffix('weight') + 'on']} (now {plain(v)})") for k, v, *_ in known if k in rules
            ]
        case "setting":
            return [
                (k, f"{k}: {m} (now {plain(v)})")
                for k, v, _, m, _ in settings(world.policy)
                if isinstance(v, bool | int | float | str)
            ]
    return list(ask.options)


def read(event: str, form: Fields, world: World) -> Changes:
    """What a form says, as changes; what is wrong with it is in `form.errors`."""
    said: dict[str, Any] = {}
    for ask in EVENTS[event].asks:
        value = _value(ask, form, world)
        if value is None and ask.needed and ask.name not in form.errors:
            form.errors[ask.name] = ask.needed
        if value is not None:
            said[ask.name] = value
    return [] if form.errors else EVENTS[event].make(said, world)


def _value(ask: Ask, form: Fields, world: World) -> Any:
    if ask.widget == "date":
        found = form.date(ask.name)
        return str(found) if found is not None and _in_year(found, ask.name, form, world) else None
    if ask.widget == "ticks":
        return [v for v in form.all(ask.name) if v in dict(ask.options)] or None
    text = form.text(ask.name, most=200)
    if text is None or ask.widget == "text":
        return text
    if ask.widget == "number":
        return _number(text, ask, form)
    if text not in dict(choices_of(ask, world)):
        form.errors[ask.name] = ask.needed or "Choose one of the list"
        return None
    return {"yes": True, "no": False}.get(text, text) if ask.name == "follow" else text


def _number(text: str, ask: Ask, form: Fields) -> float | int | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100_000 or (ask.name == "max_schools" and value % 1):
        form.errors[ask.name] = ask.needed or f"{text} is not a number of days, such as 12 or 7.5"
        return None
    return int(value) if ask.name == "max_schools" else value


def _in_year(found: dt.date, name: str, form: Fields, world: World) -> bool:
    first, last = world.year.first, world.year.last
    if not first <= found <= last:
        form.errors[name] = (
            f"{day(found)} is outside the year {world.case.year}: give a day from {day(first)} to {day(last)}"
        )
    elif world.since is not None and found < world.since:
        form.errors[name] = f"The plan is already repaired from {day(world.since)}: give that day or a later one"
    else:
        return True
    return False
