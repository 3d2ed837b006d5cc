"""Rybbit: what real servers answered, of both generations and the cloud, and what it means."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from bot.domain.answer import Answer
from bot.domain.model import ErrorEvent, Reason, UrlIs
from bot.sources.http import CallFailed
from bot.sources.protocol import Hit
from tests.bot.sources.canned import RECORDED, Bench, Canned, answer, calls_of, find

pytestmark = pytest.mark.thorough

EVERY_FILE = sorted(RECORDED.glob("*/*.json"))
NOTHING: dict[str, Any] = {"data": []}


def recorded(name: str) -> httpx2.Response:
    """A recorded answer, by folder and file name."""
    file = json.loads((RECORDED / f"{name}.json").read_text())
    body = file["body"]
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {k: v for k, v in file["headers"].items() if k != "content-length"}
    return httpx2.Response(file["status"], content=content.encode(), headers=headers)


def server(**by_path: httpx2.Response | Callable[[httpx2.Request], httpx2.Response]) -> Canned:
    """A server with some paths (by their last word, `_` for `-`); others get Fastify's 404."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        for path, reply in by_path.items():
            if request.url.path.endswith(path.replace("__", "/").replace("_", "-")):
                made = reply(request) if callable(reply) else reply
                return httpx2.Response(made.status_code, content=made.content, headers=made.headers)
        message = f"Route GET:{request.url.raw_path.decode()} not found"
        return answer({"message": message, "error": "Not Found", "statusCode": 404}, 404)

    return Canned(respond)


def current(version: str = "rybbit_2.8.0") -> Canned:
    """A current server as recorded, for ada and 1042."""
    people = {
        "ada@example.com": f"{version}/sessions_user_id_email",
        "1042": f"{version}/sessions_user_id_numeric",
    }

    def sessions(request: httpx2.Request) -> httpx2.Response:
        return recorded(people.get(request.url.params["user_id"], f"{version}/sessions_user_id_unknown"))

    def names(request: httpx2.Request) -> httpx2.Response:
        ada = "ada@example.com" in request.url.params["filters"]
        numeric = {"value": 404, "errorName": "Error", "count": 3, "sessionCount": 3, "percentage": 100}
        return (
            recorded(f"{version}/error_names_user_filter") if ada else answer({"data": {"data": [numeric]}})
        )

    def session(request: httpx2.Request) -> httpx2.Response:
        pages = ("session_long_limit100000", "session_ada_with_error", "session_bob_numeric")
        for page in (recorded(f"{version}/{name}") for name in pages):
            if page.json()["data"]["session"]["session_id"] in request.url.path:
                return page
        return recorded(f"{version}/session_unknown")

    def events(request: httpx2.Request) -> httpx2.Response:
        if request.url.params["errorMessage"] == "404":
            return recorded(f"{version}/error_events_numeric_message")
        return recorded(f"{version}/error_events_user_filter")

    if version == "rybbit_2.2.4":
        users = recorded(f"{version}/users_search_email_ada")
        return server(
            api__sessions__1=sessions,
            api__users__1=users,
            api__error_names__1=names,
            api__error_events__1=events,
            __1=session,
        )
    bob = {"users": [{"identified_user_id": "1042", "traits": {"email": "bob.numeric@example.com"}}]}
    traits = lambda r: answer(bob if r.url.params["value"].startswith("bob") else {"users": []})  # noqa: E731
    return server(
        sites__1__sessions=sessions,
        user_traits__users=traits,
        sites__1__users=recorded(f"{version}/users_search_email_ada"),
        errors__names=names,
        errors__events=events,
        **{f"sessions__{one}": session for one in _ids_of(version)},
    )


def _ids_of(version: str) -> list[str]:
    """The ids of ada's and 1042's sessions, as a path has them here."""
    lists = [recorded(f"{version}/sessions_user_id_{who}").json()["data"] for who in ("email", "numeric")]
    return [row["session_id"] for rows in lists for row in rows]


VERSIONS = pytest.mark.parametrize("version", ["rybbit_2.8.0", "rybbit_2.2.4"])


@VERSIONS
async def test_adas_sessions_and_errors_are_what_her_data_say(on_bench: Bench, version: str) -> None:
    found = await find(on_bench.rybbit(current(version)), "ada@example.com")
    ids = [row["session_id"] for row in recorded(f"{version}/sessions_user_id_email").json()["data"]]
    assert [session.id for session in found.sessions] == ids
    newest = found.sessions[0]
    assert (newest.user.uid, newest.user.name) == ("ada@example.com", "Ada Lovelace")
    assert (newest.browser, newest.os, newest.country) == ("Chrome 142", "macOS 10.15.7", "GB")
    assert (newest.pages, newest.entry_page, newest.duration_seconds) == (130, "/docs/0", 651)
    assert newest.started_at is not None
    assert newest.started_at.utcoffset() is not None
    assert newest.url == "https://rybbit.contoso.example/1/user/ada%40example.com"
    assert newest.url_is is UrlIs.PERSON
    by_title = {error.title: error for error in found.errors}
    assert set(by_title) == {
        "TypeError: Cannot read properties of undefined (reading 'total')",
        "Error: ResizeObserver loop limit exceeded",
    }
    assert {error.session_id for error in found.errors} == set(ids[:2])
    assert all(error.occurred_at and error.count == 1 for error in found.errors)
    # Two of the four sessions' own pages were not recorded.
    assert found.notes == ("2 more errors in these sessions, not shown",)
    assert newest.trail[-1] == "/docs/129"
    assert found.sessions[1].campaign == "2026"
    assert (found.sessions[1].referrer, newest.city, newest.user.plan) == (
        "www.google.com",
        "London, ENG",
        "pro",
    )


@VERSIONS
async def test_the_numeric_users_errors_are_read_though_they_came_as_numbers(
    on_bench: Bench, version: str
) -> None:
    found = await find(on_bench.rybbit(current(version)), "1042")
    assert {session.user.uid for session in found.sessions} == {"1042"}
    assert found.sessions[0].browser == "Firefox 144"
    assert [(error.title, error.count) for error in found.errors] == [("Error: 404", 1)]
    assert found.errors[0].occurred_at is not None


async def test_an_address_is_resolved_by_trait_and_the_pair_is_remembered(on_bench: Bench) -> None:
    canned = current()
    source = on_bench.rybbit(canned)
    first = await find(source, "bob.numeric@example.com")
    assert {session.user.uid for session in first.sessions} == {"1042"}
    canned.requests.clear()
    await find(source, "bob.numeric@example.com")
    assert not any("user" in path for path in canned.paths)


async def test_a_search_that_finds_parts_is_compared_exactly(on_bench: Bench) -> None:
    rows = [{"identified_user_id": "u-72", "traits": {"email": "joann@x.example"}}]
    canned = server(
        user_traits__users=answer({"users": []}),
        sites__1__users=answer({"data": rows}),
        sessions=answer(NOTHING),
    )
    await find(on_bench.rybbit(canned), "ann@x.example")
    assert [r.url.params.get("user_id") for r in canned.requests if r.url.path.endswith("sessions")] == [
        "ann@x.example"
    ]


async def test_an_address_nobody_carries_is_asked_for_as_the_id_itself(on_bench: Bench) -> None:
    canned = server(
        user_traits__users=answer({"users": []}), sites__1__users=answer(NOTHING), sessions=answer(NOTHING)
    )
    assert not (await find(on_bench.rybbit(canned), "nobody@x.example")).found


async def test_the_paths_are_found_out_once_and_remembered(on_bench: Bench) -> None:
    canned = current("rybbit_2.2.4")
    await find(on_bench.rybbit(canned), "1042")
    assert canned.paths[:2] == ["/api/sites/1/sessions", "/api/sessions/1"]
    canned.requests.clear()
    await find(on_bench.rybbit(canned), "1042")
    assert canned.paths[0] == "/api/sessions/1"
    assert not any("/sites/" in path for path in canned.paths)


async def test_a_server_of_the_generation_between_has_its_own_error_paths(on_bench: Bench) -> None:
    rows = recorded("rybbit_2.8.0/sessions_user_id_email")
    names = recorded("rybbit_2.8.0/error_names_user_filter")
    canned = server(
        sites__1__sessions=rows,
        error_names=names,
        error_events=recorded("rybbit_2.8.0/error_events_user_filter"),
        **{f"sessions__{one}": recorded("rybbit_2.8.0/session_unknown") for one in _ids_of("rybbit_2.8.0")},
    )
    for _ in range(2):
        canned.requests.clear()
        found = await find(on_bench.rybbit(canned), uid_of_ada())
        assert found.errors
    assert "/api/sites/1/errors/names" not in canned.paths


def uid_of_ada() -> str:
    return "d35f1036b9a3"


async def test_an_upgraded_server_is_found_again(on_bench: Bench) -> None:
    await find(on_bench.rybbit(current("rybbit_2.2.4")), "1042")
    assert (await find(on_bench.rybbit(current()), "1042")).found


async def test_a_server_without_any_known_path_is_said_to_be_too_old(on_bench: Bench) -> None:
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server()), "1042")
    assert failed.value.failure.reason is Reason.UNSUPPORTED


async def test_a_server_that_ignores_whose_sessions_are_asked_for_shows_nobody_elses(on_bench: Bench) -> None:
    everybody = recorded("rybbit_2.8.0/sessions_week")
    found = await find(on_bench.rybbit(server(sessions=everybody)), "usr_9f3")
    assert {session.user.uid for session in found.sessions} == {"usr_9f3"}


async def test_a_server_too_old_to_know_identified_users_is_refused(on_bench: Bench) -> None:
    row = {"session_id": "x", "user_id": "f00", "session_start": "2026-11-20 10:00:00"}
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server(api__sessions__1=answer({"data": [row]}))), "u-1")
    assert failed.value.failure.reason is Reason.UNSUPPORTED


async def test_sessions_of_another_time_are_left_out_whatever_the_server_answers(on_bench: Bench) -> None:
    found = await find(on_bench.rybbit(current()), "ada@example.com", days=1)
    assert len(found.sessions) == 1


@VERSIONS
async def test_forbidden_is_read_as_a_bad_key_or_a_foreign_site(on_bench: Bench, version: str) -> None:
    refusal = recorded(f"{version}/auth_bad_key")
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server(sessions=refusal, api__sessions__1=refusal)), "1042")
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED


async def test_forbidden_from_an_old_server_that_took_the_key_is_a_spent_limit(on_bench: Bench) -> None:
    await find(on_bench.rybbit(current("rybbit_2.2.4")), "1042")
    refusal = recorded("rybbit_2.2.4/auth_bad_key")
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server(api__sessions__1=refusal)), "1042")
    assert failed.value.failure.reason is Reason.RATE_LIMITED
    assert failed.value.failure.until is not None


async def test_forbidden_from_a_current_server_that_took_the_key_is_a_bad_key(on_bench: Bench) -> None:
    await find(on_bench.rybbit(current()), "1042")
    refusal = recorded("rybbit_2.8.0/auth_bad_key")
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server(sessions=refusal, errors__names=refusal)), "1042")
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED


async def test_a_missing_scope_is_named(on_bench: Bench) -> None:
    refusal = recorded("rybbit_2.8.0/auth_org_sessions_only_users")
    with pytest.raises(CallFailed, match="users:read"):
        await find(on_bench.rybbit(server(users=refusal)), "ada@example.com")


async def test_the_clouds_daily_429_closes_the_account_for_as_long_as_it_says(on_bench: Bench) -> None:
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.rybbit(server(sessions=recorded("rybbit_cloud/daily_429"))), "1042")
    assert failed.value.failure.reason is Reason.RATE_LIMITED
    assert failed.value.failure.until is not None
    wait = failed.value.failure.until - on_bench.clock()
    assert wait.total_seconds() == 9327


async def test_errors_that_cannot_be_had_do_not_hide_the_sessions(on_bench: Bench) -> None:
    canned = server(
        sites__1__sessions=recorded("rybbit_2.8.0/sessions_user_id_numeric"),
        **{f"sessions__{one}": answer({"error": "no"}, 500) for one in _ids_of("rybbit_2.8.0")},
    )
    found = await find(on_bench.rybbit(canned), "1042")
    assert len(found.sessions) == 3
    assert "errors are missing" in found.notes[0]
    assert found.partial


async def test_one_session_is_described_with_whose_it_is(on_bench: Bench) -> None:
    canned = server(
        sessions__7EViUmBd7dL_as=recorded("rybbit_2.8.0/session_ada_with_error"),
        sessions=recorded("rybbit_2.8.0/sessions_user_id_email"),
    )
    source = on_bench.rybbit(canned)
    session = await source.session("7EViUmBd7dL-as", await calls_of(source))
    assert session is not None
    assert (session.user.uid, session.errors) == ("ada@example.com", 1)


async def test_a_site_known_by_its_public_id_is_linked_by_its_number(on_bench: Bench) -> None:
    canned = server(
        sites__d2e338ab2999__sessions=recorded("rybbit_2.8.0/sessions_user_id_numeric"),
        sites__d2e338ab2999=recorded("rybbit_2.8.0/site_get"),
        errors__names=answer(NOTHING),
    )
    found = await find(on_bench.rybbit(canned, site="d2e338ab2999"), "1042")
    assert found.sessions[0].url == "https://rybbit.contoso.example/1/user/1042"


@pytest.mark.parametrize(
    ("own", "whole"),
    [(("7EViUmBd7dL-as",), False), (("7EViUmBd7dL-as", "XpTU0iHQdi6Rtj", "EHYDg7rzPmGbBX"), True)],
)
async def test_sessions_of_the_customers_device_that_may_be_a_colleagues_are_not_taken_for_theirs(
    on_bench: Bench, own: tuple[str, ...], *, whole: bool
) -> None:
    canned = server(
        errors__names=recorded("rybbit_2.8.0/error_names_page1"),
        errors__events=recorded("rybbit_2.8.0/error_events_page1"),
        session_locations=recorded("rybbit_2.8.0/session_locations"),
    )
    source = on_bench.rybbit(canned)
    error = ErrorEvent(source.name, "TypeError: Cannot read properties of undefined (reading 'total')")
    spread = await source.others(Hit(error, None, frozenset(own)), await calls_of(source))
    assert spread is not None
    assert (spread.others, spread.whole) == (1, whole)


@pytest.mark.parametrize("folder", sorted({file.parent.name for file in EVERY_FILE}))
@pytest.mark.parametrize("subject", ["ada@example.com", "1042", "usr_9f3", "nobody@example.com"])
async def test_no_recorded_answer_makes_it_raise_or_show_another_persons_session(
    on_bench: Bench, folder: str, subject: str
) -> None:
    strangers = {}
    for file in EVERY_FILE:
        if file.parent.name != folder:
            continue
        reply = recorded(f"{folder}/{file.stem}")
        vendor = Canned(lambda _, r=reply: httpx2.Response(r.status_code, content=r.content))  # type: ignore[misc]
        try:
            # An account of its own for each file: a 429 closes one.
            found = await find(on_bench.rybbit(vendor, label=file.stem), subject)
        except CallFailed:
            continue
        assert isinstance(found, Answer)
        if others := {session.user.uid for session in found.sessions} - {subject}:
            strangers[file.stem] = others
    assert strangers == {}
