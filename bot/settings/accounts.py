"""The settings of one account at a vendor or a help desk, a class for each kind."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.settings.values import (
    FullStoryKey,
    Key,
    Origin,
    ProjectNumber,
    RybbitSite,
    SentryName,
    Subdomain,
    Text,
    WebAddress,
)


class SettingsGroup(BaseModel):
    """Some settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountSettings(SettingsGroup):
    """
    One account at a vendor or a help desk.

    `where` says to whoever configures it where its keys come from; `also_asked` are fields with a default
    that is wrong for many. `allowance` is the field for how many calls the plan allows, where plans differ.
    """

    where: ClassVar[str]
    also_asked: ClassVar[tuple[str, ...]] = ()
    allowance: ClassVar[str | None] = None


class FullStoryAccount(AccountSettings):
    """One FullStory organisation (`contracts/fullstory.md`)."""

    where = (
        "app.fullstory.com, Settings, Integrations, API keys: one of an Admin or Architect."
        " EU accounts have the address https://api.eu1.fullstory.com."
    )
    also_asked = ("BASE_URL",)

    api_key: FullStoryKey = Field(description="key as FullStory shows it, put after `Basic ` unchanged")
    base_url: WebAddress = Field(
        "https://api.fullstory.com", description="`https://api.eu1.fullstory.com` for EU"
    )
    summary_profile: Text | None = Field(
        None,
        description="id of a summary profile; with it a visit's menu has *Sum up this visit*",
    )


class RaygunAccount(AccountSettings):
    """One application in Raygun's legacy RUM API (`contracts/raygun_rum_v1.md`)."""

    where = (
        "app.raygun.com: the API key is in the application's settings; client id and secret are of a"
        " consumer application (plan settings, Consumers)."
    )
    allowance = "DAILY_CALLS"

    api_key: Key = Field(description="the application's API key")
    client_id: Text = Field(description="of a consumer application (plan settings, Consumers)")
    client_secret: Key = Field(description="of the same consumer application")
    base_url: WebAddress = Field("https://api.raygun.com", description="where its API is")
    daily_calls: int = Field(50, ge=1, description="calls that Raygun allows in 24 hours")
    login_counts: bool = Field(True, description="whether a login counts as a call")
    application: Text | None = Field(None, description="the application's id, to know its links")
    mcp: Key | None = Field(
        None,
        description="personal access token of API v3: a person is asked for by Raygun's MCP server first;"
        " needs `APPLICATION`",
    )

    @model_validator(mode="after")
    def _names_its_application(self) -> Self:
        if self.mcp is not None and self.application is None:
            raise ValueError("APPLICATION is missing: MCP asks for one application's customers")
        return self


class RaygunV3Account(AccountSettings):
    """One application in Raygun's API v3 (`contracts/raygun_v3.md`)."""

    where = (
        "app.raygun.com, user settings, Tokens: one that may read applications, customers,"
        " rum.sessions and cr.errors. The application's id stands in its addresses: …/rum/ID."
    )

    token: Key = Field(
        description="personal access token with applications, customers, rum.sessions and cr.errors `:read`"
    )
    application: Text = Field(description="the application's id, as in its links")
    base_url: WebAddress = Field("https://api.raygun.com", description="where its API is")
    mcp: bool = Field(False, description="ask Raygun's MCP server for a person first, with the same token")


class RybbitAccount(AccountSettings):
    """One site on a Rybbit server (`contracts/rybbit.md`)."""

    where = (
        "your Rybbit, account settings, API keys: one that may read sessions, users and analytics,"
        " and replays where they are to play in Slack. The site's number stands in its addresses."
        " A server of your own has its own address."
    )
    also_asked = ("BASE_URL",)

    api_key: Key = Field(description="personal or organisation key")
    site: RybbitSite = Field(description="the site's number, or its id of 12 hexadecimal digits")
    base_url: Origin = Field("https://app.rybbit.io", description="self-hosted: its origin")
    web_url: WebAddress | None = Field(None, description="where people open Rybbit, if not the base URL")


class UXCamAccount(AccountSettings):
    """One UXCam app (`contracts/uxcam.md`)."""

    where = "app.uxcam.com: the app's id stands in its addresses; the key is one of the Data Access API."

    app_id: Text = Field(description="the app's id, as in its dashboard's addresses")
    api_key: Key = Field(description="key of the Data Access API")
    base_url: WebAddress = Field("https://tara.uxcam.com", description="where its newer API is")
    classic_url: WebAddress = Field(
        "https://api.uxcam.com",
        description="where its classic API is, asked where the newer one is not there",
    )
    identity: Text = Field("kUXCam_UserIdentity", description="the user property that holds your uid")
    show_video: bool = Field(
        False, description="show links to videos: whoever has one can watch until it ends"
    )


class SentryAccount(AccountSettings):
    """One Sentry organisation (`docs/contracts/sentry.md`)."""

    where = (
        "Sentry, Settings, Developer Settings, New internal integration: its token, with Organization: Read"
        " and Issue & Event: Read. The organisation's name is the first part of NAME.sentry.io. For the EU"
        " the address is https://de.sentry.io; a server of your own has its own."
    )
    also_asked = ("BASE_URL",)

    token: Key = Field(description="token with the scopes `org:read` and `event:read`")
    organization: SentryName = Field(description="the organisation's name in its addresses")
    project: ProjectNumber | None = Field(None, description="one project's number; unset: all of them")
    base_url: Origin = Field(
        "https://sentry.io", description="`https://de.sentry.io` for the EU; self-hosted: its origin"
    )
    web_url: WebAddress | None = Field(None, description="where people open Sentry, if not the base URL")


class PostHogAccount(AccountSettings):
    """One PostHog project (`docs/contracts/posthog.md`)."""

    where = (
        "PostHog, account settings, Personal API keys: one with person:read, session_recording:read and"
        " query:read. The project's number stands in its addresses, …/project/NUMBER. For the EU the address"
        " is https://eu.posthog.com; a server of your own has its own."
    )
    also_asked = ("BASE_URL",)
    allowance = "HOURLY_LISTINGS"

    api_key: Key = Field(
        description="personal API key with `person:read`, `session_recording:read` and `query:read`"
    )
    project: ProjectNumber = Field(description="the project's number, as in its addresses")
    base_url: Origin = Field(
        "https://us.posthog.com", description="`https://eu.posthog.com` for the EU; self-hosted: its origin"
    )
    web_url: WebAddress | None = Field(None, description="where people open PostHog, if not the base URL")
    hourly_listings: int = Field(
        60,
        ge=1,
        description="lists of recordings allowed in an hour: 60 on the free plan, 300 paid",
    )


class ZendeskAccount(AccountSettings):
    """One Zendesk, asked who a ticket's requester is."""

    where = (
        "Admin Center, Apps and integrations, APIs, OAuth clients: a confidential one with the scope"
        " `read`. The subdomain is `acme` of acme.zendesk.com."
    )
    also_asked = ("SUBDOMAIN", "CLIENT_ID", "CLIENT_SECRET")

    subdomain: Subdomain | None = Field(None, description="`acme` of `acme.zendesk.com`")
    client_id: Text | None = Field(
        None, description="of a confidential OAuth client (Admin Center, Apps and integrations, APIs)"
    )
    client_secret: Key | None = Field(None, description="of the same OAuth client")
    email: Text | None = Field(
        None, description="with an API token, which ends on 2027-04-30: the agent whose token it is"
    )
    api_token: Key | None = Field(None, description="API token, where there is no OAuth client yet")
    base_url: Origin | None = Field(None, description="where its API is; unset: by the subdomain")

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not self.subdomain and not self.base_url:
            raise ValueError("SUBDOMAIN is missing: the account's other variables are set")
        return self

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        """Check that a client or a token is whole; with both the client is used."""
        pairs = (("client_id", "client_secret"), ("email", "api_token"))
        for pair in pairs:
            missing = [name for name in pair if getattr(self, name) is None]
            if len(missing) == 1:
                raise ValueError(f"{missing[0].upper()} is missing: the account's other variables are set")
        if self.client_id is None and self.email is None:
            raise ValueError("CLIENT_ID is missing: the account's other variables are set")
        return self


class IntercomAccount(AccountSettings):
    """One Intercom workspace, asked who a conversation's requester is."""

    where = "Developer Hub, your app, Authentication: the access token."
    also_asked = ("BASE_URL",)

    token: Key = Field(description="access token of an app in the Developer Hub")
    admin_id: Text | None = Field(
        None, description="the teammate whose notes Casefile's are; unset: the token's own"
    )
    base_url: Origin = Field("https://api.intercom.io", description="`https://api.eu.intercom.io` for EU")
