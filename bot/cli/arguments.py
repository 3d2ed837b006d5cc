"""Arguments that several commands take."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token


def _whole_number(_type: Any, tokens: Sequence[Token]) -> int:
    # The library would round 7.5, and take 0x1e.
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError("a whole number is needed") from None


WholeNumber = Annotated[int, Parameter(converter=_whole_number, metavar="N")]
AsJson = Annotated[bool, Parameter(name="--json", help="print JSON, for programs")]
