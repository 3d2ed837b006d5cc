"""Which links may be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.safe_links import LinkRule

RULE = LinkRule(hosts=("fullstory.com",), origins=("http://127.0.0.1:8080",))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://app.fullstory.com/ui/X/session/1:2", "https://app.fullstory.com/ui/X/session/1:2"),
        ("http://app.eu1.fullstory.com/ui/X", "https://app.eu1.fullstory.com/ui/X"),
        ("http://127.0.0.1:8080/1/user/u", "http://127.0.0.1:8080/1/user/u"),
        ("https://app.fullstory.com/a|b>c<d", "https://app.fullstory.com/a%7Cb%3Ec%3Cd"),
    ],
)
def test_a_link_to_the_vendor_or_to_a_configured_server_is_shown(url: str, shown: str) -> None:
    assert RULE.allow(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://app.fullstory.com.evil.example/x",
        "https://evil.example/?u=https://app.fullstory.com/",
        "https://app.fullstory.com@evil.example/",
        "https://user@app.fullstory.com/",
        "https://app.fullstory.com:8443/x",
        "https://notfullstory.com/",
        "http://127.0.0.1:8081/1",
        "https://127.0.0.1:8080/1",
        "javascript:alert(1)//app.fullstory.com",
        "https://evil.example\\@app.fullstory.com/",
        "https://app.fullstory.com:bad/",
        "https://[::1",
        f"https://app.fullstory.com/{'x' * 3000}",
    ],
)
def test_any_other_link_is_not_shown(url: str | None) -> None:
    assert RULE.allow(url) is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_shown_link_can_neither_end_early_nor_leave_its_host(before: str, path: str) -> None:
    for url in (before + path, f"https://app.fullstory.com/{path}", f"https://{before}fullstory.com/{path}"):
        shown = RULE.allow(url)
        if shown is not None:
            assert not set('<>|^"` \n\\') & set(shown)
            assert shown.split("/")[2].endswith(("fullstory.com", "127.0.0.1:8080"))
