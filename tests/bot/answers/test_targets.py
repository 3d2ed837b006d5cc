"""Where case files are shown as they grow: how often they are edited, and who goes on after a restart."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.answers.buttons import REFRESH
from bot.answers.case_file_message import View
from bot.answers.targets import EditTarget, EphemeralTarget, MessageTarget, PairTarget, ResponseUrlTarget
from bot.domain.asking import AnswerForm, Shown
from bot.domain.model import CaseFile, Finding, Session, SourceName, State, Subject, SubjectKind
from bot.jobs.inbox import Job
from bot.slack.client import SlackAway
from bot.slack.poster import NotHere
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import turns
from sandbox.slack import Message, plain_text
from sandbox.slack.messages import Content
from tests.bot.in_slack import InSlack, Process, in_slack

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
WWW, MAIN = SourceName("rybbit", "www"), SourceName("fullstory", "main")
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
POST, EDIT, URL = "chat.postMessage", "chat.update", "response_url"
ANSWER = View("U0AGENT001", form=AnswerForm.ANSWER)


def growing(sessions: int) -> CaseFile:
    """A case file with so many sessions, while FullStory is still being asked."""
    found = tuple(Session(WWW, str(number), started_at=NOW) for number in range(sessions))
    return CaseFile(JANE, NOW, 30, (Finding(WWW, State.LIVE, NOW, 1, found),), (MAIN,), at_vendor=(MAIN,))


def ended(sessions: int) -> CaseFile:
    """The same when nothing more will come."""
    return replace(growing(sessions), waiting=(), at_vendor=())


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


def says(message: Message, sessions: int, *, is_asking: bool) -> bool:
    """Whether a message's headline says so much, and whether more is to come."""
    return f"{sessions} session" in message.text and ("asking FullStory" in message.text) is is_asking


def pair(at: InSlack, job: Job, by: Process | None = None) -> PairTarget:
    process = by or at.process
    return PairTarget(process.poster, process.posts, job, at.agent(), View("U0AGENT001"))


async def root_of(at: InSlack) -> Message:
    """A message of a person, in whose thread is answered."""
    return await at.slack.post_as_user(at.slack.places.support, at.slack.people.agent, "who is that?")


def single(at: InSlack, job: Job, root: Message, by: Process | None = None, **more: Any) -> MessageTarget:
    process = by or at.process
    asker = at.agent(thread_ts=root.ts)
    return MessageTarget(process.poster, process.posts, job, asker, ANSWER, **more)


def of_the_pair(at: InSlack) -> tuple[Message, Message]:
    [parent] = at.posted()
    [reply] = at.below(parent.ts)
    return parent, reply


# A parent and its reply.


async def test_an_answer_that_is_whole_at_once_is_two_messages_and_no_edit(at: InSlack) -> None:
    await pair(at, await at.accept()).show((ended(2),))
    parent, reply = of_the_pair(at)
    assert says(parent, 2, is_asking=False)
    assert says(reply, 2, is_asking=False)
    assert f"Asked by <@{at.slack.people.agent}>" in str(parent.blocks)
    assert at.calls(EDIT) == []


async def test_the_reply_grows_and_the_parent_is_edited_once_when_nothing_more_will_come(at: InSlack) -> None:
    target = pair(at, await at.accept())
    for case_file in (growing(0), growing(1), growing(2)):
        await target.show((case_file,))
    parent, reply = of_the_pair(at)
    assert says(reply, 2, is_asking=True)
    assert (len(parent.edits), len(reply.edits)) == (0, 2)
    await target.show((ended(3),))
    parent, reply = of_the_pair(at)
    assert says(parent, 3, is_asking=False)
    assert says(reply, 3, is_asking=False)
    assert (len(parent.edits), len(reply.edits)) == (1, 3)


async def test_what_was_begun_before_a_restart_is_gone_on_with_in_the_same_messages(at: InSlack) -> None:
    job = await at.accept()
    await pair(at, job).show((growing(1),))
    other = at.another_process()
    await pair(at, await at.taken_over(other), other).show((ended(2),))
    parent, reply = of_the_pair(at)
    assert says(parent, 2, is_asking=False)
    assert says(reply, 2, is_asking=False)


async def test_what_was_whole_before_a_restart_is_not_edited_after_it(at: InSlack) -> None:
    job = await at.accept()
    target = pair(at, job)
    await target.show((growing(1),))
    await target.show((ended(2),))
    edits = len(at.calls(EDIT))
    other = at.another_process()
    after = pair(at, await at.taken_over(other), other)
    await after.show((growing(0),))
    await after.show((ended(2),))
    assert len(at.calls(EDIT)) == edits
    assert says(of_the_pair(at)[1], 2, is_asking=False)


async def test_a_parent_that_was_posted_before_a_restart_gets_its_reply_after_it(at: InSlack) -> None:
    # The first post goes well, the second one does not.
    at.slack.fail_next(POST)
    at.slack.fail_next(POST, retry_after=3600)
    job = await at.accept()
    with pytest.raises(SlackAway):
        await pair(at, job).show((ended(1),))
    [parent] = at.posted()
    assert at.below(parent.ts) == []
    other = at.another_process()
    await let_slack_be_asked_again(at.store)
    await pair(at, await at.taken_over(other), other).show((ended(1),))
    assert of_the_pair(at)[0].ts == parent.ts


async def let_slack_be_asked_again(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(delete(turns))


async def test_a_reply_that_somebody_deletes_meanwhile_stays_deleted(at: InSlack) -> None:
    target = pair(at, await at.accept())
    await target.show((growing(1),))
    parent, reply = of_the_pair(at)
    await at.slack.delete_message(reply)
    await target.show((growing(2),))
    await target.show((ended(3),))
    [parent] = at.posted()
    assert at.below(parent.ts) == []
    assert says(parent, 3, is_asking=False)


async def test_growth_is_left_out_while_slack_takes_no_edits_and_the_end_is_not(at: InSlack) -> None:
    target = pair(at, await at.accept())
    await target.show((growing(1),))
    at.slack.fail_next(EDIT, retry_after=60)
    await target.show((growing(2),))
    assert says(of_the_pair(at)[1], 1, is_asking=True)
    with pytest.raises(SlackAway):
        await target.show((ended(3),))


async def test_where_the_bot_may_not_post_a_pair_is_not_begun(at: InSlack) -> None:
    asker = at.agent(channel=at.slack.places.private_without_bot)
    job = await at.accept()
    target = PairTarget(at.poster, at.posts, job, asker, View("U0AGENT001"))
    with pytest.raises(NotHere):
        await target.show((ended(1),))
    assert await at.posts.of(job.id) == {}


# One message.


async def test_an_answer_in_a_thread_is_one_message_that_grows(at: InSlack) -> None:
    root = await root_of(at)
    target = single(at, await at.accept(), root)
    for case_file in (growing(0), growing(1), growing(2), ended(3)):
        await target.show((case_file,))
    [message] = at.below(root.ts)
    assert says(message, 3, is_asking=False)
    assert len(message.edits) == 3
    assert at.posted() == []


async def test_an_answer_that_waits_is_posted_when_somebody_is_found(at: InSlack) -> None:
    root = await root_of(at)
    target = single(at, await at.accept(), root, waits=True)
    await target.show((growing(0),))
    assert (target.post, at.calls(POST)) == (None, [])
    await target.show((growing(1),))
    assert target.post is not None
    [message] = at.below(root.ts)
    assert message.ts == target.post.ts


async def test_an_answer_that_waits_is_not_posted_where_nobody_is_found(at: InSlack) -> None:
    root = await root_of(at)
    target = single(at, await at.accept(), root, waits=True)
    for case_file in (growing(0), ended(0)):
        await target.show((case_file,))
    assert (target.post, at.below(root.ts)) == (None, [])


async def test_an_answer_takes_the_place_of_an_earlier_message_of_ours(at: InSlack) -> None:
    root = await root_of(at)
    offer = at.slack.state.post_as_bot(root.channel, Content("an offer"), thread_ts=root.ts)
    target = single(at, await at.accept(), root, waits=True, replaces=offer.ts)
    for case_file in (growing(0), growing(1), ended(2)):
        await target.show((case_file,))
    [message] = at.below(root.ts)
    assert message.ts == offer.ts
    assert says(message, 2, is_asking=False)
    assert at.calls(POST) == []


async def test_where_the_earlier_message_is_gone_the_answer_is_posted(at: InSlack) -> None:
    root = await root_of(at)
    offer = at.slack.state.post_as_bot(root.channel, Content("an offer"), thread_ts=root.ts)
    await at.slack.delete_message(offer)
    await single(at, await at.accept(), root, replaces=offer.ts).show((ended(2),))
    [message] = at.below(root.ts)
    assert says(message, 2, is_asking=False)


async def test_after_a_restart_the_answer_goes_on_where_it_stands_also_in_an_earlier_ones_place(
    at: InSlack,
) -> None:
    root = await root_of(at)
    offer = at.slack.state.post_as_bot(root.channel, Content("an offer"), thread_ts=root.ts)
    for replaces in (None, offer.ts):
        job = await at.accept()
        await single(at, job, root, replaces=replaces).show((growing(1),))
        other = at.another_process()
        after = single(at, await at.taken_over(other), root, other, replaces=replaces)
        await after.show((ended(2),))
        await other.inbox.finish(job)
    ours = at.below(root.ts)
    assert len(ours) == 2
    assert all(says(message, 2, is_asking=False) for message in ours)


async def test_an_answer_in_an_earlier_ones_place_that_somebody_deletes_is_not_posted_after_a_restart(
    at: InSlack,
) -> None:
    root, job = await root_of(at), await at.accept()
    offer = at.slack.state.post_as_bot(root.channel, Content("an offer"), thread_ts=root.ts)
    await single(at, job, root, replaces=offer.ts).show((growing(1),))
    await at.slack.delete_message(offer)
    other = at.another_process()
    after = single(at, await at.taken_over(other), root, other, replaces=offer.ts)
    await after.show((ended(2),))
    assert at.below(root.ts) == []


# An earlier answer that a button was pressed on.


@pytest.fixture
def pressed(at: InSlack) -> Shown:
    """A pair that stands in the channel already."""
    support = at.slack.places.support
    parent = at.slack.state.post_as_bot(support, Content("parent"))
    reply = at.slack.state.post_as_bot(support, Content("reply"), thread_ts=parent.ts)
    return Shown(reply.ts, parent.ts, ephemeral=False)


async def test_a_refreshed_pair_keeps_an_edit_for_its_end_and_its_parent_is_edited_then(
    at: InSlack, pressed: Shown
) -> None:
    target = EditTarget(at.poster, at.agent(thread_ts=pressed.parent_ts), View("U0AGENT001"), pressed)
    for sessions in range(5):
        await target.show((growing(sessions),))
    parent, reply = of_the_pair(at)
    assert (parent.text, len(reply.edits)) == ("parent", 2)
    await target.show((ended(5),))
    parent, reply = of_the_pair(at)
    assert says(parent, 5, is_asking=False)
    assert says(reply, 5, is_asking=False)
    assert (len(parent.edits), len(reply.edits)) == (1, 3)


async def test_of_an_answer_in_a_thread_the_message_above_it_is_left_alone(
    at: InSlack, pressed: Shown
) -> None:
    target = EditTarget(at.poster, at.agent(thread_ts=pressed.parent_ts), ANSWER, pressed)
    await target.show((ended(5),))
    parent, reply = of_the_pair(at)
    assert parent.text == "parent"
    assert says(reply, 5, is_asking=False)


async def test_an_earlier_answer_that_is_gone_is_not_posted_again(at: InSlack, pressed: Shown) -> None:
    [reply] = at.below(pressed.parent_ts or "")
    await at.slack.delete_message(reply)
    target = EditTarget(at.poster, at.agent(thread_ts=pressed.parent_ts), ANSWER, pressed)
    await target.show((ended(5),))
    assert at.calls(POST) == []


# Seen by the asker alone.


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


def by_url(at: InSlack, once: Once, *, url: str | None = None, in_place: bool = False) -> ResponseUrlTarget:
    asker = replace(at.agent(), response_url=url or at.response_url())
    view = View("U0AGENT001", hint="Only you can see this.")
    return ResponseUrlTarget(at.poster, asker, view, asker.response_url or "", once, in_place)


async def show_all(target: ResponseUrlTarget | EphemeralTarget, case_files: Sequence[CaseFile]) -> None:
    for case_file in case_files:
        await target.show((case_file,))


async def test_by_response_url_the_answer_is_one_message_and_the_last_use_is_kept_for_its_end(
    at: InSlack,
) -> None:
    await show_all(target := by_url(at, Once()), [growing(number) for number in range(6)])
    [message] = at.seen_by_agent()
    assert says(message, 2, is_asking=True)
    await show_all(target, [ended(6)])
    [message] = at.seen_by_agent()
    assert says(message, 6, is_asking=False)
    assert len(message.edits) == 3
    assert "Only you can see this." in plain_text(message)


async def test_by_a_buttons_response_url_the_answer_takes_the_place_of_what_was_pressed(at: InSlack) -> None:
    support, agent = at.slack.places.support, at.slack.people.agent
    shown = at.slack.state.post_as_bot(support, Content("before"), only_for=agent)
    url = at.response_url(message_ts=shown.ts)
    await show_all(by_url(at, Once(), url=url, in_place=True), [growing(1), ended(2)])
    [message] = at.seen_by_agent()
    assert message.ts == shown.ts
    assert says(message, 2, is_asking=False)


async def test_who_was_perhaps_answered_before_a_restart_is_not_answered_again(at: InSlack) -> None:
    await show_all(by_url(at, Once(already=True)), [growing(1), ended(2)])
    await show_all(EphemeralTarget(at.poster, at.agent(), ANSWER, Once(already=True)), [ended(2)])
    assert at.seen_by_agent() == []


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
    url = at.response_url()
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


async def test_without_a_response_url_the_answer_is_shown_once_when_nothing_more_will_come(
    at: InSlack,
) -> None:
    target = EphemeralTarget(at.poster, at.agent(), View("U0AGENT001"), Once())
    await show_all(target, [growing(1), growing(2)])
    assert at.seen_by_agent() == []
    await show_all(target, [ended(3), ended(3)])
    [message] = at.seen_by_agent()
    assert says(message, 3, is_asking=False)
    assert REFRESH not in str(message.blocks)
