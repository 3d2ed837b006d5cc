"""`casefile read-link`."""

import json
from typing import Annotated, Any

from cyclopts import Parameter

from bot.cli.arguments import AsJson
from bot.cli.environment import read_settings
from bot.cli.terminal import NOT_WELL, OK, printable
from bot.domain.links import link_json
from bot.domain.links import read_link as read_address
from bot.sources.registry import TITLES, known_pages


def read_link(
    url: Annotated[str, Parameter(help="an address, as pasted")],
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Print what an address names; the exit status, which says whether it is a vendor's."""
    link = read_address(url, known_pages(read_settings()))
    told = link_json(link)
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(link_text(told))
    return OK if link else NOT_WELL


def link_text(told: dict[str, Any]) -> str:
    """What an address names, in lines for a person; `told` is the JSON's object."""
    if told["vendor"] is None:
        *most, last = TITLES.values()
        return f"This names no page of {', '.join(most)} or {last}."
    said = [f"  {name}: {printable(value)}" for name, value in told.items() if value and name != "vendor"]
    return "\n".join([str(told["vendor"]), *said])
