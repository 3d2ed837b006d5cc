"""Sources' answers as they are kept: for whom, for how long, and what of them can be read in the database."""

from datetime import timedelta

import pytest

from bot.domain.answer import Answer
from bot.domain.coverage import Coverage, Span
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.kept_answers import KnownAnswer
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from tests.conftest import MovableClock, stored

WWW = SourceName("rybbit", "www")
DAY = timedelta(days=1)
JANE, LI = "hash of jane's question", "hash of li's question"


@pytest.fixture
def cache(store: Store, keyring: Keyring, clock: MovableClock) -> AnswerCache:
    return AnswerCache(store, keyring, clock, DAY)


def another(store: Store, clock: MovableClock, keyring: Keyring) -> AnswerCache:
    """The cache of another process, which has nothing in memory."""
    return AnswerCache(store, keyring, clock, DAY)


def known(clock: MovableClock, title: str = "TypeError: x") -> KnownAnswer:
    user = SessionUser(uid="u-77", email="jane@contoso.example")
    answer = Answer(
        sessions=(Session(WWW, "s1", started_at=clock() - DAY, user=user, screens=("Cart",), live=False),),
        errors=(ErrorEvent(WWW, title, occurred_at=clock() - DAY),),
        notes=("the newest alone",),
        covers=Coverage((Span(clock() - DAY, clock()),)),
        people=(user,),
    )
    return KnownAnswer(answer, clock(), 30)


async def test_an_answer_comes_back_as_it_was_in_this_process_and_in_another(
    cache: AnswerCache, store: Store, keyring: Keyring, clock: MovableClock
) -> None:
    await cache.put(JANE, "jane", known(clock))
    assert await cache.get(JANE, 30) == known(clock)
    assert await another(store, clock, keyring).get(JANE, 30) == known(clock)
    assert await cache.get(LI, 30) is None


async def test_what_another_process_has_put_since_is_read_where_the_latest_is_asked_for(
    cache: AnswerCache, store: Store, keyring: Keyring, clock: MovableClock
) -> None:
    await cache.put(JANE, "jane", older := known(clock, "older"))
    clock.advance(minutes=1)
    await another(store, clock, keyring).put(JANE, "jane", newer := known(clock, "newer"))
    assert await cache.get(JANE, 30) == older
    assert await cache.latest(JANE, 30) == newer
    assert await cache.get(JANE, 30) == newer


async def test_an_answer_older_than_the_retention_is_not_told(
    cache: AnswerCache, store: Store, keyring: Keyring, clock: MovableClock
) -> None:
    await cache.put(JANE, "jane", known(clock))
    clock.advance(hours=24)
    assert await cache.get(JANE, 30) is not None
    clock.advance(seconds=1)
    for of_process in (cache, another(store, clock, keyring)):
        assert await of_process.get(JANE, 30) is None
        assert await of_process.latest(JANE, 30) is None


async def test_nothing_of_a_customer_can_be_read_in_the_database(
    cache: AnswerCache, store: Store, clock: MovableClock
) -> None:
    await cache.put(JANE, "jane", known(clock))
    text = await stored(store)
    assert JANE in text
    for told in ("contoso", "u-77", "TypeError", "Cart"):
        assert told not in text


async def test_what_was_sealed_with_another_secret_is_not_there(
    cache: AnswerCache, store: Store, clock: MovableClock
) -> None:
    await cache.put(JANE, "jane", known(clock))
    assert await another(store, clock, Keyring(("another secret of the tests",))).get(JANE, 30) is None
