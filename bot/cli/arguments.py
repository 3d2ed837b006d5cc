"""Arguments that several commands take."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

_HIGHEST_PORT = 65_535


def _whole_number(_type: Any, tokens: Sequence[Token]) -> int:
    # The library would round 7.5, and take 0x1e.
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError("a whole number is needed") from None


def _port(type_: Any, tokens: Sequence[Token]) -> int:
    port = _whole_number(type_, tokens)
    if not 0 <= port <= _HIGHEST_PORT:
        raise ValueError(f"a port is 0 to {_HIGHEST_PORT}")
    return port


WholeNumber = Annotated[int, Parameter(converter=_whole_number, metavar="N")]
Port = Annotated[int, Parameter(converter=_port, metavar="N")]
AsJson = Annotated[bool, Parameter(name="--json", help="print JSON, for programs")]
Fresh = Annotated[bool, Parameter(name="--fresh", help="ask the vendors even where an answer is known")]
# What is given or left out, and takes no value.
FLAGS = frozenset({"--json", "--fresh", "--dry-run", "--posts", "--replace"})
