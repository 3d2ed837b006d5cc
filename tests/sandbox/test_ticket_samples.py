"""The sample tickets: posted as their help desks would, with the events that Slack would send."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox.slack import SlackWorkspace, Stub
from sandbox.ticket_samples import TicketButton, TicketSample, fresh_ticket_id, load_samples, post_sample
from tests.sandbox.heard import Ears, listening

Desk = tuple[SlackWorkspace, Ears]
SAMPLES = {sample.name: sample for sample in load_samples()}
TEAM, AGENT, COLLEAGUE, OUR_TEAM = "T0ACME00001", "U0AGENT0001", "U0AGENT0002", "T0CONTOSO1"
ANEW = {"channel", "ts", "event_ts", "team", "user", "bot_id", "app_id", "thread_ts", "files"}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with listening() as (slack, ears):
        yield slack, ears


def named(part: str) -> TicketSample:
    (found,) = [sample for name, sample in SAMPLES.items() if part in name]
    return found


def test_all_samples_are_there_and_say_what_is_owed_to_them() -> None:
    assert len(SAMPLES) == 59
    assert {sample.expect["action"] for sample in SAMPLES.values()} == {"reply", "offer", "ignore"}
    for sample in SAMPLES.values():
        assert sample.source


def test_every_person_in_them_is_invented() -> None:
    folder = Path(sandbox.__file__).parent / "tickets"
    senders = [sample.expect["requester"] + sample.expect["mentioned"] for sample in SAMPLES.values()]
    assert all(address.endswith(".example") for some in senders for address in some)
    assert len(list(folder.glob("*.json"))) == len(SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
async def test_a_sample_is_delivered_in_its_own_shape(desk: Desk, sample: TicketSample) -> None:
    slack, ears = desk
    posted = await post_sample(slack, sample)
    heard, wanted = ears.events[-1], sample.event
    assert heard["channel"] == posted.channel == slack.places.support
    assert ears.payloads[-1]["is_ext_shared_channel"] is False
    if wanted.get("subtype") == "message_changed":
        assert [event.get("subtype") for event in ears.events] == ["bot_message", "message_changed"]
        assert heard["hidden"] is True
        assert heard["message"]["ts"] == heard["previous_message"]["ts"] == posted.ts
        assert heard["message"]["text"] == wanted["message"]["text"]
        assert heard["previous_message"]["text"] == wanted["previous_message"]["text"]
        return
    in_sandbox = json.dumps(wanted)
    for there, here in ((COLLEAGUE, slack.people.colleague), (AGENT, slack.people.agent), (TEAM, OUR_TEAM)):
        in_sandbox = in_sandbox.replace(there, here)
    for key, value in json.loads(in_sandbox).items():
        if key not in ANEW:
            assert heard[key] == value, key
    assert set(wanted) <= set(heard)
    assert set(heard) - set(wanted) == set()
    assert float(heard["ts"]) > 0


async def test_each_kind_of_author_is_its_counterpart_in_the_sandbox(desk: Desk) -> None:
    slack, ears = desk
    for part in ("own_message", "human_quotes", "papercups", "trigger_name_angle"):
        await post_sample(slack, named(part))
    ours, human, app, hook = ears.events
    people = slack.people
    assert (ours["bot_id"], ours["user"], ours["app_id"]) == (people.bot_id, people.bot, "A0CASEFILE")
    assert (human["user"], "bot_id" in human) == (people.agent, False)
    assert (app["app_id"], app["bot_profile"]["name"]) == ("A0HELPDESK1", "Papercups")
    assert (hook["username"], "app_id" in hook, "user" in hook) == ("Zendesk", False, False)
    assert ears.payloads[-1]["team_id"] == app["bot_profile"]["team_id"]


async def test_a_sample_from_inside_a_thread_hangs_from_a_message_the_app_never_heard_of(desk: Desk) -> None:
    slack, ears = desk
    posted = await post_sample(slack, named("inside_thread"))
    (event,) = ears.events
    (root,) = slack.messages(slack.places.support)
    assert event["thread_ts"] == posted.thread_ts == root.ts


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_another_number_stands_wherever_the_tickets_own_one_stood(sample: TicketSample) -> None:
    again = sample.with_ticket("770001")
    if not sample.expect["ticket"]:
        assert again == sample
        return
    old, new = sample.expect["ticket"], again.expect["ticket"]
    said = json.dumps(again.event)
    assert new["id"] == "770001"
    assert new["url"] != old["url"]
    assert new["url"] in said
    assert old["url"] not in said
    assert old["id"] not in said
    assert again.event["ts"] == sample.event["ts"]


async def test_every_press_on_the_page_is_a_ticket_of_its_own(desk: Desk) -> None:
    slack, ears = desk
    sample = named("zendesk_app_id_only")
    told: list[str] = []
    button = TicketButton(slack, sample, told.append)
    first, second = await button.post(), await button.post()
    assert first.ts != second.ts
    assert len(set(told)) == 2
    footers = [event["attachments"][0]["footer"] for event in ears.events]
    assert len({*footers, sample.event["attachments"][0]["footer"]}) == 3
    assert str(fresh_ticket_id(slack, named("jira"))).startswith("SUP-")
    assert fresh_ticket_id(slack, named("papercups")) is None


async def test_a_sample_goes_where_it_is_told_and_says_when_that_is_shared(desk: Desk) -> None:
    slack, ears = desk
    await post_sample(slack, named("jira"), channel=slack.places.shared)
    assert ears.payloads[-1]["is_ext_shared_channel"] is True


async def test_an_email_may_come_as_a_stub(desk: Desk) -> None:
    slack, ears = desk
    await post_sample(slack, named("email_app"), stub_files=Stub.CHECK_FILE_INFO)
    (file,) = ears.events[0]["files"]
    whole: Any = slack.state.files.find(file["id"])
    assert file["file_access"] == "check_file_info"
    assert whole["from"][0]["address"] == "jane.doe@contoso.example"
