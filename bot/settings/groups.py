"""What is in settings, group by group: secrets, and addresses without TLS."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from bot.settings.values import is_plain_elsewhere


def secrets_in(group: BaseModel | Mapping[str, BaseModel]) -> Iterator[str]:
    """Every secret value in a group of settings, and in the groups within it."""
    named = group if isinstance(group, Mapping) else {n: getattr(group, n) for n in type(group).model_fields}
    for value in named.values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel | Mapping):
            yield from secrets_in(value)


def plain_addresses(group: BaseModel | Mapping[str, Any], within: str = "") -> Iterator[str]:
    """The variables that hold an address without TLS of another machine."""
    named = group if isinstance(group, Mapping) else {n: getattr(group, n) for n in type(group).model_fields}
    for name, value in named.items():
        variable = f"{within}{name.upper()}"
        if isinstance(value, BaseModel | Mapping):
            yield from plain_addresses(value, f"{variable}__")
        elif isinstance(value, str) and name.endswith("_url") and is_plain_elsewhere(value):
            yield variable
