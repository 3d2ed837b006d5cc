"""Who may look people up, and where: the rule itself, and its facts as Slack tells them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from sqlalchemy import update

from bot.settings.behaviour import AccessSettings
from bot.slack.access import Access, Person, Place, Refusal, judge, read_person, read_place
from bot.slack.client import SlackAway
from bot.slack.identity import identify
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import now_ms, source_memory
from sandbox.slack.people import OTHER_TEAM, TEAM
from tests.bot.in_slack import InSlack, in_slack
from tests.conftest import MovableClock

MEMBER = Person(is_member=True, is_guest=False, is_active=True)
OURS = Place(is_seen=True, is_shared=False)
UNSEEN = Place(is_seen=False, is_shared=False)
ANYBODY = AccessSettings()
GROUP = "S0DESK0001"
FACTS = ("users.info", "conversations.info", "usergroups.users.list")


def reason(refusal: Refusal | None) -> str | None:
    return refusal.reason if refusal else None


@pytest.mark.parametrize(
    ("person", "place", "in_group", "rules", "expected"),
    [
        (MEMBER, OURS, None, ANYBODY, None),
        (MEMBER, UNSEEN, None, ANYBODY, None),
        (MEMBER, OURS, True, ANYBODY, None),
        (MEMBER, OURS, False, ANYBODY, "user_group"),
        (replace(MEMBER, is_active=False), OURS, None, ANYBODY, "stranger"),
        (replace(MEMBER, is_member=False), OURS, None, ANYBODY, "stranger"),
        (replace(MEMBER, is_guest=True), OURS, None, ANYBODY, "guest"),
        (replace(MEMBER, is_guest=True), OURS, None, AccessSettings(guests=True), None),
        (
            replace(MEMBER, is_guest=True, is_member=False),
            OURS,
            None,
            AccessSettings(guests=True),
            "stranger",
        ),
        (MEMBER, replace(OURS, is_shared=True), None, ANYBODY, "shared_channel"),
        (MEMBER, replace(OURS, is_shared=True), None, AccessSettings(channels=("C0HERE",)), "shared_channel"),
        (MEMBER, OURS, None, AccessSettings(channels=("C0HERE",)), None),
        (MEMBER, OURS, None, AccessSettings(channels=("C0THERE",)), "channel"),
    ],
)
def test_the_first_rule_that_forbids_it_is_the_reason(
    person: Person, place: Place, in_group: bool | None, rules: AccessSettings, expected: str | None
) -> None:
    assert reason(judge(person, place, "C0HERE", in_group, rules)) == expected


@given(
    st.builds(Person),
    st.builds(Place),
    st.none() | st.booleans(),
    # Channels that are set name at least one.
    st.builds(AccessSettings, guests=st.booleans())
    | st.builds(AccessSettings, channels=st.sampled_from([("C0HERE",), ("C0THERE",)]), guests=st.booleans()),
)
def test_only_an_active_member_in_a_place_of_our_own_may_ask_whatever_else_holds(
    person: Person, place: Place, in_group: bool | None, rules: AccessSettings
) -> None:
    is_one_of_us = person.is_active and person.is_member and (not person.is_guest or rules.guests)
    is_allowed_here = not place.is_shared and rules.channels in ((), ("C0HERE",))
    may = judge(person, place, "C0HERE", in_group, rules) is None
    assert may == (is_one_of_us and is_allowed_here and in_group is not False)


def test_who_asks_in_the_wrong_channel_hears_which_ones_are_right() -> None:
    refusal = judge(MEMBER, OURS, "C0HERE", None, AccessSettings(channels=("C0ONE", "C0TWO")))
    assert refusal is not None
    assert "<#C0ONE>, <#C0TWO>" in refusal.message


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"team_id": TEAM}, MEMBER),
        ({"team_id": TEAM, "is_restricted": True}, replace(MEMBER, is_guest=True)),
        (
            {"team_id": TEAM, "is_restricted": True, "is_ultra_restricted": True},
            replace(MEMBER, is_guest=True),
        ),
        ({"team_id": TEAM, "deleted": True}, replace(MEMBER, is_active=False)),
        ({"team_id": OTHER_TEAM, "is_stranger": True}, replace(MEMBER, is_member=False)),
        # Whatever team Slack shows a stranger under, they are of another company.
        ({"team_id": TEAM, "is_stranger": True}, replace(MEMBER, is_member=False)),
        ({"team_id": TEAM, "is_bot": True}, replace(MEMBER, is_member=False)),
        ({}, replace(MEMBER, is_member=False)),
    ],
)
def test_a_person_is_read_as_slack_describes_them(told: dict[str, Any], expected: Person) -> None:
    assert read_person(told, TEAM) == expected


@pytest.mark.parametrize(
    ("teams", "is_member"), [([OTHER_TEAM, TEAM], True), ([OTHER_TEAM], False), ([], False), (None, False)]
)
def test_on_enterprise_grid_a_person_belongs_to_every_workspace_that_is_named(
    teams: list[str] | None, is_member: bool
) -> None:
    told = {"team_id": OTHER_TEAM, "enterprise_user": {"enterprise_id": "E0GRID", "teams": teams}}
    assert read_person(told, TEAM).is_member is is_member
    # Where the enterprise itself has installed the bot, all of its people are.
    assert read_person(told, "E0GRID").is_member
    assert not read_person(told | {"is_stranger": True}, "E0GRID").is_member
    assert not read_person(told, "E0OTHER").is_member


@pytest.mark.parametrize(
    ("told", "team"),
    [
        ({"team_id": TEAM, "is_enterprise_install": False}, TEAM),
        ({"team_id": TEAM, "enterprise_id": "E0GRID", "is_enterprise_install": False}, TEAM),
        ({"team_id": TEAM, "enterprise_id": "E0GRID", "is_enterprise_install": True}, "E0GRID"),
    ],
)
async def test_who_installed_the_bot_is_a_workspace_or_a_whole_enterprise(
    at: InSlack, told: dict[str, Any], team: str
) -> None:
    at.slack.state.installation = told
    assert (await identify(at.client)).team == team


@pytest.mark.parametrize(
    ("told", "is_shared"),
    [
        ({"is_shared": False, "is_ext_shared": False, "is_org_shared": False}, False),
        # Shared among the workspaces of one company.
        ({"is_shared": True, "is_org_shared": True, "shared_team_ids": [TEAM, "T0SISTER"]}, False),
        ({"is_shared": True, "is_ext_shared": True}, True),
        ({"is_ext_shared": False, "is_pending_ext_shared": True}, True),
        ({"is_ext_shared": False, "pending_connected_team_ids": [OTHER_TEAM]}, True),
        ({"is_im": True, "user": "U0AGENT001"}, False),
    ],
)
def test_a_place_is_shared_when_another_company_reads_there_or_is_about_to(
    told: dict[str, Any], is_shared: bool
) -> None:
    assert read_place(told) == Place(is_seen=True, is_shared=is_shared)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([TEAM, OTHER_TEAM, "", "false"])
)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["teams", "team_id", "id"]), inner, max_size=3)
    ),
    max_leaves=8,
)
USER_FIELDS = """team_id enterprise_user is_stranger is_bot is_restricted is_ultra_restricted deleted"""
CHANNEL_FIELDS = """is_ext_shared is_pending_ext_shared pending_connected_team_ids is_shared is_im"""


@given(st.dictionaries(st.sampled_from(USER_FIELDS.split()), ANY_JSON))
def test_whatever_json_describes_a_person_nobody_is_a_member_whose_account_does_not_name_the_workspace(
    told: dict[str, Any],
) -> None:
    person = read_person(told, TEAM)
    assert not person.is_member or f"'{TEAM}'" in repr(told)
    assert not person.is_member or not (told.get("is_stranger") or told.get("is_bot"))
    assert person.is_active == (not told.get("deleted"))


@given(st.dictionaries(st.sampled_from(CHANNEL_FIELDS.split()), ANY_JSON))
def test_whatever_json_describes_a_place_it_is_shared_where_anything_says_so(told: dict[str, Any]) -> None:
    says_so = told.get("is_ext_shared") or told.get("is_pending_ext_shared")
    assert read_place(told).is_shared == bool(says_so or told.get("pending_connected_team_ids"))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # What Access keeps in the database it keeps by Memory, whose SQL has tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


def access(at: InSlack, clock: MovableClock, rules: AccessSettings = ANYBODY) -> Access:
    """The rule as one process has it: with what this process remembers, and what all of them share."""
    return Access(at.client, rules, Memory(at.store, at.keyring, clock))


def facts_asked(at: InSlack) -> list[str]:
    return [call.method for call in at.slack.api_calls if call.method in FACTS]


async def let_what_is_shared_run_out(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(source_memory).values(until_ms=0))


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("agent", None),
        ("admin", None),
        ("guest", "guest"),
        ("single_channel_guest", "guest"),
        ("deactivated", "stranger"),
        ("stranger", "stranger"),
        ("bot", "stranger"),
    ],
)
async def test_members_may_ask_and_nobody_else(
    at: InSlack, clock: MovableClock, who: str, expected: str | None
) -> None:
    verdict = await access(at, clock).ask(getattr(at.slack.people, who), at.slack.places.support, TEAM)
    assert reason(verdict.refusal) == expected
    assert verdict.in_public


async def test_whom_slack_does_not_know_is_a_stranger(at: InSlack, clock: MovableClock) -> None:
    verdict = await access(at, clock).ask("U0NOBODY", at.slack.places.support, TEAM)
    assert reason(verdict.refusal) == "stranger"


async def test_a_member_of_another_workspace_is_a_stranger_in_this_one(
    at: InSlack, clock: MovableClock
) -> None:
    verdict = await access(at, clock).ask(at.slack.people.agent, at.slack.places.support, "T0ANOTHER")
    assert reason(verdict.refusal) == "stranger"


@pytest.mark.parametrize(
    ("where", "expected", "in_public"),
    [
        ("general", None, True),
        ("private_with_bot", None, True),
        ("direct_with_bot", None, True),
        ("group_direct_with_bot", None, True),
        ("private_without_bot", None, False),
        ("direct_between_people", None, False),
        ("shared", "shared_channel", True),
    ],
)
async def test_where_the_bot_cannot_see_who_reads_the_answer_is_for_the_asker_alone(
    at: InSlack, clock: MovableClock, where: str, expected: str | None, in_public: bool
) -> None:
    verdict = await access(at, clock).ask(at.slack.people.agent, getattr(at.slack.places, where), TEAM)
    assert (reason(verdict.refusal), verdict.in_public) == (expected, in_public)


async def test_a_channel_that_may_not_be_asked_about_counts_as_unseen(
    at: InSlack, clock: MovableClock
) -> None:
    at.slack.scopes.discard("channels:read")
    verdict = await access(at, clock).ask(at.slack.people.agent, at.slack.places.support, TEAM)
    assert (verdict.refusal, verdict.in_public) == (None, False)


async def test_an_invitation_counts_at_once(at: InSlack, clock: MovableClock) -> None:
    ours, leads = access(at, clock), at.slack.places.private_without_bot
    assert not (await ours.ask(at.slack.people.agent, leads, TEAM)).in_public
    at.slack.state.invite(leads)
    assert (await ours.ask(at.slack.people.agent, leads, TEAM)).in_public


async def test_facts_are_asked_for_once_and_another_process_asks_for_none(
    at: InSlack, clock: MovableClock
) -> None:
    rules = AccessSettings(user_groups=(GROUP,))
    ours, others = access(at, clock, rules), access(at, clock, rules)
    for process in (ours, ours, others):
        verdict = await process.ask(at.slack.people.agent, at.slack.places.support, TEAM)
        assert verdict.refusal is None
    assert sorted(facts_asked(at)) == sorted(FACTS)


async def test_what_slack_says_anew_counts_when_the_facts_have_grown_old(
    at: InSlack, clock: MovableClock
) -> None:
    ours, agent, support = access(at, clock), at.slack.people.agent, at.slack.places.support
    assert (await ours.ask(agent, support, TEAM)).refusal is None
    at.slack.state.users[agent] = replace(at.slack.state.users[agent], restricted=True)
    assert (await ours.ask(agent, support, TEAM)).refusal is None
    # What this process holds has run out, and so has what all share.
    clock.advance(minutes=5)
    await let_what_is_shared_run_out(at.store)
    assert reason((await ours.ask(agent, support, TEAM)).refusal) == "guest"


async def test_whoever_has_changed_is_let_in_by_no_copy(at: InSlack, clock: MovableClock) -> None:
    people, agent, others = at.slack.state.users, at.slack.people.agent, access(at, clock)
    await access(at, clock).ask(agent, at.slack.places.support, TEAM)
    async with at.store.write() as connection:
        await connection.execute(update(source_memory).values(until_ms=now_ms() + 500))
    assert (await others.ask(agent, at.slack.places.support, TEAM)).refusal is None
    await let_what_is_shared_run_out(at.store)
    clock.advance(seconds=1)
    people[agent] = replace(people[agent], restricted=True)
    await others.person_changed(people[agent].as_slack(with_email=False), TEAM)
    assert reason((await others.ask(agent, at.slack.places.support, TEAM)).refusal) == "guest"


async def test_after_a_minute_a_process_hears_what_the_others_have_heard(
    at: InSlack, clock: MovableClock
) -> None:
    ours, agent, support = access(at, clock), at.slack.people.agent, at.slack.places.support
    await ours.ask(agent, support, TEAM)
    at.slack.state.users[agent] = replace(at.slack.state.users[agent], restricted=True)
    await let_what_is_shared_run_out(at.store)
    assert reason((await access(at, clock).ask(agent, support, TEAM)).refusal) == "guest"
    clock.advance(seconds=61)
    asked = len(facts_asked(at))
    assert reason((await ours.ask(agent, support, TEAM)).refusal) == "guest"
    assert len(facts_asked(at)) == asked


async def test_of_several_user_groups_one_is_enough(at: InSlack, clock: MovableClock) -> None:
    at.slack.state.user_groups["S0EMPTY001"] = frozenset()
    ours = access(at, clock, AccessSettings(user_groups=("S0EMPTY001", GROUP)))
    support = at.slack.places.support
    assert (await ours.ask(at.slack.people.colleague, support, TEAM)).refusal is None
    assert reason((await ours.ask(at.slack.people.admin, support, TEAM)).refusal) == "user_group"


async def test_a_user_group_that_slack_does_not_know_lets_nobody_in(at: InSlack, clock: MovableClock) -> None:
    await access(at, clock).ask(at.slack.people.agent, at.slack.places.support, TEAM)
    ours = access(at, clock, AccessSettings(user_groups=("S0TYPO0001",)))
    with pytest.raises(SlackApiError):
        await ours.ask(at.slack.people.agent, at.slack.places.support, TEAM)


@pytest.mark.parametrize("method", ["users.info", "conversations.info"])
@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"error": "internal_error"}], ids=["503", "internal_error"]
)
async def test_where_slack_is_ill_nobody_is_judged_and_nothing_is_remembered(
    at: InSlack, clock: MovableClock, method: str, fault: dict[str, Any]
) -> None:
    ours, agent, support = access(at, clock), at.slack.people.agent, at.slack.places.support
    await know_all_but(at, ours, method)
    at.slack.fail_next(method, **fault)
    with pytest.raises(SlackAway):
        await ours.ask(agent, support, TEAM)
    assert (await ours.ask(agent, support, TEAM)).refusal is None
    assert at.asked(method)[1:] == [str(fault.get("error", "http_503")), "ok"]


async def know_all_but(at: InSlack, ours: Access, method: str) -> None:
    """Let what another method tells of the agent and the support channel be known already."""
    people, places = at.slack.people, at.slack.places
    if method == "users.info":
        await ours.ask(people.colleague, places.support, TEAM)
    else:
        await ours.ask(people.agent, places.random, TEAM)


async def test_where_slack_wants_to_be_left_alone_nobody_is_judged(at: InSlack, clock: MovableClock) -> None:
    ours = access(at, clock)
    await know_all_but(at, ours, "users.info")
    at.slack.fail_next("users.info", retry_after=3600)
    with pytest.raises(SlackAway):
        await ours.ask(at.slack.people.agent, at.slack.places.support, TEAM)


async def test_what_slack_refuses_to_tell_of_a_person_is_no_verdict_on_them(
    at: InSlack, clock: MovableClock
) -> None:
    ours, agent, support = access(at, clock), at.slack.people.agent, at.slack.places.support
    await know_all_but(at, ours, "users.info")
    at.slack.fail_next("users.info", error="token_revoked")
    with pytest.raises(SlackApiError):
        await ours.ask(agent, support, TEAM)
    assert (await ours.ask(agent, support, TEAM)).refusal is None


async def test_where_slack_does_not_let_a_channel_be_described_it_is_no_place_of_ours(
    at: InSlack, clock: MovableClock
) -> None:
    at.slack.fail_next("conversations.info", error="token_revoked")
    with pytest.raises(SlackApiError):
        await access(at, clock).place(at.slack.places.support)
