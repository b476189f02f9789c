"""Two plans side by side: what moved, why, what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.domain.plan import Assignment, Plan


@dataclass(frozen=True)
class Difference:
    """A post whose SIP (or days) differs. None = nobody."""

    urn: str
    school: str
    post: str
    a: str | None
    b: str | None
    days_a: float
    days_b: float
    because: str


@dataclass(frozen=True)
class Comparison:
    """`tiers`: (name, value in A, value in B), None where one plan has no such tier."""

    moved: tuple[Difference, ...]
    days_only: tuple[Difference, ...]
    tiers: tuple[tuple[str, int | None, int | None], ...]
    same_case: bool
    part_of_year: bool  # one of them was repaired within the year, so that its tiers count what was open

    @property
    def schools_moved(self) -> int:
        return len({d.urn for d in self.moved})


def compare(a: Plan, b: Plan) -> Comparison:
    """Plan A against plan B, by the last holder of each post and the days the school is given in the year."""
    one, two = _last(a), _last(b)
    days_a, days_b = _days(a), _days(b)
    why: dict[tuple[str, str], str] = {(c.urn, c.post): c.because for c in b.changes}
    schools = {x.urn: x.school for plan in (a, b) for x in plan.assignments}
    schools |= {x.urn: x.school for plan in (a, b) for x in plan.unfilled}
    moved, days_only = [], []
    for key in sorted(one.keys() | two.keys() | days_a.keys() | days_b.keys()):
        was, now = one.get(key), two.get(key)
        row = Difference(
            key[0], schools[key[0]], key[1], was.name if was else None, now.name if now else None,
            days_a.get(key, 0.0), days_b.get(key, 0.0), why.get(key, ""),
        )  # fmt: skip
        if (was.sip if was else None) != (now.sip if now else None):
            moved.append(row)
        elif row.days_a != row.days_b:
            days_only.append(row)
    values_a = {t.name: t.value for t in a.certificate.tiers}
    values_b = {t.name: t.value for t in b.certificate.tiers}
    names = list(values_a) + [n for n in values_b if n not in values_a]
    tiers = tuple((n, values_a.get(n), values_b.get(n)) for n in names if n != "5")
    same_case = a.made_with.case_sha256 == b.made_with.case_sha256
    return Comparison(tuple(moved), tuple(days_only), tiers, same_case, any(_in_year(p) for p in (a, b)))


def _in_year(plan: Plan) -> bool:
    return plan.inputs.repaired is not None and plan.inputs.repaired.since.month != 9


def _last(plan: Plan) -> dict[tuple[str, str], Assignment]:
    """The latest holder of each post."""
    out: dict[tuple[str, str], Assignment] = {}
    for x in sorted(plan.assignments, key=lambda x: x.from_):
        out[x.urn, x.post] = x
    return out


def _days(plan: Plan) -> dict[tuple[str, str], float]:
    out: dict[tuple[str, str], float] = {}
    for x in plan.assignments:
        out[x.urn, x.post] = out.get((x.urn, x.post), 0.0) + x.days
    return out
