"""The commands (`design.md`, Commands): names, flags, JSON and exit statuses are a promise."""

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bot import __version__
from bot.app import open_engine
from bot.cli.doctor import Check, check_desks, check_links, check_slack, check_sources
from bot.cli.lookup_json import case_file_json
from bot.cli.quota_json import quota_json
from bot.cli.terminal import case_file_text, link_text, quota_text, ticket_text
from bot.cli.ticket_json import ticket_json
from bot.domain.links import link_json, read_link
from bot.domain.model import Subject
from bot.domain.subjects import NotUnderstood, read_subject
from bot.operations.log import configure_logging
from bot.serving import run as serving
from bot.settings.model import Settings, SettingsError, load_settings
from bot.slack.client import make_slack_client, open_slack_session
from bot.slack.manifest import http_manifest, socket_manifest
from bot.sources.protocol import Effort, Question
from bot.sources.quota_status import quota_states
from bot.storage.database import StoreAway
from bot.storage.store import NewerDatabase
from bot.tickets.decide import read_ticket
from bot.tickets.passages import Us
from bot.tickets.requester import TicketRules
from bot.tickets.rules import ticket_rules

OK, NOT_WELL, USAGE, NO_ANSWER = 0, 1, 2, 3
_DEMO_PORT = 8321
_SERVE_PORT = 3000
# A vendor may take 30 seconds, and its answer is worth keeping for the next question.
_LATE_ANSWERS_SECONDS = 40.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except (SettingsError, NewerDatabase) as error:
        return _complain(str(error))
    except StoreAway:
        return _complain("DATABASE_URL: the database cannot be reached there")
    except OSError as error:
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _complain(f"{place}{error.strerror or error}")
    except KeyboardInterrupt:
        return 130
    return status


def _complain(message: str) -> int:
    print(f"casefile: {message}", file=sys.stderr)
    return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="casefile", description="Customers' session replays and recent errors, in Slack."
    )
    parser.add_argument("--version", action="version", version=f"casefile {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, what: str, command: Callable[[Any], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, description=what)
        added.set_defaults(command=command)
        return added

    demo = add("demo", "sandbox and bot together; no account anywhere is needed", _demo)
    demo.add_argument("--port", type=int, default=_DEMO_PORT)
    serve = add("serve", "answer Slack by signed HTTP", _serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=None, help="default: $PORT, or 3000")
    add("socket", "answer Slack by Socket Mode", _socket)
    lookup = add("lookup", "the case file of an address or uid, in the terminal", _lookup)
    lookup.add_argument("subject", metavar="SUBJECT", help="an address, or a uid (uid:… where in doubt)")
    lookup.add_argument("--json", action="store_true")
    lookup.add_argument("--days", type=int, default=None, help="how far back (default: LOOKUP__DAYS, 30)")
    lookup.add_argument("--fresh", action="store_true", help="ask the vendors even where an answer is known")
    ticket = add(
        "read-ticket", "what the bot would do with a Slack message, without asking anybody", _read_ticket
    )
    ticket.add_argument("file", metavar="FILE", help="JSON of an event_callback or a message; - for stdin")
    ticket.add_argument("--json", action="store_true")
    ticket.add_argument("--bot-id", default="", metavar="B…", help="which bot is us")
    ticket.add_argument("--bot-user-id", default="", metavar="U…")
    ticket.add_argument("--app-id", default="", metavar="A…")
    ticket.add_argument("--files-info", metavar="FILE", help="what Slack's files.info would answer")
    link = add("read-link", "which vendor and which ids an address names, without asking anybody", _read_link)
    link.add_argument("url", metavar="URL")
    link.add_argument("--json", action="store_true")
    manifest = add("manifest", "the Slack app manifest, for Socket Mode", _manifest)
    manifest.add_argument("--http", metavar="URL", help="for signed HTTP, reached at this address")
    doctor = add("doctor", "one cheap real call to each source and to Slack", _doctor)
    doctor.add_argument("--json", action="store_true")
    quota = add("quota", "what each account has left, and when it comes back", _quota)
    quota.add_argument("--json", action="store_true")
    return parser


def _settings() -> Settings:
    settings = load_settings(os.environ, Path(".env"))
    configure_logging(settings.log_level)
    return settings


def _demo(options: argparse.Namespace) -> int:
    from sandbox.demo import demo  # noqa: PLC0415 - the sandbox is loaded for the demo alone

    return _run(demo(options.port))


def _serve(options: argparse.Namespace) -> int:
    settings = _settings()
    port = options.port if options.port is not None else (settings.port or _SERVE_PORT)
    return _run(serving.serve(settings, options.host, port))


def _socket(_options: argparse.Namespace) -> int:
    return _run(serving.socket(_settings()))


def _run(work: Coroutine[Any, Any, None]) -> int:
    asyncio.run(work)
    return OK


def _lookup(options: argparse.Namespace) -> int:
    subject = read_subject(options.subject.strip())
    if isinstance(subject, NotUnderstood):
        return _complain(subject.why)
    if options.days is not None and not 1 <= options.days <= 365:  # noqa: PLR2004 - as LOOKUP__DAYS
        return _complain("--days takes 1 to 365")
    return asyncio.run(_look_up(_quiet(_settings()), subject, options))


def _quiet(settings: Settings) -> Settings:
    """Keep the terminal to the answer: only warnings are logged unless more is asked for."""
    if settings.log_level == "INFO":
        configure_logging("WARNING")
    return settings


async def _look_up(settings: Settings, subject: Subject, options: argparse.Namespace) -> int:
    async with open_engine(settings) as engine:
        effort = Effort.FRESH if options.fresh else Effort.USUAL
        question = Question(subject, options.days or settings.lookup.days, effort=effort)
        case_file = await engine.lookup.until_deadline(question)
        if options.json:
            print(json.dumps(case_file_json(case_file), ensure_ascii=False, indent=1))
        else:
            print(case_file_text(case_file))
        sys.stdout.flush()
        await engine.tasks.drain(_LATE_ANSWERS_SECONDS)
        if not engine.sources:
            print("casefile: no source is configured, for example FULLSTORY__MAIN__API_KEY", file=sys.stderr)
        return OK if case_file.answered else NO_ANSWER


def _read_ticket(options: argparse.Namespace) -> int:
    tickets = load_settings(os.environ, Path(".env")).tickets
    event = _read_json(options.file)
    if isinstance(event, dict) and "type" not in event and "payload" in event:
        # One of the samples: the event stands beside what is expected of it.
        event = event["payload"]
    files = _read_files(options.files_info, event) if options.files_info else {}
    us = Us(options.bot_id, options.bot_user_id, options.app_id)
    reading = read_ticket(event, ticket_rules(tickets, us), files)
    if options.json:
        print(json.dumps(ticket_json(reading), ensure_ascii=False, indent=1))
    else:
        print(ticket_text(reading))
    return OK


def _read_json(file: str) -> Any:
    """Read a file, or standard input for `-`; raises SettingsError where it is no JSON."""
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SettingsError(f"{file}: is not JSON") from None


def _read_files(file: str, event: Any) -> dict[str, Any]:
    """Read an answer of `files.info`: it stands for each file that the message has only a stub of."""
    answer = _read_json(file)
    info = answer.get("file", answer) if isinstance(answer, dict) else {}
    return dict.fromkeys(read_ticket(event, TicketRules()).unread_files, info)


def _read_link(options: argparse.Namespace) -> int:
    link = read_link(options.url, load_settings(os.environ, Path(".env")).links)
    told = link_json(link)
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(link_text(told))
    return OK if link else NOT_WELL


def _manifest(options: argparse.Namespace) -> int:
    settings = load_settings(os.environ, Path(".env"))
    command, hosts = settings.slack_command, settings.links.rybbit_hosts
    if options.http is None:
        print(socket_manifest(command, hosts), end="")
        return OK
    if not re.fullmatch(r"https://[^\s/?#@]+(/[^\s?#]*)?", options.http):
        return _complain("--http takes the address that Slack reaches, such as https://casefile.example")
    print(http_manifest(options.http, command, hosts), end="")
    return OK


def _doctor(options: argparse.Namespace) -> int:
    return asyncio.run(_examine(_quiet(_settings()), as_json=options.json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine, open_slack_session() as session:
        checks = await check_sources(engine.sources) + await check_desks(engine.desks.all)
        checks.append(check_links(settings.links))
        checks += await _check_slack(settings, session)
    if as_json:
        rows = [{"name": check.name, "ok": check.well, "detail": check.detail} for check in checks]
        print(json.dumps({"ok": all(check.well for check in checks), "checks": rows}, indent=1))
    else:
        for check in checks:
            print(f"{'ok  ' if check.well else 'FAIL'}  {check.name}: {check.detail}")
    return OK if all(check.well for check in checks) else NOT_WELL


async def _check_slack(settings: Settings, session: aiohttp.ClientSession) -> list[Check]:
    if settings.slack_bot_token is None:
        return [Check("slack", well=False, detail="SLACK_BOT_TOKEN is not set")]
    client = make_slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
    app_token = settings.slack_app_token
    app_client = (
        make_slack_client(app_token.get_secret_value(), settings.slack_api_url, session)
        if app_token
        else None
    )
    return await check_slack(client, app_client)


def _quota(options: argparse.Namespace) -> int:
    return asyncio.run(_show_quota(_quiet(_settings()), as_json=options.json))


async def _show_quota(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        states = await quota_states(engine.sources, engine.desks.all)
    print(json.dumps(quota_json(states), indent=1) if as_json else quota_text(states))
    return OK
