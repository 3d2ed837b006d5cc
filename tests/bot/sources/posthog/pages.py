"""Addresses of PostHog's pages and what they name, and addresses that are none of its pages."""

from dataclasses import replace

from bot.domain.links import Link, LinkKind
from bot.settings.accounts import PostHogAccount
from bot.sources.posthog.links import pages

SESSION = "0190a5f7-1c2d-7e3f-8a4b-5c6d7e8f9a0b"
# As its library for iOS writes them.
IN_CAPITALS = SESSION.upper()
OWN = pages({"app": PostHogAccount(api_key="k", project="12345", base_url="https://hog.contoso.example")})


def posthog(kind: LinkKind, **fields: object) -> Link:
    return replace(Link("posthog", kind, "us.posthog.com", account_id="12345"), **fields)  # type: ignore[arg-type]


KNOWN = {
    f"https://us.posthog.com/project/12345/replay/{SESSION}": posthog(LinkKind.SESSION, session_id=SESSION),
    f"https://eu.posthog.com/replay/{SESSION}?t=12": posthog(
        LinkKind.SESSION, session_id=SESSION, host="eu.posthog.com", account_id=None
    ),
    f"https://us.posthog.com/project/12345/replay/{IN_CAPITALS}": posthog(
        LinkKind.SESSION, session_id=IN_CAPITALS
    ),
    f"https://us.posthog.com/project/12345/replay/home?filters=%7B%7D&sessionRecordingId={SESSION}": posthog(
        LinkKind.SESSION, session_id=SESSION
    ),
    f"https://us.posthog.com/project/12345/replay/playlists/aBc1?sessionRecordingId={IN_CAPITALS}": posthog(
        LinkKind.SESSION, session_id=IN_CAPITALS
    ),
    "https://us.posthog.com/project/12345/replay/home?sessionRecordingId=..%2F1": posthog(LinkKind.LIST),
    f"https://hog.contoso.example/project/12345/replay/{SESSION}": posthog(
        LinkKind.SESSION, session_id=SESSION, host="hog.contoso.example"
    ),
    "https://us.posthog.com/project/12345/person/cust-8841": posthog(LinkKind.PERSON, user_id="cust-8841"),
    "https://us.posthog.com/project/12345/person/jane%40contoso.example#activeTab=sessionRecordings": posthog(
        LinkKind.PERSON, user_id="jane@contoso.example"
    ),
    f"https://app.posthog.com/project/12345/persons/{SESSION}": posthog(
        LinkKind.PERSON, user_id=SESSION, host="app.posthog.com"
    ),
    f"https://us.posthog.com/project/12345/error_tracking/{SESSION}": posthog(
        LinkKind.ERROR, error_id=SESSION
    ),
    "https://us.posthog.com/project/12345/replay/home": posthog(LinkKind.LIST),
    "https://us.posthog.com/project/12345/persons": posthog(LinkKind.LIST),
    "https://us.posthog.com/embedded/Bi48yMpp9pFCZJMmGe": posthog(
        LinkKind.SESSION, account_id=None, shares=True
    ),
}
OTHERS = [
    "https://posthog.com/docs/session-replay",
    f"https://us.i.posthog.com/project/12345/replay/{SESSION}",
    f"https://us.posthog.com/project/x/replay/{SESSION}",
    f"https://us.posthog.com/project/12345/replay/{SESSION}0",
    f"https://us.posthog.com.evil.example/replay/{SESSION}",
    "https://us.posthog.com/project/12345/settings",
]
