"""How what `casefile doctor` found is printed: a table in a terminal, plain lines in a pipe, JSON."""

from collections.abc import Sequence
from typing import Any

from bot.cli.installing.check import Check
from bot.cli.terminal import printable


def checks_json(checks: Sequence[Check]) -> dict[str, Any]:
    """One object; `mend` is null where nothing is to be mended."""
    rows = [
        {"name": check.name, "ok": check.well, "detail": check.detail, "mend": check.mend or None}
        for check in checks
    ]
    return {"ok": all(check.well for check in checks), "checks": rows}


def checks_text(checks: Sequence[Check]) -> str:
    """A line for each, and one below each fault that says how it is mended."""
    lines = []
    for check in checks:
        lines.append(f"{'ok  ' if check.well else 'FAIL'}  {check.name}: {printable(check.detail)}")
        if check.mend:
            lines.append(f"      to mend it: {check.mend}")
    return "\n".join([*lines, "", verdict(checks)])


def verdict(checks: Sequence[Check]) -> str:
    """How many faults there are."""
    faults = sum(not check.well for check in checks)
    return "All is well." if not faults else f"{faults} {'fault' if faults == 1 else 'faults'} to mend."


def print_table(checks: Sequence[Check]) -> None:
    """Print a table with colours, as wide as the terminal."""
    # Loaded for a terminal alone: it takes longer than all that a pipe needs.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for check in checks:
        said = Text(printable(check.detail))
        if check.mend:
            said.append(f"\n→ {check.mend}", style="yellow")
        sign = Text("✓", style="green") if check.well else Text("✗", style="bold red")
        table.add_row(sign, Text(check.name), said)
    console = Console(highlight=False)
    console.print(table)
    console.print(Text(f"\n{verdict(checks)}", style="green" if all(c.well for c in checks) else "bold red"))
