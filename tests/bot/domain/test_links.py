"""Every form of address in the contracts, look-alikes of them, and whatever else is pasted."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.links import Link, LinkKind, link_json, may_share, read_link, spellings
from bot.settings.accounts import RybbitAccount, UXCamAccount
from bot.sources.registry import TITLES, VENDORS, at_moment, known_pages
from bot.sources.rybbit.links import pages as rybbit_pages
from bot.sources.uxcam.links import pages as uxcam_pages
from tests.examples import examples

ORG, DEVICE, SESSION = "7QX2B", "5120998877665544321", "7719002233445566778"
CLIENT = "0b6a7a0e-1111-4222-8333-944455556666"
OTHER = "1c7b8b1f-2222-4333-9444-a55566667777"
APP, HEX = "65a0000000000000000000aa", "6730aa11bb22cc33dd44ee55"
AT = datetime(2026, 11, 1, 8, 1, 44, tzinfo=UTC)
FS = "https://app.fullstory.com"


def server(base_url: str, web_url: str | None = None) -> dict[str, RybbitAccount]:
    """The configuration of a Rybbit server of one's own."""
    return {"www": RybbitAccount(api_key="key", site="1", base_url=base_url, web_url=web_url)}


# Each vendor's examples that are in its own folder.
SOURCES = Path(__file__).parents[1] / "sources"
EXAMPLES = [
    import_module(f"tests.bot.sources.{vendor}.pages")
    for vendor in TITLES
    if (SOURCES / vendor / "pages.py").is_file()
]
DOMAINS = tuple(f".{pages.domain}" for pages in known_pages())
OWN = (
    *known_pages(),
    rybbit_pages(server("https://stats.contoso.example", "http://stats.contoso.example:8443")),
    *(examples.OWN for examples in EXAMPLES),
)
FILTERS = quote('[{"parameter":"user_id","type":"equals","value":["cust-8841"]}]')


def fullstory(**fields: object) -> Link:
    usual = Link("fullstory", LinkKind.SESSION, "app.fullstory.com", f"{DEVICE}:{SESSION}", DEVICE, ORG)
    return replace(usual, **fields)  # type: ignore[arg-type]


def client(session_id: str, **fields: object) -> Link:
    return fullstory(session_id=session_id, user_id=None, **fields)


def uxcam(kind: LinkKind, **fields: object) -> Link:
    return replace(Link("uxcam", kind, "app.uxcam.com", account_id=APP), **fields)  # type: ignore[arg-type]


def raygun(kind: LinkKind, **fields: object) -> Link:
    return replace(Link("raygun", kind, "app.raygun.com", account_id="19abc7x"), **fields)  # type: ignore[arg-type]


def rybbit(kind: LinkKind, **fields: object) -> Link:
    return replace(Link("rybbit", kind, "app.rybbit.io", account_id="1407"), **fields)  # type: ignore[arg-type]


KNOWN = {
    f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}": fullstory(),
    f"{FS}/ui/{ORG}/session/{DEVICE}%3A{SESSION}": fullstory(),
    f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}:1793520104000": fullstory(at=AT),
    f"{FS}/ui/{ORG}/session/{DEVICE}%3A{SESSION}%3A1793520104": fullstory(at=AT),
    f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}!12": fullstory(),
    f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}%2112:1793520104000": fullstory(at=AT),
    f"{FS}/ui/{ORG}/client-session/{CLIENT}%3A{OTHER}": client(f"{CLIENT}:{OTHER}"),
    f"{FS}/ui/{ORG}/client-session/{CLIENT}:{OTHER}:1793520104000": client(f"{CLIENT}:{OTHER}", at=AT),
    f"{FS}/ui/{ORG}/client-session/{CLIENT}": client(CLIENT),
    f"https://www.fullstory.com/ui/{ORG}/discover/session/{DEVICE}:{SESSION}": fullstory(
        host="www.fullstory.com"
    ),
    f"https://app.eu1.fullstory.com/ui/o-{ORG}-eu1/session/{DEVICE}:{SESSION}": fullstory(
        host="app.eu1.fullstory.com", account_id=f"o-{ORG}-eu1"
    ),
    f"{FS}/ui/{ORG}/segments/everyone/people/0/user/{DEVICE}": fullstory(
        kind=LinkKind.PERSON, session_id=None
    ),
    f"{FS}/ui/{ORG}/segments/everyone/people:search:(a:b)/0": fullstory(
        kind=LinkKind.LIST, session_id=None, user_id=None
    ),
    f"{FS}/subtext/session/{DEVICE}:{SESSION}": fullstory(account_id=None),
    f"https://app.uxcam.com/app/{APP}/sessions/list/1/{HEX}": uxcam(LinkKind.SESSION, session_id=HEX),
    f"https://tara.uxcam.com/app/{APP}/sessions/list/3/{HEX}/": uxcam(
        LinkKind.SESSION, session_id=HEX, host="tara.uxcam.com"
    ),
    f"https://app.uxcam.com/app/{APP}/users/list/1/{HEX}": uxcam(LinkKind.PERSON, user_id=HEX),
    f"https://tara.uxcam.com/app/{APP}/users/{HEX}": uxcam(
        LinkKind.PERSON, user_id=HEX, host="tara.uxcam.com"
    ),
    f"https://app.uxcam.com/app/{APP}/sessions": uxcam(LinkKind.LIST),
    f"https://app.uxcam.com/app/{APP}/events/list/1?a=b": uxcam(LinkKind.LIST),
    f"https://app.uxcam.com/app/{APP}/sessions/list/1?user_custom_property="
    + quote('{"o":"in","pn":"kUXCam_UserIdentity","pv":["cust-8841"],"tb":"appuser"}'): uxcam(
        LinkKind.LIST, user_id="cust-8841"
    ),
    f"https://app.uxcam.com/app/{APP}/sessions/list/1?user_custom_property="
    + quote("{“property_name”:“kUXCam_UserIdentity”,“v”:“cust-8841”}"): uxcam(
        LinkKind.LIST, user_id="cust-8841"
    ),
    f"https://app.uxcam.com/app/{APP}/sessions/list/1?user_custom_property="
    + quote('{"pn":"plan","pv":["gold"]}'): uxcam(LinkKind.LIST),
    "https://app.raygun.com/crashreporting/19abc7x?#active": raygun(LinkKind.LIST),
    "https://app.raygun.com/dashboard/19abc7x": raygun(LinkKind.LIST),
    "https://app.raygun.io/dashboard/19abc7x/errors/5544332211": raygun(
        LinkKind.ERROR, error_id="5544332211", host="app.raygun.io"
    ),
    "https://app.raygun.com/crashreporting/19abc7x/errors/g42z/instance/1": raygun(
        LinkKind.ERROR, error_id="g42z"
    ),
    "https://app.raygun.com/rum/19abc7x/sessions/918273645012": raygun(
        LinkKind.SESSION, session_id="918273645012"
    ),
    "https://app.raygun.com/pulse/19abc7x/live/session/4f2a": raygun(LinkKind.SESSION, session_id="4f2a"),
    "https://app.raygun.com/rum/19abc7x/users/55120": raygun(LinkKind.PERSON, user_id="55120"),
    "https://app.rybbit.io/1407/user/cust-8841": rybbit(LinkKind.PERSON, user_id="cust-8841"),
    "https://app.rybbit.io/1407/user/cust%2F1": rybbit(LinkKind.PERSON, user_id="cust/1"),
    "https://app.rybbit.io/1407/user/jane%40corp.example": rybbit(
        LinkKind.PERSON, user_id="jane@corp.example"
    ),
    "https://app.rybbit.io/5b0c8e1f27ad/sessions": rybbit(LinkKind.LIST, account_id="5b0c8e1f27ad"),
    f"https://app.rybbit.io/1407/sessions?timeMode=past-minutes&filters={FILTERS}": rybbit(
        LinkKind.LIST, user_id="cust-8841"
    ),
    f"https://app.rybbit.io/1407/replay?filters={FILTERS}": rybbit(LinkKind.LIST, user_id="cust-8841"),
    "https://app.rybbit.io/1407/feature-flags": rybbit(LinkKind.LIST),
    "https://app.rybbit.io/1407/a1b2c3d4e5f6/user/u-1": rybbit(LinkKind.PERSON, user_id="u-1", shares=True),
    "https://stats.contoso.example/1/user/u-1": rybbit(
        LinkKind.PERSON, user_id="u-1", account_id="1", host="stats.contoso.example"
    ),
    "http://stats.contoso.example:8443/1/errors": rybbit(
        LinkKind.LIST, account_id="1", host="stats.contoso.example:8443"
    ),
    **{url: link for examples in EXAMPLES for url, link in examples.KNOWN.items()},
}
DRESSED = [
    "{}",
    "<{}>",
    "<{}|the session>",
    "{}).",
    "  {}  ",
    "({})",
    "[{}],",
    "(<{}>).",
    "“{}”",
    "'{}'!",
    "*{}*",
    "_{}_:",
    "`{}`;",
    "&lt;{}&gt;",
    "「{}」。",
    "\u200b{}\u200b",
    "\u2066<{}|the session…>\u2069",
    "\ufeff\u00a0{}\u00a0\u200e",
    "<\u202a{}\u202c>",
]


@pytest.mark.parametrize("dress", DRESSED)
def test_every_form_of_the_contracts_is_read(dress: str) -> None:
    read = {url: read_link(dress.format(url.replace("&", "&amp;")), OWN) for url in KNOWN}
    assert read == KNOWN


@pytest.mark.parametrize("url", [url for url in KNOWN if "?" not in url], ids=lambda url: url[8:60])
def test_tracking_parameters_and_fragments_say_nothing(url: str) -> None:
    assert read_link(f"{url}?utm_source=slack&copy=1#x", OWN) == KNOWN[url]


def test_every_form_has_an_example() -> None:
    every = {entry.vendor: entry.pages({}) for entry in VENDORS if entry.pages}
    read = {form.path.pattern: (vendor, form) for vendor, one in every.items() for form in one.forms}
    for url, link in KNOWN.items():
        path = url.split("/", 3)[3].split("?")[0].split("#")[0].strip("/")
        path = path.replace("%3A", ":").replace("%21", "!").replace("%2F", "/").replace("%40", "@")
        for pattern, (vendor, form) in list(read.items()):
            if link.vendor == vendor and form.path.fullmatch(path):
                read.pop(pattern)
                break
    assert read == {}


GOOD = f"app.fullstory.com/ui/{ORG}/session/{DEVICE}:{SESSION}"


@pytest.mark.parametrize(
    "url",
    [
        f"https://app.fullstory.com.evil.example/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://evil.example/?u=https://{GOOD}",
        f"https://evil.example/https://{GOOD}",
        f"https://evilapp.fullstory.com.example/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://xapp.fullstory.com/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com@evil.example/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://user:pass@{GOOD}",
        f"https://app.fullstory.com:8443/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com:80/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"http://app.fullstory.com:443/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com:0/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com:４４３/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://@{GOOD}",
        f"https://app．fullstory．com/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https：//{GOOD}",
        f"https://app.fullstory.com\u2044.evil.example/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://{GOOD}\u00a0and more",
        f"https://{GOOD}\u2028x",
        f"https://{GOOD}…",
        f"https://{GOOD}...",
        f"(https://{GOOD}...)",
        f"<https://{GOOD}>...",
        f"<https://{GOOD}...|the session>",
        f"{FS}/ui/{ORG}/session/５１２:７７１",
        f"{FS}/ui/{ORG}/session/%EF%BC%95:%EF%BC%97",
        f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}:１７９３５２０１０４０００",
        "https://app.rybbit.io/１４０７/user/u-1",
        f"https://app.xn--fullstory-yqc.com/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://аpp.fullstory.com/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com\\@evil.example/ui/{ORG}/session/{DEVICE}:{SESSION}",
        f"https://app.fullstory.com\t.evil.example/ui/{ORG}/session/1:2",
        f"javascript://{GOOD}",
        f"ftp://{GOOD}",
        GOOD,
        "https://fsty.io/v/abcdef",
        f"{FS}/ui/{ORG}/session/{DEVICE}",
        f"{FS}/ui/{ORG}/session/{DEVICE}:",
        f"{FS}/ui/{ORG}/session/x:y",
        f"{FS}/ui/{ORG}/settings",
        f"https://api.uxcam.com/app/{APP}/sessions/list/1/{HEX}",
        f"https://app.uxcam.com/app/{APP}/sessions/list/1/{HEX}0",
        f"https://app.uxcam.com/app/{APP[:-1]}/sessions/list/1/{HEX}",
        "https://app.raygun.com/user/tokens",
        "https://app.raygun.com/signup",
        "https://api.raygun.com/rum/19abc7x/sessions/1",
        "https://app.rybbit.io/login",
        "https://rybbit.io/docs/api",
        "https://other.contoso.example/1/user/u-1",
        "https://stats.contoso.example:9999/1/user/u-1",
        "https://[",
        "https://[::1",
        "",
        "jane@contoso.example",
        *(url for examples in EXAMPLES for url in examples.OTHERS),
    ],
)
def test_look_alikes_and_other_pages_are_not_recognised(url: str) -> None:
    assert read_link(url, OWN) is None


@pytest.mark.parametrize("url", KNOWN, ids=lambda url: url[8:60])
def test_the_schemes_own_port_says_nothing(url: str) -> None:
    host, _, path = url.partition("://")[2].partition("/")
    if ":" not in host:
        assert read_link(f"https://{host}:443/{path}", OWN) == KNOWN[url]
        assert read_link(f"HTTP://{host.upper()}:80/{path}", OWN) == KNOWN[url]


def test_a_port_that_is_configured_is_part_of_the_host() -> None:
    own = (rybbit_pages(server("https://stats.contoso.example:443")),)
    for url in ("https://stats.contoso.example/1/user/u-1", "https://stats.contoso.example:443/1/user/u-1"):
        found = read_link(url, own)
        assert found is not None
        assert found.host == "stats.contoso.example:443"
    assert read_link("http://stats.contoso.example/1/user/u-1", own) is None


UNSEEN = "\u200b\u00ad\u200e\u2066\u2069\ufeff\u2060\u202e"


@examples(200)
@given(
    st.sampled_from(sorted(KNOWN)),
    st.sampled_from(DRESSED),
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from("\u200b\u00ad\u200e\u2066\u2069\ufeff\u2060\u202e"))
    ),
)
def test_invisible_characters_anywhere_in_a_pasted_address_change_nothing(
    url: str, dress: str, put: list[tuple[int, str]]
) -> None:
    text = url.replace("&", "&amp;")
    for where, mark in put:
        text = text[:where] + mark + text[where:]
    assert read_link(dress.format(text), OWN) == KNOWN[url]


@pytest.mark.parametrize("encoded", ["%E2%80%8B", "%EF%BB%BF", "%e2%80%8e%C2%AD"])
def test_an_invisible_character_that_was_encoded_at_the_end_changes_nothing(encoded: str) -> None:
    assert read_link(f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}{encoded}", OWN) == fullstory()
    found = read_link(f"https://app.rybbit.io/1407/user/u{encoded}77{encoded}", OWN)
    assert found == rybbit(LinkKind.PERSON, user_id=f"u{unquote(encoded)}77")


@pytest.mark.parametrize("user", ["u(7)", "_u_", "*u*", "u'", "～", "u.7", "７７"])
def test_the_marks_of_an_id_stay_where_nothing_opened_before_the_address(user: str) -> None:
    found = read_link(f"https://app.rybbit.io/1407/user/{user}", OWN)
    assert found is not None
    assert found.user_id == user


def test_a_mark_that_opened_before_the_address_closes_behind_it_once() -> None:
    found = read_link("_https://app.rybbit.io/1407/user/_u__", OWN)
    assert found == rybbit(LinkKind.PERSON, user_id="_u_")


def test_a_configured_identity_is_read_off_a_filtered_list() -> None:
    url = f"https://app.uxcam.com/app/{APP}/sessions/list/1?user_custom_property=" + quote(
        '{"pn":"customer_id","pv":[8841]}'
    )
    found = read_link(
        url, (uxcam_pages({"app": UXCamAccount(app_id=APP, api_key="key", identity="customer_id")}),)
    )
    assert found is not None
    assert found.user_id == "8841"


def test_the_json_has_always_the_same_keys() -> None:
    keys = ["vendor", "kind", "session_id", "user_id", "account_id", "error_id", "at"]
    assert list(link_json(None)) == keys
    told = link_json(read_link(f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}:1793520104000", OWN))
    assert list(told) == keys
    assert told["at"] == "2026-11-01T08:01:44Z"


@pytest.mark.parametrize("colon", [":", "%3A"])
def test_a_link_to_a_moment_begins_half_a_minute_before_and_is_read_back(colon: str) -> None:
    url = f"{FS}/ui/{ORG}/session/{DEVICE}{colon}{SESSION}"
    found = read_link(at_moment(url, datetime(2026, 11, 1, 8, 2, 14, tzinfo=UTC)), OWN)
    assert found == fullstory(at=AT)


@pytest.mark.parametrize(
    "url",
    [
        f"{FS}/ui/{ORG}/session/{DEVICE}:{SESSION}:1793520104000",
        "https://app.rybbit.io/1407/user/u-1",
        f"https://app.uxcam.com/app/{APP}/sessions/list/1/{HEX}",
        "https://evil.example/",
    ],
)
def test_where_no_moment_can_be_carried_the_link_stays_as_it_is(url: str) -> None:
    assert at_moment(url, AT) == url


def test_an_address_is_compared_without_slacks_dress_its_encoding_and_its_query() -> None:
    whole, bare = spellings("<https://app.raygun.com/x%3Ay?a=1&amp;b=2#c|label>")
    assert (whole, bare) == ("https://app.raygun.com/x:y?a=1&b=2", "https://app.raygun.com/x:y")
    assert spellings("(\u200bhttps://app.raygun.com:443/x:y),") == (bare,)
    assert spellings("https://app.raygun.com:8443/x") == ("https://app.raygun.com:8443/x",)


MARKS = 'https:// http:// [ ] @ : % %zz < > | &amp; /ui/ ?filters= { [[ " /user/ app.fullstory.com xn-- // #'
PIECES = st.sampled_from([*KNOWN, *MARKS.split(), "\ud800", "\0", "9" * 30])


@examples(300)
@given(st.lists(PIECES | st.text(max_size=12), max_size=8).map("".join))
def test_no_text_makes_it_raise(text: str) -> None:
    found = read_link(text, OWN)
    assert found is None or found.vendor in TITLES
    assert at_moment(text, AT)[:5] == text[:5]
    assert spellings(text)


@examples(200)
@given(st.sampled_from(sorted(KNOWN)), st.text(max_size=8), st.integers(0, 200))
def test_what_is_put_into_a_known_address_never_changes_whose_host_it_is(
    url: str, put: str, where: int
) -> None:
    found = read_link(url[:where] + put + url[where:], OWN)
    # A data region or an organisation may be named anything: what is below a vendor's domain is the vendor's.
    known = {link.host for link in KNOWN.values()}
    assert found is None or found.host in known or found.host.endswith(DOMAINS)


@pytest.mark.parametrize(
    ("url", "shares"),
    [
        ("https://app.rybbit.io/1407/a1b2c3d4e5f6/unheard-of", True),
        ("http://stats.contoso.example:8443/public/a1b2c3d4e5f6", True),
        ("https://us.posthog.com/exports/a1b2c3d4e5f6", True),
        (f"https://us.posthog.com/{'x' * 5_000}", True),
        ("https://[", True),
        ("https://acme.sentry.io/unheard-of", False),
        ("https://app.rybbit.io.evil.example/x", False),
    ],
)
def test_an_unknown_page_of_a_vendor_with_secret_addresses_may_be_one(url: str, *, shares: bool) -> None:
    assert may_share(url, OWN) is shares
