"""Addresses of replays: what they say, to whom, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.cards import Card
from bot.domain.asking import Asker
from bot.domain.model import CaseFile, Finding, Session, SourceName, State, Subject, SubjectKind, UrlIs
from bot.replay.addresses import PATH, ReplayAddresses
from bot.storage.keyring import Keyring

if TYPE_CHECKING:
    from bot.sources.protocol import Source

WWW, APP = SourceName("rybbit", "www"), SourceName("uxcam", "app")
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
ASKER = Asker("U1", "C1", "T1")
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")


class Playing:
    """A source that hands recordings out; it is asked for nothing here."""

    def __init__(self, name: SourceName) -> None:
        self.name = name
        self.title = "Rybbit"
        self.freshness = self.http = None

    async def account(self) -> None: ...
    async def cost(self) -> None: ...
    async def find(self) -> None: ...
    async def session(self) -> None: ...
    async def check(self) -> None: ...
    async def replay(self) -> None: ...


def addresses(secret: str = "a" * 32, now: datetime = NOW) -> ReplayAddresses:
    playing = cast("Source", Playing(WWW))
    return ReplayAddresses("https://casefile.example", Keyring((secret,)), lambda: now, [playing])


def session(number: int, source: SourceName = WWW, **more: Any) -> Session:
    started = NOW - timedelta(hours=number)
    made = Session(source, f"s{number}", f"https://x.example/{number}", UrlIs.PERSON, started_at=started)
    return replace(made, **more)


def card(*sessions: Session, source: SourceName = WWW) -> Card:
    finding = Finding(source, State.LIVE, NOW, 1, sessions)
    return Card(CaseFile(JANE, NOW, 30, (finding,)), None, JANE, 30, 5)


def test_an_address_says_who_may_play_which_session_until_when_and_tells_nobody_else() -> None:
    made = addresses()
    url = made.address(session(1), JANE, ASKER)
    assert url.startswith(f"https://casefile.example{PATH}/")
    assert "rybbit" not in url
    assert JANE.value not in url
    said = made.read(url.rpartition("/")[2])
    assert said
    assert (said.user, said.team, said.channel) == ("U1", "T1", "C1")
    assert (said.source, said.session_id, said.subject) == ("rybbit/www", "s1", JANE)
    assert url != made.address(session(1), JANE, ASKER)


def test_an_address_is_over_after_ten_minutes() -> None:
    said = addresses().read(addresses().address(session(1), JANE, ASKER).rpartition("/")[2])
    assert said
    assert not addresses(now=NOW + timedelta(minutes=9, seconds=59)).is_over(said)
    assert addresses(now=NOW + timedelta(minutes=10)).is_over(said)


def test_what_another_key_sealed_or_the_same_key_for_another_purpose_is_no_address() -> None:
    keyring = Keyring(("a" * 32,))
    assert addresses().read(addresses("b" * 32).address(session(1), JANE, ASKER).rpartition("/")[2]) is None
    assert addresses().read(keyring.seal("{}")) is None
    assert addresses().read(keyring.apart("audit").encrypt(b"{}").decode()) is None
    assert addresses().read(keyring.apart("replay").encrypt(b"{}").decode()) is None


@given(st.text())
def test_a_text_from_outside_is_no_address(text: str) -> None:
    assert addresses().read(text) is None


SEALED = addresses().address(session(1), JANE, ASKER).rpartition("/")[2]


@given(st.integers(0, len(SEALED) - 3), st.sampled_from("Aa0_-="))
def test_an_address_of_which_a_letter_was_altered_says_nothing_else(at: int, letter: str) -> None:
    said = addresses().read(SEALED[:at] + letter + SEALED[at + 1 :])
    # Of a letter that ends a part of the seal some bits say nothing.
    assert said is None or said == addresses().read(SEALED)


@pytest.mark.parametrize(
    ("shown", "played"),
    [
        (card(session(1), session(2, has_replay=True), session(3, has_replay=True)), "s2"),
        (card(session(1, has_replay=False), session(2)), None),
        (card(), None),
        (card(session(1, APP, has_replay=True), source=APP), None),
    ],
)
def test_the_newest_recorded_session_of_a_source_that_hands_recordings_out_is_played(
    shown: Card, played: str | None
) -> None:
    found = addresses().recorded(shown)
    assert (found and found.id) == played
