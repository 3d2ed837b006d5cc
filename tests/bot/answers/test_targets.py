"""Where case files are shown as they grow: how often they are edited, and who goes on after a restart."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.answers.case_file_message import View
from bot.answers.targets import EditTarget, MessageTarget, PairTarget
from bot.domain.asking import Shown
from bot.jobs.inbox import Job
from bot.slack.client import SlackAway
from bot.slack.poster import NotHere
from bot.slack.priority_lock import Rank
from bot.slack.rate_limits import A_MINUTE, RateLimits, TooFar
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import turns
from sandbox.slack import Message
from sandbox.slack.messages import Content
from tests.bot.answers.growing import ANSWER, ended, growing, says
from tests.bot.in_slack import InSlack, Process, in_slack

POST, EDIT = "chat.postMessage", "chat.update"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


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


async def test_what_is_shown_early_is_whole_soon_however_many_edits_others_want(at: InSlack) -> None:
    target = pair(at, await at.accept())
    assert await target.may_grow()
    await target.show((growing(1),))
    others = RateLimits(at.store)
    for _ in range(A_MINUTE[EDIT] - 2):
        await others.turn(EDIT, longest=timedelta())
    with pytest.raises(TooFar):
        await others.turn(EDIT, longest=timedelta())
    await target.show((ended(3),))
    parent, reply = of_the_pair(at)
    assert says(parent, 3, is_asking=False)
    assert says(reply, 3, is_asking=False)


async def test_nothing_is_shown_early_where_its_edits_would_be_late(at: InSlack) -> None:
    while await at.process.poster.promise_edits(2, spares=10):
        pass
    assert not await pair(at, await at.accept()).may_grow()
    # So many are left for what was shown already.
    assert await at.process.poster.promise_edits(10)


async def test_tickets_leave_half_of_the_edits_to_people(at: InSlack) -> None:
    root, job = await root_of(at), await at.accept()
    while await at.process.poster.promise_edits(1, spares=A_MINUTE[EDIT] // 2):
        pass
    assert not await single(at, job, root, rank=Rank.UNASKED).may_grow()
    assert await single(at, job, root).may_grow()


async def test_what_was_begun_before_a_restart_is_gone_on_with_in_the_same_messages(at: InSlack) -> None:
    job = await at.accept()
    await pair(at, job).show((growing(1),))
    other = at.another_process()
    await pair(at, await at.taken_over(other), other).show((ended(2),))
    parent, reply = of_the_pair(at)
    assert says(parent, 2, is_asking=False)
    assert says(reply, 2, is_asking=False)


async def test_the_end_is_told_after_a_restart_however_often_the_answer_was_edited_before_it(
    at: InSlack,
) -> None:
    job = await at.accept()
    target = pair(at, job)
    for sessions in range(3):
        await target.show((growing(sessions),))
    # As an older version has left it: no edit was kept for the end.
    written = (await at.posts.of(job.id))["reply"]
    await at.posts.note(job.id, replace(written, edits=4))
    other = at.another_process()
    after = pair(at, await at.taken_over(other), other)
    await after.show((ended(4),))
    parent, reply = of_the_pair(at)
    assert says(parent, 4, is_asking=False)
    assert says(reply, 4, is_asking=False)


async def test_what_stands_from_before_a_restart_is_not_replaced_by_less(at: InSlack) -> None:
    job, root = await at.accept(), await root_of(at)
    await pair(at, job).show((growing(2),))
    other = at.another_process()
    after = pair(at, await at.taken_over(other), other)
    await after.show((growing(0),))
    assert says(of_the_pair(at)[1], 2, is_asking=True)
    await after.show((ended(2),))
    assert says(of_the_pair(at)[1], 2, is_asking=False)
    await other.inbox.finish(job)
    offer = at.slack.state.post_as_bot(root.channel, Content("an offer"), thread_ts=root.ts)
    job = await at.accept()
    await single(at, job, root, replaces=offer.ts).show((growing(2),))
    other = at.another_process()
    await single(at, await at.taken_over(other), root, other, replaces=offer.ts).show((growing(0),))
    [message] = at.below(root.ts)
    assert says(message, 2, is_asking=True)


async def test_what_was_whole_before_a_restart_is_not_edited_after_it(at: InSlack) -> None:
    job = await at.accept()
    target = pair(at, job)
    await target.show((growing(1),))
    await target.show((ended(2),))
    await at.write_what_waits(job)
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
    assert (parent.text, len(reply.edits)) == ("parent", 3)
    await target.show((ended(5),))
    parent, reply = of_the_pair(at)
    assert says(parent, 5, is_asking=False)
    assert says(reply, 5, is_asking=False)
    assert (len(parent.edits), len(reply.edits)) == (1, 4)


async def test_what_stands_stays_until_something_is_found_anew_or_the_end_has_come(
    at: InSlack, pressed: Shown
) -> None:
    target = EditTarget(at.poster, at.agent(thread_ts=pressed.parent_ts), View("U0AGENT001"), pressed)
    await target.show((growing(0),))
    parent, reply = of_the_pair(at)
    assert (parent.text, reply.text) == ("parent", "reply")
    await target.show((growing(1),))
    assert says(of_the_pair(at)[1], 1, is_asking=True)
    await target.show((ended(0),))
    assert "Nothing found so far" in of_the_pair(at)[0].text or "Nobody found" in of_the_pair(at)[0].text


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
