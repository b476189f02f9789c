"""A plan bettered by rings: each of a few people gives a post up and takes the next one's, or takes or gives one alone.

Nobody is in a ring twice, so what each change is worth, prices included, adds up, and whether a person can make it is
theirs alone. The best chains of changes from each post to each are found one change longer at a time, those that close
are rings, and the matrix has the last word on them. Trims stay with the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from time import monotonic

import numpy as np

from allocator.engine.cpsat import Clock, Stop
from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.instance import Instance
from allocator.engine.matrix import Flags, Floats, Ints, Matrix
from allocator.engine.model import value
from allocator.engine.tiers import Plan, signed, worths
from allocator.engine.walk import columns

LONGEST, ROUNDS = 6, 60  # people in a ring, and times that rings are looked for
MOST = 400  # posts up to which rings of all people are looked for
WIDE = 300  # posts held and people from which rings are short
GROUP = 20  # people among whom they are looked for beyond
LOOKED, TRIED = 3_000, 20  # rings of a round that are looked at, and tried alone where they cannot be had together
NEVER = 2**40  # above every limit

Change = tuple[int, int]  # the pair given up and the pair taken, -1 for none


def ringed(
    matrix: Matrix, aim: Ints, at: Ints, floors: Sequence[Floor], least: Mapping[int, int], clock: Clock
) -> Ints:
    """The plan (values by column), or one with more of the aim (pairs, and prices at one rate) to which rings lead;
    `floors` and the `least` of rows hold throughout."""
    rings = Rings(matrix, aim)
    for people in rings.groups():
        at = rings.among(people, at, floors, least, clock)
    return at


def bettered_by_rings(inst: Instance, plan: Plan) -> Plan:
    """A plan, or one with more points to which rings lead, as good in every tier before them."""
    points = next((n for n, t in enumerate(inst.tiers) if t.points), None)
    if points is None:
        return plan
    matrix = Matrix(inst, any(p.trims for p in inst.posts))
    floors, aim = [], matrix.aim(inst.tiers[points])[0]
    for tier in inst.tiers[:points]:
        before, constant = matrix.aim(tier)
        floors.append(Floor(before, signed(tier, value(inst, tier, *plan)) - constant))
    at = columns(matrix, aim, *plan)
    if at is None:
        return plan
    more = matrix.read(ringed(matrix, aim, at, floors, {}, Clock(Stop(), monotonic())))
    return max(plan, more, key=lambda p: worths(inst, *p))


class Rings:
    """The rings of one matrix and one aim."""

    def __init__(self, matrix: Matrix, aim: Ints) -> None:
        self.matrix, self.aim, inst, prices = matrix, aim, matrix.inst, matrix.prices
        self.rate = -int(aim[prices.at[0]]) // prices.price[0] if prices.at else 0
        self.worth = np.append(aim[: matrix.pairs], 0)  # the last of each is of no pair, or no post
        self.load = np.vstack([matrix.load, np.zeros_like(matrix.load[:1])])
        self.pair = np.full((len(inst.people), len(inst.posts) + 1), -1, dtype=np.int64)
        self.pair[matrix.person, matrix.post] = np.arange(matrix.pairs)
        self.free = np.append(np.array(matrix.upper)[: matrix.pairs] > 0, True)
        bound = {p for group in inst.same for p in group} | {n for n, p in enumerate(inst.posts) if p.wants > 1}
        held = {i for bond in inst.bonds for i in bond.pairs}
        self.stays = np.isin(matrix.post, list(bound)) | np.isin(np.arange(matrix.pairs), list(held))
        self.stays |= np.array(matrix.lower)[: matrix.pairs] > 0
        self.cuts = [cut for mine in matrix.cuts.values() for cut in mine]
        self.group, self.room = np.full(matrix.pairs + 1, -1), np.zeros(matrix.pairs + 1, dtype=np.int64)
        self.told = np.array([*range(matrix.pairs), *(c for _, columns in self.cuts for c in columns)], dtype=np.int64)
        for n, (group, _) in enumerate(self.cuts):
            self.group[list(group.pairs)], self.room[list(group.pairs)] = n, group.room

    def groups(self) -> list[Ints]:
        """People among whom rings are looked for: all, or where there are many posts some who could take one another's,
        so that each is in one of them."""
        able = self.pair >= 0
        left = np.nonzero(able.any(axis=1))[0].tolist()
        if len(self.matrix.inst.posts) <= MOST:
            return [np.array(left, dtype=np.int64)]
        out = []
        while left:
            common = (able & able[left[0]]).sum(axis=1)[left]
            out.append(np.array(left)[np.argsort(-common, kind="stable")[:GROUP]])
            left = [s for s in left if s not in out[-1]]
        return out

    def among(self, people: Ints, at: Ints, floors: Sequence[Floor], least: Mapping[int, int], clock: Clock) -> Ints:
        """The plan, or a better one by rings of these people: they are trusted first, and looked at one by one where
        the matrix has another mind."""
        trial, refused = at, set[tuple[Change, ...]]()
        for _ in range(ROUNDS):
            found = [] if clock.over else self.found(trial, people, refused)
            if not found:
                break
            trial = self.turned(trial, found)
        if trial is at:
            return at
        if (checked := self.checked(trial, at, floors, least)) is not None:
            return checked
        for _ in range(ROUNDS):
            found = [] if clock.over else self.found(at, people, refused)
            if not found:
                break
            for ring in found[:TRIED]:
                checked = self.checked(self.turned(at, [ring]), at, floors, least)
                if checked is None:
                    refused.add(ring)
                else:
                    at = checked
        return at

    @cached_property
    def limits(self) -> tuple[Ints, Ints, Ints]:
        """By person and resource: the limit, where a price begins, and the price of a unit."""
        shape = len(self.matrix.inst.people), self.matrix.load.shape[1]
        hard, soft, price = np.full(shape, NEVER), np.full(shape, NEVER), np.zeros(shape, dtype=np.int64)
        for s, person in enumerate(self.matrix.inst.people):
            for x in person.limits:
                hard[s, x.resource] = min(hard[s, x.resource], x.hard)
                if x.soft is not None:
                    soft[s, x.resource], price[s, x.resource] = x.soft, x.price
        return hard, soft, price

    @cached_property
    def numbers(self) -> tuple[Ints, Ints]:
        """By person: the least and most posts that count."""
        people = self.matrix.inst.people
        most = [NEVER if p.at_most is None else p.at_most for p in people]
        return np.array([p.at_least for p in people]), np.array(most)

    def changes(self, at: Ints, people: Ints) -> tuple[Floats, Ints, Ints, Ints]:
        """What each change of these people is worth, of who holds n in place of it to what m is (no change: -inf); the
        pair taken by it; by n who holds it, and the pair (-1: nothing)."""
        matrix, inst = self.matrix, self.matrix.inst
        on = np.nonzero(at[: matrix.pairs])[0]
        moves = on[~self.stays[on] & np.isin(matrix.person[on], people)]
        none = np.full(len(people), -1)
        own, who = np.concatenate([moves, none]), np.concatenate([matrix.person[moves], people])
        post = np.concatenate([matrix.post[moves], none])
        new = np.where(post < 0, -1, self.pair[who][:, post])
        can = ((new >= 0) | (post < 0)) & (who[:, None] != who) & self.free[new] & self._trims(at, own, new)
        holds = np.zeros_like(self.pair, dtype=np.bool_)
        holds[matrix.person[on], matrix.post[on]] = True

        had = np.zeros((len(inst.people), matrix.load.shape[1]), dtype=np.int64)
        for s in people.tolist():
            for r in range(had.shape[1]):
                cols, vals = matrix.loads(s, r)
                had[s, r] = at[cols] @ vals
        had = had[who][:, None]
        more = self.load[new] - self.load[own][:, None]
        hard, soft, price = (x[who][:, None] for x in self.limits)
        can &= ((had + more <= hard) | (more <= 0)).all(axis=2)
        paid = (price * over(had, had + more, soft)).sum(axis=2)

        def times(posts: Sequence[int]) -> tuple[Ints, Ints]:
            """How many of these posts who holds n has, and how many with m in place of it."""
            flags = np.zeros(holds.shape[1], dtype=np.int64)
            flags[list(posts)] = 1
            has = holds[:, list(posts)].sum(axis=1)[who][:, None]
            return has, has - flags[post][:, None] + flags[post]

        least, most = (x[who][:, None] for x in self.numbers)
        one, two = times([n for n, p in enumerate(inst.posts) if p.counts])
        can &= ((two <= most) | (two <= one)) & ((two >= least) | (two >= one) | (two == 0))
        for p, q in inst.different:
            for a, b in ((p, q), (q, p)):
                can &= ~(holds[who, a] & (post != a))[:, None] | (post != b)
        for above in (a for a in inst.above if a.person in people):
            rows = who == above.person
            one, two = (had, had + more) if above.posts is None else (x[:, :, None] for x in times(above.posts))
            paid[rows] += above.price * over(one[rows][:, :, 0], two[rows][:, :, 0], above.free)
        for group in inst.together:
            one, two = times(group.posts)
            paid += max(0, group.price) * ((two > 0).astype(np.int64) - (one > 0))
        gains = self.worth[new] - self.worth[own][:, None] - self.rate * paid
        return np.where(can, gains, -np.inf), new, who, own

    def _trims(self, at: Ints, own: Ints, new: Ints) -> Flags:
        """Whether what is trimmed finds room on the posts left."""
        used = np.array([at[columns].sum() for _, columns in self.cuts] + [0])
        room = np.bincount(self.group[:-1] + 1, self.room[:-1] * at[: self.matrix.pairs], len(used))
        of = self.group[own]
        taken = np.where((self.group[new] == of[:, None]) & (of >= 0)[:, None], self.room[new], 0)
        left = np.append(room[1:], 0)[of] - self.room[own]
        return np.asarray(left[:, None] + taken >= used[of][:, None])

    def found(self, at: Ints, people: Ints, refused: set[tuple[Change, ...]]) -> list[tuple[Change, ...]]:
        """Rings of these people that gain, the best first, none in two of them."""
        gains, new, who, own = self.changes(at, people)
        best, back, rings = gains, list[Ints](), list[tuple[float, int, int, int]]()
        longest = LONGEST if len(who) <= WIDE else LONGEST // 2
        for length in range(2, longest + 1):
            closed = best + gains.T
            first, last = np.nonzero(closed > 0)
            worth = (-closed[first, last]).tolist()
            rings += zip(worth, [length] * len(worth), first.tolist(), last.tolist(), strict=True)
            if length < longest:
                best, way = longer(best, gains)
                back.append(way)
        out, busy = list[tuple[Change, ...]](), set[int]()
        for _, length, start, end in sorted(rings)[:LOOKED]:
            path = [end]
            for before in back[: length - 2][::-1]:
                path.insert(0, int(before[start, path[0]]))
            path.insert(0, start)
            theirs = {int(who[n]) for n in path}
            ring = tuple(sorted((int(own[n]), int(new[n, m])) for n, m in zip(path, [*path[1:], start], strict=True)))
            if len(theirs) == len(path) and not theirs & busy and ring not in refused:
                out.append(ring)
                busy |= theirs
        return out

    def turned(self, at: Ints, rings: Sequence[tuple[Change, ...]]) -> Ints:
        """The plan with these rings, what prices count left as it was."""
        out, given, taken = at.copy(), *zip(*(c for ring in rings for c in ring), strict=True)
        out[[i for i in given if i >= 0]] = 0
        out[[i for i in taken if i >= 0]] = 1
        return out

    def checked(self, trial: Ints, at: Ints, floors: Sequence[Floor], least: Mapping[int, int]) -> Ints | None:
        """The plan with the pairs and trims of another, where it can be and is better."""
        lows, tops = np.array(self.matrix.lower, dtype=np.int64), np.array(self.matrix.upper, dtype=np.int64)
        lows[self.told] = tops[self.told] = trial[self.told]
        answer = maximise(self.matrix, self.aim, Effort(), floors=floors, least=least, ends=(lows, tops))
        return answer.values if answer.values is not None and self.aim @ answer.values > self.aim @ at else None


def over(had: Ints, has: Ints, free: Ints | int) -> Ints:
    """How much more there is above what is free."""
    return np.asarray(np.maximum(0, has - free) - np.maximum(0, had - free))


def longer(best: Floats, gains: Floats) -> tuple[Floats, Ints]:
    """Chains one change longer, from each n to each m, and the one before m."""
    out, way = np.full_like(best, -np.inf), np.zeros(best.shape, dtype=np.int64)
    for n, row in enumerate(best):
        live = np.nonzero(row > -np.inf)[0]
        if len(live):
            each = row[live][:, None] + gains[live]
            at = each.argmax(axis=0)
            out[n], way[n] = each[at, np.arange(len(row))], live[at]
    return out, way
