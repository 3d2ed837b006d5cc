"""Addresses of Sentry's pages and what they name, and addresses that are none of its pages."""

from dataclasses import replace

from bot.domain.links import Link, LinkKind
from bot.settings.accounts import SentryAccount
from bot.sources.sentry.links import pages

REPLAY = "7e07485f12f9416b8b1426260799b51f"
OWN = pages(
    {"main": SentryAccount(token="t", organization="acme", base_url="https://sentry.contoso.example")}
)


def sentry(kind: LinkKind, **fields: object) -> Link:
    return replace(Link("sentry", kind, "acme.sentry.io", account_id="acme"), **fields)  # type: ignore[arg-type]


KNOWN = {
    f"https://acme.sentry.io/explore/replays/{REPLAY}/": sentry(LinkKind.SESSION, session_id=REPLAY),
    "https://acme.sentry.io/replays/7e07485f-12f9-416b-8b14-26260799b51f/": sentry(
        LinkKind.SESSION, session_id=REPLAY
    ),
    f"https://sentry.io/organizations/acme/replays/shop:{REPLAY}/?t=15": sentry(
        LinkKind.SESSION, session_id=REPLAY, host="sentry.io"
    ),
    f"https://sentry.contoso.example/organizations/acme/explore/replays/{REPLAY}/": sentry(
        LinkKind.SESSION, session_id=REPLAY, host="sentry.contoso.example"
    ),
    "https://acme.sentry.io/issues/4509062593708032/events/latest/": sentry(
        LinkKind.ERROR, error_id="4509062593708032"
    ),
    "https://sentry.io/issues/4509062593708032/": sentry(
        LinkKind.ERROR, error_id="4509062593708032", host="sentry.io", account_id=None
    ),
    "https://acme.sentry.io/issues/?query=is%3Aunresolved": sentry(LinkKind.LIST),
    "https://de.sentry.io/organizations/acme/feed/": sentry(LinkKind.LIST, host="de.sentry.io"),
}
OTHERS = [
    "https://docs.sentry.io/api/replays/",
    f"https://acme.sentry.io.evil.example/replays/{REPLAY}/",
    f"https://evilsentry.io/replays/{REPLAY}/",
    f"https://a.b.sentry.io/replays/{REPLAY}/",
    f"https://acme.sentry.io/replays/{REPLAY}0/",
    f"https://other.contoso.example/organizations/acme/replays/{REPLAY}/",
]
