"""Whatever vendors say, what is posted keeps Slack's limits and mentions nobody."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.block_kit import section
from bot.answers.buttons import SHOWN_AT_MOST
from bot.answers.cards import Card, card_blocks
from bot.answers.case_file_message import View, answer, parent, reply, together
from bot.answers.mrkdwn import cut_markup, escaped, link
from bot.answers.targets.workflow_step import failures_line, masked_outputs, outputs
from bot.domain.asking import AnswerForm
from bot.domain.model import (
    CaseFile,
    Doubt,
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    SessionUser,
    SourceName,
    State,
    Subject,
    SubjectKind,
    UrlIs,
)
from tests.bot.answers.case_files import HOSTILE, JANE, NOW, check_message, texts
from tests.examples import examples

VENDORS = st.sampled_from(("fullstory", "raygun", "rybbit", "uxcam"))
SOURCES = st.builds(SourceName, VENDORS, st.text(min_size=1, max_size=60))
TEXTS = (
    st.none() | st.text(max_size=400) | st.sampled_from([HOSTILE * 5, "&" * 2000, "*" * 2000, "\u202e" * 50])
)
TIMES = st.none() | st.datetimes(
    datetime(2001, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
SESSIONS = st.builds(
    Session,
    source=SOURCES,
    id=st.text(min_size=1, max_size=20),
    url=st.none()
    | st.just("https://app.fullstory.com/" + "x" * 900)
    | st.just("https://app.rybbit.io/1?" + "&" * 900),
    url_is=st.sampled_from(UrlIs),
    started_at=TIMES,
    ended_at=TIMES,
    duration_seconds=st.none() | st.integers(0, 10**9),
    live=st.none() | st.booleans(),
    user=st.just(SessionUser()),
    pages=st.none() | st.integers(0, 10**9),
    entry_page=TEXTS,
    exit_page=TEXTS,
    device=TEXTS,
    browser=TEXTS,
    os=TEXTS,
    country=TEXTS,
    city=TEXTS,
    errors=st.none() | st.integers(0, 10**9),
    app_version=TEXTS,
    screens=st.lists(st.text(min_size=1, max_size=300), max_size=6).map(tuple),
    crashed=st.none() | st.booleans(),
    rage_taps=st.none() | st.integers(0, 10**9),
    video=st.none() | st.just("https://videos.uxcam.com/" + "x" * 900),
    channel=TEXTS,
    has_replay=st.none() | st.booleans(),
)
ERRORS = st.builds(
    ErrorEvent,
    source=SOURCES,
    title=st.text(max_size=400) | st.just(HOSTILE * 10),
    id=TEXTS,
    url=st.none() | st.just("https://app.raygun.com/" + "x" * 900),
    occurred_at=TIMES,
    count=st.none() | st.integers(0, 10**9),
    session_id=TEXTS,
    status=TEXTS,
    page=TEXTS,
)
FINDINGS = st.builds(
    Finding,
    source=SOURCES,
    state=st.sampled_from(State),
    as_of=TIMES,
    calls=st.integers(0, 99),
    sessions=st.lists(SESSIONS, max_size=12).map(tuple),
    errors=st.lists(ERRORS, max_size=8).map(tuple),
    notes=st.lists(st.text(max_size=200), max_size=3).map(tuple),
    failure=st.none() | st.builds(Failure, st.sampled_from(Reason), st.text(max_size=300), TIMES),
    calls_left=st.none() | st.integers(0, 50),
)


SUBJECTS = st.builds(
    Subject,
    st.sampled_from(SubjectKind),
    st.text(min_size=1, max_size=128),
    st.text(min_size=1, max_size=128),
)
DOUBTS = st.builds(
    Doubt,
    SUBJECTS,
    st.lists(SUBJECTS, min_size=2, max_size=3).map(tuple),
    st.lists(st.text(min_size=1, max_size=80), max_size=8).map(tuple),
)


def as_many(findings: list[Finding], times: int) -> list[Finding]:
    """The findings again and again: what is long by its number need not be invented one by one."""
    return (findings * times)[:14]


@examples(20)
@given(
    st.builds(as_many, st.lists(FINDINGS, max_size=4), st.sampled_from([1, 1, 4, 14])),
    st.lists(SOURCES, max_size=5),
    st.text(min_size=1, max_size=128),
    st.lists(DOUBTS, max_size=2),
)
def test_whatever_vendors_say_slacks_limits_are_kept(
    findings: list[Finding], waiting: list[SourceName], uid: str, doubts: list[Doubt]
) -> None:
    subject = Subject(SubjectKind.UID, uid, uid)
    file = CaseFile(subject, NOW, 30, tuple(findings), tuple(waiting), tuple(doubts))
    for message in (
        parent(file, View("U1")),
        reply(file, View("U1", SHOWN_AT_MOST)),
        together(file, View("U1", 20, "hint")),
        answer([file], View(None, 20, "hint", form=AnswerForm.TICKET, ticket_at=NOW)),
        answer([file, file, file], View(None, 20, "hint", form=AnswerForm.TICKET, ticket_at=NOW)),
    ):
        check_message(message.blocks)
        assert 0 < len(message.text) <= 4000
        assert "<!channel>" not in texts(message.blocks)


@given(st.lists(FINDINGS, max_size=4), SUBJECTS, st.lists(DOUBTS, max_size=2))
def test_whatever_vendors_say_a_workflow_gets_text_that_mentions_nobody_and_poses_as_no_link(
    findings: list[Finding], subject: Subject, doubts: list[Doubt]
) -> None:
    file = CaseFile(subject, NOW, 30, tuple(findings), (), tuple(doubts))
    for told in (outputs(file)["answer"], masked_outputs(file, "/sessions")["answer"], failures_line(file)):
        assert len(told) <= 3_000
        assert not re.search(r"[<>]|@(channel|here|everyone)|https?://(?!app\.|videos\.)", told)


def test_a_workflow_gets_no_emoji_for_what_a_customer_is_called() -> None:
    file = CaseFile(Subject(SubjectKind.UID, "x:tada::+1:", "x:tada::+1:"), NOW, 30)
    told = outputs(file)["answer"]
    assert "x:tada::+1:" in told.replace("\u2060", "")
    assert not re.search(r":[\w+'-]+:", told)


@given(FINDINGS, st.none() | SUBJECTS, st.booleans(), st.booleans())
def test_whatever_vendors_say_a_card_keeps_slacks_limits(
    finding: Finding, subject: Subject | None, of_one: bool, is_preview: bool
) -> None:
    one = finding.sessions[0] if of_one and finding.sessions else None
    file = CaseFile(subject or JANE, NOW, 30, (finding,))
    blocks = card_blocks(Card(file, one, subject, 30, 5, is_preview))
    check_message(blocks)
    assert "rich_text" not in {block["type"] for block in blocks}
    assert "<!channel>" not in texts(blocks)
    assert not (is_preview and "more_of_person" in str(blocks))


@pytest.mark.parametrize("text", ["&" * 3_000, "<" * 3_000, "*" * 3_000, "a&" * 1_500])
def test_where_every_field_is_three_thousand_hostile_characters_every_text_fits(text: str) -> None:
    names = [field.name for field in fields(Session) if field.type in ("str | None", str | None)]
    every: dict[str, Any] = {name: text for name in names if name not in ("url", "video")}
    user = SessionUser(text, f"jane@{text}", text, text)
    source = SourceName("fullstory", text)
    session = Session(source, "1", **every, started_at=NOW, screens=(text,) * 6, user=user)
    plain = replace(session, id="2", screens=(), started_at=NOW - timedelta(days=1))
    errors = tuple(ErrorEvent(source, text, status=text, page=text, occurred_at=NOW) for _ in range(6))
    failure = Failure(Reason.VENDOR_ERROR, text, NOW)
    finding = Finding(
        source, State.STALE, NOW, 1, (session, plain), errors, notes=(text,) * 3, failure=failure
    )
    # What is typed is no longer than this.
    subject = Subject(SubjectKind.UID, text[:128], text[:128])
    doubt = Doubt(subject, (subject,) * 3, (text,) * 3)
    file = CaseFile(
        subject, NOW, 30, (finding, replace(finding, source=SourceName("raygun", text))), (), (doubt,)
    )
    for message in (
        parent(file, View("U1")),
        reply(file, View("U1", SHOWN_AT_MOST)),
        answer([file, file, file], View("U1", 20, "hint", ticket_at=NOW)),
    ):
        check_message(message.blocks)
        assert 0 < len(message.text) <= 4000
    alone = replace(file, findings=(finding,))
    check_message(card_blocks(Card(alone, session, subject, 30, 5)))


@given(st.text(alphabet="&<>|ab;^!date", max_size=400), st.integers(10, 200))
def test_markup_is_never_cut_within_an_entity_or_a_link(text: str, most: int) -> None:
    markup = f"{escaped(text, 100)} {link('https://contoso.example/a?b&c', 'there')}" * 3
    cut = cut_markup(markup, most)
    assert len(cut) <= most
    if len(markup) > most:
        kept = cut.removesuffix("…")
        assert markup.startswith(kept)
        assert kept.count("<") == kept.count(">")
        assert re.search(r"&[a-z]{0,4}$", kept) is None


def test_a_section_that_is_too_long_is_cut_and_not_refused() -> None:
    block = section("&amp;" * 1_000)
    assert len(block["text"]["text"]) <= 3_000
    assert block["text"]["text"].endswith("&amp;…")
