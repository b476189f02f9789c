"""The story of one pair: data, rules, plan, answers, decisions, letters, by whom; as a pack that another machine
replays.

A pack is a zip: `story.md` for a person; `plans/N.json`, `events.json`, `letters.json`, `log.json` and
`claim.json` for a machine; `manifest.json` with the SHA-256 of each. `verify` needs nothing but the pack and this
program.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa
from pydantic import ConfigDict
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.check.audit import audit
from allocator.domain.case import Case, PostKind
from allocator.domain.facts import Facts
from allocator.domain.fold import fold
from allocator.domain.happened import Event, LettersKept, PlanPut, PutInForce, SchoolReplies, SipReplies, named, read
from allocator.domain.plan import Plan, plan_text
from allocator.domain.round import Pair, Round
from allocator.domain.seal import make
from allocator.errors import AllocatorError, Defect, NotThere, UsageError
from allocator.intake.broken import BROKEN_TEXT, BROKEN_ZIP
from allocator.reasons import policy_words
from allocator.reasons.answer import given, ready_from, solve, world
from allocator.reasons.who import who_is
from allocator.reasons.why import explain
from allocator.report.terminal import unproved
from allocator.service.schemas import EventOut
from allocator.service.views import event_out
from allocator.store import keep
from allocator.store.tables import AuditRow, LetterRow, RoundRow
from allocator.words import listed

FORMAT = "allocator.pair/2"
READ = ("allocator.pair/1", FORMAT)  # in the first, events said no version
MOST = 200 * 2**20  # bytes a pack may unpack to
SAID = {
    "plan": "a plan was put on the desk",
    "sounded": "the SIP was sounded out",
    "proposed": "proposed to the school",
    "withdrawn": "the proposal was withdrawn",
    "reminded": "reminded",
    "answer": "answered",
    "refusal_decided": "the refusal was decided",
    "query_closed": "a question was answered",
    "governors": "the governors' word",
    "confirmed": "confirmed",
    "in_force": "put in force",
    "raised": "taken one step up",
    "told": "told what now stands",
    "letters": "letters kept as sent",
}


@dataclass(frozen=True)
class Pack:
    """One pair's story, ready to be written. `files`: name -> bytes; `story` is among them as Markdown."""

    name: str
    files: dict[str, bytes]

    def zipped(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(self.files.items()):
                archive.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), data)
        return out.getvalue()


def pack(s: Session, row: RoundRow, urn: str, post: PostKind = "lead", *, reasons: bool = True) -> Pack:
    """The pack of the pair on the desk. `reasons`: why a school refused is in it, which is for managers only.

    Raises NotThere where the school has no such post, RoundRefuses where there is no plan.
    """
    lines = [_packed(e, reasons=reasons) for e in keep.events_of(s, row.id)]
    events = [_event(line) for line in lines]
    _, desk = keep.desk(s, row.id)
    pair = desk.round.pairs.get((urn, post))
    if pair is None:
        raise NotThere(f"Nobody is proposed as {post} at {urn} in this plan, so there is no pair to tell of.")
    plans = [keep.plan_of(keep.plan_named(s, row.id, name)) for name in dict.fromkeys(desk.round.plans)]
    told = {
        a: explain(ready_from(desk.plan), desk.plan, urn, post, audience=a).text for a in ("manager", "school", "sip")
    }
    sent = s.scalars(sa.select(LetterRow).where(LetterRow.round_id == row.id).order_by(LetterRow.at))
    letters = [
        {"at": x.at.isoformat(), "kind": x.kind, "to": x.email, "heading": x.heading, "text": x.text, "fate": x.fate}
        for x in sent
        if (x.kind, x.key) in (("school", urn), ("sip", pair.sip), ("ask", urn), ("ask", pair.sip))
    ]
    query = sa.select(AuditRow).where(
        AuditRow.programme_id == row.programme_id, AuditRow.subject.contains(urn, autoescape=True)
    )
    log = [
        {
            "at": x.at.isoformat(),
            "by": x.person_id,
            "role": x.role,
            "action": x.action,
            "subject": x.subject,
            "detail": x.detail,
        }
        for x in s.scalars(query.order_by(AuditRow.n))
    ]
    claim = {
        "round": row.name,
        "urn": urn,
        "post": post,
        "sip": pair.sip,
        "told": told,
        "pair": json.loads(json.dumps(asdict(pair), default=str)),
        "plan": desk.round.plans[-1],
    }
    files = {f"plans/{n}.json": plan_text(p).encode() for n, p in enumerate(plans, 1)}
    files |= {
        "events.json": _json(lines),
        "letters.json": _json(letters),
        "log.json": _json(log),
        "claim.json": _json(claim),
        "story.md": story(desk.facts, desk.plan, plans, events, pair, told, letters, log).encode(),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    manifest = {
        "format": FORMAT,
        "made_by": f"sip-allocator {version('sip-allocator')}",
        "at": keep.now().isoformat(),
        "sha256": hashes,
    }
    return Pack(f"pair-{urn}-{post}.zip", files | {"manifest.json": _json(manifest)})


class PackedEvent(EventOut):
    """An event in a pack. A pack of an earlier program says no version: it is of the first."""

    model_config = ConfigDict(extra="forbid")
    version: int = 1


def _packed(e: Event, *, reasons: bool) -> dict[str, Any]:
    said = event_out(e, e.fact.plain(), reasons=reasons)
    return PackedEvent(**said.model_dump(), version=e.fact.version).model_dump(mode="json")


def _event(line: Any) -> Event:
    x = PackedEvent.model_validate(line)
    return read(x.n, x.at, x.by, x.kind, x.version, x.data)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


# -- for a person ---------------------------------------------------------------------------------------------------


def story(
    facts: Facts,
    plan: Plan,
    plans: list[Plan],
    events: list[Event],
    pair: Pair,
    told: dict[str, str],
    letters: list[dict[str, Any]],
    log: list[dict[str, Any]],
) -> str:
    """The pair from data to confirmation, in the order in which it came about."""
    case, policy = world(plan)
    urn, post, sip = pair.urn, pair.post, facts.sips[pair.sip]
    out = [
        f"# {facts.name(urn)} and {sip.name} ({post}), {case.year}",
        f"Where it stands: **{pair.stage}**"
        + (f", confirmed by {_confirmed(events, pair)}" if pair.stage == "confirmed" else "")
        + ".",
    ]
    out += ["## 1 The data", f"{sip.name}: {who_is(sip)}", *_data(case, urn, pair.sip)]
    own = policy_words.own_settings(policy)
    changed = [f"* {policy_words.title_of(k)}: `{k}` = {policy_words.in_words(k, v)}" for k, v in sorted(own.items())]
    out += [
        "## 2 The rules",
        f"Policy *{policy.name}*" + ("" if changed else ", as shipped") + ". All rules and weights are in each plan.",
        *changed,
    ]
    proof = "no better plan exists (proved)" if plan.certificate.proved else f"not proved best: {unproved(plan)}"
    out += [
        "## 3 The plan",
        f"{len(plans)} plan{'s' if len(plans) > 1 else ''} on the desk; the last: {proof}, checked by the auditor.",
        *(_holder(n, p, urn, post) for n, p in enumerate(plans, 1)),
        f"To the manager: {told['manager']}",
        f"To the school: {told['school']}",
        f"To the SIP: {told['sip']}",
    ]
    out += ["## 4 What happened", *(_line(e) for e in events if _about(e, pair))]
    out += [
        "## 5 Letters as sent",
        *(
            [
                (
                    f"* {x['at'][:10]}, to {x['to'] or 'an address kept no longer'} ({x['fate']}): "
                    f"**{x['heading']}**\n\n{_quoted(x['text'])}"
                )
                for x in letters
            ]
            or ["None by mail."]
        ),
    ]
    out += [
        "## 6 The audit log",
        *(
            [
                f"* {x['at'][:16]} {x['role'] or 'the service'} {x['by'] or ''}: {x['action']}; {x['detail']}".rstrip(
                    "; "
                )
                for x in log
            ]
            or ["Nothing of this school."]
        ),
    ]
    return "\n\n".join(out) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"  > {line}" for line in text.splitlines())


def _data(case: Case, urn: str, sip: str) -> Iterator[str]:
    for name in ("schools", "sips", "history", "interests", "wishes", "decisions", "refusals", "absences", "worked"):
        for r in getattr(case, name):
            mine = getattr(r, "urn", None) in (None, urn) and getattr(r, "sip", None) in (None, sip)
            if mine and (getattr(r, "urn", None) or getattr(r, "sip", None)):
                cells = {
                    k: v
                    for k, v in r.model_dump(mode="json").items()
                    if v not in (None, [], "") and not k.endswith("email")
                }
                yield f"* `{name}`: " + ", ".join(f"{k} {v}" for k, v in cells.items())


def _holder(n: int, plan: Plan, urn: str, post: str) -> str:
    names = [a.name for a in plan.holders(urn, post)]
    return f"* Plan {n} ({plan.made_with.created_at[:10]}): {', '.join(names) or 'nobody'}"


def _about(e: Event, pair: Pair) -> bool:
    if isinstance(e.fact, PlanPut | PutInForce):
        return True
    if isinstance(e.fact, LettersKept):
        return any(pair.urn in x.urns for x in e.fact.letters if x.role != "sip" or x.key == pair.sip)
    urns, sips = named(e.fact)
    return pair.urn in urns or pair.sip in sips


def _line(e: Event) -> str:
    match e.fact:
        case SchoolReplies() | SipReplies():
            said = f"{e.fact.by} {e.fact.answer}".replace("_", " ")
        case PlanPut():
            said = e.fact.cause.replace("_", " ")
        case _:
            said = ""
    reason = e.fact.words
    return (
        f"* {e.at:%Y-%m-%d %H:%M} UTC, {e.by.name} ({e.by.role}): {SAID[e.kind]}"
        + (f": {said}" if said else "")
        + (f". “{reason}”" if reason else "")
    )


def _confirmed(events: list[Event], pair: Pair) -> str:
    names = [e.by.name for e in events if e.kind == "confirmed" and e.by.id == pair.confirmed_by]
    return names[-1] if names else str(pair.confirmed_by)


# -- on another machine ------------------------------------------------------------------------------------------------


def verify(data: bytes, *, again: bool = False) -> list[str]:
    """What does not hold, as sentences; empty where everything does. `again`: the last plan is solved again, too,
    and must come out the same. Raises UsageError for what is no pack."""
    files = _read(data)
    try:
        manifest, claim = json.loads(files["manifest.json"]), json.loads(files["claim.json"])
        wrong = [
            f"{n} is not as it was packed."
            for n, h in manifest["sha256"].items()
            if hashlib.sha256(files.get(n, b"")).hexdigest() != h
        ]
        wrong += [f"{n} is not in the manifest." for n in files.keys() - manifest["sha256"].keys() - {"manifest.json"}]
        names = sorted((n for n in files if n.startswith("plans/")), key=lambda n: int(n[6:-5]))
        plans = [Plan.model_validate_json(files[n]) for n in names]
        stands = fold([_event(e) for e in json.loads(files["events.json"])])
    except (Defect, *BROKEN_TEXT, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(f"This pack cannot be read: {type(error).__name__}. Ask for it again.") from None
    wrong += _plans(names, plans, stands)
    if not plans:
        return [*wrong, "There is no plan in it."]
    try:
        wrong += _claim(claim, plans[-1], stands)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"This pack cannot be read: its claim has another form ({type(error).__name__}).") from None
    return wrong + (_again(plans[-1]) if again else [])


def _read(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(i.file_size for i in archive.infolist()) > MOST:
                raise UsageError("This pack unpacks to more than 200 MB, the limit.")
            files = {i.filename: archive.read(i) for i in archive.infolist()}
        if json.loads(files["manifest.json"])["format"] not in READ:
            raise UsageError(f"This is a pack of another form; this version reads {listed(READ)}.")
    except (*BROKEN_ZIP, *BROKEN_TEXT, KeyError, TypeError):  # no manifest, or one of another shape
        raise UsageError("This is no pack of a pair: it is no zip, or has no manifest.") from None
    return files


def _plans(names: list[str], plans: list[Plan], stands: Round) -> Iterator[str]:
    for name, plan in zip(names, plans, strict=True):
        if plan.inputs.seal != make(plan.inputs):
            yield f"{name}: its inputs are not those it was made from."
            continue
        try:
            breaches = audit(*world(plan), plan)
        except AllocatorError as error:  # sealed anew by another hand
            yield f"{name}: {error.text}"
            continue
        if breaches:
            yield f"{name}: the auditor finds {len(breaches)} rules or figures broken, first: {breaches[0].text}"
    called = [rounds.plan_id(p) for p in plans]
    if called != list(dict.fromkeys(stands.plans)):
        yield "The plans are not those that the events name."


def _claim(claim: dict[str, Any], plan: Plan, stands: Round) -> list[str]:
    key = (claim["urn"], claim["post"])
    pair = stands.pairs.get(key)
    wrong: list[str] = []
    if plan.inputs.seal != make(plan.inputs):
        return wrong  # said already, and nothing can be worked out from it
    if pair is None or json.loads(json.dumps(asdict(pair), default=str)) != claim["pair"]:
        wrong.append("Where the pair stands is not what the events come to.")
    for audience, text in claim["told"].items():
        try:
            now = explain(ready_from(plan), plan, *key, audience=audience).text
        except AllocatorError as error:
            now = error.text
        if now != text:
            wrong.append(f"The reason told to the {audience} is not the one that the plan gives.")
    return wrong


def _again(plan: Plan) -> list[str]:
    if plan.inputs.repaired is not None:
        return []
    if plan.inputs.changes or plan.inputs.seal != make(plan.inputs):
        return []
    new = solve(*given(plan.inputs), seed=plan.made_with.seed)
    rows = [[(a.urn, a.post, a.sip, a.from_, a.to, a.days) for a in p.assignments] for p in (plan, new)]
    return [] if rows[0] == rows[1] else ["Solved again, another plan comes out."]
