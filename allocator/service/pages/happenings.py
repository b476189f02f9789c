"""What may happen, as forms: each event asks a few things in plain words and becomes changes (contract 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from allocator.domain.calendar import Year
from allocator.domain.case import NEEDS, PERIODS, PHASES, Case
from allocator.domain.change_args import Change
from allocator.domain.policy import Policy, settings
from allocator.report.changes_told import CATEGORY, PERIOD
from allocator.words import words

Widget = Literal["sip", "school", "cluster", "setting", "rule", "date", "number", "text", "select", "ticks"]
Changes = list[Change]
KINDS = {
    "la_adviser": "authority adviser",
    "serving_head": "serving head",
    "retired_head": "retired head",
    "consultant": "consultant",
}
HOW_MUCH = {"0": "Not at all", "0.5": "Half as much", "2": "Twice as much"}


@dataclass(frozen=True)
class Ask:
    """One thing an event asks. `needed`: what is said when it is blank; None = may be blank."""

    name: str
    label: str
    widget: Widget
    needed: str | None = None
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Happening:
    """An event: what it is called, what it asks, and the changes it becomes."""

    title: str
    group: str
    asks: tuple[Ask, ...]
    make: Callable[[dict[str, Any], World], Changes]
    hint: str = ""


@dataclass(frozen=True)
class World:
    """The case and policy that the plan answers; dates lie in its year, not before `since`."""

    case: Case
    policy: Policy
    since: dt.date | None = None

    @property
    def year(self) -> Year:
        return Year(self.case.year, self.policy.calendar)


def sip(name: str = "sip") -> Ask:
    return Ask(name, "Which SIP?", "sip", "Choose a SIP")


def school(name: str = "urn", label: str = "Which school?") -> Ask:
    return Ask(name, label, "school", "Choose a school")


def on(label: str, hint: str = "Leave blank if it holds for the whole year", needed: str | None = None) -> Ask:
    return Ask("on", label, "date", needed, hint)


def options(names: Mapping[str, str] | Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = names.items() if isinstance(names, Mapping) else [(n, words(n)) for n in names]
    return tuple((value, f"{text[:1].upper()}{text[1:]}") for value, text in pairs)


def plainly(kind: str) -> Callable[[dict[str, Any], World], Changes]:
    """The answers as they are, as one change."""
    return lambda said, world: [{kind: said}]


def _joins(said: dict[str, Any], world: World) -> Changes:
    """A SIP with everything on record, otherwise like a colleague where one is named."""
    case = world.case
    like = next((s for s in case.sips if s.sip == said.get("like")), None)
    known = {s.sip for s in case.sips}
    n = next(i for i in range(1, len(known) + 2) if f"new-{i}" not in known)
    taken = like.model_dump(mode="json", exclude_none=True) if like else {}
    own = (
        "current_urn",
        "current_trust",
        "current_cluster",
        "current_grade",
        "email",
        "pen_portrait",
        "leaves_on",
        "day_rate",
        "max_schools",
    )
    row = {k: v for k, v in taken.items() if k not in own}
    checked = str(world.year.first)
    row |= {
        "sip": f"new-{n}",
        "name": said["name"],
        "kind": said["kind"],
        "phases": said["phases"],
        "days": said["days"],
        "status": "active",
        "trained": True,
        "board_approved": True,
        "dbs_checked_on": checked,
        "joined_on": said.get("on"),
    }
    row.pop("dbs_valid_until", None)
    return [{"sip_joins": {k: v for k, v in row.items() if v is not None}}]


def _school_joins(said: dict[str, Any], world: World) -> Changes:
    near = next((s for s in world.case.schools if s.urn == said.pop("near", None)), None)
    place = {"easting": near.easting, "northing": near.northing, "la": near.la} if near else {}
    row = {**place, **said, "opens_on": said.get("on")}
    row.pop("on", None)
    return [{"school_joins": {k: v for k, v in row.items() if v is not None}}]


def _cluster(said: dict[str, Any], world: World) -> Changes:
    urns = [s.urn for s in world.case.schools if s.cluster == said["cluster"]]
    return [{"cluster": {"urn": u, "cluster": said["cluster"], "cluster_wants_one_sip": True}} for u in urns]


def _rule(said: dict[str, Any], world: World) -> Changes:
    """A weight, times so much; by need where it is given by need."""
    now: Any = next(v for k, v, *_ in settings(world.policy) if k == said["key"])
    times = float(said["times"])
    new = {need: round(w * times) for need, w in now.items()} if isinstance(now, dict) else round(now * times)
    return [{"policy": {"key": said["key"], "value": new}}]


def _setting(said: dict[str, Any], world: World) -> Changes:
    value: Any = said["value"]
    try:
        value = float(value) if "." in value else int(value)
    except ValueError:
        value = {"on": True, "yes": True, "off": False, "no": False}.get(value.casefold(), value)
    return [{"policy": {"key": said["key"], "value": value}}]


DAYS = Ask("days", "How many days?", "number", "Give a number of days, such as 12 or 7.5")
EVENTS: dict[str, Happening] = {
    "sip_leaves": Happening(
        "A SIP leaves",
        "SIPs",
        (sip(), on("Their last day", "Leave blank if they are not there at all this year")),
        plainly("sip_leaves"),
    ),
    "sip_absent": Happening(
        "A SIP is away and comes back",
        "SIPs",
        (
            sip(),
            Ask("from", "First day away", "date", "Give the first day away"),
            Ask("to", "Last day away", "date", "Give the last day away"),
        ),
        plainly("sip_absent"),
    ),
    "sip_joins": Happening(
        "A SIP joins",
        "SIPs",
        (
            Ask("name", "Name", "text", "Give a name, such as New colleague"),
            Ask("kind", "What are they?", "select", "Choose what they are", options=options(KINDS)),
            Ask("phases", "Phases they serve", "ticks", "Choose at least one phase", options=options(PHASES)),
            DAYS,
            on("First day", "Leave blank for the whole year"),
            Ask(
                "like",
                "Otherwise like",
                "sip",
                None,
                "Whose experience, home and training they share; leave blank for none",
            ),
        ),
        _joins,
        "Taken to be trained, approved and DBS checked",
    ),
    "days": Happening("A SIP’s days change", "SIPs", (sip(), DAYS), plainly("days")),
    "period_days": Happening(
        "A SIP’s days in one part of the year change",
        "SIPs",
        (
            sip(),
            Ask(
                "period",
                "Which part of the year?",
                "select",
                "Choose a part of the year",
                options=options({p: PERIOD[p] for p in PERIODS}),
            ),
            Ask("days", "Most days then", "number", None, "Leave blank for no limit"),
        ),
        plainly("period_days"),
    ),
    "max_schools": Happening(
        "A SIP leads fewer or more schools at most",
        "SIPs",
        (sip(), Ask("max_schools", "Most schools", "number", "Give a whole number of schools")),
        plainly("max_schools"),
    ),
    "category": Happening(
        "A school goes into special measures",
        "Schools",
        (
            school(),
            Ask("category_of_concern", "Which category?", "select", "Choose a category", options=options(CATEGORY)),
            on("From"),
        ),
        plainly("category"),
        "Or another category of concern",
    ),
    "need": Happening(
        "A school’s need changes",
        "Schools",
        (school(), Ask("need", "Which need?", "select", "Choose a need", options=options(NEEDS)), on("From")),
        plainly("need"),
    ),
    "school_joins": Happening(
        "A school joins",
        "Schools",
        (
            Ask("name", "Name", "text", "Give the school’s name"),
            Ask("urn", "URN", "text", "Give its URN, or any number not yet used"),
            Ask("phase", "Phase", "select", "Choose a phase", options=options(PHASES)),
            Ask("need", "Need", "select", None, options=options(NEEDS)),
            Ask(
                "near",
                "Next to which school?",
                "school",
                None,
                "So that distances are about right; leave blank if unknown",
            ),
            on("From"),
        ),
        _school_joins,
    ),
    "school_closes": Happening(
        "A school closes", "Schools", (school(), on("Its last day", "", "Give its last day")), plainly("school_closes")
    ),
    "participation": Happening(
        "A school leaves the service",
        "Schools",
        (
            school(),
            Ask(
                "participation",
                "Instead",
                "select",
                "Choose what it has instead",
                options=options(["own_sip", "la_sip", "trust_provided", "partnership", "not_taking_part"]),
            ),
        ),
        plainly("participation"),
    ),
    "head_moves": Happening(
        "A head moves to another school",
        "Schools",
        (
            school("urn", "From which school?"),
            school("to_urn", "To which school?"),
            on("From"),
            Ask(
                "follow", "Does the head ask the SIP to follow?", "select", None, options=(("yes", "Yes"), ("no", "No"))
            ),
        ),
        plainly("head_moves"),
    ),
    "cluster": Happening(
        "A cluster asks for one SIP",
        "Schools",
        (Ask("cluster", "Which cluster?", "cluster", "Choose a cluster"),),
        _cluster,
    ),
    "lock": Happening("A school is given this SIP", "Pairs", (school(), sip()), plainly("lock")),
    "forbid": Happening("A school is not given this SIP", "Pairs", (school(), sip()), plainly("forbid")),
    "breakdown": Happening(
        "A school and its SIP can no longer work together", "Pairs", (school(), sip(), on("From")), plainly("breakdown")
    ),
    "budget": Happening(
        "Days are cut by a budget",
        "Days and rules",
        (
            Ask(
                "days",
                "Most days in all",
                "number",
                "Give the most days that may be used in all",
                "The time for new pairings counts too",
            ),
            Ask(
                "from",
                "From",
                "date",
                None,
                "Days already worked by then cannot be cut; leave blank for the whole year",
            ),
        ),
        plainly("budget"),
    ),
    "rule": Happening(
        "A rule counts for more or less",
        "Days and rules",
        (
            Ask("key", "Which rule?", "rule", "Choose a rule"),
            Ask(
                "times",
                "How much should it count?",
                "select",
                "Choose how much it counts",
                options=tuple(HOW_MUCH.items()),
            ),
        ),
        _rule,
    ),
    "setting": Happening(
        "A setting changes",
        "Days and rules",
        (
            Ask("key", "Which setting?", "setting", "Choose a setting"),
            Ask("value", "Its new value", "text", "Give its new value", "A number, or on or off"),
        ),
        _setting,
    ),
}
REBUILDS = ("rule", "setting")  # where a repair, which keeps everyone, would seldom show anything
