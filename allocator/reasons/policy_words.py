"""The policy in force in words: the three named policies, every rule with its meaning and law, what differs and what it was."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from allocator.domain.case import NEEDS
from allocator.domain.policy import SHIPPED, Policy, Weight, settings, shipped
from allocator.intake.policy import policy_from
from allocator.intake.source import Raw
from allocator.rules import RULES

NAMED = {
    "steady": "Keep people together. A SIP who knows the school stays unless somebody asked otherwise; loads may be less even.",
    "balanced": "Keep what works, listen to wishes, and fit experience to need, in proportion. Schools of concern put fit first.",
    "need-first": "The right experience at the schools that need it most, and more days there, even if others change their SIP.",
}
OTHER = {  # settings that belong to no rule: part -> heading, meaning
    "name": ("The policy", "Which of the three it starts from"),
    "year": ("The year planned", "The academic year, where the data do not say it"),
    "days": ("Days", "How many days a school is given, and what a new pairing and a new head cost"),
    "calendar": ("The year's calendar", "When the four periods begin, and how much of the work falls in each"),
    "objective": (
        "What counts most",
        "Whether the worst-off school comes before the whole, and the least that a school is given",
    ),
    "repair": ("When something changes in the year", "What may move when a SIP leaves or a school needs more"),
    "budget": ("A cap on all days", "The most days the service may give in all"),
    "fixes": ("What may be suggested", "Remedies put forward where a post stays empty"),
    "round": ("Telling and agreeing", "How proposals are sent, refused, followed up and confirmed"),
}
TITLES = {  # where a rule's id says too little
    "training": "Training on record", "approval": "Board approval on record", "dbs": "DBS check on record",
    "eligibility": "Who may be a SIP", "need": "Experience that a school's position demands", "interest": "Declared interests",
    "own_ties": "A SIP's own school, trust and neighbours", "reciprocal": "Heads who would be each other's SIP",
    "shared_head": "Schools that share a head", "refusal": "Refusals", "parting": "A strong wish to part",
    "decision": "Decisions of a manager", "authority": "Authorities a SIP works for", "travel": "Distance",
    "cooling_off": "Return after a long tenure", "appraisal": "The head's appraisal", "separation": "Support kept apart",
    "capacity": "Days of each SIP", "portfolio": "How many schools a SIP leads", "protection": "Schools changed against their will",
    "wish": "Wishes", "experience": "Fitting experience", "local": "Known locally or fresh eyes", "former_tie": "A past good tie",
    "churn": "Schools with many changes", "diary": "Flexible diaries", "cost": "Day rates", "balance": "Even load",
    "spread": "Strong and needy schools spread", "halves": "Infant and junior halves", "cluster": "Groups of schools",
    "same_appraiser": "The same person at the appraisal",
}  # fmt: skip
PLAIN = {  # where the rule's own first line speaks to those who build it
    "portfolio": "Most and fewest schools a SIP leads.",
    "protection": "Schools whose SIP was changed against their will lately are not changed again if it can be helped.",
    "continuity": "Keep what works: last year's SIP stays where it can, most of all in the third to fifth year.",
    "travel": "Distance: a limit for each SIP, and shorter journeys before longer ones.",
    "eligibility": "Who may be a SIP at all: headship in the phase, and what a serving head must show.",
    "parting": "A strong wish to part is granted; nothing outvotes it.",
    "cluster": "One SIP across a group of schools, where the group asks for it.",
    "own_ties": "A SIP does not work with their own school, trust or group, or with a near competitor.",
    "refusal": "A school is not offered again, this year or next, someone it has refused; after a breakdown, not until it is cleared.",
}
PART = {"require_training": "training", "require_board_approval": "approval", "require_dbs": "dbs"}
PRIVATE = (
    "name",
    "year",
    "budget",
    "cost",
    "fixes",
    "repair",
    "balance",
    "participation",
    "decision",
)  # the service's own affairs


@dataclass(frozen=True)
class Setting:
    """One setting. `value` and `default` as the policy holds them; `default` is that of the named policy it starts from."""

    key: str
    meaning: str
    source: str
    value: Any
    default: Any

    @property
    def own(self) -> bool:
        """Whether it was changed from the named policy."""
        return bool(self.value != self.default)

    @property
    def label(self) -> str:
        """The meaning as a label: how much a rule counts is explained where it is changed."""
        said = self.meaning.split(":")[0] if self.key.endswith(".weight") else self.meaning
        return said[:1].upper() + said[1:]

    @property
    def text(self) -> str:
        return in_words(self.key, self.value)


@dataclass(frozen=True)
class Group:
    """A rule, or a part of the policy that is no rule, with its settings."""

    id: str
    title: str
    meaning: str
    law: str
    on: bool
    settings: tuple[Setting, ...]

    @property
    def weighed(self) -> bool:
        """Whether it is weighed against others, rather than barring a pair or saying how the year runs."""
        return any(s.key.endswith((".weight", ".price")) for s in self.settings)

    @property
    def weight(self) -> Weight | None:
        """How much a soft rule counts; None where it has no weight."""
        return next((s.value for s in self.settings if s.key.endswith(".weight")), None)


def groups(policy: Policy) -> tuple[Group, ...]:
    """Everything in force, rules in their order, then the parts that are no rule."""
    base = {k: v for k, v, *_ in settings(start(policy.name))}
    by_part: dict[str, list[Setting]] = {}
    for key, value, _, meaning, source in settings(policy):
        by_part.setdefault(key.split(".")[0], []).append(Setting(key, meaning, source, value, base[key]))
    out = []
    for rule in RULES:
        mine = by_part.pop(rule.setting.split(".")[0])
        said = (sys.modules[type(rule).__module__].__doc__ or "").split("\n")[0]
        meaning = re.sub(r"\s*\([^()]*(?:domain|practice|contract|allocate)[^()]*\)", "", said).strip()
        on = next(bool(s.value) for s in mine if s.key == rule.setting)
        out.append(Group(rule.id, title_of(rule.id), PLAIN.get(rule.id, meaning), rule.law, on, tuple(mine)))
    rest = [Group(part, *OTHER[part], "", True, tuple(mine)) for part, mine in by_part.items()]
    return (*out, *rest)


def start(name: str) -> Policy:
    """The shipped policy of that name; *balanced* under a name of the manager's own."""
    return shipped(name) if name in SHIPPED else Policy()


def own_settings(policy: Policy) -> dict[str, Any]:
    """Settings changed from the named policy: key -> value. The year planned is no setting of the policy's own."""
    base = {k: v for k, v, *_ in settings(start(policy.name))}
    return {k: v for k, v, *_ in settings(policy) if v != base[k] and k != "name"}


def proposed(policy: Policy, wants: Mapping[str, Any]) -> tuple[Policy, list[str]]:
    """The policy with these settings (`name` = start from another named one, own settings kept), and what is wrong with them."""
    raw = Raw()
    name = str(wants.get("name", policy.name))
    made = policy_from({**own_settings(policy), **wants, "name": name}, raw)
    return made, [p.text.removeprefix("policy: ") for p in raw.problems]


def changed(old: Policy, new: Policy) -> list[tuple[str, str, str]]:
    """(what, was, now) of every setting that differs, in words."""
    now = {k: (v, m) for k, v, _, m, _ in settings(new)}
    return [
        (f"{title_of(k)}: {m}", in_words(k, v), in_words(k, now[k][0]))
        for k, v, _, m, _ in settings(old) if v != now[k][0]
    ]  # fmt: skip


def title_of(key: str) -> str:
    part = PART.get(key, key.split(".")[0])
    return OTHER[part][0] if part in OTHER else TITLES.get(part, part.replace("_", " ").capitalize())


def in_words(key: str, value: Any) -> str:
    """A setting's value as a person would say it."""
    if isinstance(value, bool):
        return ("in force" if value else "off") if key.endswith(".on") else ("yes" if value else "no")
    if value is None:
        return "not set"
    if isinstance(value, dict):
        order = [n for n in reversed(NEEDS) if n in value] if set(value) <= set(NEEDS) else list(value)
        return "; ".join(f"{_plain(k)}: {in_words('', value[k])}" for k in order)
    if isinstance(value, list | tuple):
        return ", ".join(_plain(v) for v in value) or "none"
    return f"{value:g}" if isinstance(value, float) else _plain(value)


def _plain(value: Any) -> str:
    return str(value).replace("_", " ")


# -- the form of one setting ---------------------------------------------------------------------------------------


def field_of(key: str) -> FieldInfo | None:
    """The field behind a key; None where there is no such setting."""
    here: Any = Policy
    *path, last = key.split(".")
    for name in path:
        info = getattr(here, "model_fields", {}).get(name)
        here = info.annotation if info else None
    found = getattr(here, "model_fields", {}).get(last)
    return found if found is not None and not hasattr(found.annotation, "model_fields") else None


def choices(key: str) -> tuple[str, ...]:
    """The values of a setting that has a closed list."""
    info = field_of(key)
    return get_args(info.annotation) if info is not None and get_origin(info.annotation) is Literal else ()
