"""Complaints and concerns (domain M1, M2): who reads what, who may take which step, and that the two never mix."""

from __future__ import annotations

import datetime as dt

import pytest

from allocator.domain.round import Person
from allocator.errors import RoundRefuses
from allocator.rounds.ladders import Matter, Step, Viewer, may, next_step, opened, shown, sight

NOW = dt.datetime(2027, 1, 4, 9, tzinfo=dt.UTC)
HEAD, MEL = Person(id="h", name="Hed", role="head"), Person(id="m", name="Mel", role="manager")
SIP = Person(id="s", name="Sid", role="sip")
VIEWERS = {
    "manager": Viewer("manager"),
    "manager who is the SIP": Viewer("manager", sips=frozenset({"A"})),
    "auditor": Viewer("auditor"),
    "head": Viewer("school", heads=frozenset({"1"})),
    "chair": Viewer("school", chairs=frozenset({"1"})),
    "head elsewhere, chair here": Viewer("school", heads=frozenset({"2"}), chairs=frozenset({"1"})),
    "other head": Viewer("school", heads=frozenset({"2"})),
    "sip": Viewer("sip", sips=frozenset({"A"}), works_with=frozenset({"1"})),
    "sip no longer there": Viewer("sip", sips=frozenset({"A"})),
    "other sip": Viewer("sip", sips=frozenset({"B"}), works_with=frozenset({"1", "2"})),
}


def matter(kind: str, owner: str, rung: int = 0, sip: str = "A") -> Matter:
    rungs = ("SIP", "SIP manager", "chair") if kind == "complaint" else ("head", "SIP manager", "officer", "director")
    return Matter("x", "p", kind, owner, "1", sip, rungs, (opened(HEAD, rung, "text", NOW, 10),))  # type: ignore[arg-type]


def up(m: Matter, *steps: Step) -> Matter:
    return Matter(m.id, m.programme, m.kind, m.owner, m.urn, m.sip, m.rungs, m.steps + steps)


SEES = {  # matter -> who sees it, and how
    ("complaint", "head", 0): {
        "manager": "all",
        "manager who is the SIP": "facts",
        "auditor": "facts",
        "head": "all",
        "sip": "first",
    },
    ("complaint", "head", 1): {"manager": "all", "manager who is the SIP": "facts", "auditor": "facts", "head": "all"},
    ("complaint", "chair", 0): {
        "manager": "all",
        "manager who is the SIP": "facts",
        "auditor": "facts",
        "chair": "all",
        "head elsewhere, chair here": "all",
        "sip": "first",
    },
    ("concern", "sip", 0): {
        "manager": "all",
        "manager who is the SIP": "all",
        "auditor": "facts",
        "head": "all",
        "sip": "all",
    },
    ("concern", "manager", 0): {"manager": "all", "manager who is the SIP": "all", "auditor": "facts", "head": "all"},
}


@pytest.mark.parametrize("which", list(SEES), ids=str)
def test_only_those_it_concerns_see_it(which: tuple[str, str, int]) -> None:
    m = matter(*which)
    assert {n: how for n, v in VIEWERS.items() if (how := sight(m, v))} == SEES[which]


def test_the_service_itself_is_complained_of_to_no_sip() -> None:
    m = matter("complaint", "head", 1, sip="")
    assert [n for n, v in VIEWERS.items() if sight(m, v)] == ["manager", "manager who is the SIP", "auditor", "head"]
    assert sight(m, VIEWERS["manager who is the SIP"]) == "all"


def test_the_sip_reads_what_was_brought_to_them_and_not_what_went_up() -> None:
    m = matter("complaint", "head")
    m = up(m, next_step(m, VIEWERS["sip"], SIP, "answered", "I am sorry.", NOW, 10))
    m = up(m, next_step(m, VIEWERS["head"], HEAD, "raised", "It goes on.", NOW, 10))
    m = up(m, next_step(m, VIEWERS["manager"], MEL, "answered", "Heard.", NOW, 10))
    assert [s.text for s in shown(m, "first")] == ["text", "I am sorry.", None, None]
    assert [s.text for s in shown(m, "facts")] == [None] * 4
    assert [s.text for s in shown(m, "all")] == ["text", "I am sorry.", "It goes on.", "Heard."]


def test_each_step_is_the_right_persons_to_take() -> None:
    complaint, concern = matter("complaint", "head"), matter("concern", "sip")
    assert {n: may(complaint, v) for n, v in VIEWERS.items() if may(complaint, v)} == {
        "manager": ("answered", "raised", "closed"),
        "head": ("raised", "closed"),
        "sip": ("answered",),
    }
    assert {n: may(concern, v) for n, v in VIEWERS.items() if may(concern, v)} == {
        "manager": ("answered", "raised", "closed"),
        "manager who is the SIP": ("answered", "raised", "closed"),
        "head": ("answered",),
        "sip": ("raised", "closed"),
    }
    above = up(complaint, next_step(complaint, VIEWERS["head"], HEAD, "raised", "on", NOW, 10))
    assert may(above, VIEWERS["sip"]) == ()
    with pytest.raises(RoundRefuses, match="not yours"):
        next_step(above, VIEWERS["sip"], SIP, "answered", "x", NOW, 10)


def test_it_climbs_rung_by_rung_each_with_its_date_and_ends() -> None:
    m, seen = matter("concern", "sip"), []
    for n in range(3):
        m = up(m, next_step(m, VIEWERS["sip"], SIP, "raised", "on", NOW + dt.timedelta(days=n), 10))
        seen.append((m.with_, m.reply_by))
    assert seen == [
        ("SIP manager", dt.date(2027, 1, 14)),
        ("officer", dt.date(2027, 1, 15)),
        ("director", dt.date(2027, 1, 16)),
    ]
    with pytest.raises(RoundRefuses, match="director is the last"):
        next_step(m, VIEWERS["sip"], SIP, "raised", "on", NOW, 10)
    m = up(m, next_step(m, VIEWERS["manager"], MEL, "answered", "done", NOW, 10))
    assert m.reply_by is None  # nobody waits any more
    m = up(m, next_step(m, VIEWERS["manager"], MEL, "closed", "", NOW, 10))
    assert m.closed
    assert [may(m, v) for v in VIEWERS.values()] == [()] * len(VIEWERS)
    with pytest.raises(RoundRefuses, match="closed"):
        next_step(m, VIEWERS["manager"], MEL, "answered", "x", NOW, 10)
