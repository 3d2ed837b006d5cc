"""The `response_url`s and their uses: five within thirty minutes of the payload (slack.md)."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

USES = 5
LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """
    A URL where the app may answer one user's command or click.

    `message_ts` is the message that `replace_original` and `delete_original` act on: the one with the
    button. A command has none.
    """

    token: str
    channel: str
    user: str
    made_at: datetime
    message_ts: str | None = None
    from_click: bool = False
    uses: int = 0


class ResponseUrls:
    """All response_urls that were made, by their token."""

    def __init__(self) -> None:
        self._urls: dict[str, ResponseUrl] = {}

    def make(self, channel: str, user: str, at: datetime, message_ts: str | None = None) -> ResponseUrl:
        """A new response_url."""
        token = secrets.token_urlsafe(18)
        self._urls[token] = ResponseUrl(
            token, channel, user, at, message_ts, from_click=message_ts is not None
        )
        return self._urls[token]

    def find(self, token: str) -> ResponseUrl | None:
        """The response_url with a token, without using it; None where there is none."""
        return self._urls.get(token)

    def use(self, token: str, now: datetime) -> ResponseUrl | str:
        """The response_url, after counting one use; or Slack's error where there is none left."""
        url = self._urls.get(token)
        if url is None:
            return "invalid_url"
        if now - url.made_at > LIFE:
            return "expired_url"
        if url.uses >= USES:
            return "used_url"
        self._urls[token] = replace(url, uses=url.uses + 1)
        return self._urls[token]
