"""Whatever JSON a vendor sends, roughly of its shape or not at all: an answer or a reason comes back."""

import json
from collections.abc import Awaitable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.answer import Answer
from bot.domain.model import Failure
from bot.sources.http import CallFailed
from bot.sources.protocol import TellsErrors
from bot.sources.registry import TITLES
from tests.bot.sources.canned import Canned, bench, calls_of, find
from tests.conftest import MovableClock
from tests.examples import examples

pytestmark = pytest.mark.thorough

WORDS = """sessions userId sessionId createdTime fsUrl events event_time event_type source_properties url full_url
    user_agent session id sessionKey sessionStart sessionEnd user identifier emailAddress fullName browser name
    version platform os location country ipLookup city sessionLength status pageViewCount links web errors
    groupId title pageViews page viewedOn data session_id user_id identified_user_id traits email
    session_start session_end session_duration pageviews entry_page exit_page device_type browser_version users
    value errorName count timestamp siteId error message required statusCode orgId role
    sessionId property uploadedServerTime verifiedServerTime durationSec isCrashed rageGestureCount uniqueScreens
    kUXCam_UserIdentity uxcamuserid deviceBasics osName video pagination next next_cursor has_more results uid
    display_name app_url properties plan pagination_token context_data context pages type description properties
    user_context device_context location_context browser operating_system event_properties message event_name
    request_status request_url fs_rage_count fs_dead_count fs_error_kind target_text deviceHardware model
    userProperty sessionNumber networkType offlineRecorded started_at finished_at duration urls error_ids
    releases is_archived username issue.id user.id user.email replayId level permalink userCount firstSeen lifetime
    uuid distinct_ids distinct_id person person_id created_at last_seen_at start_time end_time start_url ongoing
    recording_duration has_next retention_period_days"""
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "u-1",
            "jane@contoso.example",
            "2026-11-20 10:00:00",
            "2026-11-20T10:00:00Z",
            "0000-00-00",
            "\0\0",
            "-1",
            "network-error",
            "custom",
            "\ud83d",
        ]
    )
    | st.sampled_from(
        ["https://app.fullstory.com/x", "http://[", "1793520104", 10**400, -(2**63), "9" * 5000]
    )
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
STATUSES = st.sampled_from([200, 200, 200, 200, 202, 204, 301, 400, 401, 403, 404, 405, 418, 429, 500, 503])
REPLIES = st.lists(st.tuples(STATUSES, BODIES), min_size=1, max_size=6)


def script(replies: list[tuple[int, Any]]) -> Canned:
    """Answer the first request with the first reply, and so on, the last one for ever; let Raygun log in."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("authenticate") and len(replies) % 2:
            return httpx2.Response(202, json={"sessionKey": "k"})
        status, body = replies.pop(0) if len(replies) > 1 else replies[0]
        return httpx2.Response(status, content=json.dumps(body).encode())

    return Canned(respond)


@pytest.mark.parametrize("vendor", TITLES)
@pytest.mark.parametrize("subject", ["jane@contoso.example", "u-1"])
@examples(10)
@given(replies=REPLIES)
async def test_no_json_makes_a_source_raise(
    tmp_path_factory: pytest.TempPathFactory, vendor: str, subject: str, replies: list[tuple[int, Any]]
) -> None:
    # A database of its own each time: a 429 or a spent quota would end all further asking.
    async with bench(tmp_path_factory.mktemp("any"), MovableClock()) as own:
        source = getattr(own, vendor)(script(list(replies)))
        said = [
            await outcome(find(source, subject)),
            await outcome(source.session("1:2", await calls_of(source))),
            await outcome(source.check(await calls_of(source))),
        ]
        if isinstance(source, TellsErrors):
            said.append(await outcome(source.errors_in("1:2", await calls_of(source))))
    assert isinstance(said[0], Answer | Failure)
    assert not any("jane" in result.message for result in said if isinstance(result, Failure))


async def outcome(asking: Awaitable[object]) -> object:
    try:
        return await asking
    except CallFailed as failed:
        return failed.failure
