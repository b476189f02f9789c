"""Commands that run the service and look after it: serve, worker, user, backup, restore, retention, erase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import JsonOpt, app, note, say, say_json
from allocator.words import counted

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

UserApp = typer.Typer(help="People of the service.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(UserApp, name="user")
EraseApp = typer.Typer(help="Take out a person or a round, for good.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(EraseApp, name="erase")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            max=64,
            help="worker processes to begin beside it: with two a short question need not wait for a long one",
        ),
    ] = 2,
    settings: Annotated[bool, typer.Option("--settings", help="print the settings it reads, and stop")] = False,
) -> None:
    """The service, with its workers. On this machine it prints the manager's link."""
    from allocator.service.environment import from_env, reference

    if settings:
        for name, default, text in reference():
            print(f"{name}\n    {text} (default {default or 'blank'})")
        return
    from allocator.service.run import serve as run

    run(from_env(), host, port, workers)


@app.command()
def worker(
    attached: Annotated[
        bool, typer.Option(help="end when standard input is closed, as `serve` asks of its own")
    ] = False,
) -> None:
    """A worker process for the service; any number, on any machine that reaches the database."""
    from allocator.jobs.worker import main
    from allocator.service.environment import from_env
    from allocator.service.middleware import log_as_json

    log_as_json()
    settings = from_env()
    main(settings.database_url, settings.silent_seconds, attached)


@UserApp.command("add")
def add(
    email: Annotated[str, typer.Argument(help="the person's address")],
    role: Annotated[str, typer.Option(help="manager, auditor, head, chair or sip")],
    programme: Annotated[str, typer.Option(help="the programme's name; a manager's is made if new")],
    name: Annotated[str, typer.Option(help="how the person is called")] = "",
    urn: Annotated[str, typer.Option(help="the school of a head or chair")] = "",
    sip: Annotated[str, typer.Option(help="the id of a SIP")] = "",
    as_json: JsonOpt = False,
) -> None:
    """Give a person a role; prints a sign-in link that works once."""
    import sqlalchemy as sa

    from allocator.errors import UsageError
    from allocator.service import passes, roles
    from allocator.service.environment import from_env
    from allocator.store import keep, migrate
    from allocator.store.database import open_store
    from allocator.store.tables import Programme

    if role not in roles.ROLE_OF:
        raise UsageError(f"--role {role}: one of {', '.join(roles.ROLE_OF)}.")
    settings = from_env()
    db = open_store(settings.database_url)
    migrate.upgrade(db)
    with db.write() as s:
        found = s.scalars(sa.select(Programme).where(Programme.name == programme)).all()
        if len(found) > 1:
            raise UsageError(f"{len(found)} programmes are called {programme}. Add the person in the service.")
        row = found[0] if found else None
        if row is None:
            if role != "manager":
                raise UsageError(f"There is no programme called {programme}.")
            row = Programme(id=keep.new_id(), name=programme, created_at=keep.now())
            s.add(row)
            s.flush()
        roles.enrol(s, email, name or email, row.id, role, urn=urn, sip=sip)  # type: ignore[arg-type]  # checked above
        person = roles.person_by_email(s, email)
        assert person is not None
        secret = passes.link(s, person, settings.link_minutes, roles.ROLE_OF[role], row.id)
        keep.note(s, None, "user added", person.email, programme=row.id, detail=f"{role} {urn}{sip}")
        base = settings.public_url or keep.served_at(s)
    address = f"{base.rstrip('/')}/sign-in/{secret}"
    say_json({"email": person.email, "role": role, "sign_in": address}) if as_json else print(address)


@UserApp.command("link")
def link(email: Annotated[str, typer.Argument(help="the person's address")], as_json: JsonOpt = False) -> None:
    """A sign-in link for somebody who has a role, where no mail server brings them one; it ends the one before it."""
    from allocator.errors import UsageError
    from allocator.service import passes, roles
    from allocator.service.environment import from_env
    from allocator.store import keep, migrate
    from allocator.store.database import open_store

    settings = from_env()
    db = open_store(settings.database_url)
    migrate.check(db)
    with db.write() as s:
        person = roles.person_by_email(s, email)
        if person is None or not roles.doors(s, person.id):
            raise UsageError(f"{email} has no role here. Give them one: allocator user add {email} --role …")
        secret = passes.link(s, person, settings.link_minutes, own=True)
        base = settings.public_url or keep.served_at(s)
    address = f"{base.rstrip('/')}/sign-in/{secret}"
    say_json({"email": person.email, "sign_in": address}) if as_json else print(address)


@UserApp.command("second-factor-off")
def second_factor_off(
    email: Annotated[str, typer.Argument(help="the manager's address")], as_json: JsonOpt = False
) -> None:
    """Take away the second factor of a manager who has lost it; their sessions as manager end. Be sure who asks."""
    from allocator.errors import UsageError
    from allocator.service import roles, second
    from allocator.service.environment import from_env
    from allocator.store import keep, migrate
    from allocator.store.database import open_store

    db = open_store(from_env().database_url, make=False)
    migrate.check(db)
    with db.write() as s:
        person = roles.person_by_email(s, email)
        if person is None or not second.drop(s, person.id):
            raise UsageError(f"{email} has no second factor here.")
        for door in roles.doors(s, person.id):
            if door.role == "manager":
                keep.note(s, None, "second factor taken away", person.id, programme=door.programme, detail="by command")
    say_json({"email": person.email}) if as_json else say(f"{person.email} has no second factor any more.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="the backup to write, as .jsonl.gz")], as_json: JsonOpt = False
) -> None:
    """Everything the service keeps, of one moment, into one file."""
    from allocator.service.environment import from_env
    from allocator.store.backup import backup as run
    from allocator.store.database import open_store

    rows = run(open_store(from_env().database_url, make=False), file)
    say_json({"written": str(file), "rows": rows}) if as_json else note(
        f"Written: {file}, {rows} rows, read back and whole."
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="a backup that `allocator backup` wrote")],
    move: Annotated[
        bool, typer.Option("--move", help="nobody has used the store since: sessions, tokens and links stay open")
    ] = False,
    as_json: JsonOpt = False,
) -> None:
    """A backup into an empty store, checked row for row. Sessions, tokens and links end."""
    from allocator.service.environment import from_env
    from allocator.store.backup import read
    from allocator.store.backup import restore as run
    from allocator.store.database import open_store

    read(file)  # before a store is made for it
    done = run(open_store(from_env().database_url), file, move=move)
    if as_json:
        return say_json({"restored": str(file), "rows": done.rows, "ended": done.ended})
    note(f"Restored: {done.rows} rows, the same as were written.")
    if not move:
        note(
            f"{counted(done.ended, 'session, token or link', 'sessions, tokens and links')} ended. Do again what was "
            "done since the backup: roles taken back, people erased, second factors taken away."
        )


@app.command()
def retention(
    apply: Annotated[
        bool, typer.Option("--apply", help="take out what is older; without it nothing is changed")
    ] = False,
    as_json: JsonOpt = False,
) -> None:
    """How long what is kept, and what is older now; with --apply that is taken out. Run it each night."""
    from allocator.errors import Spoilt
    from allocator.service.environment import from_env
    from allocator.store import migrate, retention
    from allocator.store.database import open_store

    settings = from_env()
    db = open_store(settings.database_url, make=False)
    migrate.check(db)
    found = retention.apply(db, settings.kept, dry=not apply)
    rules = retention.schedule(settings.kept)
    if as_json:
        say_json(
            [{"what": r.key, "days": r.days, "since": r.since, "why": r.why, "older": found[r.key]} for r in rules]
        )
    else:
        for r in rules:
            say(f"{r.what}: {r.days:,} days since {r.since}; {found[r.key]} {'taken out' if apply else 'older'}.")
    if found.unread:
        raise Spoilt(retention.untaken(found.unread))


def the_programme(session: Session, named: str) -> str:
    """The id of the programme of that id or name. Raises UsageError."""
    import sqlalchemy as sa

    from allocator.errors import UsageError
    from allocator.store.tables import Programme

    which = sa.or_(Programme.id == named, Programme.name == named)
    found = list(session.scalars(sa.select(Programme.id).where(which)))
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'No'} programme{'s are' if len(found) > 1 else ' is'} called {named}.")
    return found[0]


@EraseApp.command("person")
def erase_person(
    programme: Annotated[str, typer.Option(help="the programme's name or id")],
    email: Annotated[str, typer.Argument(help="the person's address")] = "",
    sip: Annotated[str, typer.Option(help="the id of a SIP, beside the address or instead of it")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False,
    as_json: JsonOpt = False,
) -> None:
    """Everything that tells who this is, in one programme; the figures stay under a mark, so that plans still hold."""
    from allocator.service.environment import from_env
    from allocator.store import erase, migrate
    from allocator.store.database import open_store

    db = open_store(from_env().database_url, make=False)
    migrate.check(db)
    with db.read() as s:
        found = the_programme(s, programme)
    yes or typer.confirm(f"Erase {email or sip} from {programme}? It cannot be undone.", abort=True)
    done = erase.person(db, found, email, sip)
    if as_json:
        say_json({"mark": done.mark, "rows": done.rows, "left": done.left, "ids": list(done.ids)})
        return
    say(
        f"Erased: {done.rows} rows, and nobody is found under that name or address any more. They stand "
        f"as: {done.mark}."
    )
    if done.ids:
        say(
            f"The id {', '.join(done.ids)} stays, for the proof of the plans, and reads like the name. It "
            "goes with the rounds."
        )
    say("Backups made before now still hold them: make a new one, and delete the old as your schedule says.")


@EraseApp.command("round")
def erase_round(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="the round's id, as in its address")],
    yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False,
    as_json: JsonOpt = False,
) -> None:
    """A round with its data, plans, answers, letters and work; what is left is a line in the log with its hashes."""
    from allocator.service.environment import from_env
    from allocator.store import erase, migrate
    from allocator.store.database import open_store

    db = open_store(from_env().database_url, make=False)
    migrate.check(db)
    yes or typer.confirm(f"Erase round {round_id}? It cannot be undone.", abort=True)
    rows = erase.round_(db, round_id)
    say_json({"rows": rows}) if as_json else say(f"Erased: {rows} rows. Backups made before now still hold them.")
