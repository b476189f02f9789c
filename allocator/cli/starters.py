"""Commands that make what one starts from: an invented team, an empty template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import JsonOpt, app, say, say_json

ForceOpt = Annotated[bool, typer.Option("--force", help="write over what is there")]


def free_to_write(targets: Sequence[Path], force: bool, instead: str = "Give another place") -> None:
    """Refuse to write over a manager's work unless told to; `instead` is what to do."""
    from allocator.errors import UsageError

    there = [str(t) for t in targets if t.exists()]
    if there and not force:
        verb = "is" if len(there) == 1 else "are"
        raise UsageError(f"{', '.join(there)} {verb} already there. {instead}, or --force to write over it.")


generate_app = typer.Typer(help="Invented data, marked as such.", no_args_is_help=True)
app.add_typer(generate_app, name="generate")


@generate_app.command("team")
def team(
    case: Annotated[Path, typer.Argument(help="a folder with schools.csv; the team is written beside it")],
    sips: Annotated[int, typer.Option("--sips", min=1, help="how many SIPs")],
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same team")],
    tightness: Annotated[
        float, typer.Option("--tightness", help="capacity over demand; below 1 days are short")
    ] = 1.05,
    period_limits: Annotated[bool, typer.Option("--period-limits", help="most SIPs limit each period")] = False,
    clusters: Annotated[
        bool, typer.Option("--clusters", help="put the schools in clusters too; schools.csv gets two columns")
    ] = False,
    year: Annotated[str | None, typer.Option("--year", help="the academic year planned, as 2026/27")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="a policy.toml")] = None,
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """An invented team, history, interests and wishes for real schools, so that an authority can try the tool."""
    from allocator.errors import UsageError
    from allocator.generate import MARK, WRITTEN, invent, write_team
    from allocator.generate.harder import clustered, write_clusters
    from allocator.intake.read import read_case

    if not case.is_dir():
        raise UsageError(f"{case}: give a folder with schools.csv; the team's tables are written beside it.")
    named = (*WRITTEN, "schools") if clusters else WRITTEN
    free_to_write([case / f"{name}.csv" for name in named] + [case / MARK], force)
    reading = read_case(case, year=year, policy=policy, schools_only=True)
    if reading.case is None:
        from allocator.cli.app import show_problems

        show_problems(reading.problems)
        raise typer.Exit(3)
    given = clustered(reading.case) if clusters else reading.case
    made = invent(given, reading.policy, sips, seed, tightness, period_limits=period_limits)
    written = write_team(made, case)
    if clusters:
        write_clusters(given.schools, case / "schools.csv")
        written.append(case / "schools.csv")
    hand = made.hand
    if as_json:
        say_json(
            {
                "written": [str(p) for p in written],
                "sips": made.sips,
                "posts": made.posts,
                "demand_days": made.demand_days,
                "capacity_days": made.capacity_days,
                "tightness": round(made.tightness, 4),
                "in_two_authorities_or_more": made.many_authorities,
                "by_hand": {"filled": hand.filled, "unfilled": hand.unfilled, "kept": hand.kept},
            }
        )
        return
    say(f"{case}: an invented team of {made.sips} SIPs (and {made.leavers} who have left) for {made.posts:,} posts.")
    say(
        f"  Tightness {made.tightness:.3f}: {made.capacity_days:,.2f} days of capacity for "
        f"{made.demand_days:,.2f} asked."
    )
    say(f"  {made.many_authorities} of {made.sips} serve two authorities or more.")
    say(
        f"  Greedy by hand, neediest school first: {hand.filled:,} posts filled, {hand.unfilled:,} not; "
        f"{hand.kept:,} of {made.incumbents:,} schools keep last year's SIP."
    )
    say(f"Written: {', '.join(str(p) for p in written)}. Next: allocator solve {case}")


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="the workbook to write, .xlsx")],
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """An empty workbook with drop-downs, notes and an example row."""
    from allocator.cli.app import write
    from allocator.errors import UsageError
    from allocator.intake.template import write_template

    if file.suffix.casefold() != ".xlsx":
        raise UsageError(f"{file}: the template is a workbook; give a name that ends in .xlsx.")
    free_to_write([file], force)
    write(file, write_template)
    if as_json:
        say_json({"written": str(file)})
        return
    say(f"Written: {file}. Fill `schools` and `sips` at least, then: allocator check {file}")
