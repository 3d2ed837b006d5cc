"""Who is who: which address and which uid are the same person's, as the sources have told."""

import json
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.addresses import read_address
from bot.casefile import Session, Subject, SubjectKind
from bot.keyring import Keyring, Unsealable
from bot.store import Store, identities, now_ms

# Somebody with more uids than this is nobody in particular.
_MOST_NAMES = 3
_LONGEST_UID = 128
# What applications write when they do not know who it is: whoever carries it first is not its owner.
_NOBODY = frozenset(
    [
        "0",
        "-1",
        "null",
        "nil",
        "none",
        "undefined",
        "nan",
        "guest",
        "anonymous",
        "anon",
        "unknown",
        "user",
        "visitor",
        "default",
        "test",
        "n/a",
    ]
)

Pair = tuple[str, str]


class Identities:
    """
    Pairs of address and uid, for `retention` after they were last seen.

    A pair is used only where it is sure: a uid that several addresses share (`guest`, a shared account)
    leads to none of them, so that nobody is shown another customer's visits.
    """

    def __init__(self, store: Store, keyring: Keyring, retention: timedelta) -> None:
        self._store = store
        self._keyring = keyring
        self._retention = retention

    async def learn(self, sessions: Iterable[Session]) -> None:
        """Remember the pairs that sessions name."""
        pairs = {pair for session in sessions if (pair := _pair(session))}
        if not pairs:
            return
        async with self._store.write() as connection:
            old = now_ms() - int(self._retention.total_seconds() * 1000)
            await connection.execute(delete(identities).where(identities.c.seen_ms < old))
            for email, uid in pairs:
                await self._remember(connection, email, uid)

    async def other_names(self, subject: Subject) -> tuple[Subject, ...]:
        """Give what else a subject is surely called: an address's uids, a uid's address."""
        by_email = subject.kind is SubjectKind.EMAIL
        mine, theirs = (
            (identities.c.email, identities.c.uid) if by_email else (identities.c.uid, identities.c.email)
        )
        async with self._store.read() as connection:
            rows = await connection.execute(select(identities).where(mine == self._hash(subject.value)))
            found = rows.all()
            shared = await self._shared(connection, {row.uid for row in found})
        sure = [row for row in found if row.uid not in shared]
        if len({getattr(row, theirs.name) for row in sure}) > _MOST_NAMES:
            return ()
        pairs = [pair for row in sure if (pair := self._opened(row.sealed))]
        if by_email:
            return tuple(Subject(SubjectKind.UID, uid, uid) for _email, uid in pairs)
        return tuple(Subject(SubjectKind.EMAIL, email, email) for email, _uid in pairs)

    async def _shared(self, connection: AsyncConnection, uids: set[str]) -> set[str]:
        """Give those uids that go with more than one address."""
        query = select(identities.c.uid, identities.c.email).where(identities.c.uid.in_(uids))
        emails: dict[str, set[str]] = {}
        for uid, email in (await connection.execute(query)).all():
            emails.setdefault(uid, set()).add(email)
        return {uid for uid, some in emails.items() if len(some) > 1}

    async def _remember(self, connection: AsyncConnection, email: str, uid: str) -> None:
        key = {"email": self._hash(email), "uid": self._hash(uid)}
        same = (identities.c.email == key["email"]) & (identities.c.uid == key["uid"])
        await connection.execute(delete(identities).where(same))
        row = key | {"sealed": self._keyring.seal(json.dumps([email, uid])), "seen_ms": now_ms()}
        await connection.execute(insert(identities).values(row))

    def _opened(self, sealed: str) -> Pair | None:
        try:
            email, uid = json.loads(self._keyring.unseal(sealed))
        except Unsealable:
            # Sealed by a key since retired: it will be seen again.
            return None
        return str(email), str(uid)

    def _hash(self, name: str) -> str:
        return self._keyring.hash("identity", name)


def _pair(session: Session) -> Pair | None:
    """Read an address and a uid off a session; a uid that is an address says nothing new."""
    address = read_address(session.user.email) if session.user.email else None
    uid = session.user.uid
    if address is None or not uid or len(uid) > _LONGEST_UID or "@" in uid or uid.lower() in _NOBODY:
        return None
    return address.value, uid
