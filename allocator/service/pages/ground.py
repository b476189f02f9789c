"""What every page stands on: how it is drawn, what a form sent, how errors look, and what survives a lost session.

A page is a plain function with the same dependencies as an API route (`Manager`, `Reader`, `Anyone`, `In`). It returns
`show(...)`, or `done(...)` after a write, so that a reload never writes twice. Errors raised anywhere become pages
here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader, StrictUndefined, Template
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from allocator.domain.characters import dialled, lines, strange
from allocator.errors import AllocatorError
from allocator.reasons.policy_words import in_words
from allocator.report.by_school import STAGES
from allocator.service import passes
from allocator.service.access import office_of, round_in
from allocator.service.http_problems import NEWER, HttpProblem, away, fault, refusal_of
from allocator.service.pages.given import around, next_of
from allocator.service.pages.presses import pressed
from allocator.service.roles import Who
from allocator.store import keep
from allocator.words import day as day
from allocator.words import days as days
from allocator.words import times, words

NOTICE = "allocator_notice"  # one sentence for the next page, then gone
LONGEST_NOTICE = 3000  # bytes: of a cookie with its name a browser keeps 4096, and a proxy passes on little more
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'{images}; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # a form post then names its origin, which `access.asker` checks
    "Cache-Control": "no-store",
}


GOVUK = "govuk_frontend_jinja/"


class Blank(dict[str, Any]):
    """What a form said, or what is wrong with it, by field; a field of which nothing is known is blank."""

    def __missing__(self, field: str) -> str:
        return ""


class Pages(Environment):
    """Ours, where a name that nobody gave is an error; GOV.UK's macros look into parameters that nobody gave."""

    theirs = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        auto_reload=False,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def get_template(self, name: str | Template, *args: Any, **more: Any) -> Template:
        if isinstance(name, str) and name.startswith(GOVUK):
            return self.theirs.get_template(name)
        return super().get_template(name, *args, **more)


@cache
def environment() -> Environment:
    """Jinja with every value escaped; GOV.UK's macros under their own name."""
    env = Pages(
        loader=PackageLoader("allocator.service"),
        autoescape=True,
        auto_reload=False,  # a new version laid under a running server is not half taken up
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    env.filters["days"] = days
    env.filters["day"] = day
    env.filters["moment"] = moment
    env.filters["words"] = lambda tag: words(str(tag))
    env.filters["times"] = times
    env.filters["stage"] = STAGES.__getitem__
    env.filters["dialled"] = dialled
    env.filters["setting"] = lambda value, key: in_words(key, value)
    env.tests["managing"] = lambda me: bool(me) and me.role == "manager"
    return env


def compile_all() -> None:
    """Every template and what it takes from GOV.UK's, before anybody asks for a page: all who come first would each
    compile them for themselves."""
    ours, done = environment(), set[str]()
    names = ours.list_templates(["html"])
    while names:
        name = names.pop()
        if name not in done:
            done.add(name)
            ours.get_template(name)
            of = Pages.theirs if name.startswith(GOVUK) else ours
            assert of.loader is not None
            names += re.findall(rf'"({GOVUK}[^"]+)"', of.loader.get_source(of, name)[0])


# what the frame of a page looks at, where the page gives none
FRAME: dict[str, Any] = {
    "round": None,
    "plan": None,
    "version": None,
    "errors": Blank(),
    "summary": (),
    "blank": Blank(),
}
FORMS = ("errors", "typed", "again")  # given as dicts by field


def moment(t: dt.datetime) -> str:
    """31 March 2027, 14:05 UTC."""
    return f"{day(t)}, {t:%H:%M} UTC"


def show(request: Request, template: str, me: Who | None = None, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page. Templates see `me`, `path`, `notice`, today's date, what is given here, and `FRAME` where that is not."""
    kept = passes.cookie_name(office_of(request).settings, NOTICE)
    notice = request.cookies.get(kept)
    fragment = request.headers.get("hx-request") == "true"
    html = (
        environment()
        .get_template(template)
        .render(
            me=me,
            path=request.url.path,
            notice=unquote(notice) if notice else None,
            today=dt.date.today(),
            fragment=fragment,
            **{**FRAME, **{k: Blank(v) if k in FORMS and isinstance(v, Mapping) else v for k, v in facts.items()}},
        )
    )
    answer = HTMLResponse(html, status, headers(request))
    if notice and not fragment:
        answer.delete_cookie(kept, path="/", secure=kept != NOTICE, httponly=True)
    return answer


def headers(request: Request) -> dict[str, str]:
    """A page's headers; pictures may also come from the map's tile server, where one is set."""
    tiles = "://".join(urlsplit(office_of(request).settings.tile_url)[:2])
    return {k: v.format(images=f" {tiles}" if tiles != "://" else "") for k, v in HEADERS.items()}


def attached(name: str) -> dict[str, str]:
    """A file to be saved under this name, of which what a header may not hold is a dash."""
    return {"Content-Disposition": f'attachment; filename="{re.sub(r"[^A-Za-z0-9._%-]+", "-", name)}"'}


def saved(request: Request, body: bytes, name: str, media: str) -> Response:
    """A file to be saved; it may hold links that open something, so nothing in between keeps it."""
    return Response(body, 200, headers(request) | attached(name), media)


class Done(RedirectResponse):
    """On to a page, which says `notice`."""

    notice = ""


def done(path: str, notice: str = "") -> Done:
    """After a write: on to a page, which says what was done."""
    answer = Done(path, 303)
    answer.notice = notice
    return answer


def noticed(request: Request, answer: Response) -> Response:
    """The answer with its notice in a cookie. One longer than a browser keeps is cut short."""
    if isinstance(answer, Done) and answer.notice:
        text, settings = answer.notice, office_of(request).settings
        while len(quote(text)) > LONGEST_NOTICE:
            text = f"{text[: len(text) * 9 // 10]}…"
        kept = passes.cookie_name(settings, NOTICE)
        answer.set_cookie(
            kept, quote(text), max_age=60, httponly=True, samesite="strict", secure=settings.https, path="/"
        )
    return answer


# -- forms ---------------------------------------------------------------------------------------------------------


@dataclass
class Fields:
    """What a form sent. Text is stripped of the spaces around it; a field left blank is absent."""

    data: FormData
    errors: dict[str, str] = field(default_factory=dict)  # field -> what is wrong and what to do

    @property
    def wrong(self) -> dict[str, Any]:
        """What a page is given of its errors."""
        return {"errors": self.errors, "summary": self.summary}

    def text(self, name: str, *, most: int = 2000) -> str | None:
        value = self.data.get(name)
        if not isinstance(value, str) or not value.strip():
            return None
        value = lines(value).strip()
        if odd := strange(value):
            self.errors[name] = f"Take out the character that cannot be kept: {odd}"
            return None
        if len(value) > most:
            self.errors[name] = f"Write at most {most:,} characters; this has {len(value):,}"
            return None
        return value

    def need(self, name: str, otherwise: str) -> str:
        """The text, or an error `otherwise` on the field."""
        value = self.text(name)
        if value is None and name not in self.errors:
            self.errors[name] = otherwise
        return value or ""

    def choice(self, name: str, among: Sequence[str], otherwise: str) -> str:
        value = self.text(name)
        if value is None or value not in among:
            self.errors[name] = otherwise
            return ""
        return value

    def date(self, name: str) -> dt.date | None:
        """From a GOV.UK date input: NAME-day, NAME-month, NAME-year. All blank = None."""
        parts = [self.text(f"{name}-{p}") for p in ("year", "month", "day")]
        if not any(parts):
            return None
        try:
            return dt.date(*(int(p or "") for p in parts))
        except ValueError:
            self.errors[name] = "Give a day, month and year, such as 11 7 2027"
            return None

    def all(self, name: str, *, most: int | None = None) -> list[str]:
        """Every text of the name that is not blank; none where one of them cannot be kept, or has more than `most`
        characters."""
        values = [v for v in self.data.getlist(name) if isinstance(v, str) and v.strip()]
        if odd := next(filter(None, map(strange, values)), None):
            self.errors[name] = f"Take out the character that cannot be kept: {odd}"
        elif most is not None and any(len(v) > most for v in values):
            self.errors[name] = f"Write at most {most:,} characters"
        return [] if name in self.errors else values

    def file(self, name: str) -> UploadFile | None:
        value = self.data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    @property
    def summary(self) -> list[dict[str, str]]:
        """For the error summary: each leads to its field."""
        return [{"text": text, "href": f"#{name}"} for name, text in self.errors.items()]


async def form_of(request: Request) -> FormData:
    """What was sent, read once."""
    return await request.form(max_files=5, max_fields=20_000)


async def fields(request: Request) -> Fields:
    """The form. Its `version`, where it has one, guards the write as If-Match does (`access.fresh`)."""
    data = await form_of(request)
    version = data.get("version")
    if isinstance(version, str) and version.isascii() and version.isdigit():
        request.state.if_match = f'"{version}"'
    return Fields(data)


Form = Annotated[Fields, Depends(fields)]


# -- errors as pages -----------------------------------------------------------------------------------------------


class PageRoute(APIRoute):
    """Errors of a page are pages. What was typed is kept over a lost session and over somebody else's change."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        plain = super().get_route_handler()

        async def inner(request: Request) -> Response:
            return noticed(request, await plain(request))

        async def handler(request: Request) -> Response:
            try:
                if request.method != "POST":
                    return await inner(request)
                return await pressed(request, await form_of(request), inner)
            except HttpProblem as refusal:
                found = refusal
            except AllocatorError as error:
                found = refusal_of(error)
            except RequestValidationError:
                found = HttpProblem("not_found", "There is nothing at this address.")
            except HTTPException:  # a form of more parts than we read, or one that is none
                found = HttpProblem("bad_request", "This form cannot be read. Go back and send it again.")
            except (DBAPIError, PoolTimeout) as error:
                found = away(error)
            except Exception:
                found = fault(request.state.id)
            return await refused(request, found)

        return handler


async def refused(request: Request, refusal: HttpProblem) -> Response:
    """The page for an error."""
    me = getattr(request.state, "who", None)
    if refusal.code == "not_signed_in" and request.method == "GET":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if request.headers.get("hx-request") == "true":  # a part of a page: said at its top, and what is typed stays
            answer = show(request, "signed-out.html")
            answer.headers.update(
                {"HX-Retarget": "[data-lost]", "HX-Reswap": "innerHTML", "HX-Reselect": "#signed-out"}
            )
            return answer
        return RedirectResponse(f"/sign-in?next={quote(asked)}", 303)
    if refusal.code == "second_factor" and request.method == "GET" and request.headers.get("hx-request") != "true":
        return RedirectResponse(f"/second-factor?next={quote(request.url.path)}", 303)
    staff = me is not None and me.role in ("manager", "auditor")  # what others did to a round is for nobody else
    if request.method == "POST" and (refusal.code == "not_signed_in" or (refusal.code == "stale" and staff)):
        sent = (await request.form()).multi_items()
        typed = [(k, v) for k, v in sent if isinstance(v, str) and k != "version"]
        files = [(k, v.filename) for k, v in sent if isinstance(v, UploadFile) and v.filename]
        facts: dict[str, Any] = {"typed": typed, "files": files, "query": request.url.query}
        if refusal.code == "stale" and staff and me is not None:
            facts |= await run_in_threadpool(_since, request, me)
        return show(request, f"{refusal.code}.html", me, refusal.status, **facts)
    of_round = request.method == "GET" and request.url.path.startswith("/rounds/") and refusal.code == "round_refuses"
    if of_round and staff and me is not None and (early := await run_in_threadpool(_early, request, me)):
        return show(request, "not-yet.html", me, refusal.status, **early)
    return show(
        request,
        "refused.html",
        me,
        refusal.status,
        title=refusal.title,
        detail=refusal.detail,
        problems=refusal.more.get("problems", []),
        code=refusal.code,
        newer=refusal.title == NEWER,
        next=await _next(request) if refusal.code == "link_used" else "/",
    )


async def _next(request: Request) -> str:
    """Where a link would have led on to, kept for the next one; `/sign-in` lets nothing lead away."""
    asked = (await request.form()).get("next") if request.method == "POST" else request.query_params.get("next")
    return asked if isinstance(asked, str) and asked else "/"


def _early(request: Request, me: Who) -> Mapping[str, Any]:
    """Where a page of a round cannot be used because the round has no plan yet: the round, and what comes first."""
    with office_of(request).db.read() as s:
        facts = around(s, request.path_params["id"], me)
        return {} if facts["plan"] is not None else {**facts, "coming": next_of(s, facts)}


def _since(request: Request, me: Who) -> Mapping[str, Any]:
    """What others did to the round since the page was opened."""
    said = getattr(request.state, "if_match", None) or request.headers.get("if-match", "")
    number = re.sub(r"[^0-9]", "", said)[:9]
    had = int(number) if number else 0
    with office_of(request).db.read() as s:
        row = round_in(s, me, request.path_params["id"])
        events = keep.events_of(s, row.id)[-(row.version - had) :] if row.version > had else []
    return {"round": row, "version": row.version, "events": events}
