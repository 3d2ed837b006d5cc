"""What is raised where the configuration cannot be used."""


class SettingsError(Exception):
    """Raised when the configuration cannot be used; the text is one line for whoever installs the bot."""


class SettingUnset(SettingsError):
    """Raised when a variable that is needed here is not set."""
