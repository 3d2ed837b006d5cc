"""Zendesk's keys: an OAuth client's token, kept and renewed, and the API token that ends."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.model import Failure, Reason
from bot.sources.http import CallFailed
from bot.sources.quota import Purpose
from bot.tickets.desks.protocol import Requester
from bot.tickets.desks.zendesk import Zendesk
from tests.bot.sources.canned import Canned, answer
from tests.bot.tickets.desks.conftest import ZENDESK_TICKET, Counter

TICKET = {
    "ticket": {"id": 48213, "requester_id": 9},
    "users": [{"id": 9, "email": "jane@contoso.example", "external_id": "u-77", "name": "Jane Doe"}],
}
JANE = Requester("jane@contoso.example", "u-77", "Jane Doe")
CLIENT = {"client_id": "casefile", "client_secret": "c-secret"}


def issuing(*tokens: Any, good: str = "") -> Canned:
    """A Zendesk that hands out these tokens' answers in turn, and takes the tokens that begin with `good`."""
    answers = list(tokens)

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/oauth/tokens":
            told = answers.pop(0)
            return told if isinstance(told, httpx2.Response) else answer(told)
        sent = request.headers["authorization"].removeprefix("Bearer ")
        return answer(TICKET) if sent.startswith(good) else answer({"error": "invalid_token"}, 401)

    return Canned(respond)


def token(name: str, lasts: Any = 1800) -> dict[str, Any]:
    return {"access_token": name, "token_type": "bearer", "scope": "read", "expires_in": lasts}


async def asked(counter: Counter, desk: Zendesk) -> Requester | Failure | None:
    """Who wrote the ticket, without what was remembered of it."""
    await counter.memory.forget(
        desk.name, counter.memory.name_for("requester", ZENDESK_TICKET.system, ZENDESK_TICKET.url)[0]
    )
    return await counter.desks(desk).ask(ZENDESK_TICKET, Purpose.TICKET)


async def test_a_client_gets_its_token_by_its_credentials_and_keeps_it(counter: Counter) -> None:
    vendor = issuing(token("first"))
    desk = counter.zendesk(vendor, **CLIENT)
    assert [await asked(counter, desk) for _ in range(3)] == [JANE] * 3
    assert vendor.paths == ["/oauth/tokens", *["/api/v2/tickets/48213"] * 3]
    fetch, call, *_ = vendor.requests
    assert fetch.method == "POST"
    assert "authorization" not in fetch.headers
    assert json.loads(fetch.content) == {
        "grant_type": "client_credentials",
        "client_id": "casefile",
        "client_secret": "c-secret",
        "scope": "read",
    }
    assert call.headers["authorization"] == "Bearer first"


async def test_a_token_that_is_refused_before_its_time_is_renewed_once(counter: Counter) -> None:
    vendor = issuing(token("old"), token("new"), good="new")
    assert await asked(counter, counter.zendesk(vendor, **CLIENT)) == JANE
    assert vendor.paths == ["/oauth/tokens", "/api/v2/tickets/48213"] * 2


async def test_a_new_token_that_is_refused_too_is_not_renewed_again(counter: Counter) -> None:
    vendor = issuing(token("old"), token("new"), good="never")
    said = await asked(counter, counter.zendesk(vendor, **CLIENT))
    assert isinstance(said, Failure)
    assert said.reason is Reason.NOT_AUTHORISED
    assert len(vendor.requests) == 4


async def test_another_secret_does_not_get_the_token_of_the_earlier_one(counter: Counter) -> None:
    vendor = issuing(token("first"), token("second"))
    await asked(counter, counter.zendesk(vendor, **CLIENT))
    await asked(counter, counter.zendesk(vendor, **CLIENT | {"client_secret": "changed"}))
    assert vendor.paths.count("/oauth/tokens") == 2


@pytest.mark.parametrize(
    ("lasts", "kept"),
    [
        (1800, timedelta(minutes=29)),
        ("7200", timedelta(minutes=119)),
        (None, timedelta(minutes=29)),
        (10**12, timedelta(hours=48) - timedelta(minutes=1)),
        (30, timedelta(seconds=1)),
    ],
)
async def test_a_token_is_kept_a_minute_less_than_it_lasts(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, lasts: Any, kept: timedelta
) -> None:
    keeping: list[timedelta] = []
    remember = counter.memory.remember

    async def noted(account: str, name: str, value: str, lasting: timedelta, of: str | None = None) -> None:
        if name.startswith("token:"):
            keeping.append(lasting)
        await remember(account, name, value, lasting, of)

    monkeypatch.setattr(counter.memory, "remember", noted)
    await asked(counter, counter.zendesk(issuing(token("first", lasts)), **CLIENT))
    assert keeping == [kept]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (answer({"error": "invalid_client"}, 401), Reason.NOT_AUTHORISED),
        (answer({"error": "invalid_scope"}, 400), Reason.NOT_AUTHORISED),
        (answer({}, 403), Reason.NOT_AUTHORISED),
        (answer({}, 500), Reason.VENDOR_ERROR),
        (answer({}, 429, **{"Retry-After": "20"}), Reason.RATE_LIMITED),
        (answer({"access_token": None}), Reason.UNREADABLE),
        (answer({"access_token": "in\nject"}), Reason.UNREADABLE),
        (answer([]), Reason.UNREADABLE),
    ],
)
async def test_a_token_that_cannot_be_had_is_a_plain_failure(
    counter: Counter, told: httpx2.Response, reason: Reason
) -> None:
    vendor = issuing(told)
    said = await asked(counter, counter.zendesk(vendor, **CLIENT))
    assert isinstance(said, Failure)
    assert said.reason is reason
    assert vendor.paths == ["/oauth/tokens"]
    assert not any(secret in said.message for secret in CLIENT.values())


async def test_the_doctor_cautions_of_api_tokens_alone(counter: Counter) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        return answer(token("first") if request.url.path == "/oauth/tokens" else {"user": {"role": "agent"}})

    by_token, by_client = (
        counter.zendesk(Canned(respond)),
        counter.zendesk(Canned(respond), "other", **CLIENT),
    )
    said = await by_token.check(by_token.http.asking(Purpose.PERSON))
    assert said.startswith(
        "the API token works, with the role agent; Zendesk ends all API tokens on 2027-04-30"
    )
    said = await by_client.check(by_client.http.asking(Purpose.PERSON))
    assert said == "the OAuth client works, with the role agent"


async def test_an_end_users_client_is_refused(counter: Counter) -> None:
    vendor = Canned(lambda r: answer(token("t") if r.method == "POST" else {"user": {"role": "end-user"}}))
    desk = counter.zendesk(vendor, **CLIENT)
    with pytest.raises(CallFailed):
        await desk.check(desk.http.asking(Purpose.PERSON))
