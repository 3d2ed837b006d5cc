"""The page that plays a replay: who may frame it, and what stands in it."""

import re

import pytest

from bot.replay.page import headers, page, page_files, refusal


@pytest.mark.parametrize("api", ["https://slack.com/api/", "https://slack-gov.com/api/"])
def test_slacks_three_origins_may_frame_it_and_no_other(api: str) -> None:
    policy = headers(api)["Content-Security-Policy"]
    frames = "https://*.slack.com https://*.slack-gov.com https://*.slack-mcps.com"
    assert policy.endswith(f"frame-ancestors {frames}")


@pytest.mark.parametrize("api", ["https://notslack.com/api/", "https://slack.com.evil.example/api/"])
def test_a_host_that_looks_like_slacks_is_not_taken_for_it(api: str) -> None:
    assert "*.slack.com" not in headers(api)["Content-Security-Policy"]


def test_everything_that_the_page_names_is_a_file_of_its_own() -> None:
    named = re.findall(r'(?:href|src)="([^"]+)"', page() + refusal(""))
    assert {f"/embed/files/{name}" for name in page_files()} == set(named)


def test_words_from_elsewhere_are_text_in_the_page() -> None:
    told = refusal('<script src="//evil.example"></script>')
    assert "<script" not in told
    assert "&lt;script" in told
