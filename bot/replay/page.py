"""The page that plays a replay: its text, its files, and what its headers let it and others do."""

import html
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from types import MappingProxyType
from urllib.parse import urlsplit

from bot.answers.words.table import replays as words

# All three are needed (https://docs.slack.dev/changelog/2026/11/06/work-objects-embeds-frame-ancestors).
_SLACKS_FRAMES = "https://*.slack.com https://*.slack-gov.com https://*.slack-mcps.com"
_SLACKS_HOSTS = ("slack.com", "slack-gov.com")
# What the recorded pages would load from elsewhere is not loaded; styles stand in them, and pictures as data.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; font-src data:;"
    " media-src data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " sandbox allow-scripts allow-same-origin; frame-ancestors "
)
_HEADERS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        # Not even their names are looked up.
        "X-DNS-Prefetch-Control": "off",
    }
)
_TYPES = MappingProxyType({"css": "text/css", "js": "text/javascript"})
# The player's files have their version in their names.
_OF_THE_PLAYER, _FOR_EVER = "rrweb-player-", "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page: its content, its media type, and how long browsers may keep it."""

    content: bytes
    media_type: str
    cache_control: str


def page() -> str:
    """The page with its button."""
    told = {
        "title": words.TITLE,
        "play": words.PLAY,
        "loading": words.LOADING,
        "played": words.PLAYED,
        "not_played": words.NOT_PLAYED,
        "not_fetched": words.NOT_FETCHED,
        "in_a_sandbox": words.IN_A_SANDBOX,
    }
    return _filled("page.html", told)


def refusal(why: str) -> str:
    """The page that says why there is no replay."""
    return _filled("refused.html", {"title": words.TITLE, "why": why})


def headers(slack_api_url: str) -> dict[str, str]:
    """
    The headers of a page: it may be framed by Slack's clients alone, and loads nothing from elsewhere.

    Where Slack's API is at another host than Slack's own, as in the sandbox, its clients are at that origin.
    """
    return {**_HEADERS, "Content-Security-Policy": _POLICY + _frames(slack_api_url)}


@cache
def page_files() -> dict[str, PageFile]:
    """The files of the page, by name."""
    found = {}
    for one in files("bot.replay").joinpath("static").iterdir():
        if media_type := _TYPES.get(one.name.rpartition(".")[2]):
            kept = _FOR_EVER if one.name.startswith(_OF_THE_PLAYER) else "no-cache"
            found[one.name] = PageFile(one.read_bytes(), media_type, kept)
    return found


def _frames(slack_api_url: str) -> str:
    parts = urlsplit(slack_api_url)
    host = parts.hostname or ""
    if any(host == own or host.endswith(f".{own}") for own in _SLACKS_HOSTS):
        return _SLACKS_FRAMES
    return f"{parts.scheme}://{parts.netloc}"


def _filled(name: str, told: dict[str, str]) -> str:
    template = Template(files("bot.replay").joinpath("static", name).read_text(encoding="utf-8"))
    return template.substitute({key: html.escape(value) for key, value in told.items()})
