"""Logs: one event a line with its fields. Libraries that would log URLs or bodies are limited to warnings."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.operations.masking import mask
from bot.operations.places import place_of


@contextmanager
def _not_found(name: str) -> Iterator[None]:
    """While the block runs, whoever imports a library is told that it is not there, unless it is loaded."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # as Python's documents say
    try:
        yield
    finally:
        del sys.modules[name]


# structlog loads rich where it finds it, 3 MiB of what colours a terminal: this log has no colours.
with _not_found("rich"):
    import stamina.instrumentation
    import structlog
    from structlog.types import EventDict

# httpx2 and httpcore2 print URLs: they carry addresses.
_QUIET = {
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
    "slack_sdk": logging.WARNING,
    # Says at WARNING that a client was given as well as a token, which is on purpose.
    "slack_bolt": logging.ERROR,
    "asyncio": logging.WARNING,
    # Would print a server's error, which may quote a row; ours says what became of the statement.
    "psycopg": logging.ERROR,
    # Would print what strangers send; the route says which requests were refused.
    "mcp": logging.ERROR,
    # `crashes` logs its failures.
    "raygun4py": logging.CRITICAL,
    "urllib3": logging.WARNING,
    # Tells of itself at INFO when it is loaded; which migrations it runs is worth a line.
    "alembic.runtime.plugins": logging.WARNING,
}


def configure_logging(level: str, *, stream: Any = None) -> None:
    """Send everything to standard error, at this level (DEBUG, INFO, WARNING or ERROR) and above."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _masked],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Last, so that the handler for crash reports still finds the exception itself.
                _place_of_error,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"]),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, at_least in _QUIET.items():
        logging.getLogger(name).setLevel(max(at_least, logging.getLevelName(level)))
    stamina.instrumentation.set_on_retry_hooks([_log_retry])


def _place_of_error(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception as its type and place: its text and its locals may hold an address or a key."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    return event if not isinstance(error, BaseException) else {**event, "exception": place_of(error)}


def _masked(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A library's words without what looks like an address, a token or a URL: our own events name none."""
    return {name: mask(text) if isinstance(text, str) else text for name, text in event.items()}


def log_cautions(cautions: Iterable[str]) -> None:
    """Log each warning about the settings, a line each."""
    for caution in cautions:
        structlog.get_logger("start").warning("start.caution", caution=caution)


def _log_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """Log that something is tried again; stamina's own hooks log its arguments, which may name a customer."""
    structlog.get_logger("retries").warning(
        "try.again",
        what=_words(details.name),
        number=details.retry_num,
        wait_seconds=round(details.wait_for, 1),
        error=type(details.caused_by).__name__,
    )


def _words(name: str) -> str:
    """A function's name as words: `socket connect` for `bot.serving.run._socket_connect`."""
    return name.rpartition(".")[2].strip("_").replace("_", " ")
