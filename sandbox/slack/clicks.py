"""Finding the element that somebody clicks, and the action of the click."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.slack.messages import Json, Message
from sandbox.slack.view_fields import value_entry


@dataclass(frozen=True, slots=True)
class Clickable:
    """An element of a message with its block and, if it is in one, its unfurled card."""

    block_id: str
    element: Json
    card: str | None = None

    def action(self, option: str | list[str] | None = None) -> Json:
        """The action of a click; `option` is the value chosen from a menu or typed, or several of them."""
        element = self.element
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": self.block_id}
        action |= {key: element[key] for key in ("text", "value", "style") if key in element}
        return action | (value_entry(element, option) if option is not None else {})


def find_clickable(message: Message, action_id: str, block_id: str | None = None) -> Clickable:
    """The one element with these ids; an error where there are none or several to click."""
    return _pick(list(clickables(message)), action_id, block_id)


def find_in_view(body: Json, action_id: str, block_id: str | None = None) -> Clickable:
    """The one element of a modal with these ids that acts at once."""
    inputs = [block for block in body["blocks"] if block.get("dispatch_action")]
    dispatching = [Clickable(block["block_id"], {"action_id": ""} | block["element"]) for block in inputs]
    return _pick([*_in_blocks(body["blocks"], None), *dispatching], action_id, block_id)


def _pick(there: list[Clickable], action_id: str, block_id: str | None) -> Clickable:
    found = [
        one for one in there if one.element.get("action_id") == action_id and block_id in (None, one.block_id)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise LookupError(f"{action_id!r} is in several blocks: {[one.block_id for one in found]}")
    names = [one.element.get("action_id") for one in there]
    raise LookupError(f"no element {action_id!r} here, among {names}")


def clickables(message: Message) -> Iterator[Clickable]:
    """All elements of a message that can be clicked."""
    yield from _in_blocks(message.blocks, None)
    for attachment in message.content.attachments:
        yield from _in_blocks(attachment.get("blocks", ()), None)
    for url, card in message.unfurls.items():
        if url not in message.entities:
            yield from _in_blocks(card.get("blocks", ()), url)
    for url, entity in message.entities.items():
        for action in actions_of(entity):
            yield Clickable("", action, url)


def actions_of(entity: Json) -> list[Json]:
    """The actions of a Work Object, as buttons."""
    actions = entity["entity_payload"].get("actions", {})
    both = (*actions.get("primary_actions", ()), *actions.get("overflow_actions", ()))
    return [{"type": "button"} | action for action in both]


def _in_blocks(blocks: tuple[Json, ...] | list[Json], card: str | None) -> Iterator[Clickable]:
    for block in blocks:
        elements = block.get("elements", ()) if block.get("type") == "actions" else ()
        for element in (*elements, block.get("accessory")):
            if element and element.get("type") != "image":
                # Slack adds an id where the app gave none.
                yield Clickable(str(block.get("block_id", "")), {"action_id": ""} | element, card)
