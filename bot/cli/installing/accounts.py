"""Which accounts somebody has, and what is asked for each."""

import re
from dataclasses import dataclass

from bot.cli.installing.dialogue import Dialogue
from bot.settings.one_value import ACCOUNTS, fields_of, value_error

TOOLS = tuple(ACCOUNTS)
"""What can be configured, by the names that settings have."""
_LABEL = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Configurable:
    """One account that is to be configured: `fullstory/main`."""

    tool: str
    label: str

    def variable(self, field: str) -> str:
        """The name of one of its variables."""
        return f"{self.tool}__{self.label}__{field}".upper()


def read_accounts(answer: str) -> tuple[Configurable, ...] | str:
    """The accounts in an answer such as `fullstory, rybbit/www`; else what is not understood."""
    accounts = []
    if not answer.strip():
        return f"one at least is needed: {', '.join(TOOLS)}"
    for word in re.split(r"[\s,]+", answer.strip()):
        tool, _, label = word.lower().partition("/")
        tool = tool.replace("-", "_")
        if tool not in TOOLS:
            return f"{word} is none of {', '.join(TOOLS)}"
        if not _LABEL.fullmatch(label or "main") or "__" in label:
            return f"{label} cannot be a label: letters and digits are needed"
        accounts.append(Configurable(tool, label or "main"))
    if len(set(accounts)) < len(accounts):
        return "two accounts of one tool need labels of their own, such as fullstory/eu"
    return tuple(accounts)


def ask_for_accounts(dialogue: Dialogue) -> dict[str, str]:
    """The variables of all accounts that somebody names."""
    dialogue.say("\nWhich tools record your customers' sessions, and which help desk may be asked?")
    dialogue.say(f"One or more of {', '.join(TOOLS)};")
    dialogue.say("with labels of your own where there are several of one kind: fullstory/us, fullstory/eu.")

    def not_understood(answer: str) -> str | None:
        accounts = read_accounts(answer)
        return accounts if isinstance(accounts, str) else None

    accounts = read_accounts(dialogue.ask("Tools", not_understood))
    assert not isinstance(accounts, str)  # noqa: S101 - checked as it was typed
    variables: dict[str, str] = {}
    for account in accounts:
        dialogue.say(f"\n{account.tool}/{account.label}: {ACCOUNTS[account.tool].where}")
        variables |= _ask_for(dialogue, account)
    return variables


def _ask_for(dialogue: Dialogue, account: Configurable) -> dict[str, str]:
    answers = {}
    for name, field in fields_of(account.tool).items():
        if not field.is_required() and name not in ACCOUNTS[account.tool].also_asked:
            continue
        variable = account.variable(name)
        default = "" if field.is_required() or field.default is None else str(field.default)
        is_secret = any(word in name for word in ("KEY", "TOKEN", "SECRET"))
        answer = ask_for_value(dialogue, variable, default, secret=is_secret)
        if answer != default:
            answers[variable] = answer
    return answers


def ask_for_value(dialogue: Dialogue, variable: str, default: str = "", *, secret: bool = False) -> str:
    """A value that the variable can have."""
    return dialogue.ask(variable, lambda answer: value_error(variable, answer), default, secret=secret)
