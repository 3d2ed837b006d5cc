"""
Every setting in one place: the environment, read here alone and once, checked as a whole, never printed.

A variable that is wrong, incomplete, empty or misspelt raises `SettingsError` with one line that names it and
never shows its value. pydantic's own messages show values, and it ignores misspelt names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bot.domain.apps import is_app_id
from bot.settings.accounts import (
    FullStoryAccount,
    IntercomAccount,
    PostHogAccount,
    RaygunAccount,
    RaygunV3Account,
    RybbitAccount,
    SentryAccount,
    SettingsGroup,
    UXCamAccount,
    ZendeskAccount,
)
from bot.settings.behaviour import (
    AccessSettings,
    AuditSettings,
    HelpdeskSettings,
    LookupSettings,
    RetentionSettings,
    TicketSettings,
    WatchSettings,
)
from bot.settings.env_file import read_env_file
from bot.settings.errors import SettingsError, SettingUnset
from bot.settings.groups import plain_addresses, secrets_in
from bot.settings.misspelt import KnownNames, find_misspelt, is_ours
from bot.settings.values import (
    AccountLists,
    AppToken,
    BotToken,
    ConfigToken,
    DatabaseUrl,
    HostNames,
    Key,
    LogLevel,
    McpTokens,
    Origin,
    OwnToken,
    SecretKeys,
    SlackCommand,
    WebAddress,
    is_quoted,
    named_tokens,
)
from bot.settings.wording import in_words
from bot.storage.address import is_postgresql


class Settings(BaseSettings):
    """All of Casefile's settings; made by `load_settings`."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="__", enable_decoding=False, extra="ignore", frozen=True, validate_default=False
    )

    slack_bot_token: BotToken | None = Field(None, description="the app's bot token, `xoxb-…`")
    slack_signing_secret: Key | None = Field(None, description="the app's signing secret; for HTTP alone")
    slack_app_token: AppToken | None = Field(
        None, description="app-level token, `xapp-…`; for Socket Mode alone"
    )
    slack_config_token: ConfigToken | None = Field(
        None, description="app configuration token, `xoxe.xoxp-…`; for one run of `casefile doctor` alone"
    )
    slack_api_url: WebAddress = Field("https://slack.com/api/", description="where Slack's Web API is")
    slack_command: SlackCommand = Field(
        "/sessions", description="the command's name; another app may own this one"
    )
    secret_key: SecretKeys | None = Field(
        None,
        description="keys hashes and seals, 32 characters at least; several, comma-separated: the first one"
        " seals",
    )
    # It may have a password in it.
    database_url: DatabaseUrl = Field(
        "sqlite:///casefile.db",
        description="where everything is stored: SQLite, or `postgresql://…`",
        repr=False,
    )
    fullstory: dict[str, FullStoryAccount] = Field(default_factory=dict)
    raygun: dict[str, RaygunAccount] = Field(default_factory=dict)
    raygun_v3: dict[str, RaygunV3Account] = Field(default_factory=dict)
    rybbit: dict[str, RybbitAccount] = Field(default_factory=dict)
    uxcam: dict[str, UXCamAccount] = Field(default_factory=dict)
    sentry: dict[str, SentryAccount] = Field(default_factory=dict)
    posthog: dict[str, PostHogAccount] = Field(default_factory=dict)
    zendesk: dict[str, ZendeskAccount] = Field(default_factory=dict)
    intercom: dict[str, IntercomAccount] = Field(default_factory=dict)
    raygun_webhook_secret: OwnToken | None = Field(
        None, description="last part of the webhook's path; unset: there is no such route"
    )
    plain_cards_token: OwnToken | None = Field(None, description="for `/plain/customer-cards`; unset: none")
    plain_signing_secret: OwnToken | None = Field(None, description="Plain's; set: cards need its signature")
    metrics_token: OwnToken | None = Field(
        None, description="for `/metrics`; unset: answered to loopback alone"
    )
    mcp_token: McpTokens | None = Field(
        None,
        description="bearer token of `/mcp`, or several as `name:token,…`; unset: there is no such route",
    )
    mcp_hosts: HostNames = Field(
        (),
        description="hosts by which `/mcp` is reached, such as `casefile.example`; loopback always",
    )
    embed_url: Origin | None = Field(
        None, description="origin at which Slack’s clients reach the bot: replays play in side panes, by HTTP"
    )
    raygun_crash_api_key: Key | None = Field(
        None,
        description="of a Raygun application that gathers the bot's own crashes; unset: none is reported",
    )
    tickets: TicketSettings = TicketSettings()
    access: AccessSettings = AccessSettings()
    watch: WatchSettings = WatchSettings()
    helpdesk: HelpdeskSettings = HelpdeskSettings()
    audit: AuditSettings = AuditSettings()
    visibility: Literal["thread", "ephemeral", "masked"] = Field(
        "thread",
        description="or `ephemeral`: the asker alone sees it; `masked`: the channel sees neither address nor"
        " link, and whoever may presses “Show me”",
    )
    shared_uids: AccountLists = Field(
        (),
        description="accounts whose uids are one product's, such as `fullstory/main,rybbit/www`, or a JSON"
        " list of such lists; unset: accounts of one label",
    )
    lookup: LookupSettings = LookupSettings()
    retention: RetentionSettings = RetentionSettings()
    log_level: LogLevel = Field("INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    allow_plain_http: bool = Field(
        False, description="whether addresses may be `http://` outside this machine: keys go over it in clear"
    )
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="set by hosts such as Heroku"
    )
    dyno: str | None = Field(None, description="set by Heroku: its disk does not last")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The secret keys; the first one is the one that seals."""
        whole = self.secret_key.get_secret_value() if self.secret_key else ""
        return tuple(key for part in whole.split(",") if (key := part.strip()))

    @property
    def mcp_tokens(self) -> dict[str, str]:
        """The bearer tokens of `/mcp`, by name."""
        return named_tokens(self.mcp_token.get_secret_value()) if self.mcp_token else {}

    @property
    def cautions(self) -> tuple[str, ...]:
        """Warnings for whoever runs the bot, a line each: settings that do not do what one would expect."""
        lines = []
        if self.dyno and not is_postgresql(self.database_url):
            lines.append(
                "This host's disk does not last: with SQLite every restart forgets the quota ledger,"
                " and vendors may be asked more often than they allow."
            )
        if self.mcp_token and not self.mcp_hosts:
            lines.append("MCP_HOSTS is not set: /mcp answers only those who reach it as localhost.")
        if (self.mcp_token or self.plain_cards_token) and self.access.shared_tokens_refused:
            lines.append(
                "ACCESS__CHANNELS or ACCESS__USER_GROUPS is set, so MCP_TOKEN and PLAIN_CARDS_TOKEN let none"
                " ask: they are nobody's own. ACCESS__SHARED_TOKENS=true lets whoever has them."
            )
        if self.plain_signing_secret and not self.plain_cards_token:
            lines.append("PLAIN_SIGNING_SECRET is set, but without PLAIN_CARDS_TOKEN there are no cards.")
        lines += (
            f"TICKETS__APPS has a name, {name!r}, which any app may bear: better is the app's id, A… or B…."
            for name in self.tickets.apps
            if not is_app_id(name)
        )
        return tuple(lines)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every key, token and password that is configured, to be masked in whatever is shown or sent."""
        password = urlsplit(self.database_url).password
        return (*secrets_in(self), *self.mcp_tokens.values(), *([password] if password else []))

    def require(self, *names: str) -> None:
        """
        Check that these variables (such as SECRET_KEY) are set.

        Raises:
            SettingUnset: for the first that is not.

        """
        for name in names:
            if not getattr(self, name.lower()):
                raise SettingUnset(f"{name} is not set and is needed here: {self.describe(name)}")

    @classmethod
    def describe(cls, name: str) -> str:
        """What a variable is for, in a few words."""
        return cls.model_fields[name.lower()].description or ""


class _Given(EnvSettingsSource):
    """The environment that was handed in, in place of the process's own."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in given.items()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def group_of(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The class of a field's group (None for a single value), and whether there is one for each label."""
    if isinstance(annotation, type) and issubclass(annotation, SettingsGroup):
        return annotation, False
    if get_origin(annotation) is dict:
        _label, group = get_args(annotation)
        return group, True
    return None, False


def known_names() -> KnownNames:
    """The names of all settings, taken from the `Settings` class."""
    alone: set[str] = set()
    grouped: dict[str, frozenset[str]] = {}
    labelled: dict[str, frozenset[str]] = {}
    for name, field in Settings.model_fields.items():
        group, by_label = group_of(field.annotation)
        if group is None:
            alone.add(name.upper())
        else:
            (labelled if by_label else grouped)[name.upper()] = frozenset(map(str.upper, group.model_fields))
    return KnownNames(frozenset(alone), grouped, labelled)


def load_settings(environment: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """
    The settings of an environment, checked.

    Args:
        environment: names to values, such as `os.environ`.
        dotenv: a file of more of them (`.env`), read where it exists; the environment takes precedence.

    Raises:
        SettingsError: with one line that names the variable and what is wrong with it.

    """
    known = known_names()
    given = {**(read_env_file(dotenv, known) if dotenv else {}), **environment}
    if misspelt := find_misspelt(given, known):
        raise SettingsError(f"{misspelt.name} is not a setting of Casefile: {misspelt.advice}")
    ours = {name: value for name, value in given.items() if is_ours(name, known)}
    for name, value in sorted(ours.items()):
        if not value.strip():
            raise SettingsError(f"{name} is set but empty: give it a value, or remove it")
        # A key that seals may be any text, and is kept as it is.
        if is_quoted(value) and name.upper() != "SECRET_KEY":
            raise SettingsError(f"{name}: stands in quotes, which are part of the value here: remove them")
    try:
        # These alone: left to itself it reads the environment of the process, too.
        settings = Settings(_build_sources=((_Given(ours),), {}))
    except ValidationError as invalid:
        raise SettingsError(_one_line(invalid)) from None
    plain = next(plain_addresses(settings), None)
    if plain and not settings.allow_plain_http:
        raise SettingsError(
            f"{plain}: is http://, which sends keys in clear: https://, or ALLOW_PLAIN_HTTP=true"
        )
    return settings


def _one_line(invalid: ValidationError) -> str:
    """The first error in one line, with the variable's full name and without its value."""
    first = invalid.errors(include_url=False, include_input=False, include_context=True)[0]
    field = [str(part) for part in first["loc"] if isinstance(part, str)]
    name = "__".join(_location(field)).upper()
    if first["type"] == "missing":
        return f"{name} is missing: the account's other variables are set"
    # A group's own validator begins its message with the name of the variable that is missing.
    return f"{name}{'__' if _is_group(field) else ': '}{in_words(first)}"


def _is_group(parts: list[str]) -> bool:
    group, by_label = group_of(Settings.model_fields[parts[0]].annotation)
    return group is not None and len(parts) == (2 if by_label else 1)


def _location(parts: list[str]) -> list[str]:
    """The variable's own parts of an error's location, without pydantic's steps for unions and functions."""
    depth = 1
    group, by_label = group_of(Settings.model_fields[parts[0]].annotation)
    if group is not None:
        depth = 3 if by_label else 2
    return parts[:depth]
