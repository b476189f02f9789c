"""Whom rows name with a school: what bars or speaks for nobody else need not be asked of anybody else."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.check.derived import Book, norm
from allocator.check.ledger import once
from allocator.check.reach import about

Places = tuple[dict[str, set[str]], dict[str, set[str]], dict[str, set[str]]]


@once
def named(b: Book, urn: str) -> frozenset[str]:
    """SIPs whom a row names with a school: its history, wishes about it, forbids; interests and refusals, those in its
    trust or authority too."""
    forbids = b.find.decisions.get(("forbid", urn), ())
    rows = (row.sip for row in (*b.rows[urn], *about(b, urn), *forbids) if row.sip)
    return frozenset((*rows, *_at(_declared(b), b, urn)))


@once
def _declared(b: Book) -> Places:
    rows = ((row.urn, row.trust, row.la, row.sip) for row in b.case.interests)
    return _by_place([*rows, *((row.urn, None, None, row.sip) for row in b.case.refusals)])


@once
def _homes(b: Book) -> Places:
    """SIPs by their own school, trust and cluster."""
    rows = b.sips.values()
    return _by_place((row.current_urn, row.current_trust, row.current_cluster, row.sip) for row in rows)


def _by_place(rows: Iterable[tuple[str | None, str | None, str | None, str]]) -> Places:
    """Places that rows name (URN, trust, authority or cluster) -> SIPs."""
    out: Places = ({}, {}, {})
    for urn, trust, third, sip in rows:
        for page, name in zip(out, (urn, norm(trust), norm(third)), strict=True):
            if name:
                page.setdefault(name, set()).add(sip)
    return out


def _at(places: Places, b: Book, urn: str, third: str = "la") -> set[str]:
    """SIPs of the rows that name a school, one before it, its trust, or what it has in the `third` column."""
    by_urn, by_trust, by_third = places
    s = b.schools[urn]
    here = [by_trust.get(norm(s.trust)), by_third.get(norm(getattr(s, third)))]
    return set().union(*filter(None, [*here, *(by_urn.get(old) for old in b.old[urn])]))


def at_home(b: Book, urn: str) -> set[str]:
    """SIPs whose own school, trust or cluster a school is, or is in."""
    return _at(_homes(b), b, urn, "cluster")
