"""Raygun's pages: sessions, errors, people and what else an application has (`contracts/raygun_v3.md`)."""

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.links import LinkKind, VendorPages, form, reader

_APPLICATION = r"[0-9a-z]{5,8}"
_AREAS = r"crashreporting|dashboard|rum|pulse|apm|users|deployments"


def pages(_accounts: Mapping[str, Any]) -> VendorPages:
    """What Raygun's URLs name."""
    return _PAGES


_ANY, _RUM = (rf"(?:{areas})/(?P<account>{_APPLICATION})" for areas in (_AREAS, "rum|pulse"))
_PAGES = VendorPages(
    hosts=re.compile(r"app\.raygun\.(?:com|io)"),
    forms=(
        form(rf"{_ANY}/(?:.+/)?errors/(?P<error>[0-9a-z]+)(?:/.*)?", reader("raygun", LinkKind.ERROR)),
        form(rf"{_RUM}/(?:.+/)?sessions?/(?P<session>[0-9A-Za-z-]+)", reader("raygun", LinkKind.SESSION)),
        form(rf"{_ANY}/(?:.+/)?users?/(?P<user>[^/]+)", reader("raygun", LinkKind.PERSON)),
        form(rf"{_ANY}(?:/.*)?", reader("raygun", LinkKind.LIST)),
    ),
    domain="app.raygun.com",
    sample="https://app.raygun.com/crashreporting/19abc7x/errors/5544332211",
)
