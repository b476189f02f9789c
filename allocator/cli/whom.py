"""Whom a command means: a school by URN or name, a SIP by id or name, as in the tables (`intake.resolve`), and
nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from allocator.errors import UsageError

if TYPE_CHECKING:
    from allocator.domain.change_args import Change
    from allocator.domain.plan import Plan
    from allocator.intake.known import Known

SCHOOLS = ("urn", "old_urn", "to_urn", "current_urn")  # arguments of changes that name a school
COMES = {"sip_joins": "sip", "school_joins": "urn"}  # arguments that name somebody who is not there yet


class People:
    """The schools and SIPs that a plan knows, those that its changes brought included."""

    def __init__(self, plan: Plan) -> None:
        from allocator.intake.known import Known

        case = plan.inputs.case
        schools = {str(r["urn"]): str(r["name"]) for r in case.get("schools", ())}
        sips = {str(r["sip"]): str(r["name"]) for r in case.get("sips", ())}
        for change in plan.inputs.changes:
            joins, school = change.get("sip_joins"), change.get("school_joins")
            sips |= {joins["sip"]: joins["name"]} if joins else {}
            schools |= {school["urn"]: school["name"]} if school else {}
        self.schools, self.sips = Known(schools), Known(sips)

    def school(self, given: str, option: str = "--school") -> str:
        """The URN. Raises UsageError for nobody and for two, with the nearest."""
        return _found(self.schools, given, option, "school", "a URN or a name that only one has")

    def sip(self, given: str, option: str = "--sip-leaves") -> str:
        """The SIP's id. Raises UsageError likewise."""
        return _found(self.sips, given, option, "SIP", "an id or a name that only one has")

    def in_change(self, change: Mapping[str, Any]) -> Change:
        """A change of a file, with ids for names; whom nobody knows is left for the change itself to refuse."""
        out = {}
        for kind, args in change.items():
            told = dict(args)
            for key, value in args.items():
                pool = self.schools if key in SCHOOLS else self.sips if key == "sip" else None
                if pool is None or not isinstance(value, str) or value in pool or COMES.get(kind) == key:
                    continue
                if len(found := pool.find(value)) == 1:
                    told[key] = found[0]
            out[kind] = told
        return out


def _found(pool: Known, given: str, option: str, what: str, expected: str) -> str:
    ids = pool.find(given.strip())
    if len(ids) == 1:
        return ids[0]
    near = [f"{pool.names[i]} ({i})" for i in (ids or pool.near(given))[:3]]
    if ids:
        raise UsageError(f"{option} {given}: {what}s of this name are {' and '.join(near)}. Give the id.")
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UsageError(f"{option} {given}: no {what} of this plan.{hint} Give {expected}.")
