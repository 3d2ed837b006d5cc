"""Uids that the owner's own patterns find in what a help desk writes."""

from collections.abc import Sequence

import re2

from bot.domain.model import Subject, SubjectKind

# A uid stands in the desk's own few lines.
_MOST_SEARCHED = 8_000
_LONGEST_UID = 128


def find_uids(lines: Sequence[str], patterns: Sequence[str], most: int) -> tuple[Subject, ...]:
    """
    The uids that patterns find in the desk's own lines, as many as `most`.

    RE2 runs them in time that grows with the text alone: none can hang.
    """
    text = "\n".join(lines)[:_MOST_SEARCHED]
    found = [match[1] for pattern in patterns for match in re2.finditer(pattern, text) if match[1]]
    uids = dict.fromkeys(uid for uid in found if len(uid) <= _LONGEST_UID and uid.isprintable())
    return tuple(Subject(SubjectKind.UID, uid, uid) for uid in list(uids)[:most])
