"""What admins switch for tickets: kept in the database, by default as the environment says."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.settings.behaviour import TicketSettings
from bot.settings.model import load_settings
from bot.storage.store import Store
from bot.tickets.rules import TicketRules
from bot.tickets.switches import Switches, TicketSwitches

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def hands() -> Hands:
    return Hands()


def defaults(**variables: str) -> TicketSettings:
    return load_settings(variables).tickets


async def test_what_nobody_has_switched_is_as_the_environment_says(store: Store, hands: Hands) -> None:
    switches = Switches(store, defaults(TICKETS__CHANNELS="C1", TICKETS__OFFER="silent"), hands)
    assert await switches.now() == TicketSwitches(("C1",), "silent")
    assert (await switches.rules(TicketRules(apps=("A1",)))).channels == ("C1",)


async def test_a_switch_holds_at_once_here_and_within_seconds_in_another_process(
    store: Store, hands: Hands
) -> None:
    here, there = (Switches(store, defaults(TICKETS__CHANNELS="C1"), hands) for _ in range(2))
    assert (await there.now()).channels == ("C1",)
    await here.choose_channels(["C3", "C2", "C3"])
    await here.choose_offer("silent")
    wanted = TicketSwitches(("C2", "C3"), "silent", switched=True)
    assert await here.now() == wanted
    assert await there.now() != wanted
    hands.time += timedelta(seconds=5)
    assert await there.now() == wanted


async def test_every_channel_can_be_chosen_where_the_environment_names_one(
    store: Store, hands: Hands
) -> None:
    switches = Switches(store, defaults(TICKETS__CHANNELS="C1"), hands)
    await switches.choose_channels([])
    assert await switches.now() == TicketSwitches((), "button", switched=True)
    await switches.forget()
    assert await switches.now() == TicketSwitches(("C1",), "button")


async def test_while_the_database_is_away_they_stay_as_they_were(store: Store, hands: Hands) -> None:
    switches = Switches(store, defaults(), hands)
    await switches.choose_offer("silent")
    assert (await switches.now()).offer == "silent"
    hands.time += timedelta(minutes=1)
    async with store.write() as connection:
        await connection.execute(text("ALTER TABLE switches RENAME TO gone"))
    assert (await switches.now()).offer == "silent"


async def test_a_muted_channel_is_known_in_another_process_and_after_a_restart(
    store: Store, hands: Hands
) -> None:
    here, there = (Switches(store, defaults(), hands) for _ in range(2))
    assert await there.is_muted("C1") is False
    for _ in range(2):
        await here.mute("C1", is_on=True)
    await here.mute("C2", is_on=True)
    assert await here.now() == TicketSwitches((), "button", switched=True, muted=("C1", "C2"))
    hands.time += timedelta(seconds=5)
    assert await there.is_muted("C1")
    await there.mute("C1", is_on=False)
    assert (await there.now()).muted == ("C2",)
    assert (await Switches(store, defaults(), hands).now()).muted == ("C2",)


async def test_an_admin_chooses_which_channels_are_muted_and_goes_back_to_what_was_set_up(
    store: Store, hands: Hands
) -> None:
    switches = Switches(store, defaults(), hands)
    await switches.mute("C1", is_on=True)
    await switches.choose_offer("silent")
    await switches.choose_muted(["C3", "C2"])
    assert await switches.now() == TicketSwitches((), "silent", switched=True, muted=("C2", "C3"))
    await switches.choose_muted([])
    assert (await switches.now()).muted == ()
    await switches.mute("C1", is_on=True)
    await switches.forget()
    assert await switches.now() == TicketSwitches((), "button")
