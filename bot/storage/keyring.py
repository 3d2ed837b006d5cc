"""Keyed hashes, by which subjects are stored and logged, and seals for what must be stored and read back."""

import base64
import hashlib
import hmac
import os
from typing import TypeVar

from cachetools import LRUCache
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import TypeAdapter

T = TypeVar("T")
_VERSION = b"v2"
_SALT_BYTES = 16
# Salts of other processes and earlier starts of which the keys are kept.
_SALTS_KEPT = 256


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
        self._seals = Seals(secrets, "seal")

    def hash(self, *parts: str) -> str:
        """32 hex digits for these parts, the same for the same parts in the same order."""
        return _hashed(self._hash_key, parts)

    def hashes(self, *parts: str) -> tuple[str, ...]:
        """What `hash` returns for these parts under each of the keys, the one at work first."""
        return tuple(_hashed(_derive(secret, "hash"), parts) for secret in self._secrets)

    def apart(self, purpose: str) -> "Seals":
        """Seals of a key of their own: what they seal, the keyring's other seals do not open."""
        return Seals(self._secrets, f"seal {purpose}")

    def seal(self, text: str) -> str:
        """Encrypts a text; it cannot be read or changed without the secret key."""
        return self._seals.encrypt(text.encode()).decode()

    def opens(self, sealed: str) -> bool:
        """Whether one of the keys opens what was sealed."""
        try:
            self._seals.decrypt(sealed.encode())
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
            return self._seals.decrypt(sealed.encode()).decode()
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
    return hmac.digest(key, "\0".join(parts).encode(), "sha256").hex()[:32]


class Seals:
    """
    Encrypts and decrypts by keys that are derived from the secrets.

    Each process derives its own, by HKDF with a salt that stands before what it sealed. What was sealed by
    versions before that has no salt, and still opens.

    Args:
        secrets: the first one seals, all of them open.
        purpose: what is sealed; one purpose's seals do not open another's.

    """

    def __init__(self, secrets: tuple[str, ...], purpose: str) -> None:
        self._secrets = secrets
        self._purpose = purpose
        self._salt = os.urandom(_SALT_BYTES)
        self._without_salt = MultiFernet([_fernet(_derive(secret, purpose)) for secret in secrets])
        self._by_salt: LRUCache[bytes, MultiFernet] = LRUCache(_SALTS_KEPT)

    def encrypt(self, content: bytes) -> bytes:
        """The sealed form."""
        salt = base64.urlsafe_b64encode(self._salt)
        return b".".join((_VERSION, salt, self._with(self._salt).encrypt(content)))

    def decrypt(self, sealed: bytes) -> bytes:
        """
        What was sealed.

        Raises:
            InvalidToken: when none of the keys opens it.

        """
        if not sealed.startswith(_VERSION):
            return self._without_salt.decrypt(sealed)
        _, encoded, token = (*sealed.split(b".", 2), b"", b"")[:3]
        try:
            salt = base64.urlsafe_b64decode(encoded)
        except ValueError:
            raise InvalidToken from None
        return self._with(salt).decrypt(token)

    def _with(self, salt: bytes) -> MultiFernet:
        known = self._by_salt.get(salt)
        if known is None:
            keys = (_stretched(secret, self._purpose, salt) for secret in self._secrets)
            known = self._by_salt[salt] = MultiFernet([_fernet(key) for key in keys])
        return known


def _fernet(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def _stretched(secret: str, purpose: str, salt: bytes) -> bytes:
    info = f"casefile:{purpose}".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret.encode())


def _derive(secret: str, purpose: str) -> bytes:
    return hashlib.sha256(f"casefile:{purpose}:{secret}".encode()).digest()
