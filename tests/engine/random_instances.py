"""Random instances with every structure the vocabulary has, small enough for CP-SAT to settle."""

from __future__ import annotations

import random
from dataclasses import replace

from allocator.engine.instance import Above, Instance, Kept, Limit, Pair, Person, Post, Tier, Together, Trim


def random_instance(seed: int, posts: int = 12, people: int = 4, reach: int = 3, structures: bool = True) -> Instance:
    """`reach`: people beside a post's own neighbourhood; tight enough that posts stay empty and days run short."""
    r = random.Random(seed)
    trims = (Trim(2, (2, 1)), Trim(4, (4, 2)))
    ps = tuple(Post(f"p{n:03}", counts=r.random() < 0.9, trims=trims if r.random() < 0.6 else ()) for n in range(posts))
    pairs = []
    for p in range(posts):
        middle = p * people // posts
        able = sorted({(middle + r.randint(-1, 1)) % people for _ in range(reach)})
        for s in able:
            load = r.choice((8, 10, 12))
            pairs.append(Pair(p, s, (load, load // 2), r.randint(-20, 60), r.getrandbits(20)))
    per = -(-posts // people)
    ss = []
    for s in range(people):
        limits = [Limit(0, 10 * per + r.randint(-6, 8))]
        if structures and r.random() < 0.4:
            limits.append(Limit(1, 5 * per + 2, 5 * per - 3, r.randint(1, 4)))
        ss.append(Person(f"s{s:03}", tuple(limits), r.choice((None, per, per + 1)), r.choice((0, 0, 2))))
    many = range(len(pairs))
    bonds = tuple(Kept(f"b{n}", tuple(sorted(r.sample(many, r.choice((1, 2)))))) for n in range(4 if structures else 0))
    some = [tuple(sorted(r.sample(range(posts), 3))) for _ in range(3)]
    tiers = (
        Tier("1a", "most", filled=dict.fromkeys(range(0, posts, 2), 1)),
        Tier("1b", "most", filled=dict.fromkeys(range(1, posts, 2), 1)),
        Tier("1d", "least", short=dict.fromkeys(range(posts), 1)),
        Tier("2", "least", broken=dict.fromkeys(range(len(bonds)), 1)),
        Tier("4", "most", points=True),
        Tier("5", "least", lot=True),
    )
    above = [Above("balance", s, 9 * per, 3) for s in range(people)]
    above += [Above("spread", s, 1, 7, some[0]) for s in range(people)]
    if not structures:
        return Instance(ps, tuple(ss), tuple(pairs), tiers, above=tuple(above))
    return Instance(
        ps,
        tuple(ss),
        tuple(pairs),
        tiers,
        same=(some[1][:2],),
        different=((some[2][0], some[2][1]),),
        never_both=(tuple(sorted(r.sample(many, 2))),),  # type: ignore[arg-type]  # two of them
        fixed=(r.choice(many),) if r.random() < 0.3 else (),
        above=tuple(above),
        together=(Together("cluster", some[2], 5),),
        bonds=bonds,
        most_load=9 * posts if r.random() < 0.3 else None,
    )


def short_of_days(seed: int) -> Instance:
    """Days some 3 to 10 % short, as in a hard year: posts filled by need, then days short by need, each a tier."""
    inst = random_instance(seed, 9, 3)
    r = random.Random(seed)
    trims = tuple(Trim(k, (k, k // 2)) for k in range(1, 5))
    needs = [r.randrange(3) for _ in inst.posts]
    by_need = [[p for p, n in enumerate(needs) if n == k] for k in range(3)]
    wanted = sum(10 for _ in inst.posts)
    room = round(wanted * r.uniform(0.9, 0.97)) // len(inst.people)
    return replace(
        inst,
        posts=tuple(Post(p.key, trims=trims) for p in inst.posts),
        people=tuple(
            replace(s, limits=(replace(s.limits[0], hard=room), *s.limits[1:]), at_most=None) for s in inst.people
        ),
        tiers=(
            *(Tier(f"1a_{k}", "most", filled=dict.fromkeys(ps, 1)) for k, ps in enumerate(by_need)),
            *(Tier(f"1d_{k}", "least", short=dict.fromkeys(ps, 1)) for k, ps in enumerate(by_need)),
            *inst.tiers[3:],
        ),
        most_load=None,
    )
