"""What is erased is gone from the store, and what is left is proved as before."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from allocator import cli, rounds
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.domain.round import Person
from allocator.domain.seal import unbroken
from allocator.errors import NotThere, Spoilt, UsageError
from allocator.reasons.answer import solve, world
from allocator.rounds import ladders
from allocator.service import passes, roles
from allocator.store import erase, keep, retention
from allocator.store import ladders as kept_ladders
from allocator.store.backup import backup, restore
from allocator.store.database import Database
from allocator.store.marks import GONE, Marks
from allocator.store.tables import (
    AskRow,
    AuditRow,
    Base,
    EventRow,
    Grant,
    Job,
    LetterRow,
    PlanRow,
    Programme,
    RoundRow,
    Someone,
    UploadRow,
)
from tests.service.office import MEL, Desk, facts, open_office
from tests.sizes import long
from tests.stores import KINDS, store_url

NAME, EMAIL = "Amira Khan", "amira.khan@example.org"


IN_BOTH = pytest.mark.parametrize("desk", KINDS, indirect=True)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The office, with SIP A called Amira Khan in data and plan, who has an account, letters, and is written about."""
    made = open_office(tmp_path)
    if getattr(request, "param", "sqlite") == "sqlite":
        yield from _with_amira(made)
        return
    backup(made.db, tmp_path / "office.gz")
    made.db.close()
    with store_url("postgresql", tmp_path) as url:
        made.db = Database(url)
        restore(made.db, tmp_path / "office.gz")
        yield from _with_amira(made)


def _with_amira(made: Desk) -> Iterator[Desk]:
    named = facts()
    sips = tuple(
        s.model_copy(update={"name": NAME, "email": EMAIL, "pen_portrait": "I led."}) if s.sip == "A" else s
        for s in named.sips
    )
    named = named.model_copy(update={"sips": sips})
    plan = solve(named, Policy())
    with made.db.write() as s:
        s.get_one(Programme, "p").office = f"Office of {NAME}"
        s.add(RoundRow(id="n", programme_id="p", name="2026/27 again", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, "n", lock=True)
        keep.keep_case(s, row, named, Policy(), [], MEL)
        kept = keep.keep_plan(s, "n", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "n"), plan), MEL)
        today = dt.date.today()
        keep.step(s, "n", MEL, lambda d: rounds.propose(d, None, today, today + dt.timedelta(days=20)))
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "1", "veto", "head", today, reason="Amira was rude to us."))
        keep.step(s, "n", MEL, lambda d: rounds.answer(d, "3", "query", "head", today, reason="Which day?"))
        grant = roles.enrol(s, EMAIL, NAME, "p", "sip", sip="A")
        keep.note(s, None, "user added", EMAIL, programme="p", detail="sip A")
        s.add(
            LetterRow(
                id="l",
                round_id="n",
                kind="school",
                key="1",
                person_id=grant.person_id,
                role="school",
                email=EMAIL,
                next="/",
                heading=f"{NAME} is proposed",
                text=f"Dear head, {NAME} is proposed.",
                hash="h",
                at=keep.now(),
                expires_at=keep.now(),
                fate="taken",
            )
        )
        s.add(
            AskRow(
                round_id="n",
                n=1,
                at=keep.now(),
                by=MEL.model_dump(mode="json"),
                kind="answered",
                whose="school",
                key="1",
                data={"note": "We like Khan.", "going_on": "keep"},
            )
        )
        amira = Person(id=grant.person_id, name=NAME, role="sip")
        for text, by in (("Khan came late.", MEL), ("Which day was it?", amira), ("On the Monday.", MEL)):
            first = ladders.opened(by, 0, text, keep.now(), 10)
            kept_ladders.begin(s, "p", "complaint", "head", "1", "A", ("SIP", "chair"), first)
        made.ids["named"] = kept.id
    yield made
    made.db.close()


def bytes_of(desk: Desk) -> bytes:
    """Everything in the store's files; of PostgreSQL its tables' own, or the rows where its files are not for us."""
    if not desk.db.sqlite:
        return _rows_and_files(desk)
    path = Path(str(desk.db.url.database))
    return b"".join(p.read_bytes() for p in path.parent.iterdir() if p.name.startswith(path.stem))


def _rows_and_files(desk: Desk) -> bytes:
    found = b""
    with desk.db.engine.connect() as c:
        folder = Path(str(c.exec_driver_sql("show data_directory").scalar_one()))
        for table in Base.metadata.sorted_tables:
            found += "".join(map(str, c.exec_driver_sql(f"select t::text from {table.name} t").scalars())).encode()
        heap = "select pg_relation_filepath(oid) from pg_class where relkind in ('r', 't', 'i') and oid > 16383"
        files = [folder / str(x) for x in c.exec_driver_sql(heap).scalars()]
    with desk.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("checkpoint")  # what is in memory is in the files
    with suppress(PermissionError):
        found += b"".join(f.read_bytes() for f in files if f.exists())
    return found


@IN_BOTH
def test_a_person_is_gone_from_every_byte_and_the_plans_hold(desk: Desk) -> None:
    done = erase.person(desk.db, "p", EMAIL)
    assert (done.left, done.ids) == (0, ())
    assert done.rows > 8
    raw = bytes_of(desk).lower()
    for told in (NAME, EMAIL, "Amira was rude", "We like Khan", "I led.", "Khan came late", "Which day was it?"):
        assert told.lower().encode() not in raw, told
    with desk.db.read() as s:
        row, place = keep.desk(s, "n")
        assert row.id == desk.ids["named"]
        plan = unbroken(place.plan)
        assert audit(*world(plan), plan) == []  # every rule, figure, hash and word
        assert {a.name for a in plan.assignments if a.sip == "A"} == {done.mark}
        assert place.round.pairs["1", "lead"].stage == "refused"  # that it was refused stays
        assert "Which day?" in {q.text for q in place.round.queries}  # of others nothing is taken
        assert s.scalars(sa.select(Someone).where(Someone.email == EMAIL)).first() is None
        assert [m.steps[0].text for m in kept_ladders.matters(s, "p")] == ["On the Monday.", GONE, GONE]
        said = s.scalars(sa.select(AuditRow).where(AuditRow.action == "person erased")).one()
        assert said.subject == done.mark
    with pytest.raises(NotThere):
        erase.person(desk.db, "p", EMAIL)


# -- who is meant ------------------------------------------------------------------------------------------------------


def _alone_as_a(desk: Desk, email: str = EMAIL) -> None:
    """Nobody but Amira comes in as SIP A, by whom the data has this address."""
    with desk.db.write() as s:
        other = roles.person_by_email(s, "sip@example.org")
        assert other is not None
        s.execute(sa.delete(Grant).where(Grant.person_id == other.id))
        row = keep.case_row(s, "n")
        assert row is not None
        sips = [x | {"email": email or None} if x["sip"] == "A" else x for x in row.case["sips"]]
        row.case = {**row.case, "sips": sips}


@IN_BOTH
@pytest.mark.parametrize("email", [EMAIL, "Amira.Khan@Example.org", ""])
def test_by_the_id_alone_the_account_goes_too(desk: Desk, email: str) -> None:
    _alone_as_a(desk, email)
    assert erase.person(desk.db, "p", sip="A").left == 0
    raw = bytes_of(desk).lower()
    assert NAME.lower().encode() not in raw
    assert EMAIL.encode() not in raw
    with desk.db.read() as s:
        kept = keep.case_row(s, "n")
        assert kept is not None
        assert {x["email"] for x in kept.case["sips"] if x["sip"] == "A"} == {None}


def test_two_accounts_of_one_sip_go_together(desk: Desk) -> None:
    _alone_as_a(desk)
    with desk.db.write() as s:
        roles.enrol(s, "amira@home.example", NAME, "p", "sip", sip="A")
    assert erase.person(desk.db, "p", EMAIL).left == 0
    with desk.db.read() as s:
        assert roles.person_by_email(s, "amira@home.example") is None


def test_an_id_that_only_an_account_has_is_enough(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, "new@example.org", "Noor Haddad", "p", "sip", sip="N")
    assert erase.person(desk.db, "p", sip="N").left == 0
    with desk.db.read() as s:
        assert roles.person_by_email(s, "new@example.org") is None


def test_whether_somebody_else_comes_in_as_that_sip_is_asked(desk: Desk) -> None:
    with desk.db.write() as s:
        other = roles.person_by_email(s, "sip@example.org")
        assert other is not None
        roles.call(s, other.id, "p", "Sal Sims")
    with pytest.raises(UsageError, match=r"^Sal Sims \(sip@example.org\) comes in as SIP A, and so does Amira"):
        erase.person(desk.db, "p", sip="A")
    with desk.db.read() as s:
        assert roles.person_by_email(s, EMAIL) is not None
    assert erase.person(desk.db, "p", "sip@example.org", "A").left == 0  # one person, it was said
    with desk.db.read() as s:
        assert roles.person_by_email(s, EMAIL) is None


def test_a_namesake_is_not_erased_and_told(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, "head9@example.org", NAME.upper(), "p", "head", urn="2")
    with pytest.raises(UsageError, match=r"^AMIRA KHAN \(head9@example.org\) has an account under the same name\."):
        erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        assert roles.person_by_email(s, EMAIL) is not None


def test_an_address_that_two_share_is_followed_to_neither(desk: Desk) -> None:
    """An office's address, or one that went from a SIP to who came after."""
    with desk.db.write() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        sips = [x | {"email": "sips@county.example"} if x["sip"] in "BC" else x for x in row.case["sips"]]
        row.case = {**row.case, "sips": sips}
    with pytest.raises(UsageError, match=r"^sips@county.example is the address of two SIPs\."):
        erase.person(desk.db, "p", "SIPs@county.example")
    done = erase.person(desk.db, "p", sip="B")
    with desk.db.read() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        left = {x["sip"]: (x["name"], x["email"]) for x in row.case["sips"]}
    assert left == {"A": (NAME, EMAIL), "B": (done.mark, None), "C": ("Sip C", "sips@county.example")}


def test_one_account_with_the_roles_of_two_sips_is_told(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, EMAIL, NAME, "p", "sip", sip="B")
    with pytest.raises(UsageError, match=r"^A \(Amira Khan\) and B \(Sip B\) share an address or an account"):
        erase.person(desk.db, "p", EMAIL)


def _in_the_data(desk: Desk, **rows: dict[str, str]) -> None:
    with desk.db.write() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        row.case = {**row.case, "sips": [x | rows.get(x["sip"], {}) for x in row.case["sips"]]}


def test_who_has_part_of_a_name_or_of_an_address_keeps_theirs(desk: Desk) -> None:
    theirs = {"name": f"J{NAME.lower()}a", "email": f"s.{EMAIL}"}, {"name": f"{NAME}i", "email": f"{EMAIL}.uk"}
    _in_the_data(desk, B=theirs[0], C=theirs[1])
    done = erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        left = {x["sip"]: {"name": x["name"], "email": x["email"]} for x in row.case["sips"]}
    assert left == {"A": {"name": done.mark, "email": None}, "B": theirs[0], "C": theirs[1]}


@pytest.mark.parametrize(
    "text", [f"<{EMAIL}>", f"to {EMAIL.upper()}.", f"mailto:{EMAIL}?x", f"{NAME}'s", f'"{NAME.lower()}"', f"({NAME}),"]
)
def test_whatever_stands_beside_it_a_name_or_address_is_found(text: str) -> None:
    marks = Marks("x", names={NAME}, emails={EMAIL})
    assert marks.found_in(text)
    assert not marks.found_in(marks.plain(text))


def test_a_namesake_in_the_data_is_told_and_nobody_is_erased(desk: Desk) -> None:
    _in_the_data(desk, B={"name": NAME.upper()})
    with pytest.raises(UsageError, match=r"^B has the same name in the data \(AMIRA KHAN\), which would go from there"):
        erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        assert roles.person_by_email(s, EMAIL) is not None
    _in_the_data(desk, B={"name": "Amira B. Khan"})
    assert erase.person(desk.db, "p", EMAIL).left == 0


def test_neither_an_address_nor_an_id_means_nobody(desk: Desk) -> None:
    with pytest.raises(NotThere):
        erase.person(desk.db, "p")


def _renamed(desk: Desk, name: str, school: str) -> None:
    """SIP A under this name and school 1 under that in the round `n`, planned anew."""
    with desk.db.write() as s:
        row = keep.the_round(s, "n", lock=True)
        kept = keep.case_row(s, "n")
        assert kept is not None
        case = Case.model_validate(kept.case)
        sips = tuple(x.model_copy(update={"name": name}) if x.sip == "A" else x for x in case.sips)
        schools = tuple(x.model_copy(update={"name": school}) if x.urn == "1" else x for x in case.schools)
        case = case.model_copy(update={"sips": sips, "schools": schools})
        keep.keep_case(s, row, case, Policy(), [], MEL)
        keep.keep_plan(s, "n", solve(case, Policy()))


def test_a_name_of_one_word_is_not_taken_out_of_others(desk: Desk) -> None:
    _renamed(desk, "Ali", "Alison Quality Primary")
    done = erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        kept = keep.case_row(s, "n")
        assert kept is not None
        assert {x["name"] for x in kept.case["schools"] if x["urn"] == "1"} == {"Alison Quality Primary"}
        assert {x["name"] for x in kept.case["sips"] if x["sip"] == "A"} == {done.mark}


@pytest.mark.parametrize("name", ["Sip", "name", "Need"])
def test_a_name_that_is_also_a_fields_leaves_the_fields(desk: Desk, name: str) -> None:
    _alone_as_a(desk)
    _renamed(desk, name, "Ash Primary")
    done = erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        kept = keep.case_row(s, "n")
        assert kept is not None
        assert {x["name"] for x in kept.case["sips"] if x["sip"] == "A"} == {done.mark}


def test_a_name_that_is_a_word_of_ours_is_told_and_nothing_is_erased(desk: Desk) -> None:
    _renamed(desk, "lead", "Ash Primary")
    with pytest.raises(UsageError, match="Nothing was erased"):
        erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        kept = keep.case_row(s, "n")
        assert kept is not None
        assert {x["name"] for x in kept.case["sips"] if x["sip"] == "A"} == {"lead"}


# -- where a row cannot be read ----------------------------------------------------------------------------------------

SPOILT = (
    ("events", "data", "[]", r"Round 2026/27: Event 1 \(plan\) cannot be read: it is no object\."),
    ("events", "by", "7", r"Round 2026/27: Event 1 \(plan\) does not say who did it\."),
    (
        "asking",
        "data",
        '"x"',
        r"Round 2026/27 again: Row 1 of what was asked first cannot be read: it is of another sort",
    ),
    ("cases", '"case"', '{"sips": [3]}', "Round 2026/27: Data 1 cannot be read: Field required"),
    ("jobs", '"by"', "null", "Round 2026/27: Job chosen cannot be read: it is of another sort"),
    ("plans", "body", "{broken", "Round 2026/27: Plan [0-9a-f]+ cannot be read: Invalid JSON"),
    ("matter_steps", "by", "[1]", "Step 1 of matter [0-9a-f]+ cannot be read: it is of another sort"),
)


@IN_BOTH
@pytest.mark.parametrize(("table", "column", "spoilt", "told"), SPOILT)
def test_a_row_that_cannot_be_read_is_named_and_nothing_is_erased(
    desk: Desk, table: str, column: str, spoilt: str, told: str
) -> None:
    kind = "text" if desk.db.sqlite or column == "body" else "json"
    with desk.db.engine.begin() as c:
        c.execute(sa.text(f"update {table} set {column} = cast(:spoilt as {kind})"), {"spoilt": spoilt})
    with pytest.raises(Spoilt, match=rf"^Nothing was erased\. {told}.*Restore the store from a backup\.$"):
        erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        assert roles.person_by_email(s, EMAIL) is not None


@IN_BOTH
def test_a_round_that_cannot_be_read_goes_and_holds_up_no_schedule(desk: Desk) -> None:
    kind = "text" if desk.db.sqlite else "json"
    with desk.db.engine.begin() as c:
        for table in ("events", "asking"):
            c.exec_driver_sql(f"update {table} set data = cast('[]' as {kind}) where round_id = 'n'")
    when = keep.now() + dt.timedelta(days=401)
    assert retention.apply(desk.db, {}, now=when)["reasons"] == 1  # of the round that can be read
    erase.round_(desk.db, "n")
    with desk.db.read() as s:
        assert s.get(RoundRow, "n") is None
        line = s.scalars(sa.select(AuditRow).where(AuditRow.action == "round erased")).one()
        assert line.detail.endswith("plan not to be read")


@IN_BOTH
@pytest.mark.parametrize("spoilt", ["[]", "7", "null", "{not JSON"])
def test_a_row_that_cannot_be_read_keeps_its_words_is_named_and_holds_up_no_schedule(desk: Desk, spoilt: str) -> None:
    """What is not JSON at all only SQLite takes."""
    if not desk.db.sqlite and spoilt == "{not JSON":
        pytest.skip("PostgreSQL keeps JSON alone")
    told = ("Round 2026/27 again: Event 3", "Round 2026/27 again: Row 1 of what was asked first")
    kind = "text" if desk.db.sqlite else "json"
    with desk.db.engine.begin() as c:
        for table in ("events", "asking"):
            which = f"update {table} set data = cast(:spoilt as {kind}) where round_id = 'n' and n = :n"
            c.execute(sa.text(which), {"spoilt": spoilt, "n": 3 if table == "events" else 1})
    when = keep.now() + dt.timedelta(days=401)
    for dry in (True, False):
        found = retention.apply(desk.db, {}, now=when, dry=dry)
        assert (found["reasons"], found.unread) == (2, told)  # of four: a question, and a refusal elsewhere
    assert retention.apply(desk.db, {}, now=when)["reasons"] == 0
    text = retention.untaken(found.unread)
    assert text.startswith(f"{told[0]} and {told[1]} cannot be read, so what was written there")
    assert text.endswith("Restore the store from a backup, and tell whoever answers for data protection.")
    assert " and 5 more rows cannot be read, " in retention.untaken(told * 5)
    found = retention.apply(desk.db, {}, now=keep.now() + dt.timedelta(days=10**4))
    assert (found["rounds"], found.unread) == (3, ())  # they go with their round


def test_by_hand_the_rest_is_done_and_told_before_what_could_not_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk.db.engine.begin() as c:
        c.exec_driver_sql("update events set data = '{not JSON' where round_id = 'n' and n = 3")
        c.exec_driver_sql("update events set at = '2020-01-01 00:00:00.000000' where round_id = 'n'")
    for name in [name for name in os.environ if name.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)  # those of the tests are no settings
    monkeypatch.setenv("ALLOCATOR_DATABASE_URL", str(desk.db.url))
    monkeypatch.setattr(sys, "argv", ["allocator", "retention", "--apply"])
    with pytest.raises(SystemExit, match="70"):
        cli.main()
    said = capsys.readouterr()
    assert "own words: 400 days since they were written; 1 taken out." in said.out
    assert said.err.startswith("allocator: Round 2026/27 again: Event 3 cannot be read, so ")


@long()
@pytest.mark.parametrize("desk", ["postgresql"], indirect=True)
def test_somebody_who_writes_in_another_database_keeps_nothing_there(desk: Desk) -> None:
    with sa.create_engine(desk.db.url.set(database="postgres")).connect() as other:
        other.exec_driver_sql("select pg_current_xact_id()")  # a writer, who looks at nothing just now
        threading.Timer(1.0, other.rollback).start()
        erase.person(desk.db, "p", EMAIL)
    assert EMAIL.encode() not in bytes_of(desk)


def test_of_a_person_known_elsewhere_only_this_programme_lets_go(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, EMAIL, NAME, "q", "auditor")
    erase.person(desk.db, "p", EMAIL)
    with desk.db.read() as s:
        who = s.scalars(sa.select(Someone).where(Someone.email == EMAIL)).one()
        assert [g.programme_id for g in s.scalars(sa.select(Grant).where(Grant.person_id == who.id))] == ["q"]


@pytest.mark.parametrize("role", ["sip", "manager"])
def test_whoever_has_come_in_can_be_erased(desk: Desk, role: roles.GrantRole) -> None:
    """The audit log has a line of every sign-in with their id, and one with each place they were refused."""
    with desk.db.write() as s:
        if role == "manager":
            roles.enrol(s, EMAIL, NAME, "p", "manager")
        person = roles.person_by_email(s, EMAIL)
        assert person is not None
        secret = passes.link(s, person, 5, role, "p")
    come = desk.client.post(f"/sign-in/{secret}")
    assert come.status_code == 200
    desk.client.get("/rounds/rq", headers={"Cookie": come.headers["set-cookie"].split(";")[0]})
    done = erase.person(desk.db, "p", EMAIL)
    assert done.left == 0
    assert person.id.encode() not in bytes_of(desk)
    with desk.db.read() as s:
        lines = s.scalars(sa.select(AuditRow.action).where(AuditRow.subject == done.mark))
        assert set(lines) >= {"signed in", "person erased"}


def test_an_id_that_reads_like_the_name_is_told(desk: Desk) -> None:
    with desk.db.write() as s:
        row = keep.case_row(s, "n")
        assert row is not None
        row.case = {
            **row.case,
            "sips": [{**x, "name": "Ada A. Byron"} if x["sip"] == "A" else x for x in row.case["sips"]],
        }
    assert Marks("x", names={"Amira Khan"}).told("amira")
    assert not Marks("x", names={"Amira Khan"}).told("S12")


@long(but="sqlite")
@IN_BOTH
def test_a_round_is_gone_and_its_hashes_told(desk: Desk) -> None:
    with desk.db.read() as s:
        other, mine = keep.current(s, "r"), keep.current(s, "n")
        assert other is not None
        assert mine is not None
        content = mine.content
    assert erase.round_(desk.db, "n") > 5
    raw = bytes_of(desk).lower()
    assert b"amira was rude" not in raw
    assert b"we like khan" not in raw
    with desk.db.read() as s:
        assert s.get(RoundRow, "n") is None
        assert s.get(PlanRow, desk.ids["named"]) is None
        line = s.scalars(sa.select(AuditRow).where(AuditRow.action == "round erased")).one()
        assert content in line.detail
        _, place = keep.desk(s, "r")
        assert audit(*world(place.plan), place.plan) == []
    with pytest.raises(NotThere):
        erase.round_(desk.db, "n")


@long(but="sqlite")
@IN_BOTH
def test_whoever_still_looks_at_what_was_there_is_waited_for(desk: Desk) -> None:
    """A store keeps what another session may still read, also when its files are written anew."""
    other = desk.db.engine.connect()
    if not desk.db.sqlite:
        other = other.execution_options(isolation_level="REPEATABLE READ")
    other.exec_driver_sql("select count(*) from plans").scalar_one()
    leaving = threading.Timer(0.5, other.close)
    leaving.start()
    erase.round_(desk.db, "n")
    leaving.join()
    assert b"amira was rude" not in bytes_of(desk).lower()


# -- by the schedule ----------------------------------------------------------------------------------------------------


def test_each_kind_goes_after_its_days_and_not_before(desk: Desk) -> None:
    with desk.db.write() as s:
        s.add(UploadRow(round_id="n", name="f", media="m", base64="eA==", by={}, at=keep.now()))
        keep.keep_case(s, keep.the_round(s, "n", lock=True), facts(), Policy(), [], MEL)
        s.execute(sa.update(Job).values(state="done", ended_at=keep.now()))
    assert b"amira was rude" in bytes_of(desk).lower()  # this is where to look
    rules = {r.key: r.days for r in retention.RULES}
    now = keep.now()
    for key in rules:
        alone = {k: 10**5 for k in rules if k != key}
        when = now + dt.timedelta(days=rules[key], hours=-1)
        assert retention.apply(desk.db, alone, now=when, dry=True)[key] == 0, key
        when += dt.timedelta(hours=2)
        dry = retention.apply(desk.db, alone, now=when, dry=True)
        assert dry[key] > 0, key
        assert retention.apply(desk.db, alone, now=when) == dry
        assert {k for k in dry if dry[k]} == {key}
    with desk.db.read() as s:
        assert list(s.scalars(sa.select(RoundRow))) == []
        assert {a.action for a in s.scalars(sa.select(AuditRow))} == {"round erased"}


@long(but="sqlite")
@IN_BOTH
def test_a_reason_goes_and_the_fact_stays(desk: Desk) -> None:
    with desk.db.read() as s:
        before = keep.standing(s, "n")
    when = keep.now() + dt.timedelta(days=401)
    assert retention.apply(desk.db, {}, now=when)["reasons"] == 4  # a refusal and a question, another elsewhere, a note
    assert b"amira was rude" not in bytes_of(desk).lower()
    with desk.db.read() as s:
        after = keep.standing(s, "n")
        reasons = [e.data["reason"] for e in s.scalars(sa.select(EventRow)) if e.data.get("answer") == "veto"]
    assert reasons == [retention.GONE]
    assert (after.refused, after.pairs.keys(), after.length) == (before.refused, before.pairs.keys(), before.length)


def test_longer_or_shorter_by_setting(desk: Desk) -> None:
    with desk.db.write() as s:
        s.execute(sa.update(Job).values(state="done", ended_at=keep.now() - dt.timedelta(days=10)))
    assert retention.apply(desk.db, {}, dry=True)["work"] == 0
    assert retention.apply(desk.db, {"work": 5}, dry=True)["work"] > 0
