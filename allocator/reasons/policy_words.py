"""The policy in force in words: the three named policies, every rule with its meaning and law, what differs and
what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from allocator.domain.case import NEEDS, Need
from allocator.domain.policy import SHIPPED, Policy, Weight, settings, shipped
from allocator.intake.policy import policy_from
from allocator.intake.source import Raw
from allocator.rules import RULES

NAMED = {
    "steady": (
        "Keep people together. A SIP who knows the school stays unless somebody asked otherwise; loads may "
        "be less even."
    ),
    "balanced": (
        "Keep what works, listen to wishes, and fit experience to need, in proportion. Schools of concern "
        "put fit first."
    ),
    "need-first": (
        "The right experience at the schools that need it most, and more days there, even if others change their SIP."
    ),
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
TITLES = {rule.id: rule.title for rule in RULES}
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
class SettingShown:
    """One setting. `value` and `default` as the policy holds them; `default` is that of the named policy it starts
    from."""

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
class SettingGroup:
    """A rule, or a part of the policy that is no rule, with its settings."""

    id: str
    title: str
    meaning: str
    law: str
    on: bool
    settings: tuple[SettingShown, ...]

    @property
    def weighed(self) -> bool:
        """Whether it is weighed against others, rather than barring a pair or saying how the year runs."""
        return any(s.key.endswith((".weight", ".price")) for s in self.settings)

    @property
    def weight(self) -> Weight | None:
        """How much a soft rule counts; None where it has no weight."""
        return next((s.value for s in self.settings if s.key.endswith(".weight")), None)

    def weight_at(self, need: Need) -> int:
        """How much it counts at a school of this need."""
        return self.weight.get(need, 0) if isinstance(self.weight, dict) else self.weight or 0


def groups(policy: Policy) -> tuple[SettingGroup, ...]:
    """Everything in force, rules in their order, then the parts that are no rule."""
    base = {k: v for k, v, *_ in settings(start(policy.name))}
    by_part: dict[str, list[SettingShown]] = {}
    for key, value, _, meaning, source in settings(policy):
        by_part.setdefault(key.split(".")[0], []).append(SettingShown(key, meaning, source, value, base[key]))
    out = []
    for rule in RULES:
        mine = by_part.pop(rule.setting.split(".")[0])
        on = next(bool(s.value) for s in mine if s.key == rule.setting)
        out.append(SettingGroup(rule.id, rule.title, rule.meaning, rule.law, on, tuple(mine)))
    rest = [SettingGroup(part, *OTHER[part], "", True, tuple(mine)) for part, mine in by_part.items()]
    return (*out, *rest)


def start(name: str) -> Policy:
    """The shipped policy of that name; *balanced* under a name of the manager's own."""
    return shipped(name) if name in SHIPPED else Policy()


def own_settings(policy: Policy) -> dict[str, Any]:
    """Settings changed from the named policy: key -> value. The year planned is no setting of the policy's own."""
    base = {k: v for k, v, *_ in settings(start(policy.name))}
    return {k: v for k, v, *_ in settings(policy) if v != base[k] and k != "name"}


def proposed(policy: Policy, wants: Mapping[str, Any]) -> tuple[Policy, list[str]]:
    """The policy with these settings (`name` = start from another named one, own settings kept), and what is wrong
    with them."""
    raw = Raw()
    name = str(wants.get("name", policy.name))
    made = policy_from({**own_settings(policy), **wants, "name": name}, raw)
    return made, [p.text.removeprefix("policy: ") for p in raw.problems]


def changed(old: Policy, new: Policy) -> list[tuple[str, str, str]]:
    """(what, was, now) of every setting that differs, in words."""
    now = {k: (v, m) for k, v, _, m, _ in settings(new)}
    return [
        (f"{title_of(k)}: {m}", in_words(k, v), in_words(k, now[k][0]))
        for k, v, _, m, _ in settings(old)
        if v != now[k][0]
    ]


def title_of(key: str) -> str:
    part = PART.get(key, key.split(".")[0])
    return OTHER[part][0] if part in OTHER else TITLES[part]


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
