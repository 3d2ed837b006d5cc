"""The addresses of replays: each for one person, one session and ten minutes, and sealed."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import InvalidToken
from pydantic import ConfigDict, TypeAdapter, ValidationError

from bot.answers.cards import VISITS_SHOWN, Card
from bot.domain.asking import Asker
from bot.domain.model import Session, SourceName, Subject
from bot.operations.clock import Clock, to_ms
from bot.settings.model import Settings
from bot.sources.protocol import Source, TellsReplay
from bot.storage.keyring import Keyring

PATH = "/embed/replay"
"""Below it are the addresses of replays."""
LASTS = timedelta(minutes=10)
"""So long an address is good: Slack keeps a pane's content for that time, and wants no longer one."""
_ID_BYTES = 12
# What is of another form, or longer, was not sealed here, and is not opened.
_SEALED = re.compile(r"v2\.[A-Za-z0-9_-]+=*\.[A-Za-z0-9_-]+=*")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class ReplayPass:
    """
    What an address says: who may play which session's recording, and until when.

    `id` is the address's own. `user`, `team` and `channel` are Slack's ids of whoever opened the pane and of
    where, the channel empty for a search; `subject` is whose session it is, None where that is not known;
    `until_ms` is in milliseconds since 1970.
    """

    __pydantic_config__ = ConfigDict(hide_input_in_errors=True)

    id: str
    user: str
    team: str
    channel: str
    source: str
    session_id: str
    subject: Subject | None
    until_ms: int


_PASS = TypeAdapter(ReplayPass)


class ReplayAddresses:
    """
    Makes and reads addresses.

    Args:
        origin: where Slack's clients reach this bot.
        keyring: seals them, by a key of their own.
        clock: the time, by which they grow old.
        sources: those of them that hand recordings out have replays.

    """

    def __init__(self, origin: str, keyring: Keyring, clock: Clock, sources: Iterable[Source]) -> None:
        self._origin = origin.rstrip("/")
        self._seals = keyring.apart("replay")
        self._clock = clock
        self._playing = frozenset(source.name for source in sources if isinstance(source, TellsReplay))

    def recorded(self, card: Card) -> Session | None:
        """The newest session that a card shows of which there is a recording to play; None without any."""
        shown = card.history().visits[:VISITS_SHOWN]
        sessions = (session for visit in shown for session in visit.sessions)
        return next((one for one in sessions if one.has_replay and self._plays(one.source)), None)

    def address(self, session: Session, subject: Subject | None, asker: Asker) -> str:
        """A new address, for whoever opened the pane."""
        until_ms = to_ms(self._clock() + LASTS)
        given = ReplayPass(
            secrets.token_urlsafe(_ID_BYTES),
            asker.user,
            asker.team,
            asker.channel,
            str(session.source),
            session.id,
            subject,
            until_ms,
        )
        return f"{self._origin}{PATH}/{self._seals.encrypt(_PASS.dump_json(given)).decode()}"

    def read(self, sealed: str) -> ReplayPass | None:
        """What an address says by its last part; None where it is none of ours, or was altered."""
        if len(sealed) > _LONGEST or not _SEALED.fullmatch(sealed):
            return None
        try:
            return _PASS.validate_json(self._seals.decrypt(sealed.encode()))
        except (InvalidToken, ValidationError):
            return None

    def is_over(self, given: ReplayPass) -> bool:
        """Whether an address is too old."""
        return given.until_ms <= to_ms(self._clock())

    def _plays(self, name: SourceName) -> bool:
        return name in self._playing


def replay_addresses(
    settings: Settings, keyring: Keyring, clock: Clock, sources: Iterable[Source]
) -> ReplayAddresses | None:
    """What makes and reads addresses; None where EMBED_URL is not set, for then there are none."""
    return ReplayAddresses(settings.embed_url, keyring, clock, sources) if settings.embed_url else None
