"""Files that were posted with messages: the whole of each, and what an event may hold of it instead."""

from collections.abc import Sequence
from enum import StrEnum

from sandbox.slack.messages import Json

_BODY = frozenset(
    {"from", "to", "cc", "subject", "plain_text", "preview", "preview_plain_text", "headers"}
    | {"attachments", "original_attachment_count", "has_more"}
)


class Stub(StrEnum):
    """How little of a file an event may hold: an email without what is in it, or where to ask alone."""

    WITHOUT_BODY = "without_body"
    CHECK_FILE_INFO = "check_file_info"


class Files:
    """The whole of every posted file, by its id, and the channels that it was posted in."""

    def __init__(self) -> None:
        self._files: dict[str, Json] = {}
        self._channels: dict[str, set[str]] = {}

    def keep(self, channel: str, files: Sequence[Json]) -> None:
        """Remember files, each as it was when it was first seen."""
        for file in files:
            self._files.setdefault(file["id"], file)
            self._channels.setdefault(file["id"], set()).add(channel)

    def find(self, file_id: str) -> Json | None:
        """Give a whole file."""
        return self._files.get(file_id)

    def channels(self, file_id: str) -> frozenset[str]:
        """Give the channels that a file was posted in."""
        return frozenset(self._channels.get(file_id, ()))


def stub_of(file: Json, stub: Stub) -> Json:
    """Give what an event holds of a file whose rest only `files.info` gives."""
    if stub is Stub.CHECK_FILE_INFO:
        return {"id": file["id"], "mode": "file_access", "file_access": stub.value}
    return {key: value for key, value in file.items() if key not in _BODY}
