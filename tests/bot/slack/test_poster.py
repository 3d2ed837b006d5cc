"""Posting a part of an answer once, editing it, answering by response URL: against the sandbox's Slack."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.answers.block_kit import note
from bot.slack.client import SlackAway
from bot.slack.lost_posts import EVENT_TYPE, OutcomeUnknown, Spot
from bot.slack.poster import NotHere
from bot.slack.posts import Part, Post, TakenOver
from bot.slack.priority_lock import Rank
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from sandbox.slack import Limit
from sandbox.slack.messages import Content
from tests.bot.in_slack import InSlack, in_slack, texts

ONE, TWO = note("one"), note("two")
PARENT, REPLY = Part("parent"), Part("reply")
POST, EDIT, HISTORY = "chat.postMessage", "chat.update", "conversations.history"
URL = "response_url"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is that of Posts, Inbox and Pace, which have tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


def support(at: InSlack) -> Spot:
    return Spot(at.slack.places.support)


async def test_a_part_is_posted_once_with_its_name_on_it_and_its_place_is_known(at: InSlack) -> None:
    job = await at.accept()
    posted = await at.poster.post(job, PARENT, support(at), ONE)
    [message] = at.posted()
    assert message.metadata == {"event_type": EVENT_TYPE, "event_payload": {"job": job.id, "part": "parent"}}
    assert (message.content.unfurl_links, message.content.unfurl_media) == (False, False)
    assert posted.post == Post("parent", message.channel, message.ts, 0, whole=True)
    await at.write_what_waits(job)
    assert await at.posts.of(job.id) == {"parent": posted.post}
    assert not posted.before


async def test_a_part_that_is_there_is_not_posted_again_by_whoever_has_the_job_then(at: InSlack) -> None:
    job = await at.accept()
    first = await at.poster.post(job, Part("parent", whole=False), support(at), ONE)
    other = at.another_process()
    again = await other.poster.post(await at.taken_over(other), PARENT, support(at), TWO)
    assert (again.post, again.before, again.is_old) == (first.post, True, True)
    assert texts(at.posted()) == ["one"]


async def test_what_was_whole_when_it_was_posted_is_not_old(at: InSlack) -> None:
    job = await at.accept()
    await at.poster.post(job, PARENT, support(at), ONE)
    assert not (await at.poster.post(job, PARENT, support(at), ONE)).is_old


async def test_the_parts_of_an_answer_go_where_they_belong(at: InSlack) -> None:
    job = await at.accept()
    head = await at.poster.post(job, PARENT, support(at), ONE)
    await at.poster.post(job, REPLY, Spot(at.slack.places.support, head.post.ts), TWO)
    [message] = at.posted()
    assert texts(at.below(message.ts)) == ["two"]


async def test_who_no_longer_has_the_job_does_not_post_for_it(at: InSlack) -> None:
    job = await at.accept()
    await at.taken_over(at.another_process())
    with pytest.raises(TakenOver):
        await at.poster.post(job, PARENT, support(at), ONE)
    assert at.calls(POST) == []


async def test_a_post_whose_answer_was_lost_is_looked_for_and_not_made_again(at: InSlack) -> None:
    at.slack.fail_next(POST, lose_answer=True)
    job = await at.accept()
    posted = await at.poster.post(job, PARENT, support(at), ONE)
    [message] = at.posted()
    assert (posted.post.ts, posted.before) == (message.ts, False)
    await at.write_what_waits(job)
    assert (await at.posts.of(job.id))["parent"].ts == message.ts
    assert len(at.calls(POST)) == 1


async def test_a_reply_whose_answer_was_lost_is_looked_for_in_its_thread(at: InSlack) -> None:
    job = await at.accept()
    head = await at.poster.post(job, PARENT, support(at), ONE)
    at.slack.fail_next(POST, lose_answer=True)
    await at.poster.post(job, REPLY, Spot(at.slack.places.support, head.post.ts), TWO)
    assert texts(at.below(head.post.ts or "")) == ["two"]
    assert (len(at.calls("conversations.replies")), len(at.calls(POST))) == (1, 2)


@pytest.mark.parametrize("fault", [{"status": 503}, {"error": "internal_error"}])
async def test_a_post_that_did_not_take_effect_is_made_again_when_it_was_not_found(
    at: InSlack, fault: dict[str, Any]
) -> None:
    at.slack.fail_next(POST, **fault)
    await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    assert texts(at.posted()) == ["one"]
    assert (len(at.calls(HISTORY)), len(at.calls(POST))) == (1, 2)


async def test_while_slack_stays_ill_it_is_told_and_the_next_one_looks_before_posting(at: InSlack) -> None:
    at.slack.fail_next(POST, lose_answer=True)
    at.slack.fail_next(HISTORY, status=503)
    job = await at.accept()
    with pytest.raises(SlackAway) as away:
        await at.poster.post(job, PARENT, support(at), ONE)
    assert away.value.unsure
    assert (await at.posts.of(job.id))["parent"].ts is None
    other = at.another_process()
    found = await other.poster.post(await at.taken_over(other), PARENT, support(at), TWO)
    [message] = at.posted()
    assert (message.text, found.post.ts, found.before) == ("one", message.ts, True)


async def test_a_post_is_found_on_whatever_page_it_stands_and_told_from_the_parts_of_others(
    at: InSlack,
) -> None:
    at.slack.fail_next(POST, lose_answer=True)
    at.slack.fail_next(HISTORY, status=503)
    job = await at.accept()
    with pytest.raises(SlackAway):
        await at.poster.post(job, PARENT, support(at), ONE)
    await at.poster.post(await at.accept(), PARENT, support(at), TWO)
    for number in range(230):
        at.slack.state.post_as_bot(at.slack.places.support, Content(str(number)))
    [first, *_] = at.posted()
    found = await at.poster.post(job, PARENT, support(at), ONE)
    assert (found.post.ts, first.text) == (first.ts, "one")
    assert len(at.calls(HISTORY)) > 2


@pytest.mark.parametrize("scope", ["channels:history"])
async def test_where_the_bot_may_not_look_the_outcome_stays_unknown(at: InSlack, scope: str) -> None:
    at.slack.scopes.discard(scope)
    at.slack.fail_next(POST, lose_answer=True)
    job = await at.accept()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await at.poster.post(job, PARENT, support(at), ONE)
    assert len(at.calls(POST)) == 1


async def test_what_was_begun_and_never_reached_slack_is_posted_by_the_next_one(at: InSlack) -> None:
    job = await at.accept()
    await at.posts.about_to_post(job.id, Post("parent", at.slack.places.support, None, 0))
    other = at.another_process()
    posted = await other.poster.post(await at.taken_over(other), PARENT, support(at), ONE)
    assert not posted.before
    assert texts(at.posted()) == ["one"]


@pytest.mark.parametrize(
    ("where", "code"), [("private_without_bot", "channel_not_found"), ("archived", "is_archived")]
)
async def test_where_the_bot_may_not_post_that_is_said_with_slacks_word(
    at: InSlack, where: str, code: str
) -> None:
    job = await at.accept()
    with pytest.raises(NotHere) as not_here:
        await at.poster.post(job, PARENT, Spot(getattr(at.slack.places, where)), ONE)
    assert not_here.value.code == code
    assert await at.posts.of(job.id) == {}


@pytest.mark.parametrize(
    "code",
    [
        "restricted_action_read_only_channel",
        "thread_not_found",
        "ekm_access_denied",
        "team_access_not_granted",
    ],
)
async def test_whatever_rule_of_slacks_keeps_the_bot_out_it_is_not_here(at: InSlack, code: str) -> None:
    at.slack.fail_next(POST, error=code)
    with pytest.raises(NotHere) as not_here:
        await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    assert not_here.value.code == code


async def test_what_slack_refuses_for_our_fault_was_surely_not_posted(at: InSlack) -> None:
    at.slack.fail_next(POST, error="invalid_blocks")
    job = await at.accept()
    with pytest.raises(SlackApiError):
        await at.poster.post(job, PARENT, support(at), ONE)
    assert await at.posts.of(job.id) == {}
    await at.poster.post(job, PARENT, support(at), ONE)
    assert (len(at.calls(HISTORY)), texts(at.posted())) == (0, ["one"])


async def test_what_slack_does_not_take_now_was_surely_not_posted(at: InSlack) -> None:
    at.slack.fail_next(POST, retry_after=3600)
    job = await at.accept()
    with pytest.raises(SlackAway) as away:
        await at.poster.post(job, PARENT, support(at), ONE)
    assert (away.value.unsure, away.value.wait) == (False, timedelta(hours=1))
    assert await at.posts.of(job.id) == {}


async def test_of_what_waits_for_a_channel_the_more_important_goes_first(at: InSlack) -> None:
    # All begin to wait before the first is posted: four go at once, the others by their turns.
    jobs = [await at.accept() for _ in range(7)]
    ranks = [*[Rank.PERSON] * 5, Rank.UNASKED, Rank.BEGUN]
    notes = [*["asked"] * 5, "unasked", "begun"]
    waiting = zip(jobs, notes, ranks, strict=True)
    await asyncio.gather(
        *(at.poster.post(job, PARENT, support(at), note(text), rank) for job, text, rank in waiting)
    )
    in_turn = texts(at.posted())
    assert in_turn[-1] == "unasked"
    assert in_turn.index("begun") < len(in_turn) - 2


async def test_two_processes_together_keep_to_what_a_channel_takes(store: Store, keyring: Keyring) -> None:
    async with in_slack(store, keyring, limits={POST: Limit(5, 1, in_each_channel=True)}) as at:
        processes = (at.process, at.another_process())
        jobs = [(by, await at.accept(by=by)) for by in processes * 3]
        await asyncio.gather(*(by.poster.post(job, PARENT, support(at), ONE) for by, job in jobs))
        assert at.asked(POST) == ["ok"] * 6


async def test_an_edit_takes_a_messages_place(at: InSlack) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    assert await at.poster.edit(posted.post.channel, posted.post.ts or "", TWO)
    assert texts(at.posted()) == ["two"]


async def test_what_is_gone_or_not_ours_cannot_be_edited_or_removed(at: InSlack) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    place, ts = posted.post.channel, posted.post.ts or ""
    theirs = await at.slack.post_as_user(place, at.slack.people.agent, "mine")
    assert await at.poster.remove(place, ts)
    for gone in (ts, theirs.ts):
        assert not await at.poster.edit(place, gone, TWO)
        assert not await at.poster.edit_at_once(place, gone, TWO)
        assert not await at.poster.remove(place, gone)
    assert at.posted() == []
    assert at.slack.messages(place)[0].text == "mine"


@pytest.mark.parametrize("code", ["edit_window_closed", "is_inactive", "not_in_channel", "is_archived"])
async def test_where_editing_is_over_nothing_is_left_to_edit(at: InSlack, code: str) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    at.slack.fail_next(EDIT, error=code)
    assert not await at.poster.edit(posted.post.channel, posted.post.ts or "", TWO)


async def test_an_edit_that_slack_refuses_for_our_fault_is_an_error(at: InSlack) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    for call, method in ((at.poster.edit, EDIT), (at.poster.edit_at_once, EDIT)):
        at.slack.fail_next(method, error="invalid_blocks")
        with pytest.raises(SlackApiError):
            await call(posted.post.channel, posted.post.ts or "", TWO)
    at.slack.fail_next("chat.delete", error="invalid_arguments")
    with pytest.raises(SlackApiError):
        await at.poster.remove(posted.post.channel, posted.post.ts or "")


async def test_while_slack_wants_no_edits_the_last_one_is_told_so_and_the_others_are_left_out(
    at: InSlack,
) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    place, ts = posted.post.channel, posted.post.ts or ""
    at.slack.fail_next(EDIT, retry_after=3600)
    with pytest.raises(SlackAway):
        await at.poster.edit(place, ts, TWO)
    assert not await at.poster.edit_at_once(place, ts, TWO)
    with pytest.raises(SlackAway) as away:
        await at.poster.edit(place, ts, TWO)
    assert away.value.wait > timedelta(minutes=9)
    assert len(at.calls(EDIT)) == 1


async def test_half_of_a_minutes_edits_are_kept_for_last_ones(at: InSlack) -> None:
    posted = await at.poster.post(await at.accept(), PARENT, support(at), ONE)
    place, ts = posted.post.channel, posted.post.ts or ""
    made = [await at.poster.edit_at_once(place, ts, note(str(number))) for number in range(27)]
    assert made == [True] * 25 + [False] * 2
    assert await at.poster.edit(place, ts, TWO)
    assert texts(at.posted()) == ["two"]


def clicked_in_one(at: InSlack) -> str:
    """The response URL of a click in a message that the agent alone sees: what it may take the place of."""
    place, agent = at.slack.places.support, at.slack.people.agent
    shown = at.slack.state.post_as_bot(place, Content("one"), only_for=agent)
    return at.response_url(message_ts=shown.ts)


async def test_an_answer_by_response_url_takes_the_place_of_what_was_clicked_in(at: InSlack) -> None:
    assert await at.poster.respond(clicked_in_one(at), TWO, in_place=True)
    assert texts(at.seen_by_agent()) == ["two"]
    assert at.posted() == []


async def test_a_response_url_that_is_used_up_is_no_longer_taken(at: InSlack) -> None:
    url = at.response_url()
    taken = [await at.poster.respond(url, ONE) for _ in range(6)]
    assert taken == [True] * 5 + [False]
    assert at.slack.violations == ["response_url: used_url"]
    at.slack.violations.clear()


async def test_a_response_url_that_slack_never_gave_is_not_taken(at: InSlack) -> None:
    assert not await at.poster.respond(f"{at.slack.base_url}/response/invented", ONE)
    at.slack.violations.clear()


async def test_what_a_response_url_surely_did_not_take_is_said_again(at: InSlack) -> None:
    at.slack.fail_next(URL, retry_after=1)
    assert await at.poster.respond(at.response_url(), ONE)
    assert texts(at.seen_by_agent()) == ["one"]


async def test_where_a_response_url_wants_a_longer_wait_that_is_told(at: InSlack) -> None:
    at.slack.fail_next(URL, retry_after=60)
    with pytest.raises(SlackAway) as away:
        await at.poster.respond(at.response_url(), ONE)
    assert (away.value.wait, away.value.unsure) == (timedelta(minutes=1), False)


@pytest.mark.parametrize("fault", [{"status": 503}, {"lose_answer": True}])
async def test_what_a_response_url_perhaps_took_is_not_said_twice(at: InSlack, fault: dict[str, Any]) -> None:
    at.slack.fail_next(URL, **fault)
    with pytest.raises(SlackAway) as away:
        await at.poster.respond(at.response_url(), ONE)
    assert away.value.unsure
    assert len(at.seen_by_agent()) == ("lose_answer" in fault)


async def test_what_takes_the_place_of_something_is_said_again_even_if_it_perhaps_was(at: InSlack) -> None:
    at.slack.fail_next(URL, lose_answer=True)
    assert await at.poster.respond(clicked_in_one(at), TWO, in_place=True)
    assert texts(at.seen_by_agent()) == ["two"]


async def test_a_message_that_only_the_asker_sees_can_be_taken_away(at: InSlack) -> None:
    support, agent = at.slack.places.support, at.slack.people.agent
    shown = at.slack.state.post_as_bot(support, Content("one"), only_for=agent)
    await at.poster.dismiss(at.response_url(message_ts=shown.ts))
    assert at.seen_by_agent() == []


async def test_without_a_response_url_it_is_shown_to_the_asker_alone(at: InSlack) -> None:
    assert await at.poster.show_to(at.agent(), ONE)
    assert texts(at.seen_by_agent()) == ["one"]
    assert at.posted() == []


async def test_in_a_direct_message_it_is_shown_to_all_who_are_in_it(at: InSlack) -> None:
    direct = at.slack.places.direct_with_bot
    assert await at.poster.show_to(at.agent(channel=direct), ONE)
    assert texts(at.posted(direct)) == ["one"]


@pytest.mark.parametrize("where", ["private_without_bot", "general", "direct_between_people", "archived"])
async def test_where_slack_shows_the_asker_nothing_that_is_told(at: InSlack, where: str) -> None:
    assert not await at.poster.show_to(at.agent(channel=getattr(at.slack.places, where)), ONE)


async def test_what_slack_refuses_to_show_for_our_fault_is_an_error(at: InSlack) -> None:
    at.slack.fail_next("chat.postEphemeral", error="invalid_blocks")
    with pytest.raises(SlackApiError):
        await at.poster.show_to(at.agent(), ONE)
