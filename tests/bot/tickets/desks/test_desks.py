"""Who wrote a ticket, as its help desk knows: found, nobody, and every way of not answering."""

import asyncio
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.model import Failure, Reason, TicketReference
from bot.sources.quota import Purpose
from bot.tickets.desks.protocol import Requester
from tests.bot.sources.canned import Canned, answer
from tests.bot.tickets.desks.conftest import CONVERSATION, ZENDESK_TICKET, Counter
from tests.examples import examples

JANE = Requester("jane@contoso.example", "u-77", "Jane Doe")
TICKET = {"ticket": {"id": 48213, "requester_id": 9, "assignee_id": 7}}
PEOPLE = [
    {"id": 7, "email": "sam@acme.example", "name": "Sam"},
    {"id": 9, "email": "jane@contoso.example", "external_id": "u-77", "name": "Jane Doe"},
]
CONTACT = {
    "type": "contact",
    "id": "c9",
    "external_id": "u-77",
    "email": "jane@contoso.example",
    "name": "Jane Doe",
}


def conversation(author_email: str = "", contacts: Any = None) -> dict[str, Any]:
    named = [{"type": "contact", "id": "c9", "external_id": "u-77"}] if contacts is None else contacts
    author = {"type": "user", "id": "c9", "name": "Jane Doe", "email": author_email}
    return {"source": {"author": author}, "contacts": {"contacts": named}}


def intercom(talk: Any, contact: Any = CONTACT, workspace: str = "abc123") -> Canned:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/me":
            return answer({"type": "admin", "app": {"id_code": workspace}})
        return answer(contact if request.url.path.startswith("/contacts/") else talk)

    return Canned(respond)


async def test_zendesk_gives_the_requester_and_not_the_assignee_in_one_call(counter: Counter) -> None:
    vendor = Canned(lambda _: answer(TICKET | {"users": PEOPLE}))
    assert await counter.desks(counter.zendesk(vendor)).ask(ZENDESK_TICKET, Purpose.TICKET) == JANE
    [request] = vendor.requests
    assert (request.url.path, request.url.params["include"]) == ("/api/v2/tickets/48213", "users")
    assert request.headers["authorization"] == "Basic cm9ib3RAYWNtZS5leGFtcGxlL3Rva2VuOnQtc2VjcmV0"


async def test_a_side_loaded_person_without_an_address_is_asked_for(counter: Counter) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/api/v2/users/9":
            return answer({"user": PEOPLE[1]})
        return answer(TICKET | {"users": [{"id": 9, "name": "Jane Doe"}]})

    vendor = Canned(respond)
    assert await counter.desks(counter.zendesk(vendor)).ask(ZENDESK_TICKET, Purpose.TICKET) == JANE
    assert len(vendor.requests) == 2


async def test_a_leads_made_up_id_is_no_uid(counter: Counter) -> None:
    vendor = intercom(conversation(), CONTACT | {"role": "lead"})
    said = await counter.desks(counter.intercom(vendor)).ask(CONVERSATION, Purpose.TICKET)
    assert said == Requester("jane@contoso.example", None, "Jane Doe")


async def test_intercom_asks_for_the_contact_only_where_the_conversation_has_no_address(
    counter: Counter,
) -> None:
    named = intercom(conversation("jane@contoso.example"))
    assert await counter.desks(counter.intercom(named)).ask(CONVERSATION, Purpose.TICKET) == JANE
    assert named.paths == ["/me", "/conversations/2154"]


async def test_intercom_gives_the_contact_of_a_conversation_without_an_address(counter: Counter) -> None:
    vendor = intercom(conversation())
    assert await counter.desks(counter.intercom(vendor)).ask(CONVERSATION, Purpose.TICKET) == JANE
    assert vendor.paths == ["/me", "/conversations/2154", "/contacts/c9"]


@pytest.mark.parametrize(
    "talk",
    [
        conversation(contacts=[]),
        conversation(contacts=[{"id": "c1"}, {"id": "c2"}]),
        {"source": {"author": {"type": "admin", "email": "sam@acme.example"}}, "contacts": {"contacts": []}},
    ],
)
async def test_a_conversation_that_names_no_single_customer_is_nobodys(counter: Counter, talk: Any) -> None:
    assert await counter.desks(counter.intercom(intercom(talk))).ask(CONVERSATION, Purpose.TICKET) is None


async def test_a_ticket_of_another_account_is_never_asked_for(counter: Counter) -> None:
    ours, theirs = (Canned(lambda _: answer(TICKET | {"users": PEOPLE})) for _ in range(2))
    desks = counter.desks(counter.zendesk(ours), counter.zendesk(theirs, "other", "globex"))
    assert await desks.ask(ZENDESK_TICKET, Purpose.TICKET) == JANE
    evil = TicketReference("zendesk", "1", "https://acme.zendesk.com.evil.example/agent/tickets/1")
    assert not desks.serves(evil)
    assert await desks.ask(evil, Purpose.TICKET) is None
    assert (len(ours.requests), len(theirs.requests)) == (1, 0)


async def test_a_conversation_of_another_workspace_is_nobodys(counter: Counter) -> None:
    vendor = intercom(conversation("jane@contoso.example"), workspace="xyz789")
    assert await counter.desks(counter.intercom(vendor)).ask(CONVERSATION, Purpose.TICKET) is None
    assert vendor.paths == ["/me"]


async def test_what_a_desk_said_is_remembered_also_that_it_knows_nobody(counter: Counter) -> None:
    found = Canned(lambda _: answer(TICKET | {"users": PEOPLE}))
    unknown = Canned(lambda _: answer({"error": "RecordNotFound"}, 404))
    for vendor, said in ((found, JANE), (unknown, None)):
        desks = counter.desks(counter.zendesk(vendor, f"label{said is None}"))
        assert [await desks.ask(ZENDESK_TICKET, Purpose.TICKET) for _ in range(3)] == [said] * 3
        assert len(vendor.requests) == 1


async def test_two_who_ask_at_once_cost_one_call(counter: Counter) -> None:
    vendor = Canned(lambda _: answer(TICKET | {"users": PEOPLE}))
    desks = counter.desks(counter.zendesk(vendor))
    asked = [desks.ask(ZENDESK_TICKET, Purpose.TICKET) for _ in range(5)]
    assert await asyncio.gather(*asked) == [JANE] * 5
    assert len(vendor.requests) == 1


FAILURES = {
    "bad key": (answer({"error": "Couldn't authenticate you"}, 401), Reason.NOT_AUTHORISED),
    "rate limited": (answer({}, 429, **{"Retry-After": "20"}), Reason.RATE_LIMITED),
    "broken": (answer({}, 500), Reason.VENDOR_ERROR),
    "html": (httpx2.Response(200, text="<html>"), Reason.UNREADABLE),
    "not a ticket": (answer({"ticket": []}), Reason.UNREADABLE),
    "elsewhere": (httpx2.Response(302, headers={"location": "https://evil.example"}), Reason.UNREADABLE),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_desk_that_cannot_answer_is_remembered_for_people_until_it_does(
    counter: Counter, name: str
) -> None:
    response, reason = FAILURES[name]
    answers = [response, answer(TICKET | {"users": PEOPLE})]
    vendor = Canned(lambda _: answers.pop(0))
    desk = counter.zendesk(vendor)
    said = await counter.desks(desk).ask(ZENDESK_TICKET, Purpose.TICKET)
    assert isinstance(said, Failure)
    assert said.reason is reason
    [trouble] = await counter.desks(desk).troubles()
    assert (trouble.account, trouble.message) == ("zendesk/main", said.message)
    if reason is not Reason.RATE_LIMITED:
        # Another process, which has not heard of the refusal, asks anew.
        assert await counter.desks(desk).ask(ZENDESK_TICKET, Purpose.TICKET) == JANE
        assert await counter.desks(desk).troubles() == []


async def test_a_refused_key_is_not_tried_again_at_every_ticket(counter: Counter) -> None:
    vendor = Canned(lambda _: answer({}, 401))
    desks = counter.desks(counter.zendesk(vendor))
    for _ in range(3):
        assert isinstance(await desks.ask(ZENDESK_TICKET, Purpose.TICKET), Failure)
    assert len(vendor.requests) == 1


async def test_what_a_desk_says_is_left_corrects_our_own_count(counter: Counter) -> None:
    headers = {"X-Rate-Limit-Remaining": "0", "ratelimit-reset": "41"}
    vendor = Canned(lambda _: httpx2.Response(200, json=TICKET | {"users": PEOPLE}, headers=headers))
    desk = counter.zendesk(vendor)
    assert await counter.desks(desk).ask(ZENDESK_TICKET, Purpose.TICKET) == JANE
    other = TicketReference("zendesk", "2", "https://acme.zendesk.com/agent/tickets/2")
    said = await counter.desks(desk).ask(other, Purpose.TICKET)
    assert isinstance(said, Failure)
    assert said.reason is Reason.QUOTA_SPENT
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("name", FAILURES)
async def test_no_secret_and_no_address_is_in_what_is_said_of_a_failure(counter: Counter, name: str) -> None:
    said = await counter.desks(counter.zendesk(Canned(lambda _: FAILURES[name][0]))).ask(
        ZENDESK_TICKET, Purpose.TICKET
    )
    assert isinstance(said, Failure)
    for secret in ("t-secret", "robot@", "jane@", "acme"):
        assert secret not in said.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "ticket",
                    "users",
                    "id",
                    "requester_id",
                    "email",
                    "external_id",
                    "source",
                    "author",
                    "contacts",
                    "app",
                    "id_code",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
async def test_no_json_makes_a_desk_raise(counter: Counter, body: Any) -> None:
    for desk, ticket in (
        (counter.zendesk(Canned(lambda _: answer(body))), ZENDESK_TICKET),
        (counter.intercom(Canned(lambda _: answer(body))), CONVERSATION),
    ):
        await counter.memory.forget(
            desk.name, counter.memory.name_for("requester", ticket.system, ticket.url)[0]
        )
        said = await counter.desks(desk).ask(ticket, Purpose.PERSON)
        assert said is None or isinstance(said, Requester | Failure)
