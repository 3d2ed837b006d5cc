"""Reading `.env`: what it holds is taken, or refused in one line; nothing in it is passed over."""

from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.settings.errors import SettingsError
from bot.settings.misspelt import KnownNames, is_ours


def read_env_file(file: Path, known: KnownNames) -> dict[str, str]:
    """
    The variables in a file of settings, by their names; none where there is no file.

    A line such as `VISIBILITY: masked` would leave everything shown, and of two accounts with one label the
    first would be lost: so both are refused.

    Args:
        file: the file, such as `.env`.
        known: the names of all settings; other programs may repeat theirs.

    Raises:
        SettingsError: when the file cannot be read, with the line's number and without what it holds.

    """
    if not file.is_file():
        return {}
    try:
        _check_lines(file, known)
        return {name: value or "" for name, value in dotenv_values(file).items()}
    except UnicodeDecodeError:
        raise SettingsError(f"{file.name} is no UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{file.name} cannot be read: {error.strerror}") from None


def _check_lines(file: Path, known: KnownNames) -> None:
    settings: dict[str, tuple[int, str]] = {}
    with file.open(encoding="utf-8") as opened:
        for found in parse_stream(opened):
            line = found.original.line
            if found.error:
                raise SettingsError(
                    f"{file.name}, line {line}, cannot be read: NAME=value is needed, with each quote closed;"
                    " what is no setting begins with #"
                )
            if found.key is None or not is_ours(found.key, known):
                continue
            # A setting's name is the same in capitals and without.
            first, value = settings.setdefault(found.key.upper(), (line, found.value or ""))
            if value != (found.value or ""):
                raise SettingsError(
                    f"{found.key.upper()} is set in line {first} of {file.name}, and differently in"
                    f" line {line}: keep one of them; a second account needs a label of its own"
                )
