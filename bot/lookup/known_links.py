"""
Whose session a pasted URL is: found by the URL as a vendor gave it, whatever its form, or by the id in it.

What is kept is a pointer: which source has the session, and by which name of its person it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import select

from bot.domain.addresses import subject_of_address
from bot.domain.links import spellings
from bot.domain.model import Session, SourceName, Subject, SubjectKind, UrlIs
from bot.sources.raygun.index import SessionIndex
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store, Write
from bot.storage.tables import known_sessions, now_ms
from bot.storage.upsert import upsert

# Sessions that are kept of one answer, which may hold hundreds: people paste URLs of new ones mostly.
_MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a session is: its source, its id there, and a name of its person, None where not known."""

    source: str
    session_id: str
    subject: Subject | None


_POINTER = TypeAdapter(Pointer)


class KnownLinks:
    """
    Sessions in sources' answers, by URL and by id.

    Args:
        store: where they are kept.
        keyring: hashes URLs and ids, and seals the pointers.
        index: has the sessions of the sources that answer from it.
        retention: for how long they are kept.

    """

    def __init__(self, store: Store, keyring: Keyring, index: SessionIndex, retention: timedelta) -> None:
        self._store = store
        self._keyring = keyring
        self._index = index
        self._retention = retention

    async def learn(self, source: SourceName, subject: Subject, sessions: Sequence[Session]) -> None:
        """Store pointers to somebody's newest sessions, but for those whose URL is the person's page."""
        async with self._store.write() as connection:
            await self.learning(source, subject, sessions)(connection)

    def learning(self, source: SourceName, subject: Subject, sessions: Sequence[Session]) -> Write:
        """As `learn`: what writes it in a writer's transaction."""
        whose = self._keyring.hash(subject.kind, subject.value)
        rows = [
            row | {"subject_hash": whose}
            for session in sessions[:_MOST_KEPT]
            if session.url_is is UrlIs.SESSION
            for row in self._rows(source, subject, session)
        ]

        async def write(connection: Connection) -> None:
            upsert(connection, known_sessions, rows, kept_until_ms=self._retention)

        return write

    async def by_url(self, url: str) -> Pointer | None:
        """The session that has this URL; None where none is known."""
        hashes = [self._url(spelling) for spelling in spellings(url)]
        if pointer := await self._first(hashes):
            return pointer
        return _indexed(await self._index.linked(hashes))

    async def by_id(self, source: SourceName, session_id: str) -> Pointer | None:
        """The session with this id at a source; None where none is known."""
        if pointer := await self._first([self._id(source, session_id)]):
            return pointer
        return _indexed(await self._index.one(source, session_id))

    def _rows(self, source: SourceName, subject: Subject, session: Session) -> list[dict[str, str]]:
        pointer = Pointer(str(source), session.id, subject)
        sealed = self._keyring.seal_value(_POINTER, pointer)
        keys = [self._id(source, session.id)]
        keys += [self._url(spellings(session.url)[0])] if session.url else []
        return [{"sealed": sealed, "key": key} for key in keys]

    async def _first(self, keys: Sequence[str]) -> Pointer | None:
        async with self._store.read() as connection:
            query = select(known_sessions.c.key, known_sessions.c.sealed).where(
                known_sessions.c.key.in_(keys), known_sessions.c.kept_until_ms > now_ms()
            )
            found = {row.key: row.sealed for row in (await connection.execute(query)).all()}
        for key in keys:
            if key in found and (pointer := self._keyring.unseal_value(_POINTER, found[key])):
                return pointer
        return None

    def _url(self, spelling: str) -> str:
        return self._keyring.hash("link", spelling)

    def _id(self, source: SourceName, session_id: str) -> str:
        return self._keyring.hash("session", str(source), session_id)


def _indexed(session: Session | None) -> Pointer | None:
    """The pointer to a session of the index, with its person's name there."""
    if session is None:
        return None
    uid, email = session.user.uid, session.user.email
    subject = None
    if email:
        subject = subject_of_address(email)
    elif uid:
        subject = Subject(SubjectKind.UID, uid, uid)
    return Pointer(str(session.source), session.id, subject)
