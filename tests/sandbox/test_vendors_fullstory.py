"""The sandbox's FullStory keeps `contracts/fullstory.md`."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sandbox.people import make_people
from sandbox.vendors.fullstory import FullStory
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

LIST = "/sessions/v2"


class Asker:
    """Somebody with the right key, unless given another header."""

    def __init__(self, client: aiohttp.ClientSession, server: FullStory) -> None:
        self.client, self.server = client, server
        self.authorization = f"Basic {server.api_key}"
        self.status = 0

    async def get(self, path: str, **query: str) -> Any:
        url = URL(self.server.origin + path, encoded=True).with_query(query)
        return await self._ask("GET", url)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await self._ask("POST", URL(self.server.origin + path, encoded=True), body)

    async def _ask(self, method: str, url: URL, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": self.authorization}
        async with self.client.request(method, url, headers=headers, json=body) as response:
            self.status = response.status
            return await response.json()


@pytest.fixture
async def fullstory(clock: MovableClock) -> AsyncIterator[Asker]:
    async with (
        aiohttp.ClientSession() as client,
        listening(FullStory(clock, make_people(clock()))) as server,
    ):
        yield Asker(client, server)


@pytest.mark.parametrize("form", ["Bearer {}", "basic {}", "{}", "Basic {}x", "Basic"])
async def test_the_key_is_taken_verbatim_after_basic_and_nothing_else_is(fullstory: Asker, form: str) -> None:
    fullstory.authorization = form.format(fullstory.server.api_key)
    body = await fullstory.get("/me")
    assert fullstory.status == 401
    assert body.keys() == {"code", "message"}
    assert body["code"] == "unauthorized"


async def test_me_says_whose_key_it_is(fullstory: Asker) -> None:
    assert (await fullstory.get("/me")).keys() == {"email", "orgId", "role"}


async def test_sessions_come_newest_first_with_numbers_as_text_and_seconds(
    fullstory: Asker, clock: MovableClock
) -> None:
    rows = (await fullstory.get(LIST, email="jane@contoso.example"))["sessions"]
    assert len(rows) == 4
    for row in rows:
        assert row.keys() == {"userId", "sessionId", "createdTime", "fsUrl"}
        assert all(row[key].isdecimal() for key in ("userId", "sessionId", "createdTime"))
        assert row["fsUrl"].startswith("https://app.fullstory.com/ui/")
        assert row["fsUrl"].endswith(f"{row['userId']}:{row['sessionId']}")
    times = [int(row["createdTime"]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert 0 < clock().timestamp() - times[0] < 3600


async def test_a_list_may_be_asked_for_by_post_as_well(fullstory: Asker) -> None:
    by_get = await fullstory.get(LIST, uid="u-77", limit="2")
    assert await fullstory.post(LIST, {"uid": "u-77", "limit": 2}) == by_get
    assert len(by_get["sessions"]) == 2


async def test_an_address_and_a_uid_together_give_both_peoples_sessions(fullstory: Asker) -> None:
    both = await fullstory.get(LIST, email="jane@contoso.example", uid="u-12")
    assert len({row["userId"] for row in both["sessions"]}) == 2


async def test_a_list_of_nobody_in_particular_is_refused(fullstory: Asker) -> None:
    body = await fullstory.get(LIST, limit="5")
    assert (fullstory.status, body["code"]) == (400, "required_field")


async def test_an_unknown_user_has_no_sessions_and_that_is_no_error(fullstory: Asker) -> None:
    assert await fullstory.get(LIST, email="nobody@contoso.example") == {"sessions": []}
    assert fullstory.status == 200


async def test_a_tagged_address_is_found_when_it_is_encoded(fullstory: Asker) -> None:
    rows = (await fullstory.get(LIST, email="sam+trial@contoso.example"))["sessions"]
    assert len(rows) == 1
    assert fullstory.server.calls[-1].query == {"email": "sam+trial@contoso.example"}


async def test_a_list_ends_after_twenty_unless_more_are_asked_for(fullstory: Asker) -> None:
    assert len((await fullstory.get(LIST, uid="u-51"))["sessions"]) == 20
    assert len((await fullstory.get(LIST, uid="u-51", limit="100"))["sessions"]) == 34


async def test_a_lists_dates_are_not_filtered(fullstory: Asker) -> None:
    every = await fullstory.get(LIST, uid="u-77")
    assert await fullstory.get(LIST, uid="u-77", start="2030-01-01", created_after="2030-01-01") == every


async def test_the_events_of_a_session_are_found_by_its_encoded_pair(fullstory: Asker) -> None:
    row = (await fullstory.get(LIST, uid="u-77"))["sessions"][0]
    body = await fullstory.get(f"/v2/sessions/{row['userId']}%3A{row['sessionId']}/events")
    assert fullstory.status == 200
    assert {event["device_id"] for event in body["events"]} == {row["userId"]}
    times = [event["event_time"] for event in body["events"]]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)


async def test_the_events_of_an_unknown_session_are_not_found(fullstory: Asker) -> None:
    body = await fullstory.get("/v2/sessions/1%3A2/events")
    assert (fullstory.status, body["code"]) == (404, "resource_not_found")


async def test_users_are_listed_by_address_and_by_uid(fullstory: Asker) -> None:
    by_uid = await fullstory.get("/v2/users", uid="u-77")
    assert by_uid["results"][0]["email"] == "jane@contoso.example"
    assert await fullstory.get("/v2/users", email="jane@contoso.example") == by_uid
    assert (await fullstory.get("/v2/users", uid="nobody"))["results"] == []


async def test_a_lists_next_page_is_asked_for_by_its_token_and_the_same_question(fullstory: Asker) -> None:
    first = await fullstory.get(LIST, uid="u-51", limit="20")
    rest = await fullstory.get(LIST, uid="u-51", limit="20", pagination_token=first["pagination_token"])
    assert len(first["sessions"] + rest["sessions"]) == 34
    assert "pagination_token" not in rest
    await fullstory.get(LIST, uid="u-77", limit="20", pagination_token=first["pagination_token"])
    assert fullstory.status == 400


async def test_the_newer_list_names_one_session_in_snake_case_and_takes_no_user_beside(
    fullstory: Asker,
) -> None:
    row = (await fullstory.get(LIST, uid="u-77"))["sessions"][1]
    pair = f"{row['userId']}:{row['sessionId']}"
    [named] = (await fullstory.get("/v2/sessions", session_uid=pair))["sessions"]
    assert (named["user_id"], named["session_id"]) == (row["userId"], row["sessionId"])
    await fullstory.get("/v2/sessions", session_uid=pair, uid="u-77")
    assert fullstory.status == 400


@pytest.mark.parametrize("path", [LIST, "/v2/users", "/v2/users/1", "/v2/sessions/1%3A2/events"])
async def test_a_key_of_another_role_may_ask_whose_it_is_alone(fullstory: Asker, path: str) -> None:
    fullstory.server.role = "USER"
    assert (await fullstory.get("/me"))["role"] == "USER"
    body = await fullstory.get(path, uid="u-77")
    assert (fullstory.status, body["code"]) == (403, "forbidden")


async def test_a_context_has_the_asked_kinds_of_the_last_events_and_who_it_was(fullstory: Asker) -> None:
    row = (await fullstory.get(LIST, uid="u-77"))["sessions"][0]
    path = f"/v2/sessions/{row['userId']}%3A{row['sessionId']}/context"
    asked = {"slice": {"mode": "LAST", "event_limit": 1}, "events": {"include_types": ["navigate"]}}
    told = (await fullstory.post(path, asked))["context_data"]
    assert told["context"]["user_context"]["user_uid"] == "u-77"
    assert [event["type"] for page in told["pages"] for event in page["events"]] == ["navigate"]
    wrong: dict[str, Any]
    for wrong in ({"slice": {"mode": "newest"}}, {"events": {"include_types": ["bang"]}}, {"nonsense": {}}):
        await fullstory.post(path, wrong)
        assert fullstory.status == 400


async def test_a_plan_without_activations_refuses_events(fullstory: Asker) -> None:
    fullstory.server.has_events = fullstory.server.has_context = False
    await fullstory.get("/v2/sessions/1%3A2/events")
    assert fullstory.status == 403
    await fullstory.post("/v2/sessions/1%3A2/context", {})
    assert (fullstory.status, fullstory.server.activations) == (404, 0)


async def test_a_summary_is_of_the_accounts_profile_and_ends_where_it_is_asked_to(fullstory: Asker) -> None:
    listed = (await fullstory.get(LIST, email="jane@contoso.example"))["sessions"]
    path = f"/v2/sessions/{listed[0]['userId']}%3A{listed[0]['sessionId']}/summary"
    whole = await fullstory.get(path, config_profile="support-agent")
    begin = datetime.fromtimestamp(int(listed[0]["createdTime"]), UTC).isoformat()
    nothing = await fullstory.get(path, config_profile="support-agent", end_timestamp=begin)
    assert whole["response"].keys() == whole["response_schema"]["properties"].keys()
    assert whole["response"] != nothing["response"]
    for status, query in ((404, {"config_profile": "other"}), (400, {"config_profile_id": "support-agent"})):
        await fullstory.get(path, **query)
        assert fullstory.status == status
