"""Whom an address or the id of a SIP means in a programme: the person of the data and that of the accounts are one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain import canon
from allocator.errors import NotThere, UsageError
from allocator.store import keep
from allocator.store.marks import Marks
from allocator.store.tables import Called, CaseRow, Grant, Programme, RoundRow, Someone


def marks(s: Session, programme: str, email: str = "", sip: str = "") -> Marks:
    """Everything by which the programme knows them. An account is theirs by its address, or by its role as that SIP;
    an address that two SIPs share tells of neither.

    Raises NotThere; UsageError where it would be two people.
    """
    if s.get(Programme, programme) is None:
        raise NotThere(f"There is no programme {programme}.")
    accounts, cases = _accounts(s, programme), [_People(row.case) for row in _cases(s, programme)]
    shared = _shared(cases)
    found = Marks("", sips={sip} - {""}, emails={email.strip().casefold()} - {""})
    if not sip and (of_two := found.emails & shared):
        raise UsageError(
            f"{min(of_two)} is the address of two SIPs. Give the id of the one who is meant, and no address."
        )
    known = -1
    while known != (known := len(found.sips) + len(found.emails) + len(found.people)):
        for case in cases:
            for x in case.of(found):
                found.sips.add(x["sip"])
                found.names.add(x["name"])
                found.emails |= {_folded(x.get("email"))} - shared - {""}
        called = {_folded(n) for n in found.names}
        for a in accounts:
            as_them = bool(found.sips & a.sips) and (_folded(a.name) in called or not (called or email))
            if a.email in found.emails or as_them:
                found.people.add(a.person)
                found.sips |= a.sips
                found.names |= {a.name} - {""}
                found.emails |= {a.email} - shared
    heads = any(case.leads(found) for case in cases)
    if not (found.people or found.names or heads):
        raise NotThere("Nobody with that address or id is known in this programme.")
    found.names = {n for n in found.names if len(n.strip()) > 2}
    _one(found, accounts, cases, by_id=not email)
    _namesakes(s, programme, found)
    found.name = f"erased {canon.sha256([programme, sorted(found.emails), sorted(found.sips), keep.new_id()])[:6]}"
    return found


def _one(found: Marks, accounts: list[_Account], cases: list[_People], *, by_id: bool) -> None:
    """Raises UsageError where what was found is of two people, or it cannot be told that it is of one."""
    for case in cases:
        rows = {_folded(x["name"]): f"{x['sip']} ({x['name']})" for x in case.of(found)}
        if len(rows) > 1:
            raise UsageError(
                f"{' and '.join(sorted(rows.values()))} share an address or an account, and both would be erased. "
                "Nothing was erased. Give the id of the one who is meant, and no address; where an account comes in "
                "as both, end the role that is not theirs first."
            )
    for a in accounts:
        if a.person in found.people:
            continue
        ids = a.sips & found.sips
        if by_id and ids:
            raise UsageError(
                f"{a.name} ({a.email}) comes in as SIP {min(ids)}, and so does {' or '.join(sorted(found.names))}. "
                "Nothing was erased. If that is one person, give this address too; if not, end that role first."
            )
        if found.found_in(a.name):
            raise UsageError(
                f"{a.name} ({a.email}) has an account under the same name. Nothing was erased. If that is one person, "
                "give this address too; if not, add one of them again under another name (page People) first."
            )


def _namesakes(s: Session, programme: str, found: Marks) -> None:
    """Raises UsageError where the newest data have another SIP of the same name: theirs would go with it."""
    row = keep.newest_with_data(s, [programme])
    newest = keep.case_row(s, row.id) if row else None
    called = {_folded(n) for n in found.names}
    for x in newest.case["sips"] if newest else ():
        if x["sip"] not in found.sips and _folded(x["name"]) in called:
            raise UsageError(
                f"{x['sip']} has the same name in the data ({x['name']}), which would go from there too. Nothing was "
                "erased. Call that SIP otherwise in the data first (an initial will do)."
            )


@dataclass(frozen=True)
class _Account:
    """Somebody whom the programme knows by an account: as it calls them, and the SIPs that they come in as."""

    person: str
    email: str
    name: str
    sips: frozenset[str]


def _accounts(s: Session, programme: str) -> list[_Account]:
    called = {c.person_id: c.name for c in s.scalars(sa.select(Called).where(Called.programme_id == programme))}
    sips: dict[str, set[str]] = {}
    for g in s.scalars(sa.select(Grant).where(Grant.programme_id == programme)):
        sips.setdefault(g.person_id, set()).update({g.sip} - {""})
    known = s.scalars(sa.select(Someone).where(Someone.id.in_({*called, *sips})).order_by(Someone.id))
    return [_Account(p.id, _folded(p.email), called.get(p.id, ""), frozenset(sips.get(p.id, ()))) for p in known]


class _People:
    """The people of a case as it is kept."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.sips: list[dict[str, Any]] = list(case.get("sips", ()))
        self.schools: list[dict[str, Any]] = list(case.get("schools", ()))

    def of(self, found: Marks) -> Iterator[dict[str, Any]]:
        """The rows of `sips` that are theirs."""
        for x in self.sips:
            if x["sip"] in found.sips or _folded(x.get("email")) in found.emails:
                yield x

    def leads(self, found: Marks) -> bool:
        """Whether they are a school's head or chair."""
        addresses = {_folded(x.get(k)) for x in self.schools for k in ("head_email", "chair_email")}
        return bool(addresses & found.emails)


def _shared(cases: list[_People]) -> set[str]:
    """Addresses of two SIPs, in one case or one after the other: neither their ids nor their names are the same."""
    of: dict[str, set[tuple[str, str]]] = {}
    for case in cases:
        for x in case.sips:
            of.setdefault(_folded(x.get("email")), set()).add((x["sip"], _folded(x["name"])))
    return {
        address
        for address, who in of.items()
        if any(a[0] != b[0] and a[1] != b[1] for a, b in combinations(sorted(who), 2))
    } - {""}


def _cases(s: Session, programme: str) -> Iterator[CaseRow]:
    mine = sa.select(RoundRow.id).where(RoundRow.programme_id == programme)
    yield from s.scalars(sa.select(CaseRow).where(CaseRow.round_id.in_(mine)))


def _folded(text: str | None) -> str:
    return (text or "").strip().casefold()
