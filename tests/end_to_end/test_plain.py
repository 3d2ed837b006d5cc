"""`POST /plain/customer-cards`, as Plain sends it: a token, a signature, a card with what is known."""

import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest

from bot.app import open_bot
from bot.audit.search import search
from bot.serving.run import serving_http
from tests.bot.plain.components import check_components, texts_of
from tests.end_to_end.conftest import TIMING, Desk

TOKEN, SECRET = "a-token-of-the-cards", "a-secret-for-signing"
BODY: dict[str, Any] = {
    "cardKeys": ["casefile"],
    "customer": {"id": "c_01", "email": "noor@contoso.example", "externalId": None},
    "thread": {"id": "th_01", "externalId": None},
    "tenant": None,
}


@pytest.fixture
def transport() -> str:
    return "http"


def signed(content: bytes) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    return {"Authorization": f"Bearer {TOKEN}", "Plain-Request-Signature": signature}


async def test_a_card_is_made_for_plain_alone_and_leaves_a_row_in_the_trail(desk: Desk) -> None:
    desk.extra = {"PLAIN_CARDS_TOKEN": TOKEN, "PLAIN_SIGNING_SECRET": SECRET}
    content = json.dumps(BODY).encode()
    async with (
        open_bot(desk.settings, desk.world.clock, TIMING) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):

        async def post(content: bytes, headers: dict[str, str]) -> httpx2.Response:
            return await client.post("/plain/customer-cards", content=content, headers=headers)

        refused = [
            await post(content, {}),
            await post(content, {"Authorization": "Bearer another"}),
            await post(content, {"Authorization": f"Bearer {TOKEN}"}),
            await post(content + b" ", signed(content)),
            await post(b"[]", signed(b"[]")),
            await post(b" " * 70_000, signed(b" " * 70_000)),
        ]
        assert [one.status_code for one in refused] == [401, 401, 403, 403, 400, 413]
        assert all(not vendor.calls for vendor in desk.world.vendors)
        answered = await post(content, signed(content))
        assert answered.status_code == 200
        [made] = answered.json()["cards"]
        assert made["key"] == "casefile"
        check_components(made["components"])
        said = "\n".join(texts_of(made["components"]))
        assert "noor@contoso.example" in said
        assert "in the last 30 days" in said
        assert made["timeToLiveSeconds"] in (15, 120)
        await bot.engine.tasks.settle()


async def test_where_lookups_are_for_some_people_alone_cards_have_to_be_allowed(desk: Desk) -> None:
    desk.extra = {"PLAIN_CARDS_TOKEN": TOKEN, "ACCESS__USER_GROUPS": "S0SUPPORT1"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        open_bot(desk.settings, desk.world.clock, TIMING) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        answered = await client.post("/plain/customer-cards", json=BODY, headers=headers)
        [row] = await search(bot.engine.store, bot.engine.keyring)
    [made] = answered.json()["cards"]
    check_components(made["components"])
    [said] = texts_of(made["components"])
    assert "ACCESS__SHARED_TOKENS" in said
    assert (row.who, row.outcome, row.shown_to) == ("plain", "refused_user_group", "nobody")
    assert all(not vendor.calls for vendor in desk.world.vendors)


async def test_without_a_token_there_is_no_such_route(desk: Desk) -> None:
    async with (
        open_bot(desk.settings, desk.world.clock, TIMING) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        answer = await client.post("/plain/customer-cards", json=BODY)
        assert answer.status_code == 404
