"""The types of settings' values; their error messages say what is wrong and never show the value."""

import json
import re
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import re2
from pydantic import AfterValidator, BeforeValidator, SecretStr

from bot.storage.address import database_error


def _without_blanks(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _one_line_key(value: SecretStr) -> SecretStr:
    if re.search(r"\s", value.get_secret_value()):
        raise ValueError("holds white space: paste the key alone")
    if not value.get_secret_value().isascii():
        raise ValueError("holds characters that no key has: paste it again")
    return value


def _fullstory_key(value: SecretStr) -> SecretStr:
    if value.get_secret_value().lower().startswith("basic"):
        raise ValueError("give the key alone, without the word Basic")
    return _one_line_key(value)


def _starting(*prefixes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefixes):
            raise ValueError(f"begins with {' or '.join(prefixes)}; this is another kind of token")
        return _one_line_key(value)

    return AfterValidator(check)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://host.example is needed")
    if parts.username or parts.password:
        raise ValueError("an address without a user name is needed")
    return value.rstrip("/")


def is_quoted(value: str) -> bool:
    """Whether quotes stand around a value: Docker and kubectl leave them there where they read a file."""
    return re.fullmatch(r"(['\"]).*\1", value.strip(), re.DOTALL) is not None


def is_plain_elsewhere(address: str) -> bool:
    """Whether an address is `http://` and not this machine's own."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "http" and host != "localhost" and not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(value: str) -> str:
    if urlsplit(value).path:
        raise ValueError("the server's origin alone is needed, such as https://host.example, without a path")
    return value


def _subdomain(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", value):
        raise ValueError("the subdomain alone is needed: acme of acme.zendesk.com")
    return value


def _rybbit_site(value: str) -> str:
    if not re.fullmatch(r"[0-9]+|[0-9A-Fa-f]{12}", value):
        raise ValueError("the site's number is needed, or its id of 12 digits and letters from a to f")
    return value


def _sentry_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise ValueError("the organisation's short name is needed: acme of acme.sentry.io")
    return value


def _number(value: str) -> str:
    if not re.fullmatch(r"[0-9]+", value):
        raise ValueError("its number is needed, as it stands in its addresses")
    return value


def _database_url(value: str) -> str:
    if (wrong := database_error(value)) is not None:
        raise ValueError(wrong)
    return value


# What keys hashes and seals has to be beyond guessing, also for who has the database; see SECURITY.md.
_SHORTEST_SECRET_KEY = 32
_SHORTEST_TOKEN = 16
# As `.env.example` has it.
_EXAMPLES = "put-"


def _secret_keys(value: SecretStr) -> SecretStr:
    first = value.get_secret_value().partition(",")[0].strip()
    if first.lower().startswith(_EXAMPLES):
        raise ValueError("is the example's: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'")
    if len(first) < _SHORTEST_SECRET_KEY:
        raise ValueError(
            f"the first key has fewer than {_SHORTEST_SECRET_KEY} characters:"
            " put a longer one before it, as NEW,OLD, so that what the old one sealed still opens"
        )
    return value


def _long_token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(f"has fewer than {_SHORTEST_TOKEN} characters, and can be guessed")
    return value


# One of several tokens: its name and the token.
_NAMED_TOKEN = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,29}):(.+)")


def named_tokens(text: str) -> dict[str, str]:
    """The tokens by name in `name:token,…`; one without a name is called `token`."""
    tokens = {}
    for part in text.split(","):
        named = _NAMED_TOKEN.fullmatch(part.strip())
        tokens[named[1] if named else "token"] = named[2] if named else part.strip()
    return tokens


def _mcp_tokens(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    tokens = named_tokens(text)
    if len(tokens) != text.count(",") + 1:
        raise ValueError("several tokens need a name each, and no name twice: desk:TOKEN,night:TOKEN")
    if len(set(tokens.values())) < len(tokens):
        raise ValueError("has the same token under two names: the audit trail could not tell them apart")
    if any(len(token) < _SHORTEST_TOKEN for token in tokens.values()):
        raise ValueError(f"has a token of fewer than {_SHORTEST_TOKEN} characters, which can be guessed")
    return value


def _as_list(value: Any) -> Any:
    """The list in a JSON list or in comma-separated words."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [word.strip() for word in value.split(",") if word.strip()]
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is not a JSON list") from None


def _as_lists(value: Any) -> Any:
    """A list of lists; a single list is one of them."""
    read = _as_list(value)
    if isinstance(read, list) and read and all(isinstance(one, str) for one in read):
        return [read]
    return read


def _accounts(lists: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    lower = tuple(tuple(name.strip().lower() for name in accounts) for accounts in lists)
    if not all(re.fullmatch(r"[a-z]+/[^\s/]+", name) for accounts in lower for name in accounts):
        raise ValueError("accounts are needed as vendor and label, such as fullstory/main")
    return lower


def _as_json_list(value: Any) -> Any:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        raise ValueError("a JSON list is needed: a comma may stand inside a regular expression")
    return _as_list(value)


def _quiet() -> re2.Options:
    options = re2.Options()
    # It would print the pattern.
    options.log_errors = False
    return options


def _one_group(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for number, pattern in enumerate(patterns, 1):
        try:
            groups = re2.compile(pattern, _quiet()).groups
        except re2.error:
            raise ValueError(
                f"pattern {number} is no regular expression that RE2 takes: no look-around, no back-reference"
            ) from None
        if groups != 1:
            raise ValueError(f"pattern {number} needs exactly one group, around the uid")
    return patterns


def _slack_command(value: str) -> str:
    if not re.fullmatch(r"/\S{1,31}", value):
        raise ValueError("a slash and one word are needed, such as /sessions")
    return value


def _restricting(values: tuple[str, ...]) -> tuple[str, ...]:
    """What restricts where it is set must not let everything through where it is set to nothing."""
    if not values:
        raise ValueError("names nothing, and would restrict nothing: give it a value, or remove it")
    return values


def _user_groups(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"S[A-Z0-9]+", value) for value in values):
        raise ValueError("ids of user groups are needed, such as S0123ABCD (not names)")
    return values


def _channel_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[CGD][A-Z0-9]+", value) for value in values):
        raise ValueError("channel ids are needed, such as C0123ABCD (not names)")
    return values


def _host_names(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[A-Za-z0-9.-]+", value) for value in values):
        raise ValueError("names of hosts alone are needed, such as casefile.example")
    return tuple(value.lower() for value in values)


def _channel_id(value: str) -> str:
    return _channel_ids((value,))[0]


def _lower(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.lower().removeprefix("@") for value in values)


Key = Annotated[SecretStr, BeforeValidator(_without_blanks), AfterValidator(_one_line_key)]
WebAddress = Annotated[str, BeforeValidator(_without_blanks), AfterValidator(_web_address)]
Origin = Annotated[WebAddress, AfterValidator(_origin)]
OwnToken = Annotated[Key, AfterValidator(_long_token)]
McpTokens = Annotated[Key, AfterValidator(_mcp_tokens)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Channels = Annotated[Words, AfterValidator(_restricting), AfterValidator(_channel_ids)]
UserGroups = Annotated[Words, AfterValidator(_restricting), AfterValidator(_user_groups)]
SlackCommand = Annotated[str, BeforeValidator(_without_blanks), AfterValidator(_slack_command)]
HostNames = Annotated[Words, AfterValidator(_host_names)]
ChannelId = Annotated[str, BeforeValidator(_without_blanks), AfterValidator(_channel_id)]
LowerWords = Annotated[Words, AfterValidator(_lower)]
AccountLists = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_as_lists), AfterValidator(_accounts)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_as_json_list), AfterValidator(_one_group)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
Text = Annotated[str, BeforeValidator(_without_blanks)]
Subdomain = Annotated[Text, AfterValidator(_subdomain)]
RybbitSite = Annotated[Text, AfterValidator(_rybbit_site)]
SentryName = Annotated[Text, AfterValidator(_sentry_name)]
ProjectNumber = Annotated[Text, AfterValidator(_number)]
Secret = Annotated[SecretStr, BeforeValidator(_without_blanks)]
SecretKeys = Annotated[Secret, AfterValidator(_secret_keys)]
FullStoryKey = Annotated[Secret, AfterValidator(_fullstory_key)]
BotToken = Annotated[Key, _starting("xoxb-")]
AppToken = Annotated[Key, _starting("xapp-")]
ConfigToken = Annotated[Key, _starting("xoxe.xoxp-")]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
