"""`casefile tickets`: what was learnt from answers that people removed."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from bot.answers.mrkdwn import counted
from bot.cli.arguments import AsJson, WholeNumber
from bot.cli.as_json.json_values import iso
from bot.cli.running import run_once
from bot.cli.terminal import OK, Complaint, moment_text, print_table
from bot.engine.opening import open_engine
from bot.settings.model import Settings
from bot.tickets.wrong_shapes import WrongShape, forget_wrong, known_wrong

_WHAT = "Messages of these shapes get an offer; `casefile tickets forget N` answers them again."
_HEAD = ("N", "shape", "removed", "the last one")


def tickets(
    action: Annotated[
        Literal["forget"] | None, Parameter(help="forget: answer messages of shape N again", metavar="forget")
    ] = None,
    number: Annotated[WholeNumber | None, Parameter(help="the shape's number")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Print the shapes of messages that get an offer instead of an answer; the exit status."""
    if action is None:
        return run_once(lambda settings: _list(settings, as_json=as_json), tells_what_is_stored=True)
    if number is None:
        raise Complaint("tickets forget takes the shape's number. See: casefile tickets")
    return run_once(lambda settings: _forget(settings, number), tells_what_is_stored=True)


async def _list(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        shapes = await known_wrong(engine.store)
    if as_json:
        print(json.dumps(shapes_json(shapes), indent=1))
    elif shapes and sys.stdout.isatty():
        print(f"{_WHAT}\n")
        print_table(_HEAD, [_cells(shape) for shape in shapes])
    else:
        print(shapes_text(shapes))
    return OK


async def _forget(settings: Settings, number: int) -> int:
    async with open_engine(settings) as engine:
        is_gone = await forget_wrong(engine.store, number)
    if not is_gone:
        raise Complaint(f"there is no shape {number}. See: casefile tickets")
    print(f"Messages of shape {number} are answered again.")
    return OK


def shapes_json(shapes: Sequence[WrongShape]) -> list[dict[str, Any]]:
    """One object a shape."""
    return [
        {
            "number": shape.number,
            "shape": shape.shape,
            "removed": shape.removed,
            "last_removed_at": iso(shape.last_removed_at),
            "action": "offer",
        }
        for shape in shapes
    ]


def _cells(shape: WrongShape) -> list[str]:
    """A shape as a terminal's table has it."""
    return [
        str(shape.number),
        shape.shape,
        counted(shape.removed, "answer"),
        moment_text(shape.last_removed_at),
    ]


def shapes_text(shapes: Sequence[WrongShape]) -> str:
    """A line for each shape."""
    if not shapes:
        return "No answer to a ticket was removed as wrong."
    lines = [
        f"{shape.number}  {shape.shape}  ({counted(shape.removed, 'answer')} removed,"
        f" the last one at {moment_text(shape.last_removed_at)})"
        for shape in shapes
    ]
    return "\n".join([_WHAT, *lines])
