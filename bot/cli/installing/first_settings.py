"""`casefile init`: what is asked, in the order in which somebody can answer, and the two files it makes."""

import re
import secrets
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.cli.installing.accounts import ask_for_accounts, ask_for_value
from bot.cli.installing.dialogue import Dialogue
from bot.cli.installing.env_file import env_text, read_env, write_private
from bot.cli.terminal import Complaint
from bot.settings.errors import SettingsError
from bot.settings.model import Settings, load_settings
from bot.settings.one_value import is_placeholder, value_error
from bot.slack.manifest import REQUEST_ADDRESS, http_manifest, socket_manifest
from bot.sources.registry import linked_hosts

ENV, OLD_ENV, MANIFEST = ".env", ".env.old", "slack-manifest.yml"
_KEY_BYTES = 32


def install(dialogue: Dialogue, folder: Path, *, replace: bool) -> None:
    """
    Ask for everything and write `.env` and the manifest into a folder.

    The manifest is written before Slack's tokens are asked for: an app is made from it to get them.

    Raises:
        Complaint: when `.env` is there and is to stay, or the answers cannot be used; nothing is written to
            `.env` then.

    """
    env = folder / ENV
    _may_replace(dialogue, env, replace=replace)
    # Before anything is typed: a file that cannot be read may hold the key.
    key, is_new = _secret_key(env)
    dialogue.say("Casefile asks for what it needs, and writes it into .env, which only you may read.")
    dialogue.say("Enter takes what stands in brackets; Ctrl-C stops, and nothing is written.\n")
    address = _ask_for_transport(dialogue)
    command = ask_for_value(dialogue, "SLACK_COMMAND", "/sessions")
    accounts = ask_for_accounts(dialogue)
    _write_manifest(dialogue, folder / MANIFEST, address, command, accounts)
    slack = _ask_for_slack(dialogue, socket_mode=address is None)
    dialogue.say("\nWhere everything is stored: one file, or PostgreSQL for several machines and for")
    dialogue.say("hosts whose disk does not last (postgresql://USER:PASSWORD@HOST/NAME).")
    database = ask_for_value(dialogue, "DATABASE_URL", "sqlite:///casefile.db")
    variables = {"SECRET_KEY": key, **slack}
    if command != "/sessions":
        variables["SLACK_COMMAND"] = command
    variables |= {"DATABASE_URL": database, **accounts}
    _write_env(env, variables)
    _say_what_comes_next(dialogue, socket_mode=address is None, is_new=is_new)


def _may_replace(dialogue: Dialogue, env: Path, *, replace: bool) -> None:
    if not env.exists() or replace:
        return
    if not dialogue.with_a_person:
        raise Complaint(f"{ENV} is there already: casefile init --replace makes it anew")
    if not dialogue.agrees(f"{ENV} is there already. Make it anew, and keep it as {OLD_ENV}?", default=False):
        raise Complaint(f"{ENV} stays as it is")


def _ask_for_transport(dialogue: Dialogue) -> str | None:
    """The address at which Slack reaches us; None for Socket Mode."""
    dialogue.say("How Slack reaches Casefile: `socket` needs no address on the internet and is the quickest;")
    dialogue.say("`http` is signed HTTP, behind an address of yours with https.")

    def one_of_two(answer: str) -> str | None:
        return None if answer.lower() in ("socket", "http") else "socket or http is needed"

    def reachable(answer: str) -> str | None:
        right = re.fullmatch(REQUEST_ADDRESS, answer)
        return None if right else "the address that Slack reaches is needed, such as https://casefile.example"

    if dialogue.ask("Transport", one_of_two, "socket").lower() == "socket":
        return None
    return dialogue.ask("Address", reachable)


def _write_manifest(
    dialogue: Dialogue, file: Path, address: str | None, command: str, accounts: Mapping[str, str]
) -> None:
    hosts = linked_hosts(_checked(accounts))
    text = socket_manifest(command, hosts) if address is None else http_manifest(address, command, hosts)
    file.write_text(text, encoding="utf-8")
    dialogue.say(f"\nThe app's manifest is in {MANIFEST}. Now, in the browser:")
    dialogue.say("  1. https://api.slack.com/apps, Create New App, From a manifest: choose the workspace,")
    dialogue.say(f"     and paste what stands in {MANIFEST}.")
    dialogue.say("  2. Install App, Install to Workspace: copy the Bot User OAuth Token (xoxb-…).")
    if address is None:
        dialogue.say("  3. Basic Information, App-Level Tokens, Generate: scope connections:write (xapp-…).")
    else:
        dialogue.say("  3. Basic Information, App Credentials: copy the Signing Secret.")


def _ask_for_slack(dialogue: Dialogue, *, socket_mode: bool) -> dict[str, str]:
    names = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN" if socket_mode else "SLACK_SIGNING_SECRET")
    return {name: ask_for_value(dialogue, name, secret=True) for name in names}


def _secret_key(env: Path) -> tuple[str, bool]:
    """The key, and whether it is a new one: with another one, what is stored could not be read any more."""
    known = read_env(env).get("SECRET_KEY", "")
    new = secrets.token_urlsafe(_KEY_BYTES)
    if not known or is_placeholder(known):
        return new, True
    # A key that is too short to be taken still opens what it has sealed, behind a new one.
    return (known, False) if value_error("SECRET_KEY", known) is None else (f"{new},{known}", True)


def _checked(variables: Mapping[str, str]) -> Settings:
    try:
        return load_settings(variables)
    except SettingsError as error:
        raise Complaint(f"{error}. Nothing was written.") from None


def _write_env(env: Path, variables: Mapping[str, str]) -> None:
    _checked(variables)
    comments = {
        "SECRET_KEY": "Written by `casefile init`; docs/settings.md has every setting.",
        "DATABASE_URL": "Where everything is stored.",
    }
    text = env_text(variables, comments)
    if env.exists():
        env.replace(env.with_name(OLD_ENV))
    write_private(env, text)
    if read_env(env) != variables:
        raise Complaint(f"{ENV}: not every value can be read back from it; compare it with what was typed")


def _say_what_comes_next(dialogue: Dialogue, *, socket_mode: bool, is_new: bool) -> None:
    us = _our_name()
    dialogue.say(f"\n{ENV} is written.")
    if is_new:
        dialogue.say("It holds a new SECRET_KEY: keep a copy; without it nobody can read what is stored.")
    dialogue.say(f"  {us} doctor    tries all of it, and says what is wrong and how to mend it")
    dialogue.say(
        f"  {us} {'socket' if socket_mode else 'serve '}    runs it; then, in Slack: /invite @Casefile"
    )


def _our_name() -> str:
    """How this program is called from this folder."""
    program = Path(sys.argv[0])
    if program.name != "casefile":
        return "python -m bot"
    try:
        return shlex.quote(str(program.resolve().relative_to(Path.cwd().resolve())))
    except ValueError:
        return "casefile"
