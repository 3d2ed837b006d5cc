"""Exceptions by type and place: their own text may hold an address, a key or what a stranger wrote."""

import traceback
from pathlib import Path
from types import TracebackType

# The innermost frames that are told.
_MOST_FRAMES = 6
_MOST_CAUSES = 3
_MOST_MEMBERS = 3


def place_of(error: BaseException) -> str:
    """
    Type, file, line and function, innermost first, and the same of its causes.

    Such as `KeyError at handlers/buttons.py:71 on_remove < …`.
    """
    told, one = [], error
    for _ in range(_MOST_CAUSES):
        told.append(f"{type(one).__name__}{_members(one)}{_frames(one.__traceback__)}")
        following = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if following is None:
            break
        one = following
    return ", from ".join(told)


def _members(error: BaseException) -> str:
    if not isinstance(error, BaseExceptionGroup):
        return ""
    return f" of ({'; '.join(place_of(one) for one in error.exceptions[:_MOST_MEMBERS])})"


def _frames(trace: TracebackType | None) -> str:
    frames = list(traceback.walk_tb(trace))[-_MOST_FRAMES:]
    places = [
        f"{short_path(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames
    ]
    return f" at {' < '.join(reversed(places))}" if places else ""


def short_path(file: str) -> str:
    """The last three parts of a file's path: where the bot is installed is nobody's business."""
    return "/".join(Path(file.replace("\\", "/")).parts[-3:])
