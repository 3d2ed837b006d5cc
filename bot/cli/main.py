"""The table of commands (`docs/commands.md`): names, flags, JSON and exit statuses are a promise."""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile

from cyclopts import (
    App,
    Argument,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    UnknownCommandError,
    UnusedCliTokensError,
)

from bot import __version__
from bot.cli.arguments import FLAGS
from bot.cli.terminal import OK, USAGE, Complaint, printable

# Each command's function is named rather than imported: its file, and all that this needs, is loaded when
# the command is asked for.
COMMANDS = {
    "demo": ("demo:demo", "sandbox and bot together; no account anywhere is needed"),
    "init": ("init:init", "ask for what is needed; write .env and the Slack app's manifest"),
    "serve": ("serve:serve", "answer Slack by signed HTTP"),
    "socket": ("serve:socket", "answer Slack by Socket Mode"),
    "lookup": ("asking.lookup:lookup", "the case file of an address or uid, in the terminal"),
    "others": ("asking.others:others", "how many others a customer's newest errors hit"),
    "read-ticket": (
        "asking.read_ticket:read_ticket",
        "what the bot would do with a Slack message; asks nobody",
    ),
    "read-link": ("asking.read_link:read_link", "which vendor and which ids an address names; asks nobody"),
    "manifest": ("manifest:manifest", "the Slack app manifest, for Socket Mode"),
    "doctor": ("doctor:doctor", "one cheap real call to each source and to Slack"),
    "tickets": ("tickets:tickets", "shapes of messages that were answered wrongly, and how to forget one"),
    "forget": ("forget:forget", "erase a person from everything, and print a receipt"),
    "audit": ("audit:audit", "who looked whom up, where, and what came of it"),
    "watch": ("watch:watch", "threads that are told what becomes of their errors"),
    "mcp": ("mcp:mcp", "answer programs by the Model Context Protocol, over stdin and stdout"),
    "quota": ("asking.quota:quota", "what each account has left, and when it comes back"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status; what it writes is for the user who runs it alone."""
    os.umask(0o077)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. `arguments` are those of the process unless they are given."""
    try:
        status = _call(sys.argv[1:] if arguments is None else list(arguments))
        print(end="", flush=True)
    except BrokenPipeError:
        _leave_output_unsaid()
        return OK
    except SystemExit as end:
        # How the library's help ends where its reader has gone.
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return OK
    except Complaint as complaint:
        message = str(complaint)
    except CycloptsError as error:
        message = _usage_error(error)
    except OSError as error:
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        message = f"{place}{error.strerror or error}"
    except KeyboardInterrupt:
        return 130
    else:
        return status
    print(f"casefile: {printable(message)}", file=sys.stderr)
    return USAGE


def _call(words: list[str]) -> int:
    if not words or not words[0].strip():
        raise Complaint("A command is needed. See: casefile --help")
    _refuse_values_of_flags(words)
    with _no_looking_for_garbage():
        command, given, _ = make_app().parse_args(words)
    status: int | None = command(*given.args, **given.kwargs)
    # Help has no status of its own.
    return OK if status is None else status


@contextmanager
def _no_looking_for_garbage() -> Iterator[None]:
    """Load code without looking through it for garbage every few hundred objects: it is there to stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _refuse_values_of_flags(words: Sequence[str]) -> None:
    # The library would take --json=false for no flag, and --json=1 for one.
    for word in takewhile(lambda word: word != "--", words):
        flag, has_value, _ = word.partition("=")
        if flag in FLAGS and has_value:
            raise Complaint(f"{flag} takes no value. See: casefile {words[0]} --help")


def _leave_output_unsaid() -> None:
    """Let the output's rest go nowhere: its reader has gone, and Python would try once more as it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def make_app() -> App:
    """All commands, none of them loaded yet."""
    app = App(
        name="casefile",
        help="Customers' session replays and recent errors, in Slack.",
        version_flags=(),
        help_formatter="plain",
        default_parameter=Parameter(negative=(), show_default=False, allow_repeating=True),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    app.command(_version, name="--version", help="Display which version this is and exit.")
    for name, (function, what) in COMMANDS.items():
        app.command(f"bot.cli.commands.{function}", name=name, help=what)
    return app


def _version() -> int:
    print(f"casefile {__version__}")
    return OK


def _usage_error(error: CycloptsError) -> str:
    """What is wrong with how a command was typed, and where one reads how it is."""
    match error:
        case UnknownCommandError(unused_tokens=[first, *_]):
            # The library's own words name every command, and load them all for that.
            what = f"There is no {'flag' if first.startswith('-') else 'command'} {first}"
        case UnusedCliTokensError(unused_tokens=[first, *_]):
            what = f"{first} is more than the command takes"
        case MissingArgumentError(argument=Argument(name=name), keyword=None):
            what = f"{name} is missing"
        case MissingArgumentError(keyword=str() as flag):
            what = f"{flag} needs a value"
        case _:
            what = str(error).rstrip(".")
    command = " ".join(("casefile", *(error.command_chain or ())))
    end = "" if what.endswith("?") else "."
    return f"{what}{end} See: {command} --help"
