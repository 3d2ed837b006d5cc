"""Uids by the owner's own patterns."""

from bot.tickets.uids import find_uids


def found(text: str, pattern: str) -> list[str]:
    return [uid.value for uid in find_uids([text], [pattern], 3)]


def test_a_pattern_finds_a_uid_in_the_desks_own_lines() -> None:
    assert found("Customer no. u-77 wrote", r"Customer no\. (\S+)") == ["u-77"]


def test_a_pattern_that_would_hang_elsewhere_ends() -> None:
    assert found("a" * 8_000, r"((?:a+)+)b") == []
