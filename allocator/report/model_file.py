"""`--model`: the rest of the model as JSON, beside `--pairs` (docs/reference/model-file.md)."""

from __future__ import annotations

from typing import Any

from allocator.setup import Setup


def model_out(ready: Setup) -> dict[str, Any]:
    """The model beside `--pairs`: capacities, counts, team rules, tiers (docs/reference/model-file.md)."""
    facts, inst = ready.facts, ready.inst
    post = [{"urn": p.urn, "post": p.slot} for p in facts.posts]

    def pair(i: int) -> dict[str, str]:
        urn, kind, sip = ready.choices[i]
        return {"urn": urn, "post": kind, "sip": sip}

    names = ("year", "autumn_1", "autumn_2", "spring", "summer", *(f"schools_led_on_{day}" for day in ready.parts.days))
    return {
        "format": "allocator.model/1",
        "seed": ready.seed,
        "units": {"load": "quarter-days", "points": "points"},
        "posts": [
            {
                **post[n],
                "need": p.need,
                "due": p.due,
                "counts": inst.posts[n].counts,
                "led_on": [name for name, on in zip(names[5:], ready.parts.led(p), strict=True) if on],
                "trims": [{"short": t.short, **dict(zip(names, t.less, strict=True))} for t in inst.posts[n].trims],
            }
            for n, p in enumerate(facts.posts)
        ],
        "people": [
            {
                "sip": p.key,
                "limits": [
                    {"load": names[x.resource], "hard": x.hard, "soft": x.soft, "price": x.price} for x in p.limits
                ],
                "max_schools": p.at_most,
                "min_schools_if_any": p.at_least,
            }
            for p in inst.people
        ],
        "budget": None if inst.most_load is None else {"load": "year", "hard": inst.most_load},
        "same_person": [[post[n] for n in group] for group in inst.same],
        "different_person": [[post[n] for n in group] for group in inst.different],
        "never_both": [[pair(i) for i in both] for both in inst.never_both],
        "fixed": [pair(i) for i in inst.fixed],
        "above": [
            {
                "rule": a.rule,
                "sip": inst.people[a.person].key,
                "measure": "load_year" if a.posts is None else [post[n] for n in a.posts],
                "free": a.free,
                "price": a.price,
            }
            for a in inst.above
        ],
        "together": [{"rule": t.rule, "posts": [post[n] for n in t.posts], "price": t.price} for t in inst.together],
        "tiers": [
            {
                "name": t.name,
                "sense": t.sense,
                "filled": [post[n] for n in t.filled],
                "short": [post[n] for n in t.short],
                "broken": [[pair(i) for i in inst.bonds[b].pairs] for b in t.broken],
                "points": t.points,
                "lot": t.lot,
                **({"worst": [post[n] for n in t.worst]} if t.worst else {}),
            }
            for t in inst.tiers
        ],
    }
