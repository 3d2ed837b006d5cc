"""The people of the sandbox: the desk's agents, guests, somebody of another company, and the bot."""

from dataclasses import dataclass
from typing import Any

TEAM = "T0CONTOSO1"
TEAM_NAME = "Contoso Support"
TEAM_DOMAIN = "contoso-support"
OTHER_TEAM = "T0FABRIKAM"
APP = "A0CASEFILE"
BOT_NAME = "Casefile"

SLACKBOT = "USLACKBOT"
"""Slack's own voice: what a client shows when a command fails."""


@dataclass(frozen=True, slots=True)
class User:
    """
    One account, as `users.info` describes it.

    `restricted` is a guest of several channels, `ultra_restricted` one of a single channel, `stranger`
    somebody of another company met in a shared channel. A bot has the id of its app too.
    """

    id: str
    name: str
    real_name: str
    team: str = TEAM
    title: str = ""
    admin: bool = False
    restricted: bool = False
    ultra_restricted: bool = False
    stranger: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    tz: str = "Europe/Berlin"

    @property
    def is_bot(self) -> bool:
        """Whether this is an app's account."""
        return self.bot_id is not None

    def as_slack(self, *, with_email: bool) -> dict[str, Any]:
        """The user object of `users.info`; the email address needs a scope of its own."""
        profile = {"real_name": self.real_name, "display_name": self.name, "title": self.title}
        profile |= {"team": self.team}
        if with_email and not self.is_bot:
            profile["email"] = f"{self.name}@{'fabrikam' if self.stranger else 'contoso'}.example"
        if self.bot_id and self.app_id:
            profile |= {"bot_id": self.bot_id, "api_app_id": self.app_id}
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": self.deleted,
            "profile": profile,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
        }
        if self.deleted:
            # Slack leaves roles and time zone out for deactivated accounts.
            return user
        user |= {"real_name": self.real_name, "tz": self.tz, "tz_label": self.tz, "tz_offset": 3600}
        user |= {"is_admin": self.admin, "is_owner": False, "is_primary_owner": False}
        user |= {"is_restricted": self.restricted or self.ultra_restricted}
        user |= {"is_ultra_restricted": self.ultra_restricted}
        if self.stranger:
            user["is_stranger"] = True
        return user


@dataclass(frozen=True, slots=True)
class People:
    """The ids of all people, by what each is an example of."""

    agent: str = "U0AGENT001"
    colleague: str = "U0AGENT002"
    admin: str = "U0ADMIN001"
    guest: str = "U0GUEST001"
    single_channel_guest: str = "U0GUEST002"
    deactivated: str = "U0GONE0001"
    stranger: str = "U0STRANGER"
    bot: str = "U0CASEFILE"
    bot_id: str = "B0CASEFILE"


def everybody(people: People) -> dict[str, User]:
    """The accounts of all people, by id."""
    users = (
        User(people.agent, "ana", "Ana Ferreira", title="Support agent"),
        User(people.colleague, "tom", "Tom Okafor", title="Support agent"),
        User(people.admin, "priya", "Priya Nair", title="Head of support", admin=True),
        User(people.guest, "gus", "Gus Lindqvist", title="Guest", restricted=True),
        User(people.single_channel_guest, "sina", "Sina Roth", title="Guest", ultra_restricted=True),
        User(people.deactivated, "walt", "Walt Gray", deleted=True),
        User(people.stranger, "femi", "Femi Adeyemi", team=OTHER_TEAM, title="Fabrikam", stranger=True),
        User(people.bot, "casefile", BOT_NAME, bot_id=people.bot_id, app_id=APP),
        User(SLACKBOT, "slackbot", "Slackbot"),
    )
    return {user.id: user for user in users}
