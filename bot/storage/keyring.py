"""Keyed hashes, by which subjects are stored and logged, and seals for what must be stored and read back."""

import base64
import hashlib
import hmac
from typing import TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import TypeAdapter

T = TypeVar("T")


class Unsealable(Exception):
    """Raised when a sealed text was sealed by a key that is no longer configured, or was changed."""


class Keyring:
    """
    The secret keys at work.

    Args:
        secrets: one or more; the first one hashes and seals, the others still open what they sealed.

    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        if not secrets:
            raise ValueError("a keyring needs at least one secret")
        self._secrets = secrets
        self._hash_key = _derive(secrets[0], "hash")
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(s, "seal"))) for s in secrets])

    def hash(self, *parts: str) -> str:
        """32 hex digits for these parts, the same for the same parts in the same order."""
        return _hashed(self._hash_key, parts)

    def hashes(self, *parts: str) -> tuple[str, ...]:
        """What `hash` gives for these parts under each of the keys, the one at work first."""
        return tuple(_hashed(_derive(secret, "hash"), parts) for secret in self._secrets)

    def apart(self, purpose: str) -> MultiFernet:
        """Seals of a key of their own: what they seal, the keyring's other seals do not open."""
        keys = (_derive(secret, f"seal {purpose}") for secret in self._secrets)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def seal(self, text: str) -> str:
        """Encrypts a text; it cannot be read or changed without the secret key."""
        return self._fernet.encrypt(text.encode()).decode()

    def opens(self, sealed: str) -> bool:
        """Whether one of the keys opens what was sealed."""
        try:
            self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def unseal(self, sealed: str) -> str:
        """
        The text that was sealed.

        Raises:
            Unsealable: when none of the keys opens it.

        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unsealable from None

    def seal_value(self, adapter: TypeAdapter[T], value: T) -> str:
        """A value as sealed JSON."""
        return self.seal(adapter.dump_json(value).decode())

    def unseal_value(self, adapter: TypeAdapter[T], sealed: str) -> T | None:
        """
        A value that was sealed as JSON.

        None where it was sealed by a key that is no longer configured, or written by an older version: what
        is kept this way can be found out again.
        """
        try:
            return adapter.validate_json(self.unseal(sealed))
        except (Unsealable, ValueError):
            return None


def _hashed(key: bytes, parts: tuple[str, ...]) -> str:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def _derive(secret: str, purpose: str) -> bytes:
    return hashlib.sha256(f"casefile:{purpose}:{secret}".encode()).digest()
