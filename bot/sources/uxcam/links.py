"""UXCam's pages, on both of its dashboards: sessions, people and filtered lists (`contracts/uxcam.md`)."""

import re
from collections.abc import Mapping, Sequence

from bot.domain.links import Link, LinkKind, PageAddress, VendorPages, form, json_in, reader, single
from bot.settings.accounts import UXCamAccount

_HEX24 = r"[0-9a-f]{24}"
_APP, _USER = rf"app/(?P<account>{_HEX24})", rf"users(?:/list/\d+)?/(?P<user>{_HEX24})"
_USUAL_IDENTITY = "kUXCam_UserIdentity"


def pages(accounts: Mapping[str, UXCamAccount]) -> VendorPages:
    """What UXCam's URLs name; an account says which property holds the uid that lists are filtered by."""
    identities = frozenset({_USUAL_IDENTITY, *(one.identity for one in accounts.values())})

    def filtered(found: re.Match[str], address: PageAddress) -> Link:
        uid = _uid(address.query.get("user_custom_property", []), identities)
        return Link("uxcam", LinkKind.LIST, address.host, user_id=uid, account_id=found["account"])

    return VendorPages(
        hosts=re.compile(r"(?:app|tara)\.uxcam\.com"),
        forms=(
            form(rf"{_APP}/sessions(?:/list/\d+)?/(?P<session>{_HEX24})", reader("uxcam", LinkKind.SESSION)),
            form(rf"{_APP}/{_USER}", reader("uxcam", LinkKind.PERSON)),
            form(rf"{_APP}/(?:sessions|users|events)(?:/list/\d+)?", filtered),
        ),
        domain="uxcam.com",
        sample="https://app.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/6730aa11bb22cc33dd44ee55",
    )


def _uid(texts: Sequence[str], identities: frozenset[str]) -> str | None:
    """The uid that a list of sessions is filtered by; None unless there is exactly one."""
    value = json_in(texts)
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(one, dict):
        return None
    name, values = one.get("pn", one.get("property_name")), one.get("pv", one.get("v"))
    return single(values) if isinstance(name, str) and name in identities else None
