"""The Home tab as Slack takes it: a pure function of what one person is to see there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import (
    ConversationFilter,
    ConversationMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.answers.block_kit import Part, actions, button, confirmation, context, divider, header, section
from bot.answers.mrkdwn import code, local_time
from bot.answers.words import table
from bot.answers.words.quota import quota_lines
from bot.audit.own import OwnLookup
from bot.domain.addresses import LONGEST_SUBJECT
from bot.sources.quota import QuotaState
from bot.sources.quota_status import Trouble
from bot.tickets.switches import TicketSwitches

LOOK_UP, AGAIN, CLEAR = "home_look_up", "home_again", "home_clear"
CHANNELS, OFFER, DEFAULTS = "home_channels", "home_offer", "home_defaults"
MUTED = "home_muted"
MAKE_TOKEN, END_TOKEN = "home_make_token", "home_end_token"
SUBJECT_BLOCK, SUBJECT_INPUT = "home_subject", "home_typed"
# A view holds 100 blocks; what else there is takes fewer than 40.
_MOST_OF_ANSWER = 60
# Below this share of its calls, an account is marked as running low.
_LOW = 0.25
_OFFERS = {"button": table.OFFER_A_BUTTON, "silent": table.SAY_NOTHING}


@dataclass(frozen=True, slots=True)
class HomeContent:
    """
    What one person's Home tab shows.

    `channel` is their direct channel with the bot. `refusal` is why they may not look anybody up, None where
    they may: then only that is shown. `answer` are the blocks of the answer to what they asked here, and
    `answered_at` when that was; `wrong` is what was not understood of it. `switches` are shown to admins
    alone (None: not to this person). `has_token` is whether they have a token for programs, None where no
    program may ask.
    """

    channel: str
    command: str
    refusal: str | None = None
    wrong: str | None = None
    answer: Sequence[dict[str, Any]] = ()
    own: Sequence[OwnLookup] = ()
    states: Sequence[QuotaState] = ()
    troubles: Sequence[Trouble] = ()
    private: bool = False
    switches: TicketSwitches | None = None
    is_admin: bool = field(default=False)
    answered_at: datetime | None = None
    has_token: bool | None = None


def home_view(content: HomeContent) -> dict[str, Any]:
    """The view for `views.publish`."""
    blocks = [header("Casefile"), context([table.ABOUT])]
    if content.refusal is None:
        blocks += _allowed(content)
    else:
        blocks += [section(table.NOTHING_ALLOWED.format(why=content.refusal))]
    kept = {"channel": content.channel}
    if content.answered_at is not None:
        kept["answered_at"] = content.answered_at.isoformat()
    return {"type": "home", "private_metadata": json.dumps(kept), "blocks": blocks}


def channel_of(view: dict[str, Any]) -> str:
    """The person's direct channel with the bot, from a view that is on its way back; empty where unknown."""
    return str(_kept(view).get("channel") or "")


def answered_at(view: dict[str, Any]) -> datetime | None:
    """When the answer was given that a view shows, if it shows any."""
    try:
        return datetime.fromisoformat(str(_kept(view).get("answered_at")))
    except ValueError:
        return None


def _kept(view: dict[str, Any]) -> dict[str, Any]:
    """What was put into a view, to come back with it."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _allowed(content: HomeContent) -> list[dict[str, Any]]:
    blocks = _box(content.wrong)
    if content.answer:
        close = button(table.CLOSE_ANSWER, CLEAR)
        answer = list(content.answer)[:_MOST_OF_ANSWER]
        blocks += [divider(), *answer, actions([close])]
    blocks += [*_own(content.own), *_sources(content), *_may(content)]
    if content.switches is not None:
        blocks += _switches(content.switches)
    return blocks


def _box(wrong: str | None) -> list[Part]:
    """The field; pressing Enter in it asks, and so does the button, for those who find no Enter key."""
    entry = PlainTextInputElement(
        action_id=SUBJECT_INPUT,
        placeholder=table.FIELD_EXAMPLE,
        max_length=2 * LONGEST_SUBJECT,
        dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
    )
    press = button(table.LOOK_UP_NOW, LOOK_UP, style="primary")
    return [
        InputBlock(block_id=SUBJECT_BLOCK, label=table.FIELD, element=entry, dispatch_action=True).to_dict(),
        actions([press]),
        context([wrong or table.ANSWER_HERE]),
    ]


def _own(own: Sequence[OwnLookup]) -> list[Part]:
    head: list[Part] = [divider(), header(table.LAST_LOOKUPS)]
    if not own:
        return [*head, section(table.NO_LOOKUPS)]
    rows = [
        section(
            f"{code(one.subject.value, LONGEST_SUBJECT)} · {local_time(one.at)}",
            button(
                table.LOOK_UP_AGAIN,
                AGAIN,
                json.dumps([one.subject.kind, one.subject.typed]),
            ),
        )
        for one in own
    ]
    return [*head, *rows]


def _sources(content: HomeContent) -> list[Part]:
    lines = [
        f"{_light(state)} {line.removeprefix('• ')}"
        for state, line in zip(content.states, quota_lines(content.states, content.troubles), strict=False)
    ]
    words = lines or [table.NO_SOURCE]
    return [divider(), header(table.WHERE_IT_LOOKS), section("\n".join(words)[:3_000])]


def _light(state: QuotaState) -> str:
    if state.blocked_until or state.left == 0:
        return ":red_circle:"
    if state.left is not None and state.limit and state.left < _LOW * state.limit:
        return ":large_yellow_circle:"
    return ":large_green_circle:"


def _may(content: HomeContent) -> list[Part]:
    where = table.SEEN_BY_YOU if content.private else table.SEEN_BY_ALL
    may = table.MAY_LOOK_UP.format(command=code(content.command, 40), where=where)
    lines = [may, table.NOT_WHERE_SHARED]
    if not content.is_admin:
        lines.append(table.FOR_ADMINS)
    blocks: list[Part] = [divider(), header(table.WHAT_YOU_MAY), section("\n".join(lines))]
    return blocks if content.has_token is None else [*blocks, *_token(has_token=content.has_token)]


def _token(*, has_token: bool) -> list[Part]:
    """The buttons for a person's own token, by which programs ask as them."""
    again = confirmation(table.PROGRAMS_ANEW_TITLE, table.PROGRAMS_ANEW_TEXT, table.PROGRAMS_ANEW, table.DENY)
    make = button(
        table.PROGRAMS_ANEW if has_token else table.PROGRAMS_MAKE,
        MAKE_TOKEN,
        confirm=again if has_token else None,
    )
    end = [button(table.PROGRAMS_END, END_TOKEN)] if has_token else []
    return [section(table.PROGRAMS), actions([make, *end])]


def token_modal(token: str, days: int) -> dict[str, Any]:
    """The modal that shows somebody's new token, once."""
    blocks = [
        section(table.PROGRAMS_MADE.format(days=days)),
        section(code(token, 100)),
        context([table.PROGRAMS_USE]),
    ]
    view = View(type="modal", title=table.PROGRAMS_TITLE, close=table.PROGRAMS_CLOSE, blocks=blocks)
    return dict(view.to_dict())


def _switches(now: TicketSwitches) -> list[Part]:
    channels = ConversationMultiSelectElement(
        action_id=CHANNELS,
        placeholder=table.EVERY_CHANNEL,
        initial_conversations=list(now.channels) or None,
        filter=ConversationFilter(include=["public", "private"], exclude_external_shared_channels=True),
    )
    muted = ConversationMultiSelectElement(
        action_id=MUTED,
        placeholder="No channel",
        initial_conversations=list(now.muted) or None,
        filter=ConversationFilter(include=["public", "private"], exclude_external_shared_channels=True),
    )
    options = {value: Option(value=value, text=words) for value, words in _OFFERS.items()}
    offer = StaticSelectElement(
        action_id=OFFER,
        placeholder=table.WHEN_UNSURE_CHOICE,
        options=list(options.values()),
        initial_option=options[now.offer],
    )
    blocks: list[Part] = [
        divider(),
        header(table.TICKETS_FOR_ALL),
        context([table.SWITCHES]),
        section(f"*{table.WHICH_CHANNELS}*"),
        actions([channels.to_dict()]),
        section(f"*{table.WHERE_MUTED}*, {table.BY_WHOMEVER}"),
        actions([muted.to_dict()]),
        section(f"*{table.WHEN_UNSURE}*"),
        actions([offer.to_dict()]),
    ]
    if now.switched:
        back = button(table.AS_SET_UP, DEFAULTS)
        blocks.append(actions([back]))
    return blocks
