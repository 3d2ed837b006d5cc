"""One variable's value judged by itself, as it is typed, by the same rules as the whole environment."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bot.settings.accounts import AccountSettings
from bot.settings.model import Settings, group_of
from bot.settings.wording import in_words

# What `.env.example` and the documentation have where a value is to be put.
_PLACEHOLDER = re.compile(
    r"put[-_ ](?:a|yours?)[-_ ]|your[-_ ](?:key|token|secret|company)|change[-_ ]?me"
    r"|^(?:xoxb|xapp)-(?:…|\.+|x+|your.*)$"
    r"|^<.*>$|^(?:todo|xxx+|…|\.\.\.)$",
    re.IGNORECASE,
)

ACCOUNTS: Mapping[str, type[AccountSettings]] = {
    name: group
    for name, field in Settings.model_fields.items()
    for group, by_label in (group_of(field.annotation),)
    if group is not None and by_label and issubclass(group, AccountSettings)
}
"""The settings of an account at each vendor and help desk, by the names that settings have."""


def field_of(name: str) -> FieldInfo | None:
    """The field of a variable, such as FULLSTORY__MAIN__API_KEY; None where there is no such setting."""
    first, *rest = name.lower().split("__")
    field = Settings.model_fields.get(first)
    if field is None or not rest:
        return field
    group, _by_label = group_of(field.annotation)
    return None if group is None else group.model_fields.get(rest[-1])


def fields_of(vendor: str) -> dict[str, FieldInfo]:
    """
    The fields of one account, such as those of `fullstory`, by their names in capitals.

    Raises:
        KeyError: when no setting is of that name.

    """
    group: type[BaseModel] | None = group_of(Settings.model_fields[vendor].annotation)[0]
    return {} if group is None else {name.upper(): field for name, field in group.model_fields.items()}


def value_error(name: str, value: str) -> str | None:
    """What is wrong with a variable's value, without the value; None where nothing is."""
    field = field_of(name)
    if field is None:
        return f"{name} is no setting of Casefile"
    if not value.strip():
        return "a value is needed"
    if is_placeholder(value):
        return "this is what stands there until the real value is put in its place"
    return _type_error(field, value)


def _type_error(field: FieldInfo, value: str) -> str | None:
    wanted: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    try:
        TypeAdapter(wanted).validate_python(value)
    except ValidationError as invalid:
        return in_words(invalid.errors(include_url=False, include_input=False)[0])
    return None


def is_placeholder(value: str) -> bool:
    """Whether a value is one of those that stand in an example until the real one is put there."""
    return bool(_PLACEHOLDER.search(value.strip()))
