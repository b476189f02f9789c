"""Makes the diocese of St Oswin: 72 schools, 22 SIPs, three authorities, *agree with school*. All invented."""

from __future__ import annotations

import random
from typing import Any

from scenarios.tables import HERE, words, write

SAINTS = words("""
Aidan Alban Anne Bede Benedict Bernadette Brigid Catherine Cecilia Chad Clare Columba Cuthbert David Dominic
Edmund Edward Elizabeth Francis Gabriel George Giles Godric Gregory Helen Hilda Hugh Ignatius James Jerome Joan
John Joseph Jude Kentigern Lawrence Leonard Lucy Luke Margaret Mark Martin Mary Matthew Michael Monica Nicholas
Ninian Oswald Patrick Paul Paulinus Peter Philip Robert Sebastian Simon Stephen Swithun Teresa Thomas Timothy
Ursula Veronica Vincent Walburga Werburgh Wilfrid William Winifred Bega Ebba
""")
LAS = (("Norhambria", 420_000, 560_000), ("Wearshire", 435_000, 540_000), ("Teesmoor", 450_000, 520_000))
FOCUS = ("early_reading", "curriculum", "religious_life", "send", "maths", "leadership")
FIRST = words("""
Agnes Basil Clement Delia Edwin Flora Gerard Honor Ivo Judith Kevin Lena Maurice Nora Owain Paula Quentin Rhoda
Simeon Tess Una Victor
""")
LAST = words("""
Ashby Bourne Carr Dunn Elliot Frost Grey Hope Ingram Jay Kerr Lister Moss Neville Orde Pike Rudd Swan Tait
Umfraville Vaux Wake
""")
POLICY = """# Agree with school: the adviser proposes, head and chair agree, the manager confirms (domain X2, X3).
name = "balanced"
year = "2026/27"

[round]
mode = "agree_with_school"
silence = "waits"

# Who may be a SIP while serving as a head (domain D1): all of these, and at least one of those.
[eligibility]
serving_head_all_of = ["headship_years >= 5", "current_grade in good|outstanding"]
serving_head_one_of = ["nle", "lle", "own_grade", "previous_grade", "ofsted_inspector", "school_to_school"]
governor_release = true
"""


def oswin() -> None:
    r = random.Random("oswin")
    folder = HERE / "st-oswin"
    folder.mkdir(exist_ok=True)
    schools = [_school(r, n) for n in range(72)]
    by = {s["urn"]: s for s in schools}
    # two pairs of village schools under one executive head; halves of one school; a cluster that wants one SIP
    for one, two, head in ((930004, 930007, "exec-1"), (930010, 930013, "exec-2")):
        by[one]["head"] = by[two]["head"] = head
        by[two] |= {"easting": by[one]["easting"] + 2500, "northing": by[one]["northing"] + 900, "la": by[one]["la"]}
    by[930016] |= {"name": "St Clare's Catholic Infant School", "paired_with": 930019}
    by[930019] |= {
        "name": "St Clare's Catholic Junior School",
        "easting": by[930016]["easting"] + 80,
        "northing": by[930016]["northing"],
        "la": by[930016]["la"],
    }
    for urn in (930022, 930025, 930028):
        by[urn] |= {"cluster": "Coast", "cluster_wants_one_sip": "yes"}
    for urn, how in ((930005, "own_sip"), (930023, "own_sip"), (930041, "la_sip"), (930059, "la_sip")):
        by[urn]["participation"] = how
    # nobody on the team has led a special school
    by[930072] |= {"name": "St Ebba's Catholic Special School", "phase": "special"}
    team = [_sip(r, n) for n in range(22)]
    history = _history(r, schools, team)
    wishes = [
        {
            "by": "school",
            "urn": s["urn"],
            "wish": r.choice(["keep", "known_locally", "fresh_eyes"]),
            "strength": r.choice([1, 2, 3]),
        }
        for s in r.sample(schools, 18)
    ]
    interests = [
        {
            "sip": team[3]["sip"],
            "urn": 930009,
            "kind": "former_head",
            "declared_on": "2026-05-04",
            "outcome": "barred",
            "decided_by": "F. Storr",
        },
        {"sip": team[8]["sip"], "urn": 930031, "kind": "governor", "declared_on": "2026-05-04"},
        {"sip": team[12]["sip"], "trust": "Bede Trust", "kind": "paid_work", "declared_on": "2026-05-06"},
    ]
    for name, rows in (
        ("schools", schools),
        ("sips", team),
        ("history", history),
        ("wishes", wishes),
        ("interests", interests),
    ):
        write(folder, name, rows)
    (folder / "policy.toml").write_text(POLICY, "utf-8")


def _school(r: random.Random, n: int) -> dict[str, Any]:
    la, e, north = LAS[n % 3]
    return {
        "urn": 930001 + n,
        "name": f"St {SAINTS[n]}'s Catholic Primary School",
        "phase": "primary",
        "la": la,
        "trust": "Bede Trust" if n % 9 == 0 else "",
        "diocese": "St Oswin",
        "cluster": "",
        "head": f"head-{n + 1}",
        "easting": round(e + r.uniform(-9000, 9000)),
        "northing": round(north + r.uniform(-9000, 9000)),
        "pupils": r.choice([48, 70, 95, 120, 180, 210, 210, 315, 420]),
        "fsm_percent": r.choice([6, 12, 18, 27, 39]),
        "rural": "yes" if n % 4 == 0 else "no",
        "religious_character": "Roman Catholic",
        "participation": "needs_sip",
        "need": r.choices(["low", "standard", "raised", "high"], [3, 12, 3, 1])[0],
        "focus": r.choice(FOCUS),
        "appraisal": r.choices(["none", "same", "any"], [3, 1, 1])[0],
        "oeif_overall": r.choices(["1", "2", "3"], [2, 9, 1])[0],
    }


def _sip(r: random.Random, n: int) -> dict[str, Any]:
    la, e, north = LAS[n % 3]
    kind = ("serving_head", "retired_head", "consultant", "la_adviser")[n % 4]
    row: dict[str, Any] = {
        "sip": f"{FIRST[n]}-{LAST[n]}".lower(),
        "name": f"{FIRST[n]} {LAST[n]}",
        "kind": kind,
        "phases": "primary",
        "days": {"serving_head": 12, "retired_head": 22, "consultant": 25, "la_adviser": 24}[kind],
        "trained": "yes",
        "board_approved": "yes",
        "dbs_checked_on": "2025-09-10",
        "joined_on": "2020-09-01",
        "ever_head": "yes",
        "headship_phases": "primary",
        "las": ";".join(sorted({la, LAS[(n + 1) % 3][0]})) if n % 5 == 0 else la,
        "easting": round(e + r.uniform(-8000, 8000)),
        "northing": round(north + r.uniform(-8000, 8000)),
        "max_km": 45,
        "appraisal_trained": "yes" if n % 3 != 1 else "no",
        "experience": r.choice(["small_school;faith_school", "rural", "high_fsm;ri_to_good", "faith_school"]),
        "specialisms": ";".join(r.sample(FOCUS, 2)),
    }
    if kind == "serving_head":
        row |= {
            "headship_years": 4 if n == 20 else r.randint(5, 14),
            "current_grade": "good",
            "current_la": LAS[(n + 1) % 3][0],
            "current_urn": 990200 + n,
            "governor_release": "yes",
            "evidence": r.choice(["nle", "own_grade", "school_to_school"]),
        }
    return row


def _history(r: random.Random, schools: list[dict[str, Any]], team: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Three years: each school with somebody near who works for its authority and had the room."""
    room = {s["sip"]: max(1, int(s["days"] * 0.8 / 5.2)) for s in team}
    out = []
    for s in sorted(schools, key=lambda s: r.random()):
        if s["phase"] == "special" or s["participation"] != "needs_sip":
            continue
        able = [p for p in team if room[p["sip"]] and s["la"] in p["las"].split(";")]
        if not able:
            continue
        who = min(able, key=lambda p: (p["easting"] - s["easting"]) ** 2 + (p["northing"] - s["northing"]) ** 2)["sip"]
        room[who] -= 1
        for year in ("2023/24", "2024/25", "2025/26")[-r.choice([1, 2, 3, 3]) :]:
            out.append({"urn": s["urn"], "sip": who, "year": year})
    return sorted(out, key=lambda h: (h["urn"], h["year"]))
