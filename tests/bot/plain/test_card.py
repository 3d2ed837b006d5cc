"""Cards in Plain: what is asked for, made of the components that Plain takes, within its limits."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bot.domain.model import ErrorEvent, Finding, SourceName, State, UrlIs
from bot.operations.clock import system_clock
from bot.operations.fair_use import FairRoom
from bot.operations.metrics import make_metrics
from bot.plain.card import card
from bot.plain.cards import CardsWanted, PlainCards
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import audit
from tests.bot.answers.case_files import HOSTILE, MAIN, NOW, WWW, case_file, session
from tests.bot.in_slack import in_slack
from tests.bot.jobs.known_people import JANE, finding
from tests.bot.jobs.known_people import Finding as Found
from tests.bot.jobs.newsroom import SHOP
from tests.bot.plain.components import check_components, texts_of

REPLAY = "https://app.fullstory.com/ui/7QX2B/session/1:2"


def test_a_card_says_who_it_is_what_went_wrong_and_links_to_replays() -> None:
    watched = session(source=MAIN, url=REPLAY, url_is=UrlIs.SESSION)
    hit = ErrorEvent(WWW, "TypeError: x", occurred_at=NOW - timedelta(minutes=13))
    made = card(case_file(Finding(MAIN, State.LIVE, NOW, 1, (watched,), (hit,))))
    check_components(made)
    said = texts_of(made)
    assert said[0] == JANE.value
    [watch] = made[1]["componentRow"]["rowAsideContent"]
    assert watch["componentLinkButton"]["linkButtonUrl"].startswith(f"{REPLAY}:")
    # What is a button is not said in words too.
    assert not any("Replay" in line for line in said)
    assert said[1].startswith("TypeError: x · 2026-11-20 13:52 UTC")
    assert "1 visit and 1 error in the last 30 days" in said[2]
    assert said[-1] == "as of 2026-11-20 14:05 UTC"
    assert REPLAY in str(made)


def test_what_others_wrote_stands_in_unformatted_text_alone_and_links_nowhere() -> None:
    seen = session(entry_page=HOSTILE, exit_page=HOSTILE, browser=HOSTILE, url=None)
    hit = ErrorEvent(WWW, HOSTILE * 200, occurred_at=NOW)
    made = card(case_file(Finding(WWW, State.LIVE, NOW, 1, (seen,) * 30, (hit,) * 30)))
    check_components(made)
    assert "componentLinkButton" not in str(made)
    assert "componentText" not in str(made)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def found(store: Store, keyring: Keyring) -> AsyncIterator[tuple[Found, PlainCards, Store]]:
    metrics = make_metrics()
    async with (
        in_slack(store, keyring) as at,
        finding(store, keyring, system_clock, metrics, (SourceName("rybbit", "www"), SHOP)) as known,
    ):
        trail = at.process.trail(at, metrics)
        yield known, PlainCards(known.lookup, trail, 30, FairRoom(2, 2)), store


def wanted(*keys: str, **customer: Any) -> CardsWanted:
    thread = {"id": "th_1", "externalId": None}
    return CardsWanted.model_validate(
        {"cardKeys": keys, "customer": {"id": "c_1"} | customer, "thread": thread}
    )


async def test_each_key_that_is_asked_for_is_answered_and_the_trail_says_about_whom(
    found: tuple[Found, PlainCards, Store],
) -> None:
    known, cards, store = found
    told = await cards.answer(wanted("other", "casefile", email="Jane@Contoso.example", externalId=None))
    assert [one["key"] for one in told["cards"]] == ["other", "casefile"]
    assert told["cards"][0]["components"] is None
    check_components(told["cards"][1]["components"])
    assert known.sources[0].asked == [JANE.value]
    async with store.read() as connection:
        rows = (await connection.execute(select(audit.c.who, audit.c.way, audit.c.outcome))).all()
    assert [tuple(row) for row in rows] == [("plain", "plain", "nobody")]


async def test_without_an_address_the_external_id_is_looked_up_and_without_both_nobody(
    found: tuple[Found, PlainCards, Store],
) -> None:
    known, cards, _ = found
    await cards.answer(wanted("casefile", email=None, externalId=" u-77 "))
    # The product's own id may be the address.
    await cards.answer(wanted("casefile", email=None, externalId="Jane@Contoso.example"))
    assert known.sources[0].asked == ["u-77", JANE.value]
    for nobody in ({"email": "no address"}, {"email": None, "externalId": " "}):
        told = await cards.answer(wanted("casefile", **nobody))
        assert "nobody was looked up" in texts_of(told["cards"][0]["components"])[0]
    assert known.sources[0].asked == ["u-77", JANE.value]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"cardKeys": ["casefile"]}', b'{"cardKeys": 1, "customer": {}}']
)
def test_what_is_no_request_for_cards_is_not_read_as_one(body: bytes) -> None:
    with pytest.raises(ValidationError):
        CardsWanted.model_validate_json(body)
