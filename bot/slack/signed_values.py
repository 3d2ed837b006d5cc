"""
Values of buttons and of menus below answers, signed as they leave and checked as they come back.

A value says whom to look up, so one that Slack did not get from us is not acted on. It is signed together
with its button's action, and with nothing of the message or of who presses: whoever may ask may press it,
wherever it stands.
"""

from collections.abc import Mapping
from typing import Any

from bot.storage.keyring import Keyring

_MARK = "~"
_PURPOSE = "button"
# Characters of a button's value, and of a menu's option's (`slack.md`, "Block Kit limits").
_LONGEST, _LONGEST_OPTION = 2_000, 150
# Hexadecimal digits of a signature: a menu has no room for more, and every guess is a request to Slack.
_SIGNATURE = 16
LENGTH_OF_SIGNATURE = _SIGNATURE + len(_MARK)
"""So many characters a signature takes of a value."""
# The arguments of Slack's methods that hold buttons.
_HOLDERS = ("blocks", "attachments", "unfurls", "view", "metadata")


class ForgedValue(Exception):
    """Raised when a button's value is none that this bot has signed, under any of its keys."""


class ButtonSeals:
    """
    Signs and checks values.

    Args:
        keyring: its keys sign; a value that an older key signed is taken too.

    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def signed(self, content: Any) -> Any:
        """Blocks, attachments, unfurls or a view with every button's value signed; the rest as it is."""
        if isinstance(content, Mapping):
            told = {name: self.signed(one) for name, one in content.items()}
            action_id = str(told.get("action_id"))
            # A Work Object's action is a button that does not say so.
            is_button = "action_id" in told and told.get("type", "button") == "button"
            if is_button and isinstance(told.get("value"), str):
                told["value"] = self._sign(action_id, told["value"], _LONGEST)
            elif told.get("type") == "overflow":
                options = told["options"]
                told["options"] = [
                    one | {"value": self._sign(action_id, one["value"], _LONGEST_OPTION)} for one in options
                ]
            return told
        return [self.signed(one) for one in content] if isinstance(content, list | tuple) else content

    def in_arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a method's call with every button's value signed."""
        return arguments | {
            name: self.signed(arguments[name])
            for name in _HOLDERS
            if isinstance(arguments.get(name), list | tuple | dict)
        }

    def opened(self, action_id: str, value: str) -> str:
        """
        The value that was signed.

        Raises:
            ForgedValue: when it is another's, was altered, or is from a version that signed none.

        """
        signature, mark, bare = value.partition(_MARK)
        known = (one[:_SIGNATURE] for one in self._keyring.hashes(_PURPOSE, action_id, bare))
        if not mark or signature not in known:
            raise ForgedValue
        return bare

    def _sign(self, action_id: str, value: str, longest: int) -> str:
        signed = f"{self._keyring.hash(_PURPOSE, action_id, value)[:_SIGNATURE]}{_MARK}{value}"
        # Slack would refuse the whole message; so whoever presses is told to ask anew.
        return signed if len(signed) <= longest else _MARK
