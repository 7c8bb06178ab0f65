"""``holdfast people import``, ``compare`` and ``export``: lists in and out."""

from pathlib import Path
from typing import Annotated

import typer

from ... import files
from ...errors import UsageProblem
from ...people import columns, numbers, rights, rows, signing, table
from ...people.plan import Plan, Planner
from ...people.rights import Difference
from ...people.signing import Desk
from ...people.tables import files as table_files
from ...people.tables.cells import BadCell, Table
from ...register.issued import Issued
from ...register.records import Person
from .. import writing
from ..output import AsJson, progress, say, say_json
from ..passphrase import PassphraseFile
from . import desks, text
from .desks import Database, Folder

DIFFERENT = 3

Listed = Annotated[Path, typer.Argument(metavar="LIST", help="A table: CSV or XLSX.")]
Numbers = Annotated[
    str | None,
    typer.Option(
        "--numbers",
        metavar="HOW",
        help=f"How cards' numbers are written: {', '.join(numbers.NAMES)}.",
    ),
]
Reversed = Annotated[
    bool, typer.Option("--reversed", help="The numbers have their last byte first.")
]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="Which sheet of an XLSX file.")]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of a CSV file, if not UTF-8, as cp1252.")
]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="HEAD", help="A column to leave out; repeatable.")
]
HandOver = Annotated[
    bool, typer.Option("--hand-over", help="Cards of others go to whom the list gives them.")
]


def bring(
    folder: Folder,
    listed: Listed,
    written: Numbers = None,
    reversed_bytes: Reversed = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Take the lines that are right, and list the rest.")
    ] = False,
    remove_missing: Annotated[
        bool, typer.Option("--remove-missing", help="Whoever is not in the list is removed.")
    ] = False,
    hand_over: HandOver = False,
    pins_to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the PINs that are drawn to this new file."),
    ] = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    ignore: Ignore = None,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take a list of people: who is new, what has changed; and sign it.

    The first line heads the columns, in any order: name, and any of id, cards, pin (yes: one is
    drawn), groups, from, until, phone (its public key). Of who is known, what the list has columns
    for becomes as it says; nobody else is touched. A wrong line is refused with its file, line,
    column and value, and nothing is changed.

    Example: holdfast people import acme staff.csv --numbers hex
    """
    given = _read(listed, written, reversed_bytes, sheet, encoding)
    how = (written, reversed_bytes, tuple(ignore or ()))
    if skip_bad and remove_missing:
        raise UsageProblem(
            "--skip-bad and --remove-missing cannot both be: who is in a wrong line would go",
            "put the lines right first, or leave one out",
        )
    if pins_to is not None and pins_to.exists():
        raise UsageProblem(f"{pins_to} is there already", "name a file that is new")
    if dry_run:
        with desks.looking(folder, db, passphrase_file, new=True) as desk:
            plan = _plan(desk, given, how, hand_over, remove_missing)
            found = _differences(desk, plan.changed)
            if as_json:
                say_json({"dry_run": True, **_facts(plan, found)})
            else:
                text.say_plan(desk, plan, found)
                text.say_bad(listed.name, plan.bad)
                say(f"nothing was changed; this would be: {text.counted(plan)}")
    else:
        with (
            progress("Reading the list") as said,
            desks.changing(folder, db, passphrase_file) as desk,
        ):
            plan = _plan(desk, given, how, hand_over, remove_missing)
            if plan.bad and not skip_bad:
                raise _refused(given, plan.bad)
            if plan.pins and pins_to is not None:
                files.write(pins_to, text.pins_table(plan), files.PRIVATE)
            people = [*plan.changed, *_cut_short(desk, plan, remove_missing)]
            found = _differences(desk, people)
            gone = _revoking(desk, people)
            done = signing.sign(desk, people, new_entries=plan.entries, revoked=gone, said=said)
        if not as_json:
            text.say_plan(desk, plan, found)
            text.say_bad(listed.name, plan.bad)
        desks.report(desk, done, text.counted(plan), as_json, _facts(plan, found, pins_to))
        if not as_json:
            text.say_pins(plan, pins_to)
            desks.say_others(desk, people)
    if plan.bad and not skip_bad:
        raise _refused(given, plan.bad)


def compare(
    folder: Folder,
    listed: Listed,
    written: Numbers = None,
    reversed_bytes: Reversed = False,
    sheet: Sheet = None,
    encoding: Encoding = None,
    ignore: Ignore = None,
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show how a list differs from the register, as a diff, and change nothing.

    + is in the list only, - in the register only, ~ in both, and otherwise. Exits with 0 if they
    are equal, with 3 if not.

    Example: holdfast people compare acme staff.xlsx
    """
    given = _read(listed, written, reversed_bytes, sheet, encoding)
    how = (written, reversed_bytes, tuple(ignore or ()))
    with desks.looking(folder, db, passphrase_file) as desk:
        plan = _plan(desk, given, how, True, True)
        if plan.bad:
            raise _refused(given, plan.bad)
        if as_json:
            say_json({"equal": not plan.changed, **_facts(plan, _differences(desk, plan.changed))})
        elif plan.changed:
            text.say_people(desk, plan)
            say(f"different: {text.counted(plan)}", "yellow")
        else:
            say("equal", "green")
    if plan.changed:
        raise typer.Exit(DIFFERENT)


def export(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="A new file, .csv or .xlsx.")
    ],
    db: Database = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write everybody to one table that `people import` takes: with the numbers of cards, and so
    for nobody else's eyes.

    Example: holdfast people export acme -o people.xlsx
    """
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise UsageProblem(f"{out} ends with neither .csv nor .xlsx", "name such a file")
    writing.require(out, table.is_exported)
    with desks.looking(folder, db, passphrase_file) as desk:
        made = table.rows(desk.everybody, desk.seals, desk.called, desks.dates_of(desk))
    data = table.as_csv(made) if out.suffix.lower() == ".csv" else table.as_xlsx(made)
    files.write(out, data, files.PRIVATE)
    if as_json:
        say_json({"file": str(out), "people": len(made) - 1})
    else:
        say(f"wrote {out}, {len(made) - 1} people, with the numbers of their cards")


def _read(
    path: Path, written: str | None, reversed_bytes: bool, sheet: str | None, encoding: str | None
) -> Table:
    try:
        numbers.form_of(written, reversed_bytes)
    except ValueError as error:
        listed = ", ".join(numbers.NAMES)
        raise UsageProblem(str(error), f"give --numbers one of: {listed}") from error
    return table_files.read(path, columns.knows, sheet=sheet, encoding=encoding)


def _plan(desk: Desk, given: Table, how: tuple, hand_over: bool, remove_missing: bool) -> Plan:
    written, reversed_bytes, ignored = how
    named = {name: number for number, name in desk.called.items()}
    what = rows.How(
        desks.dates_of(desk), set(desk.state.groups), named, written, reversed_bytes, ignored
    )
    said, bad = rows.read(given, what)
    plan = Planner(desk, hand_over=hand_over).plan(said, remove_missing=remove_missing and not bad)
    plan.bad[:] = sorted([*bad, *plan.bad], key=lambda one: one.line)
    return plan


def _cut_short(desk: Desk, plan: Plan, remove_missing: bool) -> list[Person]:
    """Whom the list is about, and of whom an earlier command was cut before all was signed."""
    return [
        one
        for one in signing.unfinished(desk, plan.changed)
        if one.id in plan.named or remove_missing and one.removed is not None
    ]


def _differences(desk: Desk, people: list[Person]) -> list[Difference]:
    in_hand = rights.held(signing.after(desk, people))
    return rights.differences(people, desk.state, desk.now, in_hand)


def _revoking(desk: Desk, people: list[Person]) -> list[Issued]:
    gone = [one for one in people if one.removed is not None]
    return [credential for one in gone for credential in signing.living(desk, one)]


def _facts(plan: Plan, found: list[Difference], pins_to: Path | None = None) -> dict[str, object]:
    said = {
        **text.counts(plan),
        "differences": desks.facts(found),
        "bad": [
            {"line": one.line, "column": one.column, "value": one.value, "cause": one.cause}
            for one in plan.bad
        ],
    }
    if plan.pins:
        said["pins"] = (
            str(pins_to)
            if pins_to
            else [{"person": person.name, "pin": digits} for person, digits in plan.pins]
        )
    return said


def _refused(given: Table, bad: list[BadCell]) -> UsageProblem:
    first = bad[0]
    rest = f"; and {len(bad) - 1} more lines are wrong" if len(bad) > 1 else ""
    return UsageProblem(
        f"{first.text(given.name)}{rest}; nothing was changed",
        f"{first.next_step}; all wrong lines: --dry-run" if len(bad) > 1 else first.next_step,
    )
