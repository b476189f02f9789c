"""The page of twenty-five questions: each with the command that answers it, run on a ready case, and what it printed."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parents[1]
MADE = (  # plans that the questions are asked of
    "solve scenarios/hartwell -o hartwell.json",
    "solve scenarios/two-leave-and-the-budget-falls -o two.json",
    "solve scenarios/special-measures -o sm.json",
    "solve scenarios/cluster-asks -o cluster.json",
    "solve scenarios/head-moves -o head.json",
    "solve scenarios/no-one -o no-one.json",
    "what-if scenarios/special-measures --plan sm.json --changes scenarios/special-measures/changes.toml -o sm2.json",
    "what-if scenarios/head-moves --plan head.json --changes scenarios/head-moves/changes.toml -o head2.json",
)
FILES = {
    "two-leave.toml": '[[change]]\nsip_leaves = {sip = "dev", on = "2026-12-31"}\n[[change]]\nsip_leaves = {sip = "bob", on = "2026-12-31"}\n',
    "forty-fewer.toml": "[[change]]\nbudget = {days = 30}\n",
    "dbs.toml": '[[change]]\ncheck = {sip = "bob", dbs_valid_until = "2027-05-01"}\n',
    "governor.toml": '[[change]]\ninterest = {sip = "ann", urn = "910002", kind = "governor", declared_on = "2026-06-02"}\n',
    "move-on.toml": '[[change]]\nwish = {by = "sip", sip = "ann", urn = "910001", wish = "move_on", strength = 3}\n',
    "twelve-days.toml": '[[change]]\ndays = {sip = "cat", days = 12}\n[[change]]\nperiod_days = {sip = "cat", period = "autumn_2", days = 0}\n',
}


@dataclass(frozen=True)
class Asked:
    """One question. `pages`: where the service answers it; `note`: what no command can say; `most`: lines that are shown."""

    who: str
    text: str
    commands: tuple[str, ...] = ()
    pages: str = ""
    note: str = ""
    most: int = 12


MANAGER, HEAD, SIP = "SIP manager, trust adviser", "Headteacher and chair", "SIP"
ASKED = (
    Asked(
        MANAGER,
        "Who has no SIP for September, and is there anyone eligible with days left?",
        ("list room no-one.json",),
        "the board; lists",
    ),
    Asked(
        MANAGER,
        "Two of my SIPs leave at Christmas. What is the least disruptive repair, and which schools would change?",
        ("what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes two-leave.toml",),
        "what if",
        most=20,
    ),
    Asked(
        MANAGER,
        "Which pairs reach three years this summer, and which reach five?",
        ("list tenure hartwell.json",),
        "lists",
        most=14,
    ),
    Asked(
        MANAGER,
        "Why was this SIP proposed for this school, and who came second?",
        ("explain hartwell.json --school 900003",),
        "the school's page",
    ),
    Asked(
        MANAGER,
        "Why is there no feasible plan? Which rule, if relaxed, would make one?",
        ("explain no-one.json --school 920003",),
        "the school's page",
    ),
    Asked(
        MANAGER,
        "If the budget falls by 40 days, which schools lose time, and does anyone drop below the floor?",
        ("what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes forty-fewer.toml",),
        "what if",
        "Nobody can be given less than the policy's floor (`days.floor`): no plan has it.",
        most=14,
    ),
    Asked(
        MANAGER,
        "A school has just gone into special measures: how many days does it now get, who could supply them, and should support be a different person?",
        ("list needs sm2.json",),
        "what if; lists",
        "Support is a post of its own in special measures, and apart from the lead (`separation`).",
        most=20,
    ),
    Asked(
        MANAGER,
        "Is anyone over their days in the second half of the autumn term, although fine over the year?",
        ("list days hartwell.json",),
        "the board; a SIP's page; lists",
        most=30,
    ),
    Asked(
        MANAGER,
        "Which SIPs have a declared interest in a school in my draft, and who cleared it?",
        ("list interests hartwell.json",),
        "interests and checks",
    ),
    Asked(
        MANAGER,
        "Who can do a head's appraisal at this school, and not be its own SIP?",
        ("list appraisal hartwell.json",),
        "lists",
        most=9,
    ),
    Asked(
        MANAGER, "Which schools have had more than one change in two years?", ("list changes hartwell.json",), "lists"
    ),
    Asked(
        MANAGER,
        "Whose DBS, contract or training runs out before their last planned visit?",
        (
            "what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes dbs.toml --rebuild -o dbs.json",
            "list checks dbs.json",
        ),
        "interests and checks; lists",
        "On the ready case nothing runs out; here one date is changed first, to show what it bars and what a renewal would keep.",
        most=10,
    ),
    Asked(
        MANAGER,
        "Can this partnership of eight share one SIP, and what does it cost elsewhere?",
        ("list clusters cluster.json",),
        "what if, with that decided",
    ),
    Asked(
        HEAD,
        "Who is our SIP next year, is it the same person, and if not, why not?",
        ("explain hartwell.json --school 900025 --for school",),
        "the head's page; the letter",
    ),
    Asked(
        HEAD,
        "We would rather not have this person: what happens, do we have to say why, who will see it?",
        ("explain hartwell.json --school 900003 --for school",),
        "the head's page",
        "The last sentence says it, and the button on the head's page. The SIP manager sees a reason, if one is given; the SIP does not ([access](../reference/access.md)).",
    ),
    Asked(
        HEAD,
        "Can we keep our SIP beyond the limit?",
        ("explain hartwell.json --school 900007 --for school",),
        "the letter",
        "A chair asks; the manager records an extension and locks the pair. The sentence stands only where the limit alone bars it.",
    ),
    Asked(
        HEAD,
        "I am moving to another school nearby: can my SIP come with me?",
        ("explain head2.json --school 910001",),
        "the head's page of the new school",
        "The request is a wish, and is answered as every wish is.",
    ),
    Asked(
        HEAD,
        "Does our SIP work with, or lead, a school next door?",
        (),
        "",
        "A head is not told of another school. That it cannot be is a rule: nobody leads a school of their own cluster or trust, nobody serving as head leads one near their own "
        "(`own_ties`), and two heads are never SIP to each other's schools (`reciprocal`). Whether the SIP serves other schools near by is for the SIP to say.",
    ),
    Asked(
        HEAD,
        "How many days are left this year, and can one be used for governors or during inspection?",
        ("explain sm2.json --school 910004 --for school",),
        "the head's page, where days given are kept",
        "What a day is used for is agreed between head and SIP; three of the half-days are the school's to direct.",
    ),
    Asked(
        HEAD,
        "We have our own SIP: what must we send you, and when is the refund paid?",
        (),
        "the director's page counts such schools",
        "`participation = own_sip` keeps the school out of the run and in the count. Reports and refunds are between the school and the service: they are not planned, and not our work.",
    ),
    Asked(
        HEAD,
        "Who has read our visit report, and can we see or stop its sharing with the LA?",
        (),
        "",
        "Visit reports are not kept here, so nobody reads one here.",
    ),
    Asked(
        SIP,
        "Which schools am I offered, how far apart are they, and how many days is that by term?",
        ("explain hartwell.json --school 900025 --for sip", "list days hartwell.json"),
        "the SIP's page, with a map and distances",
        most=8,
    ),
    Asked(
        SIP,
        "I was a governor, consultant or head there: how do I declare it, and does it bar me?",
        ("what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes governor.toml",),
        "the SIP's page: *I have a tie to this school*",
        most=10,
    ),
    Asked(
        SIP,
        "I have done what I can at this school: how do I ask for a change without harming either side?",
        (
            "what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes move-on.toml -o on.json",
            "explain on.json --school 910001 --for school",
        ),
        "the SIP's page: *Ask to move on*",
        "The manager talks to the SIP first; the head reads nothing of who asked.",
    ),
    Asked(
        SIP,
        "I can only give twelve days and no Mondays, and no visits in November because of my own school: can I still take two schools?",
        ("what-if scenarios/two-leave-and-the-budget-falls --plan two.json --changes twelve-days.toml",),
        "the SIP's form; what if",
        "Days of the week are not planned: head and SIP agree the dates. A lead post takes days in November and December by the policy's calendar, so without any there it is none.",
        most=14,
    ),
)


def page(note: str) -> str:
    """The page, from commands run in a folder of its own."""
    out = [
        "# Twenty-five questions",
        "",
        note,
        "What a manager, a head and a SIP ask, and what answers it: the command, and what it prints for a ready case; or the page. Made by running them:",
        "",
        "```text",
        *(f"allocator {c}" for c in MADE),
        "```",
        "",
        "Changes that some of them take:",
        "",
    ]
    for name, text in FILES.items():
        out += [f"`{name}`:", "", "```toml", text.rstrip(), "```", ""]
    with _folder():
        for name, text in FILES.items():
            Path(name).write_text(text, "utf-8")
        for made in MADE:
            _run(made)
        group = ""
        for n, asked in enumerate(ASKED, 1):
            if asked.who != group:
                group = asked.who
                out += [f"## {group}", ""]
            out += [f"### {n}. {asked.text}", ""]
            for command in asked.commands:
                out += ["```text", f"$ allocator {command}", *_shown(_run(command), asked.most), "```", ""]
            out += [f"On pages: {asked.pages}.", ""] if asked.pages else []
            out += [asked.note, ""] if asked.note else []
    return "\n".join(out)


def _shown(text: str, most: int) -> list[str]:
    lines = [line.rstrip() for line in text.strip().splitlines()]
    left = len(lines) - most
    return lines if left < 3 else [*lines[:most], f"… and {left} lines more"]


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    """A folder with the ready cases in it, to work in for a while."""
    was = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "scenarios", Path(folder) / "scenarios")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(was)


def _run(command: str) -> str:
    """What the command prints at 100 columns; a failure of ours is raised."""
    from allocator.cli import main

    said = io.StringIO()
    args = ["allocator", *command.split()]
    wide = mock.patch.dict(os.environ, {"COLUMNS": "100"})
    quiet = contextlib.redirect_stderr(io.StringIO())
    with mock.patch.object(sys, "argv", args), wide, quiet, contextlib.redirect_stdout(said):
        try:
            main()
        except SystemExit as end:
            if end.code not in (0, 4, None):
                raise RuntimeError(f"allocator {command} ended with {end.code}") from None
    return said.getvalue()
