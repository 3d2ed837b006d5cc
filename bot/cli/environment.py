"""The settings of where a command is run: the environment, and `.env` in the working directory."""

import os
from pathlib import Path

from bot.cli.terminal import Complaint
from bot.settings.errors import SettingsError
from bot.settings.model import Settings, load_settings


def read_settings() -> Settings:
    """
    All settings, checked.

    Raises:
        Complaint: when one of them is wrong; it names the variable.

    """
    try:
        return load_settings(os.environ, Path(".env"))
    except SettingsError as error:
        raise Complaint(str(error)) from None
