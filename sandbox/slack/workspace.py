"""A Slack workspace in which people type, click and post, and the app gets the payloads."""

import asyncio
import json
from collections.abc import Mapping

from sandbox.slack import commands, home, interactions, modals, panes, steps
from sandbox.slack.calls import Fault
from sandbox.slack.delivery import Courier, Delivery, Kind, Retry
from sandbox.slack.events import composed, expect_unfurl, refreshed
from sandbox.slack.messages import Content, Json, Message
from sandbox.slack.outcome import Outcome
from sandbox.slack.posting import Posting
from sandbox.slack.response_urls import ResponseUrl
from sandbox.slack.signed_http import RawReply, SignedHttp
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.state import Pane, State
from sandbox.slack.telling import Teller

# Subtypes of new messages; other subtypes are events about another message.
_NEW_MESSAGES = (None, "bot_message", "file_share", "me_message", "thread_broadcast")
_CARRIED = ("subtype", "username", "app_id", "bot_profile", "files", "icons", "client_msg_id")


class SlackWorkspace:
    """
    The whole workspace as tests and the demo use it.

    Its content is read from `state` and from the methods that return messages; what people do are the
    asynchronous methods. The same methods serve both transports: Socket Mode while the app holds a
    websocket, else signed HTTP to the URL given to `connect`.
    """

    def __init__(self, state: State, courier: Courier, http: SignedHttp, sockets: SocketMode) -> None:
        self.state = state
        self.people = state.people
        self.places = state.places
        self.api_calls = state.api_calls
        self.violations = state.violations
        self.warnings = state.warnings
        self.deliveries = courier.deliveries
        self.wait_for = state.wait_for
        self.messages = state.messages
        self.replies = state.replies
        self.ephemerals = state.ephemerals
        self.courier = courier
        self._http = http
        self._sockets = sockets
        self._teller = Teller(state, courier)
        state.listener = self._teller
        posting = Posting(state, self._teller)
        self.post_as_user = posting.post_as_user
        self.post_as_app = posting.post_as_app
        self.post_as_ourselves = posting.post_as_ourselves
        self.edit_message = posting.edit_message
        self.unfurl_message = posting.unfurl_message
        self.delete_message = posting.delete_message

    @property
    def base_url(self) -> str:
        """The page's URL."""
        return self.state.base_url

    @property
    def api_url(self) -> str:
        """The URL for `SLACK_API_URL`."""
        return self.state.api_url

    @property
    def bot_token(self) -> str:
        """The `xoxb-` token."""
        return self.state.bot_token

    @property
    def app_token(self) -> str:
        """The `xapp-` token for Socket Mode."""
        return self.state.app_token

    @property
    def signing_secret(self) -> str:
        """The secret that HTTP deliveries are signed with."""
        return self.state.signing_secret

    @property
    def scopes(self) -> set[str]:
        """The granted scopes, which may be changed."""
        return self.state.scopes

    @property
    def subscribed_events(self) -> set[str]:
        """The events that the app has subscribed to, which may be changed."""
        return self.state.subscribed_events

    @property
    def unfurl_domains(self) -> set[str]:
        """The domains whose links cause `link_shared`, which may be changed."""
        return self.state.unfurl_domains

    @property
    def connections(self) -> int:
        """How many Socket Mode connections the app has."""
        return self._sockets.count

    def connect(self, request_url: str) -> None:
        """Deliver by signed HTTP to this URL, while the app has no websocket."""
        self._http.request_url = request_url

    def embed(self, origin: str) -> None:
        """Let pages of an origin be embedded in side panes, as the app's settings do."""
        self.state.embed_origins.add(origin)

    async def verify_request_url(self) -> bool:
        """Whether the request URL returns the challenge, as Slack checks when it is saved."""
        challenge = self.state.next_id("challenge")
        body = {"type": "url_verification", "token": "deprecated", "challenge": challenge}
        reply = await self._http.send(Kind.EVENT.value, body, None)
        return challenge in (reply.body if isinstance(reply.body, str) else json.dumps(reply.body))

    async def refresh_connections(self, reason: str = "refresh_requested") -> None:
        """Ask the app to replace its websockets, as Slack does about once an hour."""
        await self._sockets.refresh(reason)

    def fail_next(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        lose_answer: bool = False,
        hold: asyncio.Event | None = None,
    ) -> None:
        """A fault for the next call of this method (or use of a `response_url`); several come in order."""
        self.state.faults.add(method, Fault(error, status, retry_after, lose_answer, hold))

    def fail_no_more(self) -> None:
        """Take back all faults that no call has met yet."""
        self.state.faults.clear()

    async def type_command(
        self, channel: str, user: str, line: str, *, thread_ts: str | None = None
    ) -> Outcome:
        """Type a slash command; returns the outcome, with what the person saw at once."""
        in_thread = thread_ts is not None
        return await commands.type_command(self.state, self.courier, channel, user, line, in_thread=in_thread)

    async def redeliver(self, outcome: Outcome, reason: str = "http_timeout") -> Outcome:
        """Send the same payload once more, as Slack does without an acknowledgement."""
        before = outcome.delivery
        if before is None:
            raise LookupError("Slack refused this one by itself: there is nothing to redeliver")
        number = before.retry.number + 1 if before.retry else 1
        if before.kind is Kind.COMMAND:
            url, retry = self._response_url(outcome), Retry(number, reason)
            return await commands.deliver_command(self.state, self.courier, outcome.payload, url, retry)
        delivery = await self.courier.redeliver(before, number, reason)
        return Outcome(outcome.payload, delivery, delivery.error)

    async def press(
        self,
        channel: str,
        message_ts: str,
        action_id: str,
        user: str,
        block_id: str | None = None,
        *,
        option: str | None = None,
    ) -> Outcome:
        """Click a button, or choose an option of a menu by its value, in any message this user sees."""
        place, click = (channel, message_ts), (action_id, block_id, option)
        return await interactions.press(self.state, self.courier, place, user, click)

    async def use_shortcut(self, channel: str, message_ts: str, callback_id: str, user: str) -> Outcome:
        """Choose a shortcut from a message's menu; returns what came of it."""
        place = (channel, message_ts)
        return await interactions.use_shortcut(self.state, self.courier, place, user, callback_id)

    async def submit_view(self, view_id: str, values: Json | None = None) -> Outcome:
        """
        Press a modal's submit button.

        `values` is by block id and action id: a text, an option's value, a list of such values, or the
        whole entry. What Slack's client would not submit comes back as the error `invalid_input`.
        """
        return await modals.submit(self.state, self.courier, view_id, values or {})

    async def press_in_view(
        self,
        view_id: str,
        action_id: str,
        block_id: str | None = None,
        *,
        option: str | None = None,
        values: Json | None = None,
    ) -> Outcome:
        """Click an element of a modal while its fields hold these values."""
        click = (action_id, block_id, option)
        return await modals.press(self.state, self.courier, view_id, click, values or {})

    async def open_home(self, user: str, tab: str = "home") -> Outcome:
        """Open the app's conversation at its Home tab, or at its messages."""
        return await home.open_home(self.state, self._teller, user, tab)

    async def press_in_home(
        self,
        user: str,
        action_id: str,
        block_id: str | None = None,
        *,
        option: str | list[str] | None = None,
        values: Json | None = None,
    ) -> Outcome:
        """Use an element of somebody's Home tab: click, choose, or press Enter in a field that holds this."""
        click = (action_id, block_id, option)
        return await home.press(self.state, self.courier, user, click, values or {})

    async def close_view(self, view_id: str) -> Outcome:
        """Press a modal's close button."""
        return await modals.close(self.state, self.courier, view_id)

    async def send_event(
        self, event: Json, *, shared: bool | None = None, event_id: str | None = None
    ) -> Outcome:
        """
        Send an event that is given in full, whatever the subscriptions.

        A new message or a pasted link in it becomes part of the workspace, so that the app can reply to
        it or unfurl it. `shared` says whether the channel is shared with another company; left out, the
        channel decides.
        """
        channel = self.state.channels.get(str(event.get("channel")))
        if event.get("type") in ("message", "app_mention") and channel and "ts" in event:
            self._remember(event)
        if event.get("type") == "link_shared":
            expect_unfurl(self.state, event)
        if event.get("type") == "entity_details_requested":
            self.state.panes[str(event.get("user"))] = Pane(event)
            self.state.changes.announce()
        is_shared = shared if shared is not None else bool(channel and channel.shared)
        delivery = await self._teller.send(event, shared=is_shared, event_id=event_id)
        return Outcome(delivery.payload, delivery, delivery.error)

    async def open_pane(self, user: str, message: Message, url: str) -> Outcome:
        """Click a Work Object below a message; what the app shows then is in `state.panes`."""
        asked = panes.details_requested(self.state, user, message, url)
        if "entity_details_requested" not in self.subscribed_events:
            return Outcome(asked)
        return await self.send_event(asked)

    async def press_in_pane(self, user: str, action_id: str) -> Outcome:
        """Click an action of the side pane that somebody has open."""
        return await panes.press(self.state, self.courier, user, action_id)

    async def run_step(self, user: str | None, callback_id: str, inputs: Json) -> Outcome:
        """
        Run a workflow up to the app's step; its end is in `state.executions` then.

        `inputs` are those that whoever built it has filled in; Slack adds who runs it.
        """
        try:
            event = steps.executed(self.state, callback_id, user, inputs)
        except steps.StepRefused as refused:
            return Outcome({}, error=refused.why)
        return await self.send_event(event)

    async def refresh_card(self, user: str, message: Message, url: str) -> Outcome:
        """Click the refresh button of a Work Object below a message."""
        return await self.send_event(refreshed(self.state, user, message, url))

    async def compose(self, user: str, text: str) -> Outcome:
        """Paste a text into the composer without sending it; the app gets an event for the URLs in it."""
        return await self.send_event(composed(self.state, user, text))

    async def deliver_again(
        self, message: Message, times: int = 2, reason: str = "http_timeout"
    ) -> list[Delivery]:
        """Send the events of a message a number of times more, as Slack does without an acknowledgement."""
        return [one async for one in self._teller.send_again(message, times, reason)]

    async def post_raw(self, body: str, headers: Mapping[str, str]) -> RawReply:
        """Post any body with any headers to the request URL."""
        return await self._http.post_raw(body, headers)

    def sign(self, body: str, timestamp: int | None = None) -> dict[str, str]:
        """The headers with a body's signature, for `post_raw`."""
        return self._http.signature_headers(body, timestamp)

    def _remember(self, event: Json) -> None:
        known = self.state.find_any(event["channel"], event["ts"])
        if known is not None or event.get("subtype") not in _NEW_MESSAGES:
            return
        content = Content(
            event.get("text", ""), tuple(event.get("blocks", ())), tuple(event.get("attachments", ()))
        )
        self.state.files.keep(event["channel"], event.get("files", ()))
        self.state.store(
            Message(
                event["channel"],
                event["ts"],
                self.state.clock(),
                event.get("user"),
                content,
                event.get("bot_id"),
                event.get("thread_ts"),
                extra={key: event[key] for key in _CARRIED if key in event},
            )
        )

    def _response_url(self, outcome: Outcome) -> ResponseUrl:
        url = self.state.response_urls.find(outcome.response_url.rsplit("/", 1)[-1])
        if url is None:
            raise LookupError("this payload carries no response_url of ours")
        return url
