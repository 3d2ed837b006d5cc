"""Files that were posted with messages: each one whole, and the stub that an event may hold instead."""

from collections.abc import Sequence
from enum import StrEnum

from sandbox.slack.messages import Json

_BODY = frozenset(
    {"from", "to", "cc", "subject", "plain_text", "preview", "preview_plain_text", "headers"}
    | {"attachments", "original_attachment_count", "has_more"}
)


class Stub(StrEnum):
    """How little of a file an event holds: an email without its text, or the id only."""

    WITHOUT_BODY = "without_body"
    CHECK_FILE_INFO = "check_file_info"


class Files:
    """Every posted file, whole, by its id, and the channels that it was posted in."""

    def __init__(self) -> None:
        self._files: dict[str, Json] = {}
        self._channels: dict[str, set[str]] = {}

    def keep(self, channel: str, files: Sequence[Json]) -> None:
        """Keep files, each as it was first posted."""
        for file in files:
            self._files.setdefault(file["id"], file)
            self._channels.setdefault(file["id"], set()).add(channel)

    def find(self, file_id: str) -> Json | None:
        """A whole file; None where there is none with this id."""
        return self._files.get(file_id)

    def channels(self, file_id: str) -> frozenset[str]:
        """The channels that a file was posted in."""
        return frozenset(self._channels.get(file_id, ()))


def stub_of(file: Json, stub: Stub) -> Json:
    """The part of a file that an event holds; the rest is in `files.info` only."""
    if stub is Stub.CHECK_FILE_INFO:
        return {"id": file["id"], "mode": "file_access", "file_access": stub.value}
    return {key: value for key, value in file.items() if key not in _BODY}
