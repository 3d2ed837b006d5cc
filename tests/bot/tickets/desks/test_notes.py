"""Notes at help desks' stand-ins, over real sockets: never public, found again, and refused without a scope."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.model import Reason, TicketReference
from bot.engine.opening import open_engine
from bot.settings.model import load_settings
from bot.sources.http import CallFailed
from bot.sources.quota import Purpose
from bot.tickets.desks.noting import KeptBy, NotWritten, find_note, quota_of_notes, write_note
from bot.tickets.desks.protocol import Desk
from sandbox.vendors.intercom import Intercom
from sandbox.vendors.stand_in import listening
from sandbox.vendors.zendesk import Zendesk
from tests.bot.tickets.desks.conftest import CONVERSATION, ZENDESK_TICKET
from tests.conftest import MovableClock

MARK, HTML = "0123456789ab", "<b>Noted</b> (0123456789ab)"


@dataclass
class Both:
    """Two help desks as Casefile knows them, each with the ticket that it keeps, and their stand-ins."""

    desks: tuple[Desk, ...]
    zendesk: Zendesk
    intercom: Intercom

    def of(self, name: str) -> tuple[Desk, TicketReference]:
        [desk] = (desk for desk in self.desks if desk.name.startswith(name))
        return desk, ZENDESK_TICKET if name == "zendesk" else CONVERSATION

    @property
    def internal(self) -> list[object]:
        comments = self.zendesk.comments.get(ZENDESK_TICKET.id, [])
        parts = self.intercom.parts.get(CONVERSATION.id, [])
        notes = [one["html_body"] for one in comments if one["public"] is False]
        return notes + [one["body"] for one in parts if one["part_type"] == "note"]

    @property
    def written(self) -> int:
        comments = self.zendesk.comments.get(ZENDESK_TICKET.id, [])
        return len(comments) + len(self.intercom.parts.get(CONVERSATION.id, []))


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    clock = MovableClock()
    zendesk, intercom = Zendesk(clock), Intercom(clock)
    async with listening(zendesk), listening(intercom):
        zendesk.know(ZENDESK_TICKET.id, email="jane@contoso.example")
        intercom.know(CONVERSATION.id, email="jane@contoso.example")
        environment = zendesk.environment() | intercom.environment()
        environment |= {"SECRET_KEY": "a secret of the tests that is long enough", "HELPDESK__NOTES": "true"}
        environment |= {"DATABASE_URL": f"sqlite:///{tmp_path / 'desk.db'}"}
        async with open_engine(load_settings(environment), clock) as engine:
            yield Both(engine.desks.all, zendesk, intercom)


@pytest.mark.parametrize("name", ["zendesk", "intercom"])
async def test_a_note_is_internal_and_found_again_by_its_mark(both: Both, name: str) -> None:
    desk, ticket = both.of(name)
    assert await find_note([desk], ticket, [MARK], Purpose.PERSON) == KeptBy(desk, noted=False)
    assert await write_note(desk, ticket, HTML, Purpose.PERSON) is None
    assert both.internal == [HTML]
    assert await find_note([desk], ticket, [MARK], Purpose.PERSON) == KeptBy(desk, noted=True)
    assert await find_note([desk], ticket, ["another mark"], Purpose.PERSON) == KeptBy(desk, noted=False)
    assert both.written == 1


async def test_a_ticket_that_cannot_be_changed_surely_has_no_note(both: Both) -> None:
    desk, ticket = both.of("zendesk")
    both.zendesk.closed.add(ticket.id)
    failed = await write_note(desk, ticket, HTML, Purpose.PERSON)
    assert failed is not None
    assert (failed.failure.reason, failed.unsure) == (Reason.UNSUPPORTED, False)
    assert "most likely it is closed" in failed.failure.message


@pytest.mark.parametrize("name", ["zendesk", "intercom"])
async def test_a_lost_answer_leaves_it_open_whether_the_note_is_there(both: Both, name: str) -> None:
    desk, ticket = both.of(name)
    both.zendesk.loses_answers = both.intercom.loses_answers = 1
    failed = await write_note(desk, ticket, HTML, Purpose.PERSON)
    assert failed is not None
    assert failed.unsure
    assert await find_note([desk], ticket, [MARK], Purpose.PERSON) == KeptBy(desk, noted=True)


@pytest.mark.parametrize("name", ["zendesk", "intercom"])
async def test_a_key_that_may_not_write_is_told_by_the_check_and_writes_nothing(
    both: Both, name: str
) -> None:
    desk, ticket = both.of(name)
    assert "may write notes" in await desk.check(desk.http.asking(Purpose.PERSON))
    both.zendesk.writers.clear()
    both.intercom.may_write = False
    with pytest.raises(CallFailed):
        await desk.check(desk.http.asking(Purpose.PERSON))
    failed = await write_note(desk, ticket, HTML, Purpose.PERSON)
    assert isinstance(failed, NotWritten)
    assert failed.failure.reason is Reason.NOT_AUTHORISED
    assert not failed.unsure
    assert both.written == 0


async def test_a_client_without_the_scope_for_notes_gets_no_token(both: Both) -> None:
    both.zendesk.may_write = False
    desk, ticket = both.of("zendesk")
    found = await find_note([desk], ticket, [MARK], Purpose.PERSON)
    assert isinstance(found, NotWritten)
    assert found.failure.reason is Reason.NOT_AUTHORISED


@pytest.mark.parametrize("name", ["zendesk", "intercom"])
async def test_notes_have_a_quota_of_their_own_that_leaves_a_write_for_each_look(
    both: Both, name: str
) -> None:
    desk, ticket = both.of(name)
    for _ in range(quota_of_notes(desk).windows[0].calls):
        assert isinstance(await find_note([desk], ticket, [MARK], Purpose.PERSON), KeptBy)
    failed = await find_note([desk], ticket, [MARK], Purpose.PERSON)
    assert isinstance(failed, NotWritten)
    assert failed.failure.reason is Reason.QUOTA_SPENT
    for _ in range(quota_of_notes(desk).windows[0].calls):
        assert await write_note(desk, ticket, HTML, Purpose.PERSON) is None
    assert await desk.requester(ticket, desk.http.asking(Purpose.PERSON)) is not None
