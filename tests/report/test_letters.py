"""Letters: who gets one, what it says, what it never says; as Word and as a PDF that everybody can read."""

from __future__ import annotations

import datetime as dt
import io
import time
from functools import cache
from typing import Any

import pytest

from allocator import rounds
from allocator.domain.fold import fold
from allocator.domain.happened import Event
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.domain.round import Person
from allocator.errors import UsageError
from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve
from allocator.report.letter_files import pdf, word
from allocator.report.letters import LetterOffice, school_letter, to_schools
from allocator.report.sip_letters import sip_letter
from allocator.report.wording import DEFAULTS, FIELDS, KINDS, TO_SIPS, Letter, merge, problems
from allocator.rounds import Desk, together
from tests.make import case, led, school, sip
from tests.pages.site import HARTWELL
from tests.rounds.test_round import MANAGER, Table, four

TODAY = dt.date(2026, 6, 27)
MEL = Person(id="m", name="Mel", role="manager")


@cache
def small() -> Plan:
    """A led 1 last year and goes on; 2 and 3 share a head."""
    schools = [
        school("1", name="Hill School", focus=("phonics",)),
        school("2", name="Dale Infant School", head="h"),
        school("3", name="Dale Junior School", head="h"),
        school("4", name="Top School", category_of_concern="SM"),
    ]
    team = [
        sip("A", name="Siân Llŷr", specialisms=("phonics",), pen_portrait="I led a small school."),
        sip("B", name="Łukasz Żak", experience=("special_measures",)),
    ]
    return solve(case(schools, team, history=led("1", "A", "2025/26")), Policy())


def desk(plan: Plan) -> Desk:
    return Desk(plan, fold([rounds.record([], rounds.adopt(fold([]), plan), MEL, dt.datetime.now(dt.UTC))]))


def office(plan: Plan, **more: object) -> LetterOffice:
    given = {
        "ready": ready_from(plan),
        "wordings": dict(DEFAULTS),
        "manager": "Mel Hart",
        "programme": "Hartwell",
        "today": TODAY,
        "school_link": "https://x.example/school",
        "sip_link": "https://x.example/sip",
        **more,
    }
    return LetterOffice(**given)  # type: ignore[arg-type]


def test_a_letter_says_where_to_ring_only_where_there_is_a_number() -> None:
    place = desk(small())
    (urns,) = together(place, ["1"])
    with_one = office(small(), office="County Hall", telephone="01632 960018")
    said = school_letter(place, urns, with_one)
    assert "tell me there or ring me on 01632 960018 by 11 July 2026; you need not say why." in said.text
    for kind in KINDS:
        letter = (
            sip_letter(place, "A", with_one, kind=kind)
            if kind in TO_SIPS
            else school_letter(place, urns, with_one, kind=kind)
        )
        assert letter.paragraphs[-1] == "Mel Hart\nHartwell\nCounty Hall\nTelephone 01632 960018", kind
    without = school_letter(place, urns, office(small()))
    assert "tell me there by 11 July 2026; you need not say why." in without.text
    assert without.paragraphs[-1] == "Mel Hart\nHartwell"
    assert "ring me" not in without.text
    assert "elephone" not in without.text
    changed = school_letter(place, urns, with_one, kind="changed")
    assert "or ring me on 01632 960018 by" in changed.text
    only = school_letter(place, urns, office(small(), telephone="01632 960018"))
    assert only.paragraphs[-1] == "Mel Hart\nHartwell\nTelephone 01632 960018"


def test_a_letter_says_who_why_and_by_when() -> None:
    place = desk(small())
    (urns,) = together(place, ["1"])
    letter = school_letter(place, urns, office(small()))
    whole = letter.heading + letter.text
    assert "Siân Llŷr stays your School Improvement Partner for 2026/27, partly because" in whole
    assert "you asked for help with phonics" in whole
    assert "Siân Llŷr writes: I led a small school." in whole
    assert "Please answer by 11 July 2026. If I hear nothing by then" in whole
    assert "https://x.example/school" in whole
    assert "{{" not in whole


def test_schools_that_share_a_head_get_one_letter() -> None:
    place = desk(small())
    groups = together(place, ["1", "2", "3", "4"])
    assert [g for g in groups if "2" in g] == [("2", "3")]
    letter = school_letter(place, ("2", "3"), office(small()))
    assert "To the headteacher of Dale Infant School and Dale Junior School" in letter.text
    assert "Dale Infant School has" in letter.text


def test_a_school_of_concern_reads_what_happens_and_not_why() -> None:
    place = desk(small())
    text = school_letter(place, ("4",), office(small())).text.lower()
    assert "i shall consider what you say" in text
    assert [w for w in ("special measures", "concern", "category", "points", "runner") if w in text] == []


def test_no_letter_of_a_whole_authority_tells_of_another_school_or_a_category() -> None:
    reading = read_case(HARTWELL)
    assert reading.case is not None
    plan = solve(reading.case, reading.policy)
    place, shared = desk(plan), office(plan)
    names = {s.urn: s.name for s in reading.case.schools}
    groups = together(place, [u for u, _ in place.round.pairs])
    assert sum(len(g) for g in groups) == len({u for u, _ in place.round.pairs})
    for group in groups:
        text = school_letter(place, group, shared).text
        assert [n for u, n in names.items() if u not in group and n in text] == []
        assert [w for w in ("special measures", "points", "runner-up", "category") if w in text.lower()] == []
    for sip_id in {p.sip for p in place.round.pairs.values()}:
        letter = sip_letter(place, sip_id, shared)
        own = [names[u] for u in letter.urns]
        assert all(n in letter.text for n in own)
        own += [names[c.urn] for c in plan.changes if c.from_ == sip_id]  # what was theirs, and why it is not any more
        others = [
            n for u, n in names.items() if u not in letter.urns and n in letter.text and not any(n in o for o in own)
        ]
        assert others == []
        assert [s.name for s in reading.case.sips if s.sip != sip_id and s.name in letter.text] == []


def test_fields_with_nothing_to_say_leave_no_trace() -> None:
    values = dict.fromkeys(FIELDS["school"], "") | {"sip": "Amira Khan", "start": "1 September"}
    wording = "Heading\n\n{{ sip }} comes on {{ start }}, {{ because }}.\n\n{{ sip }} writes: {{ portrait }}\n\nBye"
    letter = merge("school", wording, values, "1", "x", ("1",))
    assert letter.paragraphs == ("Amira Khan comes on 1 September.", "Bye")
    fact = merge("school", wording, {**values, "because": "; John Lee has left us"}, "1", "x", ("1",))
    assert fact.paragraphs[0] == "Amira Khan comes on 1 September; John Lee has left us."


@pytest.mark.parametrize(
    ("wording", "said"),
    [
        ("x {{ sipp }}", "Did you mean {{ sip }}?"),
        ("x {{ zzzzzz }}", "Use one of: school"),
        ("x {{ sip }", "not closed"),
        ("  ", "Write the letter"),
        ("x" * 9000, "at most 8,000"),
        ("{{ sip.__class__ }}", "There is no field"),
    ],
)
def test_what_is_wrong_with_a_wording_is_said(wording: str, said: str) -> None:
    assert said in ". ".join(problems("school", wording))


def test_the_wordings_we_ship_are_right() -> None:
    assert problems("school", DEFAULTS["school"]) == problems("sip", DEFAULTS["sip"]) == []


def letters() -> list[Letter]:
    place = desk(small())
    return [school_letter(place, g, office(small())) for g in together(place, ["1", "2", "4"])]


def test_the_pdf_is_tagged_has_its_fonts_and_real_text() -> None:
    from pypdf import PdfReader

    made = pdf(letters(), "Mel Hart", TODAY)
    assert made == pdf(letters(), "Mel Hart", TODAY)
    read = PdfReader(io.BytesIO(made))
    root: Any = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    text = "\n".join(p.extract_text() for p in read.pages)
    assert "Siân Llŷr" in text
    assert "Łukasz Żak" in text
    assert len(read.pages) == len(letters())
    pages: list[Any] = list(read.pages)
    fonts = [f.get_object() for p in pages for f in p["/Resources"]["/Font"].values()]
    links = [a.get_object()["/A"]["/URI"] for p in pages for a in p.get("/Annots", ())]
    assert set(links) == {"https://x.example/school"}, "an address can be followed where it is read on a screen"
    assert all("/FontFile" in str(f["/DescendantFonts"][0].get_object()["/FontDescriptor"]) for f in fonts)


HEAD = ("Hartwell", "School Improvement, County Hall", "Telephone 01632 960018")


def test_on_paper_the_sender_stands_at_the_top_and_the_telephone_only_there() -> None:
    from docx import Document
    from pypdf import PdfReader

    plan = small()
    with_office = office(plan, office=HEAD[1], telephone="01632 960018")
    assert with_office.head == HEAD
    assert office(plan).head == ("Hartwell",)
    found = [school_letter(desk(plan), g, with_office) for g in together(desk(plan), ["1", "4"])]
    for page in PdfReader(io.BytesIO(pdf(found, "Mel Hart", TODAY, HEAD))).pages:
        text = page.extract_text()
        assert text.startswith("\n".join(HEAD))
        assert text.count(HEAD[2]) == 1
        assert text.rstrip().endswith("Mel Hart\nHartwell"), "under the name, whose they are"
    read = Document(io.BytesIO(word(found, "Mel Hart", TODAY, HEAD))).paragraphs
    tops = [n for n, p in enumerate(read) if p.text == "\n".join(HEAD)]
    assert [read[n + 1].style.name for n in tops] == ["Heading 1"] * len(found)  # type: ignore[union-attr]  # each has one
    assert [read[n].paragraph_format.page_break_before for n in tops] == [False, True]
    assert sum(p.text.count(HEAD[2]) for p in read) == len(found)


def test_a_character_that_no_font_holds_is_said() -> None:
    odd = Letter("school", "1", "x", ("1",), "H", ("\U000f0000",))
    with pytest.raises(UsageError, match="take the letters as Word"):
        pdf([odd], "Mel", TODAY)


def test_the_word_file_holds_every_letter() -> None:
    from docx import Document

    read = Document(io.BytesIO(word(letters(), "Mel Hart", TODAY)))
    headings = [p.text for p in read.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert len(headings) == len(letters())
    assert any("Siân Llŷr" in p.text for p in read.paragraphs)
    assert read.core_properties.language == "en-GB"
    starts = [p.paragraph_format.page_break_before for p in read.paragraphs if p.text in headings]
    assert starts == [n > 0 for n in range(len(letters()))], "each on a page of its own, and none empty between"
    style: Any = read.styles["Heading 1"]
    assert (style.font.name, str(style.font.color.rgb)) == ("Arial", "000000")
    assert not [k for k in style.element.rPr.rFonts.attrib if k.endswith("Theme")], "Word would take the theme's font"


def test_control_characters_do_not_reach_a_file() -> None:
    values = dict.fromkeys(FIELDS["school"], "x") | {"portrait": "a\x0bb\x1fc"}
    letter = merge("school", "H\n\n{{ portrait }}", values, "1", "x", ("1",))
    assert letter.paragraphs == ("abc",)
    word([letter], "Mel\n", TODAY)
    pdf([letter], "Mel", TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "{{" + " " * 7900 + "x",
        "," * 7900,
        " " * 7999,
        "{{ " * 2600,
        "{" * 7999,
        ("{{" + " " * 50) * 150,
        ("," + " " * 60) * 130 + "{{",
    ],
)
def test_no_wording_keeps_anybody_waiting(text: str) -> None:
    began = time.perf_counter()
    problems("school", text)
    assert time.perf_counter() - began < 1


def test_a_field_with_nothing_to_say_takes_the_comma_or_space_before_it_along() -> None:
    """One comma, and whatever blanks; nothing of what another field said."""
    values = dict.fromkeys(FIELDS["sip"], "") | {"sip": "Ann", "days": "two,"}
    for text, told in (
        ("{{ days }}, {{ year }}.", "two,."),
        ("{{ days }} ,\t {{year}}!", "two, !"),
        ("{{ days }}{{ year }} on", "two, on"),
        ("{{ days }} {{ year }} on", "two, on"),
        ("a, {{ year }}{{ days }}", "atwo,"),
        ("{{ sip }}", "Ann"),
    ):
        assert merge("sip", "x\n\n" + text, values, "A", "Ann", ()).paragraphs == (told,), text


def test_a_head_who_was_heard_and_overruled_reads_what_why_by_whom_when_and_where_to_turn() -> None:
    plan = small()
    log: list[Event] = []
    steps: list[Any] = [
        lambda d: rounds.propose(d, None, TODAY),
        lambda d: rounds.answer(d, "4", "veto", "head", TODAY),
        lambda d: rounds.decide_refusal(d, "4", False, "Nobody else has the experience", TODAY),
    ]
    log.append(rounds.record(log, rounds.adopt(fold([]), plan), MEL, dt.datetime.now(dt.UTC)))
    for step in steps:
        log.append(rounds.record(log, step(Desk(plan, fold(log))), MEL, dt.datetime.now(dt.UTC)))
    place = Desk(plan, fold(log))
    assert place.round.pairs["4", "lead"].stage == "overruled"
    (letter,) = to_schools(place, "decided", ["1", "4"], office(plan))
    assert letter.urns == ("4",)
    assert (
        "You asked for somebody else. Mel considered it and decided on 27 June 2026 that it is to be Łukasz Żak all the same. The reason: "
        "Nobody else has the experience."
    ) in letter.text
    assert (
        "you can ask the assistant director, who decides within 10 days, to look at it again: https://" in letter.text
    )
    assert to_schools(place, "confirmed", ["4"], office(plan)) == []


def test_a_sip_reads_of_a_school_that_came_and_went_before_anybody_wrote() -> None:
    """B takes a school that refused A, hears nothing of it, and leaves at Christmas."""
    t = Table(four(sips=[sip("A"), sip("B")]))
    t.do(rounds.sound, None, TODAY)
    t.do(rounds.propose, None, TODAY)
    t.do(rounds.answer, "1", "veto", "head", TODAY)
    t.resubmit()
    assert t.lead("1") == "B"
    t.do(rounds.propose, None, TODAY)
    for urn in "1234":
        t.do(rounds.answer, urn, "accept", "head", TODAY)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone], MANAGER))
    t.do(rounds.put_in_force, TODAY)
    t.by_hand([{"sip_leaves": {"sip": "B", "on": "2026-12-31"}}], "retires")
    whole = " ".join(sip_letter(t.desk, "B", office(t.desk.plan), kind="sip_changed").paragraphs)
    assert "School 1: yours from 1 September 2026 to 31 December 2026, of which I had not written to you." in whole
    assert "your work there ends on 31 December 2026, as you are leaving us" in whole
    t.do(rounds.sound, ["B"], TODAY)
    for p in [p for p in t.now.everyone if p.stage == "draft"]:
        t.do(rounds.propose, [p.urn], TODAY)
        t.do(rounds.answer, p.urn, "accept", "head", TODAY)
    t.do(rounds.tell, None, None, TODAY)
    t.keep(rounds.confirm(t.desk, [p.beside for p in t.now.everyone if p.stage != "confirmed"], MANAGER))
    assert rounds.sip_due(t.desk, "B") == ()  # not that no school and no day are confirmed
