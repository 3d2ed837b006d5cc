"""Answers that the asker alone sees: shown as they grow by a response_url, or once at the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.buttons import REFRESH
from bot.answers.case_file_message import View
from bot.answers.targets import EphemeralTarget, ResponseUrlTarget
from bot.domain.asking import Asker
from bot.domain.message import Message
from bot.domain.model import CaseFile
from bot.slack.client import SlackAway
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from sandbox.slack import plain_text
from sandbox.slack.messages import Content
from tests.bot.answers.growing import ended, growing, says
from tests.bot.in_slack import InSlack, in_slack

URL = "response_url"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


class Once:
    """Whether something may be shown: the first time alone."""

    def __init__(self, *, already: bool = False) -> None:
        self.is_first = not already

    def __call__(self) -> AbstractAsyncContextManager[bool]:
        return self._ask()

    @asynccontextmanager
    async def _ask(self) -> AsyncIterator[bool]:
        is_first, self.is_first = self.is_first, False
        yield is_first


def by_url(at: InSlack, once: Once, *, url: str | None = None) -> ResponseUrlTarget:
    """In place of what the agent saw before, and clicked in."""
    asker = replace(at.agent(), response_url=url or clicked(at))
    view = View("U0AGENT001", hint="Only you can see this.")
    return ResponseUrlTarget(at.poster, asker, view, asker.response_url or "", once)


def clicked(at: InSlack) -> str:
    """The response URL of a click in a message that the agent alone sees."""
    agent = at.slack.people.agent
    shown = at.slack.state.post_as_bot(at.slack.places.support, Content("before"), only_for=agent)
    return at.response_url(message_ts=shown.ts)


def by_post(at: InSlack, once: Once) -> EphemeralTarget:
    async def say(asker: Asker, message: Message) -> None:
        await at.poster.show_to(asker, message)

    return EphemeralTarget(say, at.agent(), View("U0AGENT001"), once)


async def show_all(target: ResponseUrlTarget | EphemeralTarget, case_files: Sequence[CaseFile]) -> None:
    for case_file in case_files:
        await target.show((case_file,))


async def test_by_response_url_the_answer_is_one_message_and_the_last_use_is_kept_for_its_end(
    at: InSlack,
) -> None:
    await show_all(target := by_url(at, Once()), [growing(number) for number in range(7)])
    [message] = at.seen_by_agent()
    assert says(message, 4, is_asking=True)
    await show_all(target, [ended(6)])
    [message] = at.seen_by_agent()
    assert says(message, 6, is_asking=False)
    assert len(message.edits) == 5
    assert "Only you can see this." in plain_text(message)


async def test_who_was_perhaps_answered_before_a_restart_is_not_answered_again(at: InSlack) -> None:
    await show_all(by_url(at, Once(already=True)), [growing(1), ended(2)])
    await show_all(by_post(at, Once(already=True)), [ended(2)])
    assert [message.text for message in at.seen_by_agent()] == ["before"]


async def test_where_the_response_url_has_expired_the_answer_is_shown_once_at_the_end_without_buttons(
    at: InSlack,
) -> None:
    target = by_url(at, Once(), url=f"{at.slack.base_url}/response/expired")
    await show_all(target, [growing(1), growing(2)])
    assert at.seen_by_agent() == []
    await show_all(target, [ended(3)])
    [message] = at.seen_by_agent()
    assert says(message, 3, is_asking=False)
    assert REFRESH not in str(message.blocks)
    assert at.slack.violations == ["response_url: invalid_url"]
    at.slack.violations.clear()


async def test_a_response_url_that_expires_in_the_middle_is_done_without_at_the_end(at: InSlack) -> None:
    url = clicked(at)
    target = by_url(at, Once(), url=url)
    await show_all(target, [growing(1)])
    for _ in range(4):
        at.slack.state.response_urls.use(url.rsplit("/", 1)[-1], at.slack.state.clock())
    await show_all(target, [growing(2), ended(3)])
    assert says(at.seen_by_agent()[-1], 3, is_asking=False)
    assert at.slack.violations == ["response_url: used_url"]
    at.slack.violations.clear()


async def test_what_was_begun_by_response_url_is_perhaps_told_and_never_begun_again(at: InSlack) -> None:
    await show_all(target := by_url(at, Once()), [growing(1)])
    at.slack.fail_next(URL, retry_after=60)
    with pytest.raises(SlackAway) as away:
        await show_all(target, [ended(2)])
    assert away.value.unsure


async def test_what_cannot_be_edited_is_shown_once_and_waits_for_nothing_any_more(at: InSlack) -> None:
    target = by_post(at, Once())
    assert not await target.may_grow()
    await show_all(target, [growing(2), ended(3)])
    [message] = at.seen_by_agent()
    assert says(message, 2, is_asking=False)
    assert REFRESH not in str(message.blocks)
