"""
What SECURITY.md says of log, metrics and database, looked for whenever a bot of a test has ended.

The log is what the program writes at INFO. Words shorter than eight letters are not looked for: what is
sealed may hold them by chance.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOBase

import re2
import structlog
from prometheus_client import generate_latest

from bot.app import Bot
from bot.operations.log import configure_logging
from sandbox.world import World

_SHORTEST = 8


class _Logged(TextIOBase):
    """The log since a test began; it is printed as well."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> int:
        self.lines.append(text)
        return sys.stdout.write(text)


@contextmanager
def logging_as_in_use() -> Iterator[None]:
    """Log as the program does for the block, and keep what is logged; what pytest listens by stays."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level, known = root.handlers[:], root.level, [*_logged]
    _logged[:] = [_Logged()]
    configure_logging("INFO", stream=_logged[0])
    root.handlers += handlers
    try:
        yield
    finally:
        root.handlers[:], _logged[:] = handlers, known
        root.setLevel(level)
        structlog.configure(**config)


_logged: list[_Logged] = []


def nothing_is_told(world: World, bot: Bot, files: Iterable[bytes]) -> None:
    """Fail where the log, the metrics or the database's files name a customer of the sandbox, or a secret."""
    private = re2.compile(b"(?i)" + b"|".join(re2.escape(word).encode() for word in _words(world, bot)))
    places = {
        "the log": ["".join(logged.lines).encode() for logged in _logged],
        "the metrics": [generate_latest(bot.engine.metrics.registry)],
        "the database": files,
    }
    for place, contents in places.items():
        found = [match.group() for content in contents if (match := private.search(content))]
        assert not found, f"{place} has {found[0]!r}, which SECURITY.md says is nowhere"


def _words(world: World, bot: Bot) -> list[str]:
    settings = bot.engine.settings
    people = {word for one in world.people for word in (one.email, one.uid, one.name) if word}
    secrets = {*settings.secrets, *settings.secret_keys}
    for execution in world.slack.state.executions.values():
        person = execution.inputs.get("person")
        secrets |= {execution.token, person.get("secret", "") if isinstance(person, dict) else ""}
    return sorted(word for word in people | secrets if len(word) >= _SHORTEST)
