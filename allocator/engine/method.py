"""Which method solves an instance: the one place where size decides (docs/explanation/scale.md).

Parts that share nothing are solved apart, and then each by its size:

* up to SMALL pairs: CP-SAT, every tier and the last ties to a proof (`tiers.py`);
* up to LARGE pairs: one search with HiGHS, tier by tier (`wide/whole.py`);
* beyond: areas, with a bound by Lagrangian relaxation (`wide/large.py`).

From SMALL pairs on, and up to TALL posts, the relaxation of all pairs first leaves those that matter (`wide/sift.py`).
Plain assignment with limits that CP-SAT does not settle soon, or that is too wide for it, is searched first
(`wide/search.py`): the methods above then have only to go on where the search ends without a proof. So is any, however
large, in which most people may fill most posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from time import monotonic

from allocator.engine import tiers
from allocator.engine.climb import Laid, Unsettled
from allocator.engine.fair import fairer
from allocator.engine.foregone import foregone
from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.ladder import at_the_root, stopped
from allocator.engine.part import Part, parts
from allocator.engine.tiers import Clock, Conflict, Stop, signed
from allocator.engine.tops import top
from allocator.engine.unmoved import best, met, of_all, unmoved
from allocator.engine.wide.fewest import Fewest, fewest
from allocator.engine.wide.knapsack import packing
from allocator.engine.wide.large import solve_large
from allocator.engine.wide.search import solve_plain
from allocator.engine.wide.sift import sifted
from allocator.engine.wide.whole import solve_whole
from allocator.engine.worst import worst_first

FEW, AT_ONCE = 400, 0.3  # pairs that CP-SAT is asked about first, and the work it has for them
SMALL = 2_500  # pairs: a local authority of a hundred schools and more
MIDDLE = 10_000  # ... up to which what is left of a stopped search is bettered at once
QUICK = 5.0  # seconds, or work where seconds are not limited, that CP-SAT has to settle plain assignment by itself
ROOT, NODES = 20_000, 30  # pairs up to which a few relaxations are tried first, and how many of one aim
MORE = 60  # ... of an instance with no more than SMALL pairs: with more, HiGHS would have been done by then
LEAST, AT_MOST = 1.0, 4.0  # ... the work that a first plan and each aim have: what relaxing all took, or so much
LARGE = 60_000  # pairs: about two thousand schools in one piece
WIDER = 3  # times that a plan in which few move is asked for, of more pairs each time
TALL = 8_000  # posts up to which a relaxation of all pairs is found by way of few


def solve(
    inst: Instance, stop: Stop | None = None, hint: Sequence[int] = (), *, settle: bool = True, short: bool = False
) -> Solution:
    """The optimum of `inst`, tier by tier, or the best found when stopped, with a bound for each tier.

    `hint`: pairs of a plan to start from. Without `settle` plans equal in every tier are not told apart. `short`
    says that days are known to run short. Raises Conflict when the fixed pairs cannot stand together.
    """
    stop = stop or Stop()
    if any(t.worst for t in inst.tiers):
        return _met(worst_first(inst, stop, hint, settle, solve))
    if len(inst.pairs) <= SMALL:
        return _met(_piece(inst, stop, hint, settle, short))
    clock = Clock(stop, monotonic())
    found, hint = _unmoved(inst, clock, hint, settle)
    if found is None:
        rest = replace(stop, seconds=clock.left(), work=clock.work_left())
        found = _in_parts(inst, rest, hint, settle, short)
        clock.work += found.deterministic_time
    return _met(replace(found, deterministic_time=clock.work))


def _met(found: Solution) -> Solution:
    """The optimum, however soon its search was stopped, where every bound is met."""
    met = found.status == "feasible" and all(t.proved for t in found.tiers)
    return replace(found, status="optimal") if met else found


def _unmoved(inst: Instance, clock: Clock, hint: Sequence[int], settle: bool) -> tuple[Solution | None, Sequence[int]]:
    """The optimum where nobody moves who need not, or where few have to; else None, with pairs of a plan to start
    from."""
    part = unmoved(inst)
    found = _on(part, clock, hint, settle) if part else None
    if part is None or found is None:
        return None, hint
    still = of_all(inst, part, found)
    if still and met(inst, still):
        return still, hint
    chosen, less = part.out(found.chosen, found.short)
    if found.chosen and clock.over:
        return stopped(inst, (tuple(sorted(chosen)), less, {}), 0.0), hint
    few = fewest(inst, clock) if len(inst.posts) <= TALL else None
    if few and still and few.worth(still) == few.least:
        return still, hint
    moved, hint = _few_moved(inst, few, clock, chosen or hint, settle) if few else (None, chosen or hint)
    return (still if moved is None and still and best(inst, still, clock) else moved), hint


def _few_moved(
    inst: Instance, few: Fewest, clock: Clock, hint: Sequence[int], settle: bool
) -> tuple[Solution | None, Sequence[int]]:
    """The optimum among the pairs of plans in which as few move as can; else None, with pairs of a plan."""
    worth = few.least
    for _ in range(WIDER):
        part = few.part(worth)
        found = _on(part, clock, hint, settle) if part else None
        if part is None or found is None or not found.chosen:
            break
        chosen, less = part.out(found.chosen, found.short)
        hint, got = chosen, few.worth(found)
        if found.status != "optimal":
            return stopped(inst, (tuple(sorted(chosen)), less, few.known), 0.0) if clock.over else None, hint
        if got is not None and got >= worth:
            near = part.pairs if found.near is None else tuple(part.pairs[i] for i in found.near)
            return replace(found, chosen=tuple(sorted(chosen)), short=less, near=near), hint
        worth = worth - 1 if got is None else got
    return None, hint


def _on(part: Part, clock: Clock, hint: Sequence[int], settle: bool) -> Solution | None:
    """The part solved, begun from pairs of the whole; None where what is fixed clashes."""
    place = {old: new for new, old in enumerate(part.pairs)}
    own = replace(clock.stop, seconds=clock.left(), work=clock.work_left())
    try:
        found = _in_parts(part.inst, own, [place[i] for i in hint if i in place], settle, short=False)
    except Conflict:
        return None
    clock.work += found.deterministic_time
    return found


def _in_parts(inst: Instance, stop: Stop, hint: Sequence[int], settle: bool, short: bool) -> Solution:
    """Parts that share nothing, each by its size."""
    pieces = parts(inst)
    if len(pieces) == 1:
        return _piece(inst, stop, hint, settle, short)
    large = [n for n, p in enumerate(pieces) if len(p.inst.pairs) > LARGE]
    began = monotonic()
    started = set(hint)
    so_far: dict[int, Mapping[str, int]] = {}

    def tell(n: int, names: str, best: float, bound: float, known: Mapping[str, int]) -> None:
        """Progress of one part, with the best plan so far of all."""
        so_far[n] = known
        if stop.progress:
            whole = Counter[str]()
            for each in list(so_far.values()):
                whole.update(each)
            stop.progress(names, best, bound, whole)

    def one(n: int, workers: int) -> Solution:
        part = pieces[n]
        share = None if stop.work is None else stop.work * len(part.pairs) / max(1, len(inst.pairs))
        left = None if stop.seconds is None else max(0.0, stop.seconds - (monotonic() - began))
        own = replace(stop, work=share, seconds=left, workers=workers, progress=stop.progress and partial(tell, n))
        mine = [k for k, i in enumerate(part.pairs) if i in started]
        try:
            return _piece(part.inst, own, mine, settle, short)
        except Conflict as clash:
            raise Conflict(tuple(part.pairs[i] for i in clash.pairs)) from None

    found: dict[int, Solution] = {}
    rest = [n for n in range(len(pieces)) if n not in large]
    with ThreadPoolExecutor(max(1, stop.workers)) as pool:
        found.update(zip(rest, pool.map(lambda n: one(n, 1), rest), strict=True))
    for n in large:
        found[n] = one(n, stop.workers)
    return _together(inst, pieces, [found[n] for n in range(len(pieces))])


def _piece(inst: Instance, stop: Stop, hint: Sequence[int], settle: bool, short: bool) -> Solution:
    if (plain := foregone(inst)) is not None:
        return plain
    stop = stop if inst.pairs else Stop()  # where nobody may take anything no time is needed
    clock = Clock(stop, monotonic())
    laid: Laid | None = None
    packed = packing(inst)
    if packed and len(inst.pairs) > LARGE and not packed[0].dense:
        packed = None
    if packed is None:
        many = len(inst.pairs) > SMALL and len(inst.posts) <= TALL
        if many:
            found = sifted(inst, clock, settle=settle)
            if found and (found.status == "optimal" or not inst.bonds or clock.over):
                return replace(found, deterministic_time=clock.work)
        if 0 < len(inst.pairs) <= (LARGE if inst.bonds else ROOT) and not stop.gap:
            try:
                nodes = MORE if inst.bonds or len(inst.pairs) <= SMALL else NODES
                nodes = nodes if stop.nodes is None else min(nodes, stop.nodes)
                patience = max(LEAST, clock.work) if many else AT_MOST
                return at_the_root(inst, clock, nodes, hopeful=not many, patience=patience)
            except Unsettled as open_:
                if open_.plan and clock.over:
                    return _fairly(inst, stopped(inst, open_.plan, clock.work), hint, stop)
                laid = open_.plan
        stop = replace(stop, seconds=clock.left(), work=clock.work_left())
        solved = _by_size(inst, stop, laid[0] if laid else hint, settle, short, laid)
        solved = replace(solved, deterministic_time=clock.work + solved.deterministic_time)
        return solved if stop.gap else _fairly(inst, solved, hint, stop)
    if len(inst.pairs) <= SMALL:
        quick = replace(stop, work=min(QUICK, stop.work or QUICK)) if stop.seconds is None else stop
        quick = quick if quick.seconds is None else replace(quick, seconds=min(QUICK, quick.seconds))
        first = tiers.solve(inst, quick, hint, settle=settle, short=short)
        clock.work += first.deterministic_time
        if first.status == "optimal" or clock.over:
            return first
        hint = first.chosen
    found = solve_plain(inst, packed, clock, hint, settle=settle)
    if found and (found.status == "optimal" or clock.over or clock.stop.gap or len(inst.pairs) > LARGE):
        return found
    rest = replace(stop, seconds=clock.left(), work=clock.work_left())
    again = _by_size(inst, rest, found.chosen if found else hint, settle, short)
    work = clock.work + again.deterministic_time
    return replace(_better(inst, found, again) if found else again, deterministic_time=work)


def _fairly(inst: Instance, found: Solution, hint: Sequence[int], stop: Stop) -> Solution:
    """What a stopped search leaves of an authority, or a better plan that is soon found: no worse in any tier that is
    proved, so that their bounds stand, and that of the first which is not."""
    if found.status != "feasible" or len(inst.pairs) > MIDDLE:
        return found
    hurried, large = stop.event is not None and stop.event.is_set(), len(inst.pairs) > SMALL
    timed, plan = stop.seconds is not None, (found.chosen, dict(found.short))
    chosen, less = fairer(inst, plan, hint, hurried=hurried, large=large, timed=timed)
    if (chosen, less) == (found.chosen, found.short):
        return found
    known: dict[str, int] = {}
    for tier, v in zip(inst.tiers, found.tiers, strict=True):
        known[tier.name] = tiers.signed(tier, v.bound)
        if not v.proved:
            break
    return stopped(inst, (chosen, less, known), found.deterministic_time)


def _better(inst: Instance, one: Solution, two: Solution) -> Solution:
    """The better of two plans, tier by tier, with the nearer bound of each tier; the second where they are equal."""
    sign = [1 if t.sense == "most" else -1 for t in inst.tiers]
    if two.status == "stopped":
        return one
    values = [[k * v.value for k, v in zip(sign, s.tiers, strict=True)] for s in (one, two)]
    if two.status == "optimal":
        return two
    best = one if values[0] > values[1] else two  # and so as good as either up to the first tier that is not proved
    nearer = (min(k * a.bound, k * b.bound) for k, a, b in zip(sign, one.tiers, two.tiers, strict=True))
    return replace(
        best,
        tiers=tuple(
            TierValue(v.name, v.value, k * limit) for k, v, limit in zip(sign, best.tiers, nearer, strict=True)
        ),
    )


def _by_size(
    inst: Instance, stop: Stop, hint: Sequence[int], settle: bool, short: bool, laid: Laid | None = None
) -> Solution:
    plain = all(p.wants == 1 for p in inst.posts) and not any(p.must for p in inst.people) and inst.most_load is None
    clock = Clock(stop, monotonic())
    if len(inst.pairs) <= FEW:
        quick = replace(stop, work=AT_ONCE if stop.work is None else min(AT_ONCE, stop.work))
        first = tiers.solve(inst, quick, hint, settle=settle, short=short)
        clock.work += first.deterministic_time
        if first.status == "optimal" or clock.over:
            return first
        again = solve_whole(inst, stop, clock, first.chosen or hint, settle=settle, first=laid)
        best = again if first.status == "stopped" else _better(inst, first, again)
        return replace(best, deterministic_time=clock.work)
    if len(inst.pairs) <= LARGE or not plain:
        return solve_whole(inst, stop, clock, hint, settle=settle, first=laid)
    return solve_large(inst, stop, clock)


def _together(inst: Instance, pieces: Sequence[Part], found: Sequence[Solution]) -> Solution:
    """Parts share nothing, so the best of the whole is the best of each: values and bounds add up.

    Up to the first tier that is not proved, that is: past it one part may lose there what another gains, so a bound
    of a part stands only where that part alone was open (all others then keep theirs), and else a bound of any plan.
    """
    work = sum(s.deterministic_time for s in found)
    if any(s.status == "stopped" for s in found):
        return Solution("stopped", (), {}, (), work)
    chosen: list[int] = []
    short: dict[int, int] = {}
    near: list[int] = []
    for part, solution in zip(pieces, found, strict=True):
        pairs, less = part.out(solution.chosen, solution.short)
        chosen += pairs
        short |= less
        near += part.pairs if solution.near is None else [part.pairs[i] for i in solution.near]
    values: list[TierValue] = []
    open_: list[int] = []  # parts that are not proved in the first tier that is not
    for n, tier in enumerate(inst.tiers):
        of_parts = [s.tiers[n] for s in found]
        bounds = [
            v.bound if not open_ or open_ == [k] else signed(part.inst.tiers[n], top(part.inst, part.inst.tiers[n]))
            for k, (part, v) in enumerate(zip(pieces, of_parts, strict=True))
        ]
        open_ = open_ or [k for k, v in enumerate(of_parts) if not v.proved]
        values.append(TierValue(tier.name, sum(v.value for v in of_parts), sum(bounds)))
    done = all(s.status == "optimal" for s in found)
    return Solution(
        "optimal" if done else "feasible",
        tuple(sorted(chosen)),
        short,
        tuple(values),
        work,
        done and all(s.unique for s in found),
        tuple(sorted(near)) if any(s.near for s in found) else None,
    )
