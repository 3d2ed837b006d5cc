"""A message's content, checked in the same way by whichever method it is sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.slack.block_kit import Surface, check_blocks
from sandbox.slack.block_report import Report
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Content, Json
from sandbox.slack.mrkdwn import malformed_dates
from sandbox.slack.state import State

TEXT_LIMIT = 40_000  # slack.md: message text is cut at 40,000
ATTACHMENTS = 100


def read_content(
    state: State, values: Mapping[str, Any], where: str, before: Content | None = None
) -> Content:
    """
    The content that was sent, checked.

    `where` names the method, for the records. With `before`, what an edit leaves out stays as
    it was, as `chat.update` documents it.
    """
    before = before or Content()
    text = _text(state, values, where) if values.get("text") is not None else before.text
    blocks = values.get("blocks")
    attachments = values.get("attachments")
    content = Content(
        text=text,
        blocks=before.blocks if blocks is None else read_blocks(state, blocks, where),
        attachments=before.attachments if attachments is None else _attachments(state, attachments, where),
        metadata=_metadata(values["metadata"]) if values.get("metadata") is not None else before.metadata,
        unfurl_links=_flag(values.get("unfurl_links")),
        unfurl_media=_flag(values.get("unfurl_media")),
        link_names=bool(_flag(values.get("link_names"))) or values.get("parse") == "full",
    )
    if not (content.text or content.blocks or content.attachments):
        raise ApiError("no_text")
    if content.blocks and not content.text:
        state.warnings.append(f"{where}: blocks without a text for notifications and screen readers")
    return content


def read_blocks(
    state: State, blocks: Any, where: str, surface: Surface = Surface.MESSAGE
) -> tuple[Json, ...]:
    """Blocks, checked, with the block ids that Slack adds."""
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    settle(state, check_blocks(blocks, surface), where)
    return tuple(with_block_ids(state, blocks))


def with_block_ids(state: State, blocks: Sequence[Json]) -> list[Json]:
    """Blocks with ids for those that have none."""
    return [{"block_id": state.next_id("b")} | block for block in blocks]


def settle(state: State, report: Report, where: str, error: str = "invalid_blocks") -> None:
    """Record a report's errors, and refuse the call (ApiError) where Slack would."""
    for complaint in (*report.errors, *report.slips):
        state.violate(f"{where}: {complaint}")
    if report.errors:
        messages = [f"[ERROR] {complaint}" for complaint in report.errors]
        raise ApiError(error, errors=report.errors, response_metadata={"messages": messages})


def _text(state: State, values: Mapping[str, Any], where: str) -> str:
    text = str(values["text"])
    if len(text) > TEXT_LIMIT:
        state.violate(f"{where}: text of {len(text)} characters")
        raise ApiError("msg_too_long")
    for token in malformed_dates(text):
        state.violate(f"{where}: malformed date token {token[:80]}")
    return text


def _attachments(state: State, attachments: Any, where: str) -> tuple[Json, ...]:
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        state.violate(f"{where}: {len(attachments)} attachments")
        raise ApiError("too_many_attachments")
    for attachment in attachments:
        if attachment.get("blocks"):
            settle(state, check_blocks(attachment["blocks"]), where)
    return tuple(attachments)


def _metadata(metadata: Any) -> Json | None:
    if metadata == {}:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise ApiError("invalid_metadata_format")
    return metadata


def _flag(value: Any) -> bool | None:
    return None if value is None else str(value).lower() in ("1", "true")
