"""Finding the element that somebody clicks, and what a click on it says."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.slack.messages import Json, Message


@dataclass(frozen=True, slots=True)
class Clickable:
    """An element of a message with the block it stands in, and the unfurled card if it stands in one."""

    block_id: str
    element: Json
    card: str | None = None

    def action(self, option: str | None = None) -> Json:
        """Give the action of a click; `option` is the value chosen from a menu."""
        element = self.element
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": self.block_id}
        action |= {key: element[key] for key in ("text", "value", "style") if key in element}
        if option is not None:
            chosen = [one for one in element.get("options", ()) if one.get("value") == option]
            if not chosen:
                raise LookupError(f"no option {option!r} in {element['action_id']!r}")
            action["selected_option"] = chosen[0]
        return action


def find_clickable(message: Message, action_id: str, block_id: str | None = None) -> Clickable:
    """Give the one element with these ids, as a person would have to see it to click it."""
    found = [
        one
        for one in clickables(message)
        if one.element.get("action_id") == action_id and block_id in (None, one.block_id)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise LookupError(f"{action_id!r} stands in several blocks: {[one.block_id for one in found]}")
    there = [one.element.get("action_id") for one in clickables(message)]
    raise LookupError(f"no element {action_id!r} in this message, which has {there}")


def clickables(message: Message) -> Iterator[Clickable]:
    """Give everything in a message that can be clicked."""
    yield from _in_blocks(message.blocks, None)
    for attachment in message.content.attachments:
        yield from _in_blocks(attachment.get("blocks", ()), None)
    for url, card in message.unfurls.items():
        yield from _in_blocks(card.get("blocks", ()), url)


def _in_blocks(blocks: tuple[Json, ...] | list[Json], card: str | None) -> Iterator[Clickable]:
    for block in blocks:
        elements = block.get("elements", ()) if block.get("type") == "actions" else ()
        for element in (*elements, block.get("accessory")):
            if element and element.get("type") != "image":
                # Slack names an element that the app left unnamed.
                yield Clickable(str(block.get("block_id", "")), {"action_id": ""} | element, card)
