"""Makes the small ready cases: one invented authority, Fenwick, in seven situations, and three cases of two schools.

Everything is invented. `python -m scenarios.make` writes them again.
"""

from __future__ import annotations

from typing import Any

from scenarios.tables import HERE, write

YEARS = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")
Row = dict[str, Any]


def schools() -> list[Row]:
    """Twelve primaries and two secondaries on a grid of small towns."""
    out: list[Row] = []
    names = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Laurel", "Maple")
    for n, name in enumerate(names):
        out.append(
            {
                "urn": 910001 + n,
                "name": f"{name} Primary School",
                "phase": "primary",
                "la": "Fenwick",
                "easting": 500_000 + 4_000 * (n % 4),
                "northing": 300_000 + 4_000 * (n // 4),
                "pupils": 120 + 30 * n,
                "need": "raised" if n in (2, 7) else "standard",
                "head": f"h{n + 1}",
                "cluster": "Riverside" if n in (4, 5, 6) else "",
                "focus": ("early_reading", "maths", "send")[n % 3],
            }
        )
    for n, name in enumerate(("Oak", "Poplar")):
        out.append(
            {
                "urn": 910013 + n,
                "name": f"{name} High School",
                "phase": "secondary",
                "la": "Fenwick",
                "easting": 503_000 + 6_000 * n,
                "northing": 303_000,
                "pupils": 900,
                "need": "standard",
                "head": f"h{13 + n}",
                "cluster": "",
                "focus": "attendance",
            }
        )
    return out


def sips() -> list[Row]:
    """Four people: an adviser, a retired head, a consultant of both phases, a serving head from elsewhere."""
    both = {"trained": "yes", "board_approved": "yes", "dbs_checked_on": "2026-03-01"}
    return [
        {
            "sip": "ann",
            "name": "Ann Ward",
            "kind": "la_adviser",
            "phases": "primary",
            "days": 33,
            "easting": 502_000,
            "northing": 301_000,
            "specialisms": "early_reading;send",
            "experience": "special_measures",
            **both,
        },
        {
            "sip": "bob",
            "name": "Bob Nash",
            "kind": "retired_head",
            "phases": "primary",
            "days": 29,
            "easting": 508_000,
            "northing": 306_000,
            "specialisms": "maths",
            "experience": "small_school",
            **both,
        },
        {
            "sip": "cat",
            "name": "Cat Hill",
            "kind": "consultant",
            "phases": "primary;secondary",
            "days": 30,
            "easting": 505_000,
            "northing": 303_000,
            "specialisms": "attendance;maths",
            "experience": "ri_to_good;special_measures",
            **both,
        },
        {
            "sip": "dev",
            "name": "Dev Rao",
            "kind": "serving_head",
            "phases": "primary",
            "days": 16,
            "max_schools": 4,
            "current_la": "Marland",
            "current_urn": "990001",
            "easting": 512_000,
            "northing": 309_000,
            "specialisms": "send",
            "experience": "high_fsm",
            **both,
        },
    ]


LED = dict(
    zip(
        range(910001, 910015),
        ("ann", "ann", "ann", "bob", "ann", "ann", "bob", "bob", "bob", "dev", "dev", "cat", "cat", "cat"),
        strict=True,
    )
)


def history(years: int = 3, **longer: int) -> list[Row]:
    """Who led whom in the years before; `longer` gives a school's URN (as u910001) more or fewer years."""
    return [
        {"urn": urn, "sip": sip, "year": year}
        for urn, sip in LED.items()
        for year in YEARS[-longer.get(f"u{urn}", years) :]
    ]


def fenwick(name: str, changes: str = "", **tables: list[Row]) -> None:
    """One folder: the authority, with some tables changed, and what then happens."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    for table, rows in ({"schools": schools(), "sips": sips(), "history": history()} | tables).items():
        write(folder, table, rows)
    if changes:
        (folder / "changes.toml").write_text(changes, "utf-8")


def situations() -> None:
    fenwick("leaver-at-christmas", '[[change]]\nsip_leaves = {sip = "dev", on = "2026-12-31"}\n')
    fenwick(
        "two-leave-and-the-budget-falls",
        '[[change]]\nsip_leaves = {sip = "dev", on = "2026-12-31"}\n\n[[change]]\nsip_leaves = {sip = "bob", on = "2027-03-31"}\n\n'
        '[[change]]\nbudget = {days = 62, from = "2027-01-01"}\n',
    )
    full = {"bob": 24, "cat": 17, "dev": 11.5}  # nobody but Ann has a day to spare
    fenwick(
        "veto-knock-on",
        '[[change]]\nveto = {urn = "910001", sip = "ann"}\n',
        sips=[row | {"days": full.get(row["sip"], row["days"])} for row in sips()],
    )
    fenwick(
        "special-measures",
        '[[change]]\ncategory = {urn = "910004", category_of_concern = "SM", on = "2027-02-08"}\n',
    )
    fenwick(
        "head-moves",
        '[[change]]\nhead_moves = {urn = "910008", to_urn = "910001", on = "2027-01-04", follow = true}\n',
    )
    fenwick(
        "cluster-asks",
        '[[change]]\ndecision = {decision = "one_sip_for_cluster", urn = "910005", reason = "the Riverside heads asked", '
        'by = "M. Hale", on = "2026-07-01"}\n',
    )
    fenwick(
        "tenure-bites",
        history=history(2, u910001=5, u910002=5, u910008=5, u910013=5),
        decisions=[
            {
                "decision": "extend_tenure",
                "urn": "910008",
                "sip": "bob",
                "until": "2027-08-31",
                "reason": "new building opens in spring",
                "by": "M. Hale",
                "on": "2026-06-20",
            },
        ],
    )


def two_schools() -> None:
    """Cases of two or three schools on which matchers are known to stumble."""
    both = {
        "kind": "consultant",
        "phases": "primary",
        "trained": "yes",
        "board_approved": "yes",
        "dbs_checked_on": "2026-03-01",
    }
    one_each = [
        {"sip": s, "name": n, "days": 7, "max_schools": 1, **both}
        for s, n in (("amy", "Amy Cole"), ("ben", "Ben Dodd"))
    ]
    two = [
        {"urn": 920001, "name": "First Primary School", "phase": "primary", "focus": "maths"},
        {"urn": 920002, "name": "Second Primary School", "phase": "primary", "focus": "maths"},
    ]
    specialist = [one_each[0] | {"specialisms": "maths"}, one_each[1] | {"specialisms": ""}]
    flat = HERE / "zero-weights"
    for folder in (HERE / "kept-lock", flat, HERE / "no-one"):
        folder.mkdir(exist_ok=True)
    write(HERE / "kept-lock", "schools", [two[0], two[1] | {"focus": ""}])
    write(HERE / "kept-lock", "sips", specialist)
    write(
        HERE / "kept-lock",
        "decisions",
        [
            {
                "decision": "lock",
                "urn": 920001,
                "sip": "ben",
                "reason": "promised in June",
                "by": "M. Hale",
                "on": "2026-06-20",
            }
        ],
    )
    write(flat, "schools", two)
    write(flat, "sips", one_each)
    write(flat, "interests", [{"sip": "amy", "urn": 920001, "kind": "governor"}])
    weights = ("travel", "continuity", "wish", "experience", "focus", "local", "former_tie", "churn", "diary")
    lines = [f"[{rule}]\nweight = 0" for rule in weights] + [f"[{rule}]\nprice = 0" for rule in ("balance", "spread")]
    (flat / "policy.toml").write_text("\n".join(lines) + "\n", "utf-8")
    write(
        HERE / "no-one",
        "schools",
        [*two, {"urn": 920003, "name": "Third Primary School", "phase": "primary", "focus": ""}],
    )
    write(HERE / "no-one", "sips", [p | {"days": 14, "max_schools": 2} for p in one_each])
    write(
        HERE / "no-one",
        "interests",
        [
            {"sip": "amy", "urn": 920003, "kind": "family", "outcome": "barred"},
            {"sip": "ben", "urn": 920003, "kind": "paid_work", "outcome": "open"},
        ],
    )
