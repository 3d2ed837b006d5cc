"""Subjects as tests ask for them."""

from bot.domain.model import Subject, SubjectKind


def uid(value: str) -> Subject:
    """Whom an app knows by a user id."""
    return Subject(SubjectKind.UID, value, value)


def email(value: str, typed: str | None = None) -> Subject:
    """Whoever has an address; `typed` is how it was written, where that is another way."""
    return Subject(SubjectKind.EMAIL, value.lower(), typed or value)
