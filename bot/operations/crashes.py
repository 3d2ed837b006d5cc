"""
The bot's own crashes, reported to Raygun by raygun4py (`contracts/raygun_crash.md`, parts B and C).

Every error that is logged with an exception is reported, by a thread of its own. The library's sending of
environment, local and global variables is turned off, an exception's place stands for its message, and
addresses, tokens and our own secrets are masked in the rest.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cachetools import TTLCache

from bot.operations.masking import mask
from bot.operations.places import short_path

if TYPE_CHECKING:
    from raygun4py.raygunprovider import RaygunSender

ENDPOINT = "https://api.raygun.com/entries"
_LOGGER = "crashes"
# Loggers of what sends the reports: reporting their errors would go round in a circle.
_SENDERS = ("raygun4py", "urllib3", "requests", _LOGGER)
# Reports that wait to be sent; more are left to the log.
_MOST_WAITING = 50
# What one report holds at most: frames of a traceback, exceptions of a group, causes, characters of a text.
_MOST_FRAMES = 40
_MOST_MEMBERS = 5
_MOST_CAUSES = 5
_LONGEST_TEXT = 1_000
# How long one report may take to send, and how long all that still wait may take at shutdown.
_SEND_SECONDS = 10.0
_LAST_REPORTS_SECONDS = 3.0
# A crash at the same place is reported once in this time; so many places are remembered.
_SAME = timedelta(minutes=10)
_PLACES_REMEMBERED = 500
# A bad key, a body too large, a spent plan: none of these ends within seconds, so sending rests for a while.
_REFUSED = frozenset(
    {HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS}
)
_REST = timedelta(hours=1)


class Masks:
    """Leaves out of a report what must not be sent: messages, locals, and whatever looks like a secret."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with our secrets, addresses, tokens and URLs masked, cut to `_LONGEST_TEXT` characters."""
        for secret in self._secrets:
            text = text.replace(secret, "<secret>")
        return mask(text[:_LONGEST_TEXT])

    def entry(self, details: dict[str, Any]) -> dict[str, Any]:
        """
        A report's details as they are sent; raygun4py calls it before it sends.

        An exception's message may hold anything that somebody wrote, so its place stands for it.
        """
        details["machineName"] = "casefile"
        details["environment"] = {
            name: details["environment"].get(name) for name in ("runtimeVersion", "oSVersion", "architecture")
        }
        error, depth = details.get("error"), 0
        while error is not None:
            error.stackTrace = [_frame(frame) for frame in error.stackTrace[-_MOST_FRAMES:]]
            error.message = self.text(_where(error.className, error.stackTrace))
            depth += 1
            if depth >= _MOST_CAUSES:
                error.innerError = None
            error = error.innerError
        return details


def _where(kind: str, frames: list[dict[str, Any]]) -> str:
    """`KeyError in jobs/worker.py:120`, which Raygun groups by."""
    if not frames:
        return str(kind)
    return f"{kind} in {frames[-1]['fileName']}:{frames[-1]['lineNumber']}"


def _frame(frame: dict[str, Any]) -> dict[str, Any]:
    """File, line and method of a stack frame; the line's text is left out: it is in the source."""
    place = {"lineNumber": frame["lineNumber"], "fileName": short_path(frame["fileName"])}
    return place | {"className": frame["className"], "methodName": frame["className"]}


class CrashReports(logging.Handler):
    """
    Reports what is logged as an error with an exception.

    Args:
        api_key: of the Raygun application that gathers the bot's own crashes.
        version: the bot's.
        secrets: texts that are masked wherever they occur.
        endpoint: URL that reports are sent to.

    """

    def __init__(
        self, api_key: str, version: str, secrets: Sequence[str] = (), endpoint: str = ENDPOINT
    ) -> None:
        super().__init__(logging.ERROR)
        self._sender = _sender(api_key, version, endpoint, Masks((api_key, *secrets)))
        self._queue: queue.Queue[tuple[BaseException, str] | None] = queue.Queue(_MOST_WAITING)
        self._seen: TTLCache[tuple[str, ...], bool] = TTLCache(_PLACES_REMEMBERED, _SAME.total_seconds())
        self._resting_until = 0.0
        self._log = logging.getLogger(_LOGGER)
        self._thread = threading.Thread(target=self._send_for_ever, name="crash-reports", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a logged error to be reported, without waiting; with a full queue it is in the log alone."""
        if record.name.startswith(_SENDERS):
            return
        error, event = _logged(record)
        for one in _members(error):
            place = _place(one)
            if place is None or place in self._seen:
                continue
            self._seen[place] = True
            try:
                self._queue.put_nowait((one, event))
            except queue.Full:
                self._log.warning("too many crashes at once: some are in this log alone")

    def close(self) -> None:
        """Send what still waits, for a few seconds at most."""
        try:
            self._queue.put(None, timeout=_LAST_REPORTS_SECONDS)
        except queue.Full:
            self._log.warning("crash reports are left unsent")
        self._thread.join(_LAST_REPORTS_SECONDS)
        super().close()

    def _send_for_ever(self) -> None:
        while (waiting := self._queue.get()) is not None:
            error, event = waiting
            if monotonic() >= self._resting_until:
                self._send(error, event)

    def _send(self, error: BaseException, event: str) -> None:
        outcome = self._sender.send_exception(exception=error, tags=["casefile", event])
        status = outcome[0] if outcome else 0
        if status in _REFUSED:
            self._resting_until = monotonic() + _REST.total_seconds()
            self._log.warning("Raygun refuses crash reports (status %s): none is sent for an hour", status)
        elif not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._log.warning("a crash report was not taken (status %s)", status)


@asynccontextmanager
async def crash_reports(
    api_key: str | None, version: str, secrets: Sequence[str] = (), endpoint: str = ENDPOINT
) -> AsyncIterator[None]:
    """Report crashes while the block runs; without a key nothing is reported."""
    if api_key is None:
        yield
        return
    handler = CrashReports(api_key, version, secrets, endpoint)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        await asyncio.to_thread(handler.close)


def _sender(api_key: str, version: str, endpoint: str, masks: Masks) -> "RaygunSender":
    from raygun4py.raygunprovider import RaygunSender  # noqa: PLC0415 - loaded where there is a key

    sender = RaygunSender(
        api_key,
        {
            "transmit_environment_variables": False,
            "transmit_local_variables": False,
            "transmit_global_variables": False,
            "userversion": version,
            "http_timeout": _SEND_SECONDS,
            "before_send_callback": masks.entry,
        },
    )
    parts = urlsplit(endpoint)
    sender.endpointprotocol = f"{parts.scheme}://"
    sender.endpointhost, sender.endpointpath = parts.netloc, parts.path
    return sender


def _logged(record: logging.LogRecord) -> tuple[BaseException | None, str]:
    """A record's exception and event: our records come from structlog, libraries' from `logging`."""
    if isinstance(record.msg, dict):
        found, event = record.msg.get("exc_info"), str(record.msg.get("event", record.name))
    else:
        found, event = record.exc_info, record.name
    error = found[1] if isinstance(found, tuple) else found
    return (error if isinstance(error, BaseException) else None), event


def _members(error: BaseException | None) -> list[BaseException]:
    """The exceptions of a group, which raygun4py does not look into; else the one exception."""
    if isinstance(error, BaseExceptionGroup):
        return [one for member in error.exceptions[:_MOST_MEMBERS] for one in _members(member)]
    return [] if error is None else [error]


def _place(error: BaseException) -> tuple[str, ...] | None:
    """Type, file and line, by which crashes are the same; None without a traceback, which Raygun refuses."""
    trace = error.__traceback__
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return type(error).__name__, trace.tb_frame.f_code.co_filename, str(trace.tb_lineno)
