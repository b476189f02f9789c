"""The papers of accountability, as Markdown: transparency record, impact assessment, privacy notice, record of
processing, retention schedule (domain 3.7). Drafts: what only the organisation knows is marked to be filled in,
and nothing here is legal advice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from allocator.service.account.about import FILL, About
from allocator.words import noun, number

HELD = (  # (whose, what, why, from where)
    (
        "SIPs",
        (
            "name, address for mail, days offered, phases led, experience, training, checks and contract "
            "dates, base for distances, limits, day rate"
        ),
        "to propose work they may and can do",
        "themselves, the service's own records",
    ),
    (
        "SIPs and schools",
        "declared ties (kind, school, decision), never their story",
        "to keep conflicts out",
        "SIPs, schools",
    ),
    (
        "SIPs and schools",
        "who worked where in which year, and how it ended",
        "to keep what works, and its limits",
        "the service's own records",
    ),
    (
        "heads and chairs",
        "address for mail, what they asked for, answers, questions, a refusal and, if they say it, why",
        "to ask, tell and hear them",
        "themselves",
    ),
    ("everyone with a role", "sign-ins, sessions, what they did and when", "to show who did what", "the service"),
)
NONE_ALTERED = "Nothing has been proposed yet, so no share altered by people can be told."
RISKS = (
    (
        "A person is left without work, or a school without help, by a rule nobody meant so",
        (
            "every rule is in words and in force by a named person; each result names the rule; a question "
            "leads to a person with a date; an independent auditor recomputes every plan"
        ),
    ),
    (
        "People rubber-stamp what the computer proposes",
        (
            "pairs are confirmed one by one by a named person who is not the SIP; those changed must have "
            "been opened; how many were altered is counted and shown"
        ),
    ),
    (
        "Unequal outcomes for groups of SIPs or schools",
        (
            "outcomes by kind of SIP, need, phase and size after each plan, and by groups that the authority "
            "supplies and the plan never sees"
        ),
    ),
    (
        "A school's trouble or a tie is seen by others",
        (
            "each role sees its own; a head never sees a runner-up, a price or another school; why a school "
            "refused is the manager's alone"
        ),
    ),
    (
        "Special categories slip in by free text",
        (
            "no field asks for faith, health, union or ethnicity; boxes say that the person may be shown what "
            "is written; words are kept short"
        ),
    ),
    (
        "Wrong data",
        (
            "every table is checked on the way in, with row and column; each sees what is held on them and "
            "says what is wrong"
        ),
    ),
    (
        "Loss, or somebody in who does not belong",
        (
            "one role of one programme for each link, session and token; audit log; backups read back; the "
            "measures and their tests are told in the security page"
        ),
    ),
    ("Kept too long", "the schedule is applied by a command, and a person or a round can be erased for good"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(r)} |" for r in [head, ["---"] * len(head), *rows])


def _top(title: str, a: About) -> str:
    return f"# {title}\n\n{a.programme}, {a.year}. Draft, filled from the settings in force; *{FILL}* is yours."


def transparency(a: About) -> str:
    """The Algorithmic Transparency Recording Standard's fields."""
    p = a.policy
    one = [
        ("Name", "Allocation of School Improvement Partners"),
        (
            "Description",
            (
                "A computer works out which School Improvement Partner (SIP) could work with which school, so "
                "that as many schools as possible have one who fits; people look at each pair, may change it, "
                "and confirm it."
            ),
        ),
        ("Website", FILL),
        ("Contact", a.contact),
        ("Organisation", a.organisation),
        ("Phase", "in use" if a.altered else "beta"),
        ("Region", FILL),
    ]
    owner = [
        ("Senior responsible owner", a.owner),
        ("Team", FILL),
        (
            "External supplier",
            "none: the program runs on the organisation's own machines"
            if "postgres" not in a.settings.database_url
            else f"who hosts the database: {FILL}",
        ),
        ("Supplier's access to data", f"none by the program; {FILL}"),
        ("Procurement", FILL),
    ]
    why = [
        (
            "Detailed description",
            (
                "Rules bar pairs (an interest, a phase never led, a refusal, a time limit). Among the rest a "
                "list of aims is met strictly in order: posts filled, the neediest first; schools changed "
                "lately not changed again; then points for what schools and SIPs asked and for fitting "
                "experience; last a published lot."
            ),
        ),
        ("Scope", f"{a.schools} schools and {a.sips} SIPs in {a.year}. It proposes; it decides nothing."),
        ("Benefit", "fewer schools without a SIP, reasons for every pair, the same rules for all"),
        ("Previous process", f"by hand, in a workbook: {FILL}"),
        ("Alternatives considered", f"by hand; first come, first served; {FILL}"),
    ]
    decision = [
        (
            "Process integration",
            (
                "asking first (May), a draft (June), proposals and answers (July), confirmation before "
                "September, repairs in the year"
            ),
        ),
        (
            "Information provided",
            (
                "to the manager the pair, the reason in words, the next choice and what a change would cost; "
                "to the school and the SIP their own pair and its reason"
            ),
        ),
        ("Frequency and scale", f"one plan a year for {a.schools} schools, with changes in the year"),
        (
            "Human decisions and review",
            (
                "each pair confirmed by a named person who is not its SIP; mode "
                f"*{p.round.mode.replace('_', ' ')}*. {a.altered or 'No plan has been proposed yet.'}"
            ),
        ),
        ("Required training", FILL),
        (
            "Appeals and review",
            (
                "any school or SIP asks a question on their page: a person answers within "
                f"{p.round.query_days} days; {number(p.round.vetoes)} {noun(p.round.vetoes, 'refusal')} a "
                f"year; then, in order: {', '.join(p.round.ladder)}"
            ),
        ),
    ]
    spec = [
        (
            "Architecture",
            (
                "a web service and workers over one database; constraint programming (CP-SAT) and "
                "mixed-integer programming (HiGHS); no learning, no profile of persons"
            ),
        ),
        ("Version and maintenance", f"sip-allocator {a.version}; {FILL}"),
        (
            "Model",
            (
                f"rules and weights of policy *{p.name}*, below; input the tables of the round; output a plan "
                "with a certificate of how good it is"
            ),
        ),
        (
            "Performance",
            (
                "each plan says whether a better one exists; an auditor that shares no code with it checks "
                "every rule and total before anybody sees it"
            ),
        ),
    ]
    data = [
        (
            "Sources",
            (
                "the service's own records, the national register of schools, published inspection outcomes, "
                "what schools and SIPs say"
            ),
        ),
        ("Personal data", "; ".join(f"{who}: {what}" for who, what, _, _ in HELD[:2])),
        ("Sensitive attributes", "none are asked for; none enter the plan"),
        ("Completeness", "each table is checked on the way in; a blank is unknown, never zero"),
        ("Sharing", FILL),
        ("Access", "roles: manager, auditor, head or chair, SIP; each sees its own"),
        ("Storage and retention", "; ".join(f"{r.what}: {r.days} days" for r in a.kept)),
    ]
    parts = [
        ("Tier 1", one),
        ("2.1 Owner and responsibility", owner),
        ("2.2 Description and rationale", why),
        ("2.3 Decision-making process", decision),
        ("2.4 Tool specification", spec),
        ("2.5 Data", data),
    ]
    text = [_top("Algorithmic transparency record", a)]
    text += [f"## {title}\n\n{table(('field', 'entry'), rows)}" for title, rows in parts]
    text.append(
        "## 2.6 Risks, mitigations, impact "
        f"assessments\n\n{table(('risk', 'mitigation'), RISKS)}\n\nImpact assessment: see the draft that "
        f"goes with this record; equality: {FILL}."
    )
    text.append(f"## Weights in force\n\n{table(('what counts', 'most schools', 'greatest need'), a.weights())}")
    text.append(f"## Rules that keep a pair apart\n\n{table(('rule', 'what it says'), a.bars())}")
    return "\n\n".join(text)


def impact(a: About) -> str:
    """A data-protection impact assessment, drafted."""
    p = a.policy
    need = [
        "A SIP's work and income, and a school's help, turn on the result: treat the decision as significant.",
        "Persons are matched by rules set by people; nobody is scored as a person, and nothing learns.",
        (
            "The decision is not made by the computer alone: a named person with the power to change it looks "
            "at each pair and its reason while it can still change, and confirms it (UK GDPR, articles 22A to "
            "22D as inserted by the Data (Use and Access) Act 2025, section 80)."
        ),
        (
            "No special category is used. In a diocese the *school's* character is data; a person's faith is "
            "not, and is never asked."
        ),
    ]
    safeguards = [
        ("told", "letters and pages say that a computer proposes by published rules and a person confirms"),
        ("may say something", "a question, a refusal, a wish to move on, a tie: each on the person's own page"),
        ("a person intervenes", f"a question has a date ({p.round.query_days} days), an owner and an outcome"),
        (
            "may contest",
            f"in order: {', '.join(p.round.ladder)}",
        ),
    ]
    text = [
        _top("Data-protection impact assessment", a),
        (
            f"Controller: {a.organisation}. Owner: {a.owner}. Data-protection officer consulted: {FILL}. "
            f"Decision: {FILL}. Review by: {FILL}."
        ),
        "## 1 What is done, and why\n\n"
        + (
            f"{a.schools} schools are each to have one of {a.sips} School Improvement Partners. What is held: "
            f"see the record of processing. Lawful basis: {FILL} (usually public task, article 6(1)(e); for "
            "contracts with SIPs 6(1)(b))."
        ),
        "## 2 Need and proportion\n\n" + "\n".join(f"* {n}" for n in need),
        "## 3 Consulted\n\n"
        + f"Heads, SIPs and governors on the rules: {FILL}. The rules and weights are published with every plan.",
        (
            f"## 4 Safeguards\n\n{table(('a person is', 'how'), safeguards)}\n\n{a.altered or NONE_ALTERED} "
            "Zero for ever would be a warning."
        ),
        f"## 5 Risks\n\n{table(('risk', 'what is done', 'what is left'), [(r, m, FILL) for r, m in RISKS])}",
        f"## 6 How long\n\n{_schedule(a)}",
        f"## 7 Signed off\n\n{FILL}",
    ]
    return "\n\n".join(text)


def notice(a: About) -> str:
    """What SIPs, heads and chairs are told."""
    p = a.policy
    rows = [(who, what, why) for who, what, why, _ in HELD]
    return "\n\n".join(
        [
            _top("Privacy notice", a),
            f"**Who we are.** {a.organisation}, {a.contact}. Our data-protection officer: {FILL}.",
            f"**What we hold on you, and why.**\n\n{table(('whom', 'what', 'why'), rows)}",
            (
                f"**Our lawful basis** is {FILL} (usually our public task). We ask for no special category of "
                "data; please write none."
            ),
            "**How a SIP is found for a school.** A computer lays out our published rules for all schools at "
            "once and proposes who could work with whom. A person looks at every pair with its reason, may "
            "change it, and confirms it. What counts most, in order: "
            + ", ".join(w[0].lower() for w in a.weights()[:6])
            + ". All rules and weights are on the page *The rules we plan by*.",
            (
                f"**If you disagree.** Ask on your page: a person answers within {p.round.query_days} days. A "
                f"school may refuse once a year and need not say why. After that: {', '.join(p.round.ladder)}."
            ),
            (
                "**Who sees it.** SIP managers and auditors of this service; a school sees its own SIP's name "
                "and portrait, a SIP their own schools. Why a school refused is seen by SIP managers only. "
                "Nobody sells or shares it: "
            )
            + FILL
            + ".",
            f"**How long.** {'; '.join(f'{r.what}: {r.days} days after {r.since}' for r in a.kept)}.",
            "**Your rights.** Everything held on you is on your page, to print; ask us to put it right, to "
            "restrict it, to object, or to erase it. What others wrote about you may name others: you get a "
            "copy within a month. You may complain to the Information Commissioner (ico.org.uk).",
        ]
    )


def processing(a: About) -> str:
    """The record of processing activities (UK GDPR, article 30)."""
    rows = [(who, what, why, source) for who, what, why, source in HELD]
    facts = [
        ("Controller", a.organisation),
        ("Contact, officer", f"{a.contact}; {FILL}"),
        ("Purpose", "allocating School Improvement Partners to schools and keeping account of it"),
        ("Persons", f"{a.sips} SIPs; heads and chairs of {a.schools} schools; staff of the service"),
        ("Recipients", "SIP managers and auditors of the programme; each school and SIP their own; " + FILL),
        ("Processors", f"host, mail server, sign-in provider{'' if a.settings.oidc_issuer else ' (none set)'}: {FILL}"),
        ("Transfers abroad", f"none by the program; {FILL}"),
        (
            "Security",
            "roles, single-use links, sessions that end, TLS for mail, private files, audit log, backups read back",
        ),
        ("Lawful basis", FILL),
    ]
    return "\n\n".join(
        [
            _top("Record of processing", a),
            table(("field", "entry"), facts),
            f"## What is held\n\n{table(('whom', 'what', 'why', 'from where'), rows)}",
            f"## How long\n\n{_schedule(a)}",
        ]
    )


def retention(a: About) -> str:
    """How long everything is kept."""
    also = (
        (
            "Sign-in links go a day after they run out, sessions and tokens 30 days after, answers kept for "
            "repeated requests after a week. Backups are deleted within: "
        )
        + FILL
        + "."
    )
    return "\n\n".join(
        [
            _top("Retention schedule", a),
            _schedule(a),
            also,
            "Applied by `allocator retention --apply`, each night. A person or a round is erased by `allocator erase`.",
        ]
    )


def _schedule(a: About) -> str:
    return table(
        ("what", "days", "from when", "why so long"), [(r.what, f"{r.days:,}", r.since, r.why) for r in a.kept]
    )


DOCUMENTS: dict[str, tuple[str, Callable[[About], str]]] = {
    "transparency": ("Algorithmic transparency record", transparency),
    "impact": ("Data-protection impact assessment", impact),
    "notice": ("Privacy notice", notice),
    "processing": ("Record of processing", processing),
    "retention": ("Retention schedule", retention),
}
