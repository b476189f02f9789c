"""The independent auditor: a plan from anywhere against its case, rule by rule and figure by figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from allocator.check.doubt import doubts
from allocator.check.score import Auditor
from allocator.check.standing import ONE, Piece
from allocator.check.structure import Breach, Key, person_loads
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.plan import Assignment, Plan
from allocator.domain.policy import Policy


def audit(case: Case, policy: Policy, plan: Plan) -> list[Breach]:
    """Every breach of a hard rule and every figure that does not agree; empty when the plan holds.

    `case` and `policy` are those with the plan's changes applied.
    """
    a = Auditor(case, policy, plan.made_with.seed, plan.inputs.repaired)
    out = list(_inputs(case, policy, plan))
    rows, settled = _rows(a, plan)
    known, strange = _choice(a, plan, rows)
    out += strange
    choice = {k: x.sip for k, x in known.items()}
    short = {k: round(x.days_short * 4) for k, x in known.items() if x.days_short}
    broken = a.breaches(choice, short)
    out += broken
    if strange or any(x.rule == "days" for x in broken):
        return out
    for key, row in known.items():
        out += _row(a, key, row)
    out += _settled(a, settled, known)
    out += _totals(a, plan, choice, short)
    out += _certificate(a, plan, choice, short)
    return out if out else list(doubts(a, plan, choice))


def _rows(a: Auditor, plan: Plan) -> tuple[list[Assignment], list[Assignment]]:
    """Rows that were decided, and rows settled before a repair."""
    return [x for x in plan.assignments if not x.settled], [x for x in plan.assignments if x.settled]


def _joins(a: Auditor, key: Key, x: Assignment) -> list[Piece]:
    """Settled parts that a decided row goes on from or runs up to: the same person, no day between."""
    if a.book.stand is None:
        return []
    post = a.book.by_key[key]
    begin = a.book.begins(post, a.book.sips[x.sip])
    mine = [k for k in a.book.stand.of_sip.get(x.sip, ()) if (k.urn, k.kind) == key]
    return [k for k in mine if k.end + ONE == begin or post.end + ONE == k.start]


def _settled(a: Auditor, rows: list[Assignment], known: dict[Key, Assignment]) -> Iterator[Breach]:
    """Rows given before a repair stand as they stood."""
    stand = a.book.stand
    joined = {k for key, x in known.items() for k in _joins(a, key, x)}
    right = [k for k in stand.fixed if k not in joined] if stand else []
    want = sorted((k.urn, k.kind, k.sip, k.start, k.end, tuple(q / 4 for q in k.periods), k.extra / 4) for k in right)
    have = sorted(
        (x.urn, x.post, x.sip, x.from_, x.to, tuple(x.periods.model_dump().values()), x.extra_days) for x in rows
    )
    wanted, given = set(want), set(have)
    for row in [w for w in want if w not in given]:
        yield Breach(
            "repair", f"{row[0]} ({row[1]}): what {row[2]} gave from {row[3]} to {row[4]} is missing or altered."
        )
    for row in [h for h in have if h not in wanted]:
        yield Breach("repair", f"{row[0]} ({row[1]}): nothing settled says that {row[2]} gave {row[3]} to {row[4]}.")
    for x in rows:
        if x.points or x.days != sum(x.periods.model_dump().values()):
            yield Breach("figures", f"{x.urn} ({x.post}): a settled row has no points, and its periods add up.")


def _inputs(case: Case, policy: Policy, plan: Plan) -> Iterator[Breach]:
    if plan.made_with.case_sha256 != canon.case_sha256(case):
        yield Breach("inputs", "The plan was made from another case: the hashes differ.")
    if plan.made_with.policy_sha256 != canon.policy_sha256(policy):
        yield Breach("inputs", "The plan was made under another policy: the hashes differ.")


def _choice(a: Auditor, plan: Plan, rows: list[Assignment]) -> tuple[dict[Key, Assignment], list[Breach]]:
    """Assignments by post; posts unknown, doubled or forgotten, and SIPs unknown, are breaches."""
    out: list[Breach] = []
    known: dict[Key, Assignment] = {}
    for x in rows:
        key = (x.urn, x.post)
        if key not in a.book.by_key:
            rule = "participation" if x.urn in a.book.schools else "figures"
            out.append(Breach(rule, f"{x.urn} has no {x.post} post this year.", *key, x.sip))
        elif x.sip not in a.book.sips:
            out.append(Breach("figures", f"{x.sip} at {x.urn} is not a SIP of this case.", *key, x.sip))
        elif key in known:
            out.append(Breach("figures", f"{x.urn} ({x.post}) is filled twice.", *key, x.sip))
        else:
            known[key] = x
    empty = [(u.urn, u.post) for u in plan.unfilled]
    listed = Counter(empty)
    for p in a.book.posts:
        if p.key not in known and listed[p.urn, p.kind] != 1:  # type: ignore[index]  # a kind is one of three words
            out.append(Breach("figures", f"{p.urn} ({p.kind}) is neither filled nor listed as unfilled once.", *p.key))
    for key in empty:
        if key in known or key not in a.book.by_key:
            out.append(Breach("figures", f"{key[0]} ({key[1]}) is listed as unfilled but is not.", *key))
    return known, out


def _row(a: Auditor, key: Key, x: Assignment) -> Iterator[Breach]:
    """Days, dates, tenure and points of one assignment."""
    b, post, sip = a.book, a.book.by_key[key], a.book.sips[x.sip]
    short = round(x.days_short * 4)
    periods = post.trims[short] if short else post.periods
    points = a.points(key, x.sip)
    begin, end, extra = b.begins(post, sip), post.end, sum(b.loads(post, sip)) - post.due
    fresh = b.new_pairing(post, sip)
    for k in sorted(_joins(a, key, x), key=lambda k: k.start, reverse=True):
        periods = tuple(p + q for p, q in zip(periods, k.periods, strict=True))
        fresh = k.new_pairing if k.start < begin else fresh
        begin, end, extra = min(begin, k.start), max(end, k.end), extra + k.extra
    agree: list[tuple[str, object, object]] = [
        ("days", x.days, sum(periods) / 4),
        ("periods", tuple(x.periods.model_dump().values()), tuple(q / 4 for q in periods)),
        ("extra_days", x.extra_days, extra / 4),
        ("from", x.from_, begin),
        ("to", x.to, end),
        ("new_pairing", x.new_pairing, fresh),
        ("tenure_year", x.tenure_year, b.tenure(x.urn, x.sip) if post.kind == "lead" else 1),
        ("points", x.points, sum(points.values())),
        ("name", x.name, sip.name),
    ]
    if x.runner_up:
        agree.append(("runner_up", x.runner_up.points, sum(a.points(key, x.runner_up.sip).values())))
    said = {r.rule: r.points for r in x.reasons if r.points}
    for rule in sorted(said.keys() | points.keys()):
        if said.get(rule, 0) != points.get(rule, 0):
            text = f"{x.urn} ({x.post}): {rule} gives {points.get(rule, 0)} points, not {said.get(rule, 0)}."
            yield Breach(rule, text, *key, x.sip)
    for what, given, right in agree:
        if given != right:
            yield Breach("figures", f"{x.urn} ({x.post}): {what} is {given}, and should be {right}.", *key, x.sip)


def _totals(a: Auditor, plan: Plan, choice: dict[Key, str], short: dict[Key, int]) -> Iterator[Breach]:
    b, s = a.book, plan.summary
    added = person_loads(b, choice, short)
    loads = {s: [q + g for q, g in zip(added.get(s, [0] * 4), b.spent(s), strict=True)] for s in b.sips}
    score = a.score(choice, short, checked=True)
    assert score is not None
    leads = {u: sip for (u, kind), sip in choice.items() if kind == "lead"}
    incumbents = {u: b.incumbent(u) if a.holders is None else a.holders.get((u, "lead")) for u in leads}
    metres = [b.metres(u, sip) or 0 for u, sip in leads.items()]
    right: dict[str, object] = {
        "schools": sum(p.kind == "lead" for p in b.posts),
        "filled": len(choice),
        "unfilled": len(b.posts) - len(choice),
        "kept": sum(incumbents[u] == sip for u, sip in leads.items()),
        "changed": sum(incumbents[u] not in (None, sip) for u, sip in leads.items()),
        "points": score.pair_points,
        "team_points": score.team_points,
        "days_used": sum(map(sum, loads.values())) / 4,
        "days_offered": sum(b.capacity(r) for r in b.sips.values()) / 4,
        "km_total": round(sum(metres) / 1000, 1),
    }
    for what, value in right.items():
        given = getattr(s, what)
        if given != value:
            yield Breach("figures", f"summary: {what} is {given}, and should be {value}.")
    given_loads = {x.sip: x for x in plan.loads}
    if sorted(given_loads) != sorted(b.sips) or len(given_loads) != len(plan.loads):
        yield Breach("figures", "loads: not one row for every SIP.")
        return
    held = Counter(choice.values())
    for sip, row in b.sips.items():
        x = given_loads[sip]
        posts = held[sip]
        found = (x.posts, x.days, x.capacity, tuple(x.periods.model_dump().values()))
        true = (posts, sum(loads[sip]) / 4, b.capacity(row) / 4, tuple(q / 4 for q in loads[sip]))
        if found != true:
            yield Breach("figures", f"loads: {row.name}: {found} should be {true}.", sip=sip)


def _certificate(a: Auditor, plan: Plan, choice: dict[Key, str], short: dict[Key, int]) -> Iterator[Breach]:
    score = a.score(choice, short, checked=True)
    assert score is not None
    given = {t.name: t for t in plan.certificate.tiers}
    if list(given) != list(score.tiers):
        yield Breach("certificate", f"Tiers are {', '.join(given)}; they should be {', '.join(score.tiers)}.")
        return
    for name, value in score.tiers.items():
        t = given[name]
        if t.value != value:
            yield Breach("certificate", f"Tier {name} is given as {t.value}, and is {value}.")
        least = name.startswith(("1d", "2", "3", "5"))
        if (t.bound > t.value) if least else (t.bound < t.value):
            yield Breach("certificate", f"Tier {name}: the bound {t.bound} contradicts the value {t.value}.")
    proved = all(t.value == t.bound for t in plan.certificate.tiers)
    if plan.certificate.proved and not proved:
        yield Breach("certificate", "The plan says that it is proved, but a tier's bound differs from its value.")
