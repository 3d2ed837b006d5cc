"""Writing `.env`: read by its owner alone, never half written, and read back before it is in place."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from bot.cli.terminal import Complaint
from bot.settings.env_file import read_env_file
from bot.settings.errors import SettingsError
from bot.settings.model import known_names

# Docker and systemd read such a file too, and understand quotes each in their own way.
_PLAIN = re.compile(r"[\w./:@%+=,~-]*", re.ASCII)
_OWNER_ALONE = 0o600


def write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone may read, from its first byte on; an older one is replaced."""
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    new.replace(file)


def env_text(variables: Mapping[str, str], comments: Mapping[str, str]) -> str:
    """
    The text of an environment file.

    Args:
        variables: names to values.
        comments: a line above some of the variables, by their names.

    Raises:
        Complaint: when a value cannot be written so that it is read back the same.

    """
    lines = []
    for name, value in variables.items():
        if name in comments:
            lines += ["", f"# {comments[name]}"]
        lines.append(f"{name}={_written(name, value)}")
    return "\n".join([*lines, ""]).lstrip("\n")


def _written(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    # Python-dotenv puts other variables in place of `${NAME}`, within quotes too.
    if "\n" in value or "${" in value:
        raise Complaint(
            f"{name}: a value with ${{ or a line break cannot stand in .env; set it by other means"
        )
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def read_env(file: Path) -> dict[str, str]:
    """
    The variables in an environment file that have a value; none where there is no file.

    Raises:
        Complaint: when it cannot be read.

    """
    try:
        return {name: value for name, value in read_env_file(file, known_names()).items() if value}
    except SettingsError as error:
        raise Complaint(str(error)) from None
