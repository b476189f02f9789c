"""Makes the tables of the larger ready cases. Everything in them is invented: places, people, schools, URNs.

Run `python -m scenarios.make` in a checkout to write them again; the same program always writes the same tables.
"""

from __future__ import annotations

import random
from typing import Any

from scenarios.oswin import oswin
from scenarios.small import situations, two_schools
from scenarios.tables import HERE, words, write

STEMS = words("""
Alder Ash Barrow Beck Birch Bramble Brook Burdock Calder Clover Coppice Cress Dale Elder Fallow Fern Field Furze
Garth Gorse Hawthorn Hazel Heath Holly Kestrel Lark Linden Maple Marsh Meadow Mill Moor Nettle Oak Orchard Osier
Plover Quarry Reed Ridge Rowan Rush Sallow Sedge Sorrel Spinney Tarn Teasel Thistle Thorn Vale Warren Weir
Willow Wold Wren Yarrow Yew Finch Heron Juniper Lapwing Myrtle Pippin Saffron Tansy Bracken Cinder Drover Ember
Foxglove Glebe Harrow Ivy Jasmine
""")
FOCUS = ("early_reading", "curriculum", "attendance", "send", "maths", "leadership", "behaviour", "transition")


def near(r: random.Random, e: int, n: int, spread: int) -> dict[str, int]:
    return {"easting": round(e + r.uniform(-spread, spread)), "northing": round(n + r.uniform(-spread, spread))}


def distance(a: dict[str, Any], b: dict[str, Any]) -> float:
    return float(((a["easting"] - b["easting"]) ** 2 + (a["northing"] - b["northing"]) ** 2) ** 0.5)


def hartwell() -> None:
    """An authority of 54 primary-phase and 9 secondary schools, 11 SIPs, five years of history."""
    r = random.Random("hartwell")
    folder = HERE / "hartwell"
    folder.mkdir(exist_ok=True)
    schools = []
    for n in range(63):
        secondary = n >= 54
        town = n % 3 == 0
        urn = str(900001 + n)
        school: dict[str, Any] = {
            "urn": urn,
            "name": f"{STEMS[n]} {'High School' if secondary else r.choice(['Primary School', 'Primary School', 'CE Primary School', 'Community Primary School'])}",
            "phase": "secondary" if secondary else "primary",
            "la": "Hartwell",
            "cluster": f"{('North', 'East', 'South', 'West', 'Town')[n % 5]} Hartwell" if not secondary else "",
            **near(r, 450_000, 250_000, 6_000 if town else 16_000),
            "pupils": r.randint(700, 1500) if secondary else r.choice([55, 90, 105, 180, 210, 210, 315, 420, 420, 630]),
            "fsm_percent": round(r.triangular(4, 60, 18), 1),
            "rural": "yes" if not town and not secondary and r.random() < 0.5 else "",
            "need": r.choices(["low", "standard", "raised", "high"], [18, 60, 15, 7])[0],
            "oeif_overall": r.choices(["1", "2", "3", "not_judged"], [9, 68, 8, 15])[0],
            "oeif_date": f"{r.randint(2019, 2024)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
            "appraisal": r.choices(["", "same", "any", "different"], [66, 16, 10, 8])[0],
            "focus": ";".join(r.sample(FOCUS, r.choice([1, 1, 2]))),
            "inspection_due": "yes" if r.random() < 0.2 else "",
            "head_started": f"{r.choice([2015, 2018, 2019, 2021, 2022, 2023, 2024])}-09-01",
        }
        if "CE " in school["name"]:
            school["religious_character"] = "Church of England"
        if school["oeif_overall"] == "not_judged":
            school["oeif_quality_of_education"] = r.choice(["2", "2", "3"])
            school["oeif_leadership"] = "2"
        schools.append(school)
    by = {s["urn"]: s for s in schools}
    # the stories that the README tells
    by["900007"] |= {"name": "Brook Infant School", "paired_with": "900008"}
    by["900008"] |= {
        "name": "Brook Junior School",
        "easting": by["900007"]["easting"] + 120,
        "northing": by["900007"]["northing"] + 40,
    }
    by["900013"] |= {"head": "head-dale"}
    by["900014"] |= {
        "head": "head-dale",
        "easting": by["900013"]["easting"] + 900,
        "northing": by["900013"]["northing"],
    }
    by["900020"] |= {
        "need": "top",
        "category_of_concern": "SM",
        "oeif_overall": "4",
        "support_days": 4,
        "appraisal": "",
    }
    for urn in ("900003", "900024", "900037", "900058"):
        by[urn]["head_started"] = "2026-09-01"
    by["900030"] |= {"head_status": "interim"}
    for urn, date in (
        ("900011", "2025-12-09"),
        ("900026", "2026-01-20"),
        ("900045", "2026-03-03"),
        ("900060", "2026-05-12"),
    ):
        by[urn] |= {
            "card_date": date,
            "card_safeguarding": "met",
            "card_inclusion": "expected",
            "card_curriculum": "expected",
            "card_achievement": r.choice(["expected", "strong"]),
            "card_attendance": "strong",
            "card_development": "strong",
            "card_leadership": "expected",
        }
    by["900026"] |= {"card_leadership": "needs_attention", "stuck": "yes", "previous_oeif_overall": "3", "need": "high"}
    by["900011"]["card_leadership"] = "exceptional"
    for s in schools:
        if s["cluster"] == "West Hartwell" and s["urn"] in ("900004", "900009"):
            s["cluster_wants_one_sip"] = "yes"
            s["cluster"] = "Upper West"
    by["900019"] |= {"cluster": "Upper West"}

    def sip(id_: str, name: str, kind: str, days: float, phases: str, **kw: Any) -> dict[str, Any]:
        return {
            "sip": id_,
            "name": name,
            "kind": kind,
            "phases": phases,
            "days": days,
            "status": "active",
            "joined_on": "2019-09-01",
            "trained": "yes",
            "board_approved": "yes",
            "dbs_checked_on": "2024-05-20",
            "dbs_valid_until": "2027-08-31",
            "ever_head": "yes",
            "headship_phases": phases,
            **near(r, 450_000, 250_000, 12_000),
            **kw,
        }

    sips = [
        sip(
            "priya",
            "Priya Shah",
            "la_adviser",
            52,
            "primary",
            appraisal_trained="yes",
            experience="ri_to_good;high_fsm;new_head;special_measures",
            specialisms="early_reading;leadership;curriculum",
            flexible_diary="yes",
        ),
        sip(
            "john",
            "John Lee",
            "la_adviser",
            52,
            "primary",
            appraisal_trained="yes",
            experience="small_school;rural;faith_school",
            specialisms="curriculum;attendance",
        ),
        sip(
            "owen",
            "Owen Price",
            "la_adviser",
            50,
            "primary;secondary",
            appraisal_trained="yes",
            experience="large_school;high_performing;special_measures",
            specialisms="behaviour;leadership;transition",
            flexible_diary="yes",
        ),
        sip(
            "amira",
            "Amira Khan",
            "serving_head",
            19,
            "primary",
            current_urn="990101",
            current_la="Ansley",
            current_trust="Linnet Trust",
            current_grade="good",
            headship_years=8,
            evidence="nle;own_grade",
            autumn_2_days=7.5,
            experience="small_school;new_head;rural",
            specialisms="curriculum;send",
        ),
        sip(
            "beth",
            "Beth Cole",
            "serving_head",
            19,
            "primary",
            current_urn="900031",
            current_la="Hartwell",
            current_grade="outstanding",
            headship_years=6,
            evidence="own_grade",
            autumn_2_days=7.5,
            appraisal_trained="yes",
            experience="high_performing;large_school",
            specialisms="maths;early_reading",
        ),
        sip(
            "carl",
            "Carl Dent",
            "serving_head",
            20,
            "secondary",
            current_urn="990102",
            current_la="Morrow",
            current_grade="good",
            headship_years=9,
            evidence="own_grade;school_to_school",
            autumn_2_days=8,
            experience="large_school;high_fsm",
            specialisms="attendance;behaviour",
        ),
        sip(
            "mei",
            "Mei Tan",
            "retired_head",
            43,
            "primary",
            appraisal_trained="yes",
            experience="special_measures;ri_to_good;high_fsm",
            specialisms="leadership;send",
            flexible_diary="yes",
        ),
        sip(
            "dafydd",
            "Dafydd Rees",
            "retired_head",
            42,
            "primary",
            experience="rural;small_school;faith_school",
            specialisms="maths;transition",
            flexible_diary="yes",
        ),
        sip(
            "ngozi",
            "Ngozi Eze",
            "consultant",
            36,
            "primary;secondary",
            appraisal_trained="yes",
            joined_on="2024-09-01",
            experience="ri_to_good;large_school;special_measures",
            specialisms="curriculum;behaviour",
            day_rate=420,
        ),
        sip(
            "rob",
            "Rob Field",
            "consultant",
            36,
            "primary",
            appraisal_trained="yes",
            experience="faith_school;high_performing",
            specialisms="early_reading;maths",
            max_km=30,
            day_rate=400,
        ),
        sip(
            "sara",
            "Sara Blythe",
            "consultant",
            36,
            "primary;secondary",
            joined_on="2026-09-01",
            experience="new_head;rural;high_fsm",
            specialisms="attendance;transition",
            day_rate=410,
        ),
    ]
    team = {s["sip"]: s for s in sips}
    room = {s["sip"]: int(s["days"] * 0.9 / 5.3) for s in sips} | {"sara": 0}
    history: list[dict[str, Any]] = []
    led: dict[str, str] = {}
    order = sorted(schools, key=lambda s: (s["phase"] != "secondary", r.random()))
    for school in order:
        able = [
            s
            for s in sips
            if room[s["sip"]] > 0
            and school["phase"] in s["phases"].split(";")
            and not (s["sip"] == "beth" and school["urn"] == "900031")
        ]
        if not able:
            continue
        who = min(able, key=lambda s: distance(s, school) * r.uniform(0.5, 1.5))["sip"]
        room[who] -= 1
        led[school["urn"]] = who
    led["900014"] = led["900013"]
    leavers = ("ross", "helen")  # two SIPs who have left the service
    for urn, who in sorted(led.items()):
        length = r.choices([1, 2, 3, 4, 5], [16, 26, 26, 20, 12])[0]
        joined = int(str(team[who]["joined_on"])[:4])
        first = max(2026 - length, joined, 2021)
        for year in range(2021, first):
            row = {"urn": urn, "sip": leavers[int(urn) % 2], "year": f"{year}/{(year + 1) % 100}", "role": "lead"}
            if year == first - 1:
                row |= {"ended": r.choice(["rotation", "school_asked", "end_of_year"])}
            history.append(row)
        for year in range(first, 2026):
            history.append({"urn": urn, "sip": who, "year": f"{year}/{(year + 1) % 100}", "role": "lead"})
    # one school through two departures; one SIP who left at the end of last year
    history = [h for h in history if h["urn"] not in ("900041", "900049")]
    history += [
        {
            "urn": "900041",
            "sip": "helen",
            "year": "2023/24",
            "role": "lead",
            "ended": "sip_left",
            "ended_on": "2024-12-20",
        },
        {
            "urn": "900041",
            "sip": "ross",
            "year": "2024/25",
            "role": "lead",
            "ended": "manager",
            "ended_on": "2025-08-31",
        },
        {"urn": "900041", "sip": "mei", "year": "2025/26", "role": "lead"},
        {
            "urn": "900049",
            "sip": "ross",
            "year": "2025/26",
            "role": "lead",
            "ended": "sip_left",
            "ended_on": "2026-07-31",
        },
    ]
    incumbent = {h["urn"]: h["sip"] for h in history if h["year"] == "2025/26" and not h.get("ended")}
    moving = next(u for u in sorted(incumbent) if incumbent[u] == "mei")
    keepers = r.sample(sorted(incumbent), 14)
    wishes: list[dict[str, Any]] = [
        {"by": "school", "urn": u, "sip": "", "wish": "keep", "strength": r.choice([1, 2, 2, 3])} for u in keepers
    ]
    rest = [s["urn"] for s in schools if s["urn"] not in keepers]
    wishes += [
        {
            "by": "school",
            "urn": u,
            "sip": "",
            "wish": r.choice(["known_locally", "fresh_eyes"]),
            "strength": r.choice([1, 2, 3]),
        }
        for u in r.sample(rest, 12)
    ]
    wishes = [w for w in wishes if w["urn"] not in ("900005", "900052")]  # these ask for a change
    wishes += [
        {"by": "school", "urn": "900005", "sip": "", "wish": "change", "strength": 3, "note": "time for somebody new"},
        {"by": "school", "urn": "900052", "sip": "", "wish": "change", "strength": 1},
        {"by": "school", "urn": "900049", "sip": "mei", "wish": "named", "strength": 2},
        {"by": "school", "urn": "900033", "sip": "", "wish": "not_serving_head", "strength": 2},
        {"by": "sip", "urn": moving, "sip": incumbent[moving], "wish": "move_on", "strength": 2},
    ]
    interests = [
        {
            "sip": "rob",
            "urn": "900002",
            "kind": "family",
            "declared_on": "2026-05-11",
            "outcome": "barred",
            "decided_by": "M. Hale",
        },
        {"sip": "mei", "urn": "900015", "kind": "governor", "declared_on": "2026-05-12", "outcome": "open"},
        {
            "sip": "dafydd",
            "urn": "900017",
            "kind": "former_head",
            "declared_on": "2024-05-02",
            "outcome": "cleared",
            "decided_by": "M. Hale",
        },
        {"sip": "john", "urn": "900049", "kind": "former_adviser", "declared_on": "2025-05-06"},
        {
            "sip": "amira",
            "trust": "Linnet Trust",
            "kind": "employed",
            "declared_on": "2025-05-06",
            "outcome": "barred",
            "decided_by": "M. Hale",
        },
    ]
    decisions = [
        {
            "decision": "accept_local_head",
            "urn": u,
            "sip": "beth",
            "reason": "far from her own school, and the head agrees",
            "by": "M. Hale",
            "on": "2026-05-20",
        }
        for u in sorted(u for u, s in led.items() if s == "beth")
    ]
    write(folder, "schools", schools)
    write(folder, "sips", sips)
    write(folder, "history", sorted(history, key=lambda h: (h["urn"], h["year"])))
    write(folder, "wishes", wishes)
    write(folder, "interests", interests)
    write(folder, "decisions", decisions)
    write(folder, "refusals", [{"urn": "900022", "sip": "rob", "kind": "veto", "year": "2025/26", "on": "2025-07-08"}])
    (folder / "policy.toml").write_text(
        '# the policy called balanced, as shipped\nname = "balanced"\nyear = "2026/27"\n', "utf-8"
    )


if __name__ == "__main__":
    hartwell()
    oswin()
    situations()
    two_schools()
