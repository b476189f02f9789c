"""Settings in force: three named policies first, every rule in words, who changed it; a preview before anything is
saved."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.case import NEEDS
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy, settings
from allocator.jobs import asks
from allocator.jobs.asks import SolveAsk
from allocator.questions.compare import compare
from allocator.reasons import policy_words
from allocator.service.access import Anyone, In, Manager, Reader, fresh, round_in
from allocator.service.actions.jobs import job_in
from allocator.service.actions.rounds import put_policy
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.pages.jobs import follow, usual
from allocator.service.roles import Who, names_in
from allocator.service.schemas import Id, SolveIn
from allocator.service.work import accept, sent
from allocator.store import keep
from allocator.store.legible import MadePlan, answer
from allocator.store.tables import CaseRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SettingKey = Annotated[str, Path(pattern=r"^[a-z0-9_.]{1,60}$")]


def policy_of(s: Session, round_id: str) -> Policy:
    row = keep.case_row(s, round_id)
    return keep.case_of(row)[1] if row else Policy()


@dataclass(frozen=True)
class Changed:
    """A version in which settings changed: its number, who, and when."""

    n: int
    by: str
    at: dt.datetime
    was: str = ""  # of one setting: what it was before, in words


def history(s: Session, round_id: str) -> tuple[dict[str, Changed], Changed | None]:
    """(key -> the last change of it; the last version in which anything changed)."""
    query = sa.select(CaseRow.n, CaseRow.policy, CaseRow.by, CaseRow.at).where(CaseRow.round_id == round_id)
    names = names_in(s, keep.the_round(s, round_id).programme_id)
    last: dict[str, Changed] = {}
    newest: Changed | None = None
    before: dict[str, Any] | None = None
    for n, data, by, at in s.execute(query.order_by(CaseRow.n)):
        now = {k: v for k, v, *_ in settings(Policy.model_validate(data))}
        moved = [k for k in now if before is not None and before[k] != now[k]]
        if moved or before is None:
            newest = Changed(n, names.get(by, by), at)
            last |= {k: replace(newest, was=policy_words.in_words(k, before[k] if before else None)) for k in moved}
        before = now
    return last, newest


@router.get("/rounds/{id}/settings")
def in_force(request: Request, id: Id, who: Reader, office: In) -> Response:
    """Everything in force, in words."""
    with office.db.read() as s:
        facts = around(s, id, who)
        policy = policy_of(s, id)
        last, newest = history(s, id)
    return show(
        request,
        "settings.html",
        who,
        **facts,
        policy=policy,
        named=policy_words.NAMED,
        groups=policy_words.groups(policy),
        last=last,
        newest=newest,
        own=[k for k in policy_words.own_settings(policy) if k != "year"],
        other=policy_words.OTHER,
        errors={},
    )


@router.get("/rounds/{id}/settings/{key}")
def one(request: Request, id: Id, key: SettingKey, who: Manager, office: In) -> Response:
    """The form of one setting."""
    with office.db.read() as s:
        return _one(request, s, id, key, who)


def _one(request: Request, s: Session, id: str, key: str, who: Who, status: int = 200, **more: Any) -> Response:
    facts = around(s, id, who)
    found = [(g, x) for g in policy_words.groups(policy_of(s, id)) for x in g.settings if x.key == key]
    if not found or key == "name":
        raise HttpProblem("not_found", f"{key} is not a setting.")
    group, setting = found[0]
    return show(
        request,
        "setting.html",
        who,
        status,
        **facts,
        group=group,
        setting=setting,
        rows=_rows(setting),
        kind=_kind(setting),
        choices=[(c, c.replace("_", " ")) for c in policy_words.choices(key)],
        **{"errors": {}, "again": None, **more},
    )


def _kind(setting: policy_words.SettingShown) -> str:
    """Which form: switch, choice, by (a table of values), list or text."""
    if isinstance(setting.value, bool):
        return "switch"
    if policy_words.choices(setting.key):
        return "choice"
    if isinstance(setting.value, dict) or setting.key.endswith(".weight"):
        return "by"
    return "list" if isinstance(setting.value, list | tuple) else "text"


def _rows(setting: policy_words.SettingShown) -> list[tuple[str, str, str]]:
    """(line, its label, its value) of a table of values; a weight always one a need, neediest last."""
    value = setting.value
    if setting.key.endswith(".weight"):
        table = value if isinstance(value, dict) else dict.fromkeys(NEEDS, value)
        return [(n, f"{n.capitalize()} need", f"{table.get(n, 0)}") for n in reversed(NEEDS)]
    if not isinstance(value, dict):
        return []
    return [(k, k.replace("_", " "), "; ".join(v) if isinstance(v, list) else f"{v}") for k, v in value.items()]


@router.post("/rounds/{id}/settings")
def preview(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What a change would do: the plan made with it, beside the desk, before anything is saved."""
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        fresh(request, row)
        case = keep.case_row(s, id)
        if case is None:
            raise HttpProblem(
                "round_refuses",
                "There is no data yet to try a setting on. Put the data in first; it may hold a policy too.",
            )
        policy = policy_of(s, id)
        key = form.text("key") or "name"
        if key == "name":
            wants = {"name": form.choice("name", list(policy_words.NAMED), "Choose one of the three policies")}
        else:
            wants = {key: _wanted(form, key, policy)}
        new, wrong = policy_words.proposed(policy, wants) if not form.errors else (policy, [])
        if wrong:
            form.errors["value"] = " ".join(wrong)
        elif new == policy and not form.errors:
            form.errors["name" if key == "name" else "value"] = "That is what is in force now. Change it, or go back"
        if form.errors:
            if key == "name":
                raise HttpProblem("invalid", next(iter(form.errors.values())))
            return _one(request, s, id, key, who, 422, **form.wrong, again=form.data)
        most = office.settings.solve_seconds
        asked = SolveAsk(
            case=case.n,
            seed=SolveIn(adopt=False).seed,
            adopt=False,
            time_limit=most,
            policy=new.model_dump(mode="json"),
            wants=wants,
        )
        job = accept(office, s, request, row, asked, who)
    return follow(office, sent(office, job), usual(job))


def _wanted(form: Fields, key: str, policy: Policy) -> Any:
    """The value typed, in the shape its setting has; numbers as text, which the policy's own reading judges."""
    found = next((x for g in policy_words.groups(policy) for x in g.settings if x.key == key), None)
    if found is None:
        raise HttpProblem("not_found", f"{key} is not a setting.")
    if form.text("default") is not None:
        return found.default
    kind = _kind(found)
    if kind == "switch":
        return form.choice("value", ("yes", "no"), "Say whether it is in force") == "yes"
    if kind == "choice":
        return form.choice("value", policy_words.choices(key), "Choose one")
    if kind == "list":
        return [x.strip() for x in (form.text("value") or "").replace("\n", ";").split(";") if x.strip()]
    if kind == "text":
        text = form.text("value")
        return _number(text) if text is not None else None
    table: dict[str, Any] = {}
    for line, label, old in _rows(found):
        text = form.text(f"value-{line}")
        if text is None:
            form.errors[f"value-{line}"] = f"{label}: fill it in, such as {old}"
        listed = isinstance(found.value, dict) and isinstance(found.value.get(line), list)
        table[line] = [x.strip() for x in (text or "").split(";") if x.strip()] if listed else _number(text or "0")
    return table[NEEDS[0]] if key.endswith(".weight") and len(set(map(str, table.values()))) == 1 else table


def _number(text: str) -> Any:
    """A number where it is one; else the text, so that what is wrong with it is said."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _preview(s: Session, who: Who, id: str, job: str) -> tuple[dict[str, Any], Plan]:
    """The settings that a preview tried, and the plan it made."""
    row = job_in(s, who, job)
    ask = asks.of(row)
    if row.round_id != id or not isinstance(ask, SolveAsk) or ask.wants is None:
        raise HttpProblem("round_refuses", "This work was not a preview of a setting. Try the setting first.")
    if row.state not in ("done", "cancelled") or not row.result:  # stopped: the best plan so far
        raise HttpProblem("round_refuses", "This preview has not come to an end. Try the setting again.")
    return ask.wants, keep.plan_of(keep.plan_row(s, answer(row, MadePlan).plan))


@router.get("/rounds/{id}/settings/preview/{job}")
def previewed(request: Request, id: Id, job: Id, who: Reader, office: In) -> Response:
    """Who would move and what it would cost; then save it or leave it."""
    with office.db.read() as s:
        facts = around(s, id, who)
        wants, trial = _preview(s, who, id, job)
        now = policy_of(s, id)
        new, _ = policy_words.proposed(now, wants)
        found = compare(facts["plan"], trial) if facts["plan"] else None
        kept = policy_words.own_settings(now) if "name" in wants else {}
    return show(
        request,
        "setting-preview.html",
        who,
        **facts,
        job=job,
        lines=policy_words.changed(now, new),
        found=found,
        trial=trial,
        kept=[policy_words.title_of(k) for k in kept],
        errors={},
    )


@router.post("/rounds/{id}/settings/save")
def save(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The change becomes part of the policy in force, as PUT rounds/{id}/policy does; the plan stays until made
    again."""
    job = form.need("job", "Say which preview")
    with office.db.read() as s:
        round_in(s, who, id)
        wants, _ = _preview(s, who, id, job)
        now = policy_of(s, id)
        new, wrong = policy_words.proposed(now, wants)
        lines = policy_words.changed(now, new)
    if wrong:
        raise HttpProblem("invalid", " ".join(wrong))
    put_policy(office, request, who, id, new.model_dump(mode="json"))
    told = "; ".join(f"{what}: {after}" for what, _, after in lines[:3]) or "nothing that was not in force already"
    return done(f"/rounds/{id}/settings", f"Saved: {told}. Make the plan again to plan by it.")


# -- the rules, published -------------------------------------------------------------------------------------------


@router.get("/rules")
def rules(
    request: Request, who: Anyone, office: In, programme: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """The rules and weights in force, with version and date, for everyone they touch (domain N13)."""
    with office.db.read() as s:
        mine = who.programmes()
        row = keep.newest_with_data(s, mine if programme is None else mine & {programme})
        if row is None:
            raise HttpProblem("not_found", "No rules have been published yet: the year has no data so far.")
        policy = policy_of(s, row.id)
        _, newest = history(s, row.id)
    shown = [g for g in policy_words.groups(policy) if g.id not in policy_words.PRIVATE]
    ranked = sorted(
        (g for g in shown if g.on and g.weight is not None), key=lambda g: (-g.weight_at("standard"), g.title)
    )
    return show(
        request,
        "rules.html",
        who,
        of=row.name,
        policy=policy,
        named=policy_words.NAMED.get(policy.name, ""),
        newest=newest,
        rules=[g for g in shown if g.on and g.id not in policy_words.OTHER],
        parts=[g for g in shown if g.id in policy_words.OTHER],
        off=[g for g in shown if not g.on],
        ranked=[{**asdict(g), "standard": g.weight_at("standard"), "top": g.weight_at("top")} for g in ranked],
    )
