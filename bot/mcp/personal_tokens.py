"""
A person's own token for `/mcp`: it says who asks, and what they may is judged anew at each request.

A person has one at a time; a new one ends the one before. Of a token only a keyed hash is kept, and it ends
by itself.
"""

import secrets
from datetime import timedelta

from bot.storage.keyring import Keyring
from bot.storage.memory import Memory

LASTS = timedelta(days=90)
"""For so long a token is good."""
_ACCOUNT = "mcp"
_PREFIX = "casefile_"
_RANDOM_BYTES = 32
# What is longer is no token of ours, and is not hashed.
_LONGEST = 100


class PersonalTokens:
    """
    The tokens of all people.

    Args:
        memory: keeps their hashes.
        keyring: makes them.

    """

    def __init__(self, memory: Memory, keyring: Keyring) -> None:
        self._memory = memory
        self._keyring = keyring

    async def issue(self, user: str) -> str:
        """
        A new token of somebody (a Slack id), in place of the one that they had.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        await self.revoke(user)
        token = f"{_PREFIX}{secrets.token_urlsafe(_RANDOM_BYTES)}"
        hashed = self._keyring.hash("mcp token", token)
        await self._memory.remember(_ACCOUNT, f"token:{hashed}", user, LASTS)
        await self._memory.remember(_ACCOUNT, f"person:{user}", hashed, LASTS)
        return token

    async def revoke(self, user: str) -> bool:
        """
        End somebody's token; whether they had one.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        hashed = await self._memory.recall(_ACCOUNT, f"person:{user}", anew=True)
        if hashed is None:
            return False
        await self._memory.forget(_ACCOUNT, f"token:{hashed}")
        await self._memory.forget(_ACCOUNT, f"person:{user}")
        return True

    async def has_one(self, user: str) -> bool:
        """
        Whether somebody has a token.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        return await self._memory.recall(_ACCOUNT, f"person:{user}", anew=True) is not None

    async def owner(self, token: str) -> str | None:
        """
        Whose token it is; None where it is nobody's, or has ended.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        if not token.startswith(_PREFIX) or len(token) > _LONGEST:
            return None
        hashes = self._keyring.hashes("mcp token", token)
        names = [f"token:{hashed}" for hashed in hashes]
        # Anew: another process may have ended it a moment ago.
        found = await self._memory.recall_all(_ACCOUNT, names, anew=True)
        user = next((found[name] for name in names if name in found), None)
        if user is None:
            return None
        # Of two that were made at the same time the last one alone is good: it is the one that can be ended.
        last = await self._memory.recall(_ACCOUNT, f"person:{user}", anew=True)
        return user if last in hashes else None
